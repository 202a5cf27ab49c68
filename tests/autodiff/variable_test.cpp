#include <gtest/gtest.h>

#include <nablur/autodiff/gradients.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/reduce.h>
#include <sstream>

#include <optional>

#include "../messages.h"

using namespace nablur;

namespace {

using V = Variable<double>;
using D = Dual<double>;

// Numbers say nothing of the scalar type; a Dual holds its plain counterpart; float and double do
// not mix.
static_assert(std::is_same_v<Scalar<V, int>, double>);
static_assert(std::is_same_v<Scalar<double, Tensor<float>>, float>);
static_assert(std::is_same_v<Scalar<V, Variable<D>>, D>);
static_assert(std::is_same_v<Scalar<Variable<D>, Tensor<double>>, D>);
static_assert(std::is_same_v<Scalar<Tensor<double>, D>, D>);
static_assert(Operands<V> && Operands<V, double, int> && Operands<Tensor<double>, Variable<D>>);
static_assert(!Operands<double, int>);
static_assert(!Operands<V, Variable<float>>);
static_assert(!Operands<V, Tensor<float>>);
static_assert(!Operands<Variable<float>, Variable<D>>);
static_assert(!Operands<V, const char*>);

TEST(Variable, PrintsItselfLikeATensor) {
  Tape<double> tape;
  std::ostringstream out;
  out << tape.variable(Tensor<double>{1, 2});
  EXPECT_EQ(out.str(), "Variable<double>(2,) [1, 2]");
}

TEST(Variable, NeverBecomesATensorInSilence) {
  static_assert(!std::is_convertible_v<Variable<double>, Tensor<double>>);
  static_assert(!std::is_assignable_v<Tensor<double>&, Variable<double>>);
}

}  // namespace

TEST(Variable, WithoutATapeIsAConstant) {
  const V number = 3.0;
  const V integer = 3;
  const V tensor = Tensor<double>({2, 2}, {1, 2, 3, 4});
  EXPECT_TRUE(number.is_constant());
  EXPECT_EQ(integer.item(), 3);
  EXPECT_EQ(tensor.shape(), (Shape{2, 2}));
  EXPECT_EQ(tensor.rank(), 2);
  EXPECT_EQ(tensor.size(), 4);
  EXPECT_EQ(tensor.value()(1, 1), 4);
  EXPECT_THROW(tensor.item(), Error);
}

TEST(Variable, SharesTheNumbersOfItsTensor) {
  const Tensor<double> t{1, 2};
  Tape<double> tape;
  const V x = tape.variable(t);
  const V copy = x;
  EXPECT_FALSE(x.is_constant());
  EXPECT_EQ(copy.value().data(), t.data());
}

TEST(Variable, OfAClearedTapeIsReadButNotRecordedOn) {
  Tape<double> tape;
  const V x = tape.variable(Tensor<double>{1, 2});
  const V y = x * 2.0;
  tape.clear();
  EXPECT_EQ(x.value()(1), 2);
  EXPECT_EQ(y.value()(1), 4);
  EXPECT_EQ(y.shape(), Shape{2});
  EXPECT_EQ(message_of([&] { y * 2.0; }),
            "multiply: a variable of shape (2,) belongs to a tape that was cleared or destroyed");
  EXPECT_THROW(sum(x), Error);
  EXPECT_THROW(gradients(x, Tensor<double>{1, 1}), Error);
  EXPECT_EQ(tape.size(), 0);
}

TEST(Variable, OfADestroyedTapeIsReadButNotRecordedOn) {
  std::optional<Tape<double>> tape(std::in_place);
  const V x = tape->variable(Tensor<double>{1, 2});
  const V y = exp(x);
  tape.reset();
  EXPECT_EQ(x.value()(0), 1);
  EXPECT_EQ(y.shape(), Shape{2});
  EXPECT_THROW(x + 1.0, Error);
  EXPECT_THROW(gradients(sum(y)), Error);
}

// A new tape takes the place of the old one in the library's own list.
TEST(Variable, OfADestroyedTapeIsNotTakenForOneOfItsSuccessor) {
  std::optional<Tape<double>> first(std::in_place);
  const V old = first->variable(1.0);
  first.reset();
  Tape<float> other;
  Tape<double> second;
  const V x = second.variable(2.0);
  EXPECT_THROW(old * 2.0, Error);
  EXPECT_THROW(old * x, Error);
  EXPECT_THROW(x * old, Error);
  EXPECT_EQ((x * 2.0).item(), 4);
  EXPECT_EQ(second.size(), 2);
}

TEST(Variable, FromBeforeAClearDoesNotMixWithOneFromAfter) {
  Tape<double> tape;
  const V before = tape.variable(1.0);
  tape.clear();
  const V after = tape.variable(2.0);
  EXPECT_THROW(before + after, Error);
  EXPECT_THROW(gradients(before), Error);
  EXPECT_EQ(gradients(after * after)[after].item(), 4);
}

TEST(Variable, OfAForeignTapeDoesNotMix) {
  Tape<double> one;
  Tape<double> two;
  const V x = one.variable(1.0);
  const V y = two.variable(2.0);
  EXPECT_EQ(message_of([&] { x* y; }), "multiply: its inputs are variables of two different tapes");
  EXPECT_EQ(one.size(), 1);
  EXPECT_EQ(two.size(), 1);
}

TEST(Variable, HasItsGradientReadWithoutTheTape) {
  std::optional<Tape<double>> tape(std::in_place);
  const V x = tape->variable(Tensor<double>{1, 2});
  const auto d = gradients(sum(x * x));
  tape->clear();
  EXPECT_EQ(d[x](1), 4);
  const V next = tape->variable(Tensor<double>{1, 2});
  EXPECT_THROW(d[next], Error) << "of another recording";
  tape.reset();
  const auto copy = d;
  EXPECT_EQ(copy[x](1), 4);
}

TEST(Variable, ThatIsConstantOrForeignHasNoGradient) {
  Tape<double> tape;
  Tape<double> other;
  const V x = tape.variable(2.0);
  const V foreign = other.variable(2.0);
  const V c = 1.0;
  EXPECT_THROW(gradients(x * c, {x, c}), Error);
  EXPECT_THROW(gradients(x * c, {foreign}), Error);
  EXPECT_THROW(gradients(x * c)[foreign], Error);
  EXPECT_THROW(gradients(x * c)[c], Error);
}

TEST(Variable, PlainOnATapeHasNoPlaceInADualExpression) {
  Tape<double> plain;
  Tape<D> dual;
  const V x = plain.variable(Tensor<double>{1, 2});
  const Variable<D> y = dual.variable(Tensor<D>{{1, 1}, {2, 1}});
  EXPECT_NE(message_of([&] { x* y; }).find("a plain variable of shape (2,) on a tape"),
            std::string::npos);
  EXPECT_THROW(y + x, Error);
  EXPECT_EQ(dual.size(), 1);
}

TEST(Variable, ConstantsAndTensorsStandInADualExpressionWithoutATangent) {
  Tape<double> plain;
  const V on_tape = plain.variable(Tensor<double>{1, 2});
  const Variable<D> y = Tensor<D>{{3, 5}, {4, 6}};
  const V constant = Tensor<double>{10, 20};
  EXPECT_EQ((y * constant).value()(1).tangent, 120);
  EXPECT_EQ((Tensor<double>{10, 20} * y).value()(0).tangent, 50);
  EXPECT_EQ((y + on_tape.value()).value()(0).value, 4);
  EXPECT_EQ((y * D(2, 1)).value()(0).tangent, 2 * 5 + 3 * 1);
}

TEST(Variable, AssignmentMakesANewOneAndLeavesCopiesAlone) {
  Tape<double> tape;
  const V x = tape.variable(3.0);
  V y = x;
  y *= x;
  y += 1.0;
  y -= x;
  y /= 2.0;
  EXPECT_EQ(x.item(), 3);
  EXPECT_EQ(y.item(), 3.5);
  EXPECT_EQ(gradients(y)[x].item(), 2.5);  // (2x − 1)/2
}
