#include <gtest/gtest.h>
#include <nablur/autodiff/gradients.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/indexing.h>
#include <nablur/ops/reduce.h>

#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "../messages.h"
#include "../numbers.h"

using namespace nablur;

namespace {

using V = Variable<double>;
using T = Tensor<double>;
using Joint = Adjoints<double>;

// The identity, which counts the calls of its pullback.
V counted(const V& x, int* calls) {
  return record("counted", x.value(), {{x, [calls](const T& g) {
                                          ++*calls;
                                          return g;
                                        }}});
}

}  // namespace

TEST(Gradients, AreThoseOfAScalarGraph) {
  Tape<double> tape;
  const V x = tape.variable(2.0);
  const V y = tape.variable(3.0);
  const auto dz = gradients(x * y + sin(x));
  EXPECT_DOUBLE_EQ(dz[x].item(), 3 + std::cos(2.0));
  EXPECT_DOUBLE_EQ(dz[y].item(), 2);
}

TEST(Gradients, WorkForEveryScalar) {
  Tape<float> floats;
  const auto x = floats.variable(3.0f);
  EXPECT_EQ(gradients(x * x)[x].item(), 6.0f);
  Tape<Dual<double>> duals;
  const auto y = duals.variable(Dual<double>(3, 1));
  const auto dy = gradients(y * y * y)[y].item();
  EXPECT_EQ(dy.value, 27);
  EXPECT_EQ(dy.tangent, 18);
}

TEST(Gradients, OfTheLossByItselfIsOne) {
  Tape<double> tape;
  const V x = tape.variable(2.0);
  const V y = x * x;
  EXPECT_EQ(gradients(x)[x].item(), 1);
  EXPECT_EQ(gradients(y, {y})[y].item(), 1);
  const V one_by_one = tape.variable(T({1, 1}, {5}));
  EXPECT_EQ(gradients(one_by_one)[one_by_one].shape(), (Shape{1, 1}));
}

TEST(Gradients, MayBeSweptAgain) {
  Tape<double> tape;
  const V x = tape.variable(T{1, 2});
  const V loss = sum(exp(x) * x);
  const auto first = gradients(loss)[x];
  EXPECT_EQ(numbers(gradients(loss)[x]), numbers(first));
  EXPECT_EQ(gradients(loss * 2.0)[x](0), 2 * first(0));
}

TEST(Gradients, TakeASeedForOutputsOfMoreThanOneElement) {
  Tape<double> tape;
  const V x = tape.variable(T{1, 2, 3});
  const V y = square(x);
  EXPECT_EQ(numbers(gradients(y, T{1, 10, 100})[x]), (std::vector<double>{2, 40, 600}));
  EXPECT_EQ(gradients(sum(y), -3.0)[x](0), -6);
  EXPECT_EQ(message_of([&] { gradients(y); }),
            "gradients: a loss of shape (3,) needs a seed: gradients(y, seed)");
  EXPECT_EQ(message_of([&] { gradients(y, T{1, 2}); }),
            "gradients: the seed has shape (2,), y has (3,)");
  EXPECT_EQ(message_of([&] { gradients(y, T{{1, 2, 3}}); }),
            "gradients: the seed has shape (1, 3), y has (3,)");
  EXPECT_EQ(numbers(gradients(y, T{1, 1, 1}, {y})[y]), (std::vector<double>{1, 1, 1}));
}

TEST(Gradients, KeepExactlyThoseNamed) {
  Tape<double> tape;
  const V x = tape.variable(2.0);
  const V y = tape.variable(5.0);
  const V h = x * x;
  const V loss = h * y;
  const auto d = gradients(loss, {h, y});
  EXPECT_EQ(d[h].item(), 5);
  EXPECT_EQ(d[y].item(), 4);
  EXPECT_THROW(d[x], Error);
  EXPECT_THROW(d[loss], Error);
  EXPECT_THROW(gradients(loss)[h], Error) << "an intermediate that was not named";
  EXPECT_THROW(gradients(loss, {})[x], Error);
  EXPECT_EQ((gradients(loss, {h, h, x})[h].item()), 5);
}

TEST(Gradients, LeaveOutWorkThatLeadsToNothingNamed) {
  Tape<double> tape;
  int calls_to_x = 0;
  int calls_to_y = 0;
  const V x = tape.variable(2.0);
  const V y = tape.variable(3.0);
  const V loss = counted(x, &calls_to_x) * counted(y, &calls_to_y);
  EXPECT_EQ(gradients(loss, {y})[y].item(), 2);
  EXPECT_EQ(calls_to_x, 0);
  EXPECT_EQ(calls_to_y, 1);
}

// The inner pass fails; the outer one, whose pullback catches that, does too.
TEST(Gradients, FailInEverySweepOfATapeThatIsDestroyed) {
  auto tape = std::make_unique<Tape<double>>();
  const V x = tape->variable(2.0);
  const V y = record("fatal", T(1.0), {{x, [&tape](const T& g) {
                                          tape.reset();
                                          return g;
                                        }}});
  std::string inner;
  const V z = record("outer", T(1.0), {{x, [&](const T& g) {
                                          inner = message_of([&] { gradients(y); });
                                          return g;
                                        }}});
  EXPECT_EQ(message_of([&] { gradients(z); }),
            "gradients: a pullback destroyed the tape that is being reversed");
  EXPECT_EQ(inner, "gradients: a pullback destroyed the tape that is being reversed");
}

TEST(Gradients, AreZeroWhereTheLossDoesNotDepend) {
  Tape<double> tape;
  const V x = tape.variable(2.0);
  const V aside = tape.variable(T::ones({2, 3}));
  const V loss = x * x;
  const V later = tape.variable(T{1, 2});
  const V h = aside * 2.0;
  const auto d = gradients(loss);
  EXPECT_EQ(d[aside].shape(), (Shape{2, 3}));
  EXPECT_EQ(d[aside](1, 2), 0);
  EXPECT_EQ(numbers(d[later]), (std::vector<double>{0, 0}));
  EXPECT_EQ(gradients(loss, {h})[h](0, 0), 0);
}

TEST(Gradients, OfAConstantLossAreZero) {
  Tape<double> tape;
  const V x = tape.variable(T{1, 2});
  const V c = 3.0;
  EXPECT_EQ(numbers(gradients(c)[x]), (std::vector<double>{0, 0}));
  EXPECT_THROW(gradients(c)[c], Error);
}

// Followed path by path, 60 steps of y·y/2 + y would take 3^60 pulls.
TEST(Gradients, PullThroughASharedGraphOnce) {
  Tape<double> tape;
  int calls = 0;
  const V start = tape.variable(0.01);
  V y = start;
  long double expected = 1;
  long double value = 0.01L;
  for (int i = 0; i < 60; ++i) {
    expected *= 1 + value;
    value += value * value / 2;
    const V h = counted(y, &calls);
    y = h * h * 0.5 + h;
  }
  EXPECT_NEAR(gradients(y)[start].item(), static_cast<double>(expected),
              1e-13 * static_cast<double>(expected));
  EXPECT_EQ(calls, 60);
}

TEST(Gradients, SumAPullbackOfTheOutputsShapeToTheInputs) {
  Tape<double> tape;
  const V row = tape.variable(T{1, 2, 3});
  const V column = tape.variable(T({2, 1}, {1, 2}));
  const V number = tape.variable(1.0);
  const auto same = [](const T& g) { return g; };
  const V y = record("stretch", T::zeros({2, 3}), {{row, same}, {column, same}, {number, same}});
  const auto d = gradients(y, T({2, 3}, {1, 2, 3, 10, 20, 30}));
  EXPECT_EQ(numbers(d[row]), (std::vector<double>{11, 22, 33}));
  EXPECT_EQ(d[column].shape(), (Shape{2, 1}));
  EXPECT_EQ(numbers(d[column]), (std::vector<double>{6, 60}));
  EXPECT_EQ(d[number].item(), 66);
}

TEST(Gradients, OfAnInputUsedTwiceAddUp) {
  Tape<double> tape;
  const V x = tape.variable(T{1, 2});
  const auto same = [](const T& g) { return g; };
  const V y = record("twice", x.value() * 2.0, {{x, same}, {x, same}});
  const V z = y + x;
  EXPECT_EQ(numbers(gradients(z, T{1, 10})[x]), (std::vector<double>{3, 30}));
}

TEST(Gradients, LetAPullbacksOwnExceptionThrough) {
  Tape<double> tape;
  const V x = tape.variable(3.0);
  const V y =
      record("own", x.value(), {{x, [](const T&) -> T { throw std::runtime_error("no"); }}});
  EXPECT_THROW(gradients(y), std::runtime_error);
  tape.clear();
  const V again = tape.variable(3.0);
  EXPECT_EQ(gradients(again * again)[again].item(), 6);
}

TEST(Gradients, OfNothingHaveNoElements) {
  Tape<double> tape;
  const V x = tape.variable(T::zeros({0, 3}));
  const V y = exp(x) * 2.0;
  EXPECT_EQ(gradients(sum(y))[x].shape(), (Shape{0, 3}));
  EXPECT_EQ(gradients(y, T::zeros({0, 3}))[x].shape(), (Shape{0, 3}));
  const V none = tape.variable(T());
  EXPECT_EQ(gradients(sum(none))[none].shape(), Shape{0});
}

// Of a chain of 50 operators on 1 MiB each, only a few gradients live at a time.
TEST(Gradients, AreFreedAsTheSweepPasses) {
  Tape<double> tape;
  const V x = tape.variable(T::ones({1 << 17}));
  V y = x;
  for (int i = 0; i < 50; ++i) y = y * 1.01;
  const V loss = sum(y);
  pool::reset_peak();
  const auto before = pool::usage().in_use;
  gradients(loss);
  EXPECT_LT(pool::usage().peak - before, 5U << 20);
}

// Each slice's gradient is added in place: a gradient of the whole length for each would be seen as
// a second one at a time.
TEST(Gradients, OfSlicesOfALongTensorGoIntoOneOfItsLength) {
  constexpr std::int64_t n = 1 << 18;
  Tape<double> tape;
  const V x = tape.variable(T::ones({n}));
  const auto before_slices = pool::usage().in_use;
  V loss = 0.0;
  for (std::int64_t i = 0; i < n; i += 1024)
    loss = loss + sum(slice(x, {{i, i + 1024}}) * static_cast<double>(i));
  EXPECT_LT(pool::usage().in_use - before_slices, std::size_t{n} * 8 * 3) << "slices are no copies";
  pool::reset_peak();
  const auto before = pool::usage().in_use;
  const auto dx = gradients(loss)[x];
  EXPECT_LT(pool::usage().peak - before, std::size_t{n} * 8 * 3 / 2);
  for (const std::int64_t i : {std::int64_t{0}, std::int64_t{1023}, std::int64_t{1024}, n - 1}) {
    EXPECT_EQ(dx(i), static_cast<double>(i / 1024 * 1024));
  }
}
TEST(Gradients, TakeAListThatIsKnownAtRunTimeBesideASeed) {
  Tape<double> tape;
  const V x = tape.variable(T{1, 2});
  const V h = square(x);
  const V y = h * x;
  const std::vector<V> named{h, x};
  const auto d = gradients(y, T{1, 10}, named);
  EXPECT_EQ(numbers(d[h]), (std::vector<double>{1, 20}));
  EXPECT_EQ(numbers(d[x]), (std::vector<double>{3, 120}));
  EXPECT_EQ(numbers(gradients(sum(y), named)[h]), (std::vector<double>{1, 2}));
  const std::vector<V> none;
  EXPECT_THROW(gradients(y, T{1, 10}, none)[x], Error);
}
