#include <gtest/gtest.h>
#include <nablur/autodiff/gradients.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/reduce.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "../messages.h"

using namespace nablur;

namespace {

using V = Variable<double>;
using T = Tensor<double>;

// A pullback that counts its living copies and may refuse to be copied or moved.
struct Pullback {
  explicit Pullback(int* count, bool refuses_to_be_taken = false)
      : alive(count), refuses(refuses_to_be_taken) {
    ++*alive;
  }
  Pullback(const Pullback& other) : alive(other.alive), refuses(other.refuses) { take(); }
  Pullback(Pullback&& other) : alive(other.alive), refuses(other.refuses) { take(); }
  Pullback& operator=(const Pullback&) = delete;
  ~Pullback() { --*alive; }
  void take() const {
    if (refuses) throw std::runtime_error("cannot be taken");
    ++*alive;
  }
  T operator()(const T& g) const { return g; }
  void operator()(const T& g, Adjoints<double>& d) const { d.add(0, g); }
  int* alive;
  bool refuses;
};

// After a record that threw, the tape has as many nodes and bytes as before and goes on working.
template <class F>
void expect_unchanged(Tape<double>& tape, const V& x, const F& record_something) {
  x* x;  // now the tape has memory for pullbacks, which it keeps
  const auto size = tape.size();
  const auto bytes = pool::usage().in_use;
  EXPECT_ANY_THROW(record_something());
  EXPECT_EQ(tape.size(), size);
  EXPECT_EQ(pool::usage().in_use, bytes);
  EXPECT_EQ(gradients(sum(x * x))[x](0), 2 * x.value()(0));
}

}  // namespace

TEST(Tape, RecordsAnOperatorWithItsWayBack) {
  Tape<double> tape;
  const V x = tape.variable(2.0);
  const V y = record("cube", x.value() * x.value() * x.value(),
                     {{x, [v = x.value()](const T& g) { return g * 3.0 * v * v; }}});
  EXPECT_EQ(y.item(), 8);
  EXPECT_EQ(gradients(y)[x].item(), 12);
  EXPECT_EQ(tape.size(), 2);
  EXPECT_STREQ(tape.node(1).name, "cube");
  EXPECT_EQ(tape.node(1).shape, Shape{});
  EXPECT_EQ(tape.node(1).inputs[0].index, 0);
  EXPECT_TRUE(tape.node(0).inputs.empty());
}

TEST(Tape, LeavesConstantsOut) {
  Tape<double> tape;
  const V x = tape.variable(2.0);
  const V c = 3.0;
  int alive = 0;
  const V y = record("product", x.value() * c.value(),
                     {{c, Pullback(&alive)}, {x, [](const T& g) { return g * 3.0; }}});
  EXPECT_EQ(alive, 0) << "a constant's pullback is not kept";
  EXPECT_EQ(tape.node(1).inputs.size(), 1U);
  EXPECT_EQ(gradients(y)[x].item(), 3);
}

TEST(Tape, RecordsNothingOfConstantsAlone) {
  Tape<double> tape;
  const V c = 3.0;
  int alive = 0;
  EXPECT_TRUE(record("own", T(1.0), {{c, Pullback(&alive)}}).is_constant());
  EXPECT_TRUE(record("joint", T(1.0), {c, c}, Pullback(&alive)).is_constant());
  EXPECT_TRUE(record("none", T(1.0), {}).is_constant());
  EXPECT_TRUE((c * 2.0 + exp(c)).is_constant());
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(tape.size(), 0);
}

TEST(Tape, DestroysEachPullbackOnce) {
  int alive = 0;
  std::optional<Tape<double>> tape(std::in_place);
  const auto record_three = [&] {
    const V x = tape->variable(T{1.0});
    record("one", x.value(), {{x, Pullback(&alive)}, {x, Pullback(&alive)}});
    record("joint", x.value(), {x}, Pullback(&alive));
  };
  record_three();
  EXPECT_EQ(alive, 3);
  tape->clear();
  EXPECT_EQ(alive, 0);
  record_three();
  tape.reset();
  EXPECT_EQ(alive, 0);
}

TEST(Tape, IsAsBeforeWhereAPullbackCannotBeTaken) {
  Tape<double> tape;
  const V x = tape.variable(T{1.0, 2.0});
  int alive = 0;
  {
    const Pullback good(&alive);
    const Pullback refusing(&alive, true);
    Pullback refusing_to_move(&alive, true);
    expect_unchanged(tape, x, [&] { record("first", x.value(), {{x, refusing}}); });
    expect_unchanged(tape, x,
                     [&] { record("last", x.value(), {{x, good}, {x, good}, {x, refusing}}); });
    expect_unchanged(tape, x, [&] {
      record("moved", x.value(), {{x, good}, {x, std::move(refusing_to_move)}});
    });
    expect_unchanged(tape, x, [&] { record("joint", x.value(), {x, x}, refusing); });
    EXPECT_EQ(alive, 3);
  }
  EXPECT_EQ(alive, 0);
}

TEST(Tape, IsAsBeforeWhereAPullbackIsMissing) {
  Tape<double> tape;
  const V x = tape.variable(T{1.0, 2.0});
  int alive = 0;
  expect_unchanged(tape, x, [&] { record("own", x.value(), {{x, Pullback(&alive)}, x}); });
  EXPECT_EQ(alive, 0);
  EXPECT_NE(message_of([&] { record("own", x.value(), {x}); }).find("has no pullback"),
            std::string::npos);
}

TEST(Tape, IsAsBeforeWhereTapesAreMixed) {
  Tape<double> tape;
  Tape<double> other;
  const V x = tape.variable(T{1.0, 2.0});
  const V y = other.variable(T{1.0, 2.0});
  int alive = 0;
  expect_unchanged(
      tape, x, [&] { record("own", x.value(), {{x, Pullback(&alive)}, {y, Pullback(&alive)}}); });
  expect_unchanged(other, y, [&] { record("own", x.value(), {x, y}, Pullback(&alive)); });
  EXPECT_EQ(alive, 0);
}

TEST(Tape, IsAsBeforeWhereAnOperatorRefusesItsOperands) {
  Tape<double> tape;
  const V x = tape.variable(T{1.0, 2.0});
  expect_unchanged(tape, x, [&] { x + T{1.0, 2.0, 3.0}; });
}

TEST(Tape, KeepsItsMemoryWhenItIsCleared) {
  Tape<double> tape;
  const auto work = [&] {
    V y = tape.variable(T::ones({100}));
    for (int i = 0; i < 3000; ++i) y = y * 1.5;
  };
  work();
  tape.clear();
  const auto before = pool::usage();
  for (int i = 0; i < 3; ++i) {
    work();
    tape.clear();
  }
  EXPECT_EQ(pool::usage().system_calls, before.system_calls);
  EXPECT_EQ(pool::usage().in_use, before.in_use);
}

TEST(Tape, HoldsPullbacksOfAnySizeAndAlignment) {
  struct alignas(64) Aligned {
    double numbers[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  };
  struct Large {
    double numbers[40000] = {};  // more than a chunk of the arena
  };
  Tape<double> tape;
  const V x = tape.variable(1.0);
  const auto large = std::make_unique<Large>();
  large->numbers[39999] = 5;
  const V y =
      record("small", x.value(), {{x, [c = 'a'](const T& g) { return c == 'a' ? g : -g; }}});
  const V z =
      record("aligned", x.value(), {{y, [a = Aligned()](const T& g) {
                                       EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&a) % 64, 0U);
                                       return g * a.numbers[7];
                                     }}});
  const V w =
      record("large", x.value(), {{z, [l = *large](const T& g) { return g * l.numbers[39999]; }}});
  EXPECT_EQ(gradients(w * 2.0)[x].item(), 80);
}

TEST(Tape, IsNotClearedInsideASweep) {
  Tape<double> tape;
  const V x = tape.variable(2.0);
  const V y = record("clearing", x.value(), {{x, [&tape](const T& g) {
                                                tape.clear();
                                                return g;
                                              }}});
  EXPECT_EQ(message_of([&] { gradients(y); }),
            "clear: a reverse pass over this tape is still running");
  EXPECT_EQ(tape.size(), 2);
  EXPECT_EQ(gradients(x * x)[x].item(), 4);
  tape.clear();
  EXPECT_EQ(tape.size(), 0);
}

TEST(Tape, IsNotRecordedOnInsideASweep) {
  Tape<double> tape;
  const V x = tape.variable(2.0);
  const V y = record("recording", x.value(), {{x, [x](const T& g) { return (x * g).value(); }}});
  const V z =
      record("adding", x.value(), {{x, [&tape](const T& g) { return tape.variable(g).value(); }}});
  EXPECT_THROW(gradients(y), Error);
  EXPECT_THROW(gradients(z), Error);
  EXPECT_EQ(tape.size(), 3);
  EXPECT_EQ((x * 3.0).item(), 6);
}

TEST(Tape, NamesTheOperatorThatFirstMadeANumberThatIsNotFinite) {
  Tape<double> tape;
  tape.check_finite(true);
  const V x = tape.variable(T{1.0, 0.0});
  const V y = exp(x) * 0.0;
  const std::string message = message_of([&] { sum(log(y) * 2.0); });
  EXPECT_EQ(message, "check_finite: the value of log, of shape (2,), has -inf at element 0");
  EXPECT_EQ(tape.size(), 3);
  EXPECT_NE(message_of([&] {
              tape.variable(T{0, 0, std::numeric_limits<double>::quiet_NaN()});
            }).find("at element 2"),
            std::string::npos);
  tape.check_finite(false);
  EXPECT_NO_THROW(sum(log(y)));
}

TEST(Tape, NamesTheOperatorWhosePullbackIsNotFinite) {
  Tape<double> tape;
  tape.check_finite(true);
  const V x = tape.variable(T{1.0, 0.0});
  const V loss = sum(sqrt(x * 1.0) * 2.0);
  EXPECT_EQ(message_of([&] { gradients(loss); }),
            "check_finite: a gradient from sqrt, of shape (2,), has inf at element 1");
  tape.check_finite(false);
  EXPECT_EQ(gradients(loss)[x](1), std::numeric_limits<double>::infinity());
}

TEST(Tape, NamesTheOperatorWhoseJointPullbackIsNotFinite) {
  Tape<double> tape;
  tape.check_finite(true);
  const V x = tape.variable(T{1.0, 0.0});
  const V added = record("adding", x.value(), {x},
                         [](const T& g, Adjoints<double>& d) { d.add(0, g / T(0.0)); });
  EXPECT_NE(message_of([&] { gradients(sum(added)); }).find("adding"), std::string::npos);
  const V in_place = record("accumulating", x.value(), {x}, [](const T& g, Adjoints<double>& d) {
    d.accumulator(0).mutable_data()[0] += g(0) / 0.0;
  });
  EXPECT_NE(message_of([&] { gradients(sum(in_place)); }).find("accumulating"), std::string::npos);
}

TEST(Tape, ChecksTheTangentsOfDualsToo) {
  using D = Dual<double>;
  Tape<D> tape;
  tape.check_finite(true);
  const auto x = tape.variable(D(0.0, 1.0));
  EXPECT_NE(message_of([&] { sqrt(x); }).find("the value of sqrt"), std::string::npos);
}

TEST(Tape, RefusesToShowANodeThatIsNotThere) {
  Tape<double> tape;
  tape.variable(1.0);
  EXPECT_EQ(message_of([&] { tape.node(1); }), "node: the tape has 1 nodes, and none at 1");
  EXPECT_EQ(message_of([&] { tape.node(-1); }), "node: the tape has 1 nodes, and none at -1");
}
