// L-BFGS: minima it must find and how soon, the Wolfe conditions, and what happens if there is
// none.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include <nablur/autodiff/gradients.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/indexing.h>
#include <nablur/ops/reduce.h>
#include <nablur/optimize/optimize.h>

#include "../messages.h"

using namespace nablur;

namespace {

using D = Tensor<double>;

// Loss and gradient of f at x, counted.
template <class F, class T>
auto evaluation_of(const F& f, Tensor<T>& x, int& count) {
  return [&f, &x, &count] {
    ++count;
    Tape<T> tape;
    const auto v = tape.variable(x);
    const Variable<T> y = f(v);
    return Evaluation<T>{y.item(), {gradients(y)[v]}};
  };
}

template <class F, class T>
int minimize(const F& f, Tensor<T>& x, int most = 200) {
  Lbfgs<T> lbfgs;
  int count = 0;
  for (int i = 0; i < most && !lbfgs.converged; ++i) {
    lbfgs.step({&x}, evaluation_of(f, x, count));
  }
  EXPECT_TRUE(lbfgs.converged);
  return count;
}

const auto rosenbrock = [](const auto& x) {
  return 100 * square(x[1] - square(x[0])) + square(1 - x[0]);
};

TEST(Lbfgs, FindsTheEndOfRosenbrocksValley) {
  D x{-1.2, 1};
  const int count = minimize(rosenbrock, x);
  EXPECT_NEAR(x(0), 1, 1e-7);
  EXPECT_NEAR(x(1), 1, 1e-7);
  EXPECT_LT(count, 70);  // gradient descent needs tens of thousands
  Tensor<float> y{-1.2f, 1};
  minimize(rosenbrock, y);
  EXPECT_NEAR(y(0), 1, 2e-2f);
}

// A quadratic of 100 variables with curvatures from 1 to 100.
TEST(Lbfgs, IsNotSlowedByScale) {
  const D curvature = pow(10.0, D::linspace(0, 2, 100));
  const D target = D::linspace(-1, 1, 100);
  D x = D::zeros({100});
  const int count =
      minimize([&](const auto& v) { return 0.5 * sum(curvature * square(v - target)); }, x, 500);
  for (int i = 0; i < 100; ++i) EXPECT_NEAR(x(i), target(i), 1e-6);
  EXPECT_LT(count, 300);
}

TEST(Lbfgs, NeverGoesUpAndReturnsTheLossWhereItEnds) {
  D x{-1.2, 1};
  Lbfgs<double> lbfgs({.history = 3});
  int count = 0;
  double before = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 20; ++i) {
    const double loss = lbfgs.step({&x}, evaluation_of(rosenbrock, x, count));
    EXPECT_LT(loss, before);
    EXPECT_EQ(loss, rosenbrock(x).item());
    before = loss;
    EXPECT_LE(lbfgs.s.size(), 3u);
  }
}

// A step begins at the point at which the last one ended, unless the parameters were changed
// between.
TEST(Lbfgs, EvaluatesNoPointTwice) {
  D x{-1.2, 1};
  Lbfgs<double> lbfgs;
  std::vector<std::vector<double>> seen;
  const auto f = [&] {
    seen.push_back({x(0), x(1)});
    const double a = x(0), b = x(1) - a * a;
    return Evaluation<double>{100 * b * b + (1 - a) * (1 - a),
                              {D{-400 * a * b - 2 * (1 - a), 200 * b}}};
  };
  for (int i = 0; i < 10; ++i) lbfgs.step({&x}, f);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(seen[i], seen[j]);
  }
  const std::size_t before = seen.size();
  x.set({0}, 0.5);
  lbfgs.step({&x}, f);
  EXPECT_EQ(seen[before][0], 0.5);
}

TEST(Lbfgs, TakesSeveralParametersTogether) {
  D a{5, 5};
  D b = -3.0;
  Lbfgs<double> lbfgs;
  for (int i = 0; i < 50 && !lbfgs.converged; ++i) {
    lbfgs.step({&a, &b}, [&] {
      Tape<double> tape;
      const auto va = tape.variable(a);
      const auto vb = tape.variable(b);
      const auto loss = sum(square(va - vb)) + square(vb - 2);
      const auto d = gradients(loss);
      return Evaluation<double>{loss.item(), {d[va], d[vb]}};
    });
  }
  EXPECT_NEAR(a(1), 2, 1e-8);
  EXPECT_NEAR(b.item(), 2, 1e-8);
}

// ln x has no value below 0, and 1e8 x² is steep: the search has to come back from both.
TEST(Lbfgs, ComesBackFromWhereTheLossIsNotFinite) {
  D x{0.5};
  minimize([](const auto& v) { return sum(1e-3 * v - log(v)); }, x);
  EXPECT_NEAR(x(0), 1000, 1e-3);
  D y{1.0};
  minimize([](const auto& v) { return sum(1e8 * v * v); }, y);
  EXPECT_NEAR(y(0), 0, 1e-8);
}

TEST(Lbfgs, StopsAtAMinimumAndWhereThereIsNoWayDown) {
  D x{0.0};
  Lbfgs<double> lbfgs;
  int count = 0;
  const auto flat = [](const auto& v) { return sum(square(v)); };
  EXPECT_EQ(lbfgs.step({&x}, evaluation_of(flat, x, count)), 0);
  EXPECT_TRUE(lbfgs.converged);
  D y{1.0};
  Lbfgs<double> misled;
  const auto wrong = [&] { return Evaluation<double>{y(0) * y(0), {D{-2.0}}}; };
  EXPECT_EQ(misled.step({&y}, wrong), 1);
  EXPECT_TRUE(misled.converged);
  EXPECT_EQ(y(0), 1) << "the parameters moved";
}

TEST(Lbfgs, LeavesAllAsItWasIfTheLossThrows) {
  D x{-1.2, 1};
  Lbfgs<double> lbfgs;
  int count = 0;
  lbfgs.step({&x}, evaluation_of(rosenbrock, x, count));
  const D before = x;
  const auto pairs = lbfgs.s.size();
  int calls = 0;
  const auto throwing = [&] {
    if (++calls == 1) throw std::runtime_error("enough");
    return evaluation_of(rosenbrock, x, count)();
  };
  EXPECT_THROW(lbfgs.step({&x}, throwing), std::runtime_error);
  EXPECT_EQ(x(0), before(0));
  EXPECT_EQ(x(1), before(1));
  EXPECT_EQ(lbfgs.s.size(), pairs);
}

// Pairs that lead uphill are dropped, but not before the step has succeeded.
TEST(Lbfgs, KeepsItsPairsIfTheLossThrowsAfterTheyWereFoundUseless) {
  D x{-1.2, 1};
  Lbfgs<double> lbfgs;
  lbfgs.s = {{D{1, 0}}};
  lbfgs.y = {{D{-1, 0}}};
  int calls = 0;
  int count = 0;
  const auto throwing = [&] {
    if (++calls == 2) throw std::runtime_error("enough");
    return evaluation_of(rosenbrock, x, count)();
  };
  EXPECT_THROW(lbfgs.step({&x}, throwing), std::runtime_error);
  EXPECT_EQ(lbfgs.s.size(), 1u);
  EXPECT_EQ(lbfgs.y.size(), 1u);
  EXPECT_EQ(x(0), -1.2);
  lbfgs.step({&x}, evaluation_of(rosenbrock, x, count));
  ASSERT_EQ(lbfgs.s.size(), 1u);
  EXPECT_NE(lbfgs.y[0][0](0), -1);
}

TEST(Lbfgs, RefusesWhatDoesNotFit) {
  D x{1, 2};
  Lbfgs<double> lbfgs;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  expect_message("Lbfgs", {"not finite", "nan"},
                 [&] { lbfgs.step({&x}, [&] { return Evaluation<double>{nan, {x}}; }); });
  expect_message("Lbfgs", {"(2,)", "(1,)"},
                 [&] { lbfgs.step({&x}, [&] { return Evaluation<double>{1, {D{1}}}; }); });
  expect_message("Lbfgs", {"at least 1", "0"}, [] { Lbfgs<float>({.history = 0}); });
  expect_message("Lbfgs", {"curvature", "2"}, [] { Lbfgs<float>({.curvature = 2}); });
}

}  // namespace
