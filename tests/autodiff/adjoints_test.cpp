// What a joint pullback sees and may do.

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

}  // namespace

TEST(Gradients, CallNoJointPullbackOfWhichNothingIsWanted) {
  Tape<double> tape;
  const V x = tape.variable(T{1, 2});
  const V aside = tape.variable(T{3});
  int calls = 0;
  const V y = record("joint", x.value(), {x, V(1.0)}, [&calls](const T& g, Joint& d) {
    ++calls;
    d.accumulator(0) += g;
  });
  EXPECT_EQ(numbers(gradients(y, T{1, 1}, {aside})[aside]), (std::vector<double>{0}));
  EXPECT_EQ(numbers(gradients(y, T{5, 6}, {y})[y]), (std::vector<double>{5, 6}));
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(numbers(gradients(y, T{5, 6}, {x})[x]), (std::vector<double>{5, 6}));
  EXPECT_EQ(calls, 1);
}

TEST(Gradients, FailIfAPullbackDestroysItsTape) {
  for (const bool joint : {false, true}) {
    auto tape = std::make_unique<Tape<double>>();
    const V x = tape->variable(T{1, 2});
    const V twice = x * 2.0;
    const T big = T::ones({100});  // in the closure: it must live until its call has ended
    const auto destroy = [&tape, big](const T& g) {
      tape.reset();
      return g * big(7);
    };
    const V y = joint ? record("fatal", twice.value(), {twice},
                               [destroy](const T& g, Joint& d) { d.add(0, destroy(g)); })
                      : record("fatal", twice.value(), {{twice, destroy}});
    EXPECT_EQ(message_of([&] { gradients(sum(y)); }),
              "gradients: a pullback destroyed the tape that is being reversed");
    EXPECT_EQ(tape, nullptr);
    EXPECT_THROW(gradients(x, T{1, 1}), Error) << "x is of a tape that is gone";
  }
}

TEST(Gradients, NameTheOperatorWhosePullbackHasTheWrongShape) {
  Tape<double> tape;
  const V x = tape.variable(T{1, 2});
  const V wrong = record("wrong", x.value(), {{x, [](const T&) { return T{1, 2, 3}; }}});
  EXPECT_EQ(message_of([&] { gradients(sum(wrong)); }),
            "wrong: its pullback gave shape (3,) for input 0, expected (2,)");
  // Of the output's shape, to which the input's does not broadcast.
  const V cut = record("cut", T{1, 2, 3}, {{x, [](const T& g) { return g; }}});
  EXPECT_EQ(message_of([&] { gradients(sum(cut)); }),
            "cut: its pullback gave shape (3,) for input 0, expected (2,)");
  const V joint = record("joint", x.value(), {x}, [](const T&, Joint& d) { d.add(0, T(1.0)); });
  EXPECT_EQ(message_of([&] { gradients(sum(joint)); }),
            "joint: its pullback gave shape () for input 0, expected (2,)");
  EXPECT_EQ(gradients(sum(x))[x](0), 1);
}

TEST(Gradients, GoThroughAJointPullback) {
  Tape<double> tape;
  const V x = tape.variable(T{1, 2});
  const V y = tape.variable(T{3, 4});
  const V c = T{5, 6};
  std::vector<bool> wanted;
  const V z = record("joint", x.value(), {x, c, y}, [&wanted](const T& g, Joint& d) {
    wanted = {d.wants(0), d.wants(1), d.wants(2)};
    d.add(0, g);
    d.add(0, g * 2.0);
    d.add(1, g);  // dropped
    if (d.wants(2)) d.accumulator(2).mutable_data()[1] += 7;
  });
  const auto all = gradients(z, T{1, 10});
  EXPECT_EQ(wanted, (std::vector<bool>{true, false, true}));
  EXPECT_EQ(numbers(all[x]), (std::vector<double>{3, 30}));
  EXPECT_EQ(numbers(all[y]), (std::vector<double>{0, 7}));
  const auto named = gradients(z, T{1, 10}, {x});
  EXPECT_EQ(wanted, (std::vector<bool>{true, false, false}));
  EXPECT_EQ(numbers(named[x]), (std::vector<double>{3, 30}));
}

TEST(Gradients, OfAnAccumulatorLeaveWhatItSharesAlone) {
  Tape<double> tape;
  const V x = tape.variable(T{1, 2});
  const T seed{1, 10};
  const V y = record("joint", x.value(), {x}, [](const T& g, Joint& d) {
    d.add(0, g);
    d.accumulator(0).mutable_data()[0] += 100;
    EXPECT_EQ(g(0), 1);
  });
  EXPECT_EQ(numbers(gradients(y, seed)[x]), (std::vector<double>{101, 10}));
  EXPECT_EQ(numbers(seed), (std::vector<double>{1, 10}));
}

TEST(Gradients, RefuseInputsThatAJointPullbackDoesNotHave) {
  Tape<double> tape;
  const V x = tape.variable(1.0);
  const V c = 2.0;
  const V a = record("asking", x.value(), {x}, [](const T&, Joint& d) { d.wants(1); });
  const V b = record("adding", x.value(), {x}, [](const T& g, Joint& d) { d.add(1, g); });
  const V e = record("unwanted", x.value(), {x, c}, [](const T&, Joint& d) { d.accumulator(1); });
  EXPECT_EQ(message_of([&] { gradients(a); }), "asking: its pullback asks for input 1 of 1");
  EXPECT_THROW(gradients(b), Error);
  EXPECT_NE(message_of([&] { gradients(e); }).find("unwanted: "), std::string::npos);
}
