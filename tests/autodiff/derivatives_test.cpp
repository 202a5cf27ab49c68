#include <gtest/gtest.h>
#include <nablur/autodiff/derivatives.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/indexing.h>
#include <nablur/ops/joining.h>
#include <nablur/ops/matmul.h>
#include <nablur/ops/reduce.h>
#include <nablur/ops/reshape.h>

#include <cmath>
#include <vector>

#include "../messages.h"
#include "../numbers.h"

using namespace nablur;

namespace {

using T = Tensor<double>;

// (1 − a)² + 100 (b − a²)²
const auto rosenbrock = [](const auto& x) {
  const auto a = slice(x, {{0, 1}});
  const auto b = slice(x, {{1, 2}});
  return sum(square(1.0 - a) + 100.0 * square(b - square(a)));
};

void expect_near(const T& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), static_cast<std::int64_t>(expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(found.data()[i], expected[i], 1e-13 * (1 + std::abs(expected[i])))
        << "element " << i;
  }
}

// f(x, y) = Σ x² y + x_0, with lists of arguments and in braces.
const auto of_two = [](const auto& x, const auto& y) { return sum(x * x * y) + x[0]; };
const auto of_list = [](const auto& all) { return sum(all[0] * all[0] * all[1]) + all[0][0]; };

TEST(Derivatives, TakeListsOfArgumentsThatAreKnownAtRunTime) {
  const std::vector<T> x{T{1, 2}, T{3, 4}};
  const std::vector<T> v{T{1, 0}, T{0, 1}};
  EXPECT_EQ(jvp(of_list, x, v).item(), 6 + 1 + 4);
  const std::vector<T> d = vjp(of_list, x, T(1.0));
  ASSERT_EQ(d.size(), 2u);
  EXPECT_EQ(numbers(d[0]), (std::vector<double>{7, 16}));
  EXPECT_EQ(numbers(d[1]), (std::vector<double>{1, 4}));
  const std::vector<T> h = hvp(of_list, x, v);
  EXPECT_EQ(numbers(h[0]), (std::vector<double>{6, 4}));
  EXPECT_EQ(numbers(h[1]), (std::vector<double>{2, 0}));
  EXPECT_EQ(message_of([&] { hvp(of_list, x, std::vector<T>{T{1, 0}}); }),
            "hvp: 2 inputs and 1 directions");
}

TEST(Derivatives, OfSeveralArgumentsComeInBlocks) {
  const T x{1, 2};
  const T y{3, 4};
  const auto product = [](const auto& a, const auto& b) { return a * a * b; };
  const auto j = jacobian(product, {x, y});
  EXPECT_EQ(j[0].shape(), (Shape{2, 2}));
  EXPECT_EQ(numbers(j[0]), (std::vector<double>{6, 0, 0, 16}));
  EXPECT_EQ(numbers(j[1]), (std::vector<double>{1, 0, 0, 4}));
  const auto gradient = jacobian(of_two, {x, y});  // one element: in reverse mode
  EXPECT_EQ(numbers(gradient[0]), (std::vector<double>{7, 16}));
  EXPECT_EQ(numbers(gradient[1]), (std::vector<double>{1, 4}));
  const auto h = hessian(of_two, {x, y});
  EXPECT_EQ(numbers(h[0][0]), (std::vector<double>{6, 0, 0, 8}));
  EXPECT_EQ(numbers(h[0][1]), (std::vector<double>{2, 0, 0, 4}));
  EXPECT_EQ(numbers(h[1][0]), (std::vector<double>{2, 0, 0, 4}));
  EXPECT_EQ(numbers(h[1][1]), (std::vector<double>{0, 0, 0, 0}));
  const auto listed = hessian(of_list, std::vector<T>{x, y});
  EXPECT_EQ(numbers(listed[0][1]), numbers(h[0][1]));
  EXPECT_EQ(numbers(jacobian(of_list, std::vector<T>{x, y})[1]), (std::vector<double>{1, 4}));
}

TEST(Derivatives, OnePassGivesValueGradientAndHessianVectorProduct) {
  const auto f = [](const auto& x) { return sum(x * x * x); };
  const auto [value, gradient, product] = hvp_with_gradient(f, T{1, 2}, T{1, 10});
  EXPECT_EQ(value, 9);
  EXPECT_EQ(numbers(gradient), (std::vector<double>{3, 12}));
  EXPECT_EQ(numbers(product), (std::vector<double>{6, 120}));
  const auto two = hvp_with_gradient(of_two, {T{1, 2}, T{3, 4}}, {T{1, 0}, T{0, 1}});
  EXPECT_EQ(two.value, 20);
  EXPECT_EQ(numbers(two.gradient[1]), (std::vector<double>{1, 4}));
  EXPECT_EQ(numbers(two.product[0]), (std::vector<double>{6, 4}));
  const std::vector<T> x{T{1, 2}, T{3, 4}};
  EXPECT_EQ(hvp_with_gradient(of_list, x, x).value, 20);
}

}  // namespace

TEST(Jvp, IsTheDerivativeAlongADirection) {
  const auto f = [](const auto& x) { return sin(x) * x; };
  const auto slope = [](double x) { return std::cos(x) * x + std::sin(x); };
  expect_near(jvp(f, T{1, 2}, T{3, -1}), {3 * slope(1), -slope(2)});
}

TEST(Jvp, TakesSeveralArguments) {
  const auto f = [](const auto& x, const auto& y) { return x * y; };
  expect_near(jvp(f, {T{1, 2}, T{3, 4}}, {T{10, 20}, T{30, 40}}),
              {10 * 3 + 1 * 30, 20 * 4 + 2 * 40});
}

TEST(Jvp, TreatsCapturedDataAsConstant) {
  const T data{5, 6};
  EXPECT_EQ(jvp([&](const auto& x) { return sum(x * data); }, T{1, 2}, T{1, 1}).item(), 11);
}

TEST(Jvp, RefusesADirectionOfAnotherShape) {
  const auto f = [](const auto& x) { return exp(x); };
  EXPECT_EQ(message_of([&] { jvp(f, T{1, 2}, T{1}); }),
            "jvp: x0 has shape (2,), its direction (1,)");
  const auto g = [](const auto& x, const auto& y) { return x * y; };
  EXPECT_EQ(message_of([&] { jvp(g, {T{1, 2}, T(1.0)}, {T{1, 2}, T{1}}); }),
            "jvp: x1 has shape (), its direction (1,)");
}

TEST(Vjp, IsTheGradientOfTheSeedsProduct) {
  const auto f = [](const auto& x) { return square(x); };
  expect_near(vjp(f, T{1, 2, 3}, T{1, 10, 100}), {2, 40, 600});
  EXPECT_EQ(message_of([&] { vjp(f, T{1, 2, 3}, T{1, 10}); }),
            "vjp: the seed must have f's shape (3,), got (2,)");
  EXPECT_EQ(message_of([&] { vjp(f, T{1, 2, 3}, 1.0); }),
            "vjp: the seed must have f's shape (3,), got ()");
}

TEST(Vjp, GivesAGradientForEachArgument) {
  const auto f = [](const auto& a, const auto& b) { return matmul(a, b); };
  const T a({2, 2}, {1, 2, 3, 4});
  const T b({2}, {5, 6});
  const auto d = vjp(f, {a, b}, T{1, 10});
  expect_near(d[0], {5, 6, 50, 60});  // seed bᵀ
  expect_near(d[1], {31, 42});        // aᵀ seed
}

TEST(Hvp, IsTheHessianTimesADirection) {
  // Of Rosenbrock's function: (2 − 400 (b − 3a²), −400a; −400a, 200)
  const double a = -1.2;
  const double b = 1;
  expect_near(hvp(rosenbrock, T{a, b}, T{2, 3}),
              {2 * (2 - 400 * (b - 3 * a * a)) + 3 * -400 * a, 2 * -400 * a + 3 * 200});
}

TEST(Hvp, TakesSeveralArguments) {
  // f = x² y: Hessian (2y, 2x; 2x, 0)
  const auto f = [](const auto& x, const auto& y) { return square(x) * y; };
  const auto h = hvp(f, {T(3.0), T(5.0)}, {T(1.0), T(10.0)});
  EXPECT_EQ(h[0].item(), 2 * 5 + 2 * 3 * 10);
  EXPECT_EQ(h[1].item(), 2 * 3);
}

TEST(Hvp, RefusesAFunctionOfMoreThanOneElement) {
  const auto f = [](const auto& x) { return exp(x); };
  EXPECT_EQ(message_of([&] { hvp(f, T{1, 2}, T{1, 1}); }),
            "hvp: f must have one element, got shape (2,)");
  EXPECT_EQ(message_of([&] { hvp(rosenbrock, T{1, 2}, T{1, 1, 1}); }),
            "hvp: x0 has shape (2,), its direction (3,)");
}

// More outputs than inputs take forward mode, fewer take reverse mode: the same numbers.
TEST(Jacobian, IsRightInBothModes) {
  const T a({3, 2}, {1, 2, 3, 4, 5, 6});
  const T x{0.5, -1};
  const auto tall = jacobian([&](const auto& v) { return matmul(a, square(v)); }, x);
  EXPECT_EQ(tall.shape(), (Shape{3, 2}));
  expect_near(tall, {1, -4, 3, -8, 5, -12});  // a diag(2x)
  const T y{1, 2, 3};
  const auto wide = jacobian(
      [&](const auto& v) { return matmul(transpose(Variable<double>(a)).value(), square(v)); }, y);
  EXPECT_EQ(wide.shape(), (Shape{2, 3}));
  expect_near(wide, {2, 12, 30, 4, 16, 36});  // aᵀ diag(2y)
}

TEST(Jacobian, JoinsTheShapesOfOutputAndInput) {
  const T x({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto by_row = [](const auto& v) { return sum(square(v), 1); };
  const auto j = jacobian(by_row, x);
  EXPECT_EQ(j.shape(), (Shape{2, 2, 3}));
  expect_near(j, {2, 4, 6, 0, 0, 0, 0, 0, 0, 8, 10, 12});
  EXPECT_EQ(jacobian([](const auto& v) { return exp(v); }, T(1.0)).shape(), Shape{});
  EXPECT_EQ(jacobian(by_row, T::zeros({2, 0})).shape(), (Shape{2, 2, 0}));
  const auto pairs = [](const auto& v) { return stack({v, v * 2.0}); };
  EXPECT_EQ(jacobian(pairs, x).shape(), (Shape{2, 2, 3, 2, 3}));
  EXPECT_EQ(jacobian(pairs, x)(1, 1, 2, 1, 2), 2);
  EXPECT_EQ(jacobian(pairs, x)(1, 1, 2, 1, 1), 0);
}

TEST(Jacobian, OfAConstantIsZero) {
  const auto f = [](const auto& x) { return x * 0.0 + 1.0; };
  expect_near(jacobian(f, T{1, 2}), {0, 0, 0, 0});
}

TEST(Jacobian, HasTheRightShapeWithoutElements) {
  const auto none = [](const auto& x) { return slice(x, {{0, 0}}); };
  EXPECT_EQ(jacobian(none, T{1, 2}).shape(), (Shape{0, 2}));
  EXPECT_EQ(jacobian(none, T::zeros({0})).shape(), (Shape{0, 0}));
  const auto total = [](const auto& x) { return sum(x); };
  EXPECT_EQ(jacobian(total, T::zeros({3, 0})).shape(), (Shape{3, 0}));
  EXPECT_EQ(jacobian([](const auto& x) { return reshape(x, {0, 5}); }, T::zeros({2, 0})).shape(),
            (Shape{0, 5, 2, 0}));
}

// A pass of forward mode calls f again; f must be a function.
TEST(Jacobian, RefusesAFunctionThatChangesItsShape) {
  for (const std::int64_t later : {2, 4}) {
    std::int64_t calls = 0;
    const auto f = [&](const auto& x) {
      return slice(concatenate({x, x}, 0), {{0, ++calls < 3 ? 3 : later}});
    };
    EXPECT_EQ(
        message_of([&] { jacobian(f, T{1, 2}); }),
        detail::concat("jacobian: f gave shape (3,) and then (", later, ",), at the same input"));
  }
}

TEST(Hessian, IsThatOfRosenbrocksFunction) {
  const double a = -1.2;
  const double b = 1;
  const auto h = hessian(rosenbrock, T{a, b});
  EXPECT_EQ(h.shape(), (Shape{2, 2}));
  expect_near(h, {2 - 400 * (b - 3 * a * a), -400 * a, -400 * a, 200});
}

TEST(Hessian, WorksInFloat) {
  const auto h = hessian([](const auto& x) { return sum(x * x * x); }, Tensor<float>{1, 2});
  EXPECT_EQ(h(0, 0), 6.0f);
  EXPECT_EQ(h(1, 1), 12.0f);
  EXPECT_EQ(h(0, 1), 0.0f);
}

TEST(Hessian, RefusesAFunctionOfMoreThanOneElement) {
  const auto f = [](const auto& x) { return exp(x); };
  EXPECT_EQ(message_of([&] { hessian(f, T{1, 2}); }),
            "hessian: f must have one element, got shape (2,)");
  EXPECT_EQ(message_of([&] { hessian(f, T::zeros({0})); }),
            "hessian: f must have one element, got shape (0,)");
}

TEST(Hessian, HasTheRightShapeWithoutElements) {
  EXPECT_EQ(hessian([](const auto& x) { return sum(x); }, T::zeros({2, 0})).shape(),
            (Shape{2, 0, 2, 0}));
}

TEST(Hessian, OfAFunctionThatDoesNotDependOnItsInputIsZero) {
  expect_near(hessian([](const auto& x) { return sum(x * 0.0) + 1.0; }, T{1, 2}), {0, 0, 0, 0});
  expect_near(hessian([](const auto& x) { return std::remove_cvref_t<decltype(x)>(3.0); }, T{1, 2}),
              {0, 0, 0, 0});
}
