#include <gtest/gtest.h>
#include <nablur/autodiff/checkpoint.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/reduce.h>

#include <limits>

using namespace nablur;

namespace {

using V = Variable<double>;
using T = Tensor<double>;

const auto deep = [](const auto& x) {
  auto y = x;
  for (int i = 0; i < 10; ++i) y = sin(y) + tanh(y * y);
  return y;
};

template <class F>
std::size_t bytes_kept_by(const F& f) {
  const auto before = pool::usage().in_use;
  const auto y = f();
  return pool::usage().in_use - before;
}

}  // namespace

TEST(Checkpoint, EqualsThePlainComputation) {
  Tape<double> tape;
  const V x = tape.variable(T::linspace(-1, 1, 11));
  const V plain = deep(x);
  const V saved = checkpoint(deep, {x});
  const T seed = T::arange(11);
  const auto expected = gradients(plain, seed)[x];
  const auto found = gradients(saved, seed)[x];
  for (std::int64_t i = 0; i < 11; ++i) {
    EXPECT_EQ(saved.value()(i), plain.value()(i));
    EXPECT_EQ(found(i), expected(i));
  }
}

TEST(Checkpoint, IsOneNodeAndKeepsTheInputsAlone) {
  constexpr std::size_t size = 1 << 20;
  Tape<double> tape;
  const V x = tape.variable(T::full({size / 8}, 0.1));
  const auto plain = bytes_kept_by([&] { return deep(x); });
  const auto nodes = tape.size();
  const auto saved = bytes_kept_by([&] { return checkpoint(deep, x); });
  EXPECT_EQ(tape.size(), nodes + 1);
  EXPECT_GE(plain, 10 * size);
  EXPECT_LT(saved, size + size / 2) << "the result and no more: the input is held anyway";
}

TEST(Checkpoint, TakesSeveralInputsAndConstants) {
  Tape<double> tape;
  const V x = tape.variable(T{1, 2});
  const V y = tape.variable(T{3, 4});
  const V c = T{10, 20};
  const V z = checkpoint([](const auto& a, const auto& b, const auto& k) { return a * a * b * k; },
                         {x, y, c});
  const auto d = gradients(sum(z));
  EXPECT_EQ(d[x](1), 2 * 2 * 4 * 20);
  EXPECT_EQ(d[y](0), 1 * 10);
  EXPECT_EQ(gradients(sum(z), {y})[y](1), 4 * 20);
  EXPECT_TRUE(checkpoint(deep, {c}).is_constant());
}

TEST(Checkpoint, ComputesAgainInEachSweep) {
  int calls = 0;
  Tape<double> tape;
  const V x = tape.variable(2.0);
  const V y = checkpoint(
      [&calls](const auto& v) {
        ++calls;
        return v * v;
      },
      {x});
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(gradients(y)[x].item(), 4);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(gradients(y)[x].item(), 4);
  EXPECT_EQ(calls, 3);
}

TEST(Checkpoint, MayHoldAnotherOne) {
  Tape<double> tape;
  const V x = tape.variable(0.3);
  const V y = checkpoint([](const auto& v) { return exp(checkpoint(deep, {v})) * v; }, {x});
  const V plain = exp(deep(x)) * x;
  EXPECT_EQ(y.item(), plain.item());
  EXPECT_DOUBLE_EQ(gradients(y)[x].item(), gradients(plain)[x].item());
}

TEST(Checkpoint, GivesSecondDerivatives) {
  const auto f = [](const auto& v) {
    return sum(checkpoint([](const auto& u) { return u * u * u; }, {v}));
  };
  EXPECT_EQ(hvp(f, T{2, 3}, T{1, 10})(0), 6 * 2);
  EXPECT_EQ(hvp(f, T{2, 3}, T{1, 10})(1), 6 * 3 * 10);
}

TEST(Checkpoint, RefusesAVariableThatIsNotAnInput) {
  Tape<double> tape;
  const V x = tape.variable(2.0);
  const V hidden = tape.variable(3.0);
  EXPECT_THROW(checkpoint([&](const V& v) { return v * hidden; }, {x}), Error);
  EXPECT_EQ(gradients(x * hidden)[x].item(), 3);
}

TEST(Checkpoint, RefusesInputsOfAClearedTape) {
  Tape<double> tape;
  const V x = tape.variable(2.0);
  tape.clear();
  EXPECT_THROW(checkpoint(deep, {x}), Error);
}

TEST(Checkpoint, IsNamedByCheckFinite) {
  Tape<double> tape;
  tape.check_finite(true);
  const V x = tape.variable(0.0);
  const V y = checkpoint([](const auto& v) { return sqrt(v); }, {x});
  try {
    gradients(y);
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("checkpoint"), std::string::npos);
  }
}
