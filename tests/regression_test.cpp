// Bugs that were found, each as a test.

#include <gtest/gtest.h>

#include <cmath>
#include <concepts>
#include <limits>
#include <string>
#include <vector>

#include <nablur/nablur.h>

#include "messages.h"

using namespace nablur;

namespace {

TEST(Regression, AnAccumulatorOfAnotherShapeIsRefusedBeforeAnybodyWritesToIt) {
  Tape<double> tape;
  const auto x = tape.variable(Tensor<double>::zeros({1000000}));
  const auto s = slice(x, {{0, 1000000, 2}});
  const auto u = record("usurper", Tensor<double>(1.0), {x},
                        [](const Tensor<double>& g, Adjoints<double>& d) { d.accumulator(0) = g; });
  EXPECT_EQ(message_of([&] { gradients(sum(s) + u); }),
            "usurper: its pullback gave shape () for input 0, expected (1000000,)");
}

TEST(Regression, AMessageCountsTheConstantsAmongTheInputs) {
  Tape<double> tape;
  const auto x = tape.variable({1, 2, 3});
  const auto wrong = [](const Tensor<double>&) { return Tensor<double>::zeros({7}); };
  const auto y = record("wrong", Tensor<double>(1.0), {{Variable<double>(2.0), wrong}, {x, wrong}});
  EXPECT_EQ(message_of([&] { gradients(y); }),
            "wrong: its pullback gave shape (7,) for input 1, expected (3,)");
}

TEST(Regression, RowsInBracesMakeAMatrix) {
  const Tensor<double> m{{1, 2, 3}, {4, 5, 6}};
  EXPECT_EQ(to_string(m.shape()), "(2, 3)");
  EXPECT_EQ(m(1, 0), 4);
  const Tensor<double> square{{1, 2}, {3, 4}};
  EXPECT_EQ(to_string(square.shape()), "(2, 2)");
  Tape<double> tape;
  EXPECT_EQ(to_string(tape.variable({{1, 2}, {3, 4}}).shape()), "(2, 2)");
  EXPECT_EQ(message_of([] { Tensor<double>{{1, 2, 3}, {4, 5}}; }),
            "tensor: the rows of a matrix must have one length, got 3 and 2");
  EXPECT_EQ(to_string(Tensor<double>(Shape{1, 2}, {3, 4}).shape()), "(1, 2)");
}

TEST(Regression, AnAxisIsNeitherANumberWithAPointNorAFlag) {
  static_assert(std::convertible_to<int, Axes> && std::convertible_to<std::int64_t, Axes>);
  static_assert(
      !std::convertible_to<double, Axes>);  // max(x, 0.0), meant as relu, would reduce axis 0
  static_assert(
      !std::convertible_to<bool, Axes>);  // sum(x, true), meant as keepdims, would reduce axis 1
  static_assert(
      !std::convertible_to<double, Tensor<std::int64_t>>);  // take(x, 1.9) would take element 1
}

TEST(Regression, MasksAndIndicesAreNoOperands) {
  static_assert(Operands<Tensor<double>> && Operands<Variable<Dual<float>>, double>);
  static_assert(!Operands<Tensor<bool>> && !Operands<Tensor<std::int64_t>>);
}

TEST(Regression, WrapTakesADataPointerAndItsMovedOwnerInOneCall) {
  std::vector<double> numbers{1, 2, 3};
  const double* const data = numbers.data();
  const auto t = Tensor<double>::wrap(numbers.data(), {3}, std::move(numbers));
  EXPECT_EQ(t.data(), data);
  EXPECT_EQ(t(2), 3);
}

TEST(Regression, AStackThatThrowsLeavesTheTapeAsItWas) {
  Tape<double> tape;
  const auto a = tape.variable({1, 2, 3});
  const auto b = tape.variable({1, 2});
  EXPECT_EQ(message_of([&] { stack({a, b}); }), "stack: shapes (3,) and (2,) differ");
  Tape<double> other;
  const auto c = other.variable({1, 2, 3});
  EXPECT_EQ(message_of([&] { stack({a, c}); }),
            "stack: its inputs are variables of two different tapes");
  EXPECT_EQ(tape.size(), 2);
  EXPECT_EQ(other.size(), 1);
}

TEST(Regression, CheckFiniteSeesWhatAddingUpMakesInfinite) {
  Tape<double> tape;
  tape.check_finite(true);
  const auto x = tape.variable(1e-10);
  const auto y = x * 1e308 + x * 1e308;
  EXPECT_NE(message_of([&] { gradients(y); }).find("a gradient from multiply"), std::string::npos);
  const auto z = sum(x * Tensor<double>{1e308, 1e308});
  EXPECT_NE(message_of([&] { gradients(z); }).find("a gradient from multiply"), std::string::npos);
}

TEST(Regression, TensorsCanBeConcatenatedAndStacked) {
  const Tensor<double> t{1, 2};
  EXPECT_EQ(concatenate({t, t}).value()(3), 2);
  EXPECT_EQ(to_string(stack({t, t}, -1).shape()), "(2, 2)");
}

TEST(Regression, OperatorsMadeOfOthersAreRecordedWholeOrNotAtAll) {
  Tape<double> tape;
  tape.check_finite(true);
  const auto tiny = tape.variable(5e-324);  // d/σ is infinite
  EXPECT_THROW(gaussian_kernel(tiny), Error);
  EXPECT_EQ(tape.size(), 1);
  const auto huge = tape.variable(1e308);
  EXPECT_THROW(sigma_from_param(huge, 0.3, 1.7e308), Error);
  EXPECT_EQ(tape.size(), 2);
  EXPECT_EQ(gradients(huge * tiny)[huge].item(), 5e-324) << "the tape is in order";
  tape.clear();
  const std::string gone = "a variable of shape () belongs to a tape that was cleared or destroyed";
  EXPECT_EQ(message_of([&] { gaussian_kernel(tiny); }), "gaussian_kernel: " + gone);
  EXPECT_EQ(message_of([&] { sigma_from_param(huge); }), "sigma_from_param: " + gone);
}

TEST(Regression, GradientsByAListOfRunTimeLength) {
  Tape<double> tape;
  const std::vector<Variable<double>> parameters{tape.variable(2.0), tape.variable(3.0)};
  const auto h = parameters[0] * parameters[1];
  std::vector<Variable<double>> named = parameters;
  named.push_back(h);
  const auto d = gradients(h * h, named);
  EXPECT_EQ(d[h].item(), 12);
  EXPECT_EQ(d[parameters[1]].item(), 24);
}

TEST(Regression, DirectionsStepInProportionToLargeInputs) {
  const auto f = [](const auto& x) { return sum(log(x)); };
  const auto report = compare_gradients(f, Tensor<double>{1e17, 2e17}, {.directions = 2});
  EXPECT_TRUE(report.agrees()) << report;
  for (const auto& row : report.rows)
    EXPECT_TRUE(row.against != "differences" || row.reference != 0) << report;
}

TEST(Regression, NothingComparedIsNoAgreement) {
  EXPECT_FALSE(
      compare_gradients([](const auto& x) { return sum(x); }, Tensor<double>::zeros({0})).agrees());
}

TEST(Regression, MaximumBesideNanHasNoSlopeInEitherMode) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto f = [](const auto& x) { return maximum(x, 0.0); };
  EXPECT_TRUE(std::isnan(vjp(f, Tensor<double>(nan), 1.0).item()));
  EXPECT_TRUE(std::isnan(jvp(f, Tensor<double>(nan), Tensor<double>(1.0)).item()));
}

}  // namespace
