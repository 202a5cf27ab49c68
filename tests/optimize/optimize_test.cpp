// Gradient descent and Adam: their formulas by hand, state that can be kept, refusals.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include <nablur/optimize/optimize.h>

#include "../messages.h"

using namespace nablur;

namespace {

using D = Tensor<double>;

// Two steps of v ← 0.9 v + g, x ← x − 0.1 v for g = x, from 1.
TEST(GradientDescent, FollowsItsFormula) {
  D x = 1.0;
  GradientDescent<double> plain(0.1);
  plain.step({&x}, {x});
  EXPECT_DOUBLE_EQ(x.item(), 0.9);
  x = 1.0;
  GradientDescent<double> momentum(0.1, {.momentum = 0.9});
  momentum.step({&x}, {x});
  EXPECT_DOUBLE_EQ(x.item(), 0.9);
  momentum.step({&x}, {x});
  EXPECT_DOUBLE_EQ(x.item(), 0.9 - 0.1 * (0.9 * 1 + 0.9));
  x = 1.0;
  GradientDescent<double> nesterov(0.1, {.momentum = 0.9, .nesterov = true});
  nesterov.step({&x}, {x});
  EXPECT_DOUBLE_EQ(x.item(), 0.81);
  nesterov.step({&x}, {x});
  EXPECT_DOUBLE_EQ(x.item(), 0.81 - 0.1 * (0.81 + 0.9 * (0.9 + 0.81)));
}

// Algorithm 1 of the paper, written out for one number.
TEST(Adam, FollowsItsFormula) {
  Tensor<double> x{3, -2};
  Adam<double> adam(0.1, {.beta1 = 0.8, .beta2 = 0.9, .epsilon = 1e-6});
  double m[2] = {}, v[2] = {}, y[2] = {3, -2};
  for (int t = 1; t <= 5; ++t) {
    adam.step({&x}, {x * x});
    for (int i = 0; i < 2; ++i) {
      const double g = y[i] * y[i];
      m[i] = 0.8 * m[i] + 0.2 * g;
      v[i] = 0.9 * v[i] + 0.1 * g * g;
      const double unbiased = m[i] / (1 - std::pow(0.8, t));
      y[i] -= 0.1 * unbiased / (std::sqrt(v[i] / (1 - std::pow(0.9, t))) + 1e-6);
      EXPECT_NEAR(x(i), y[i], 1e-14);
    }
  }
  EXPECT_EQ(adam.steps, 5);
}

TEST(Adam, ItsStateCanBeKeptAndTakenUpAgain) {
  std::vector<D> x{D{1, 2}, D(3.0)};
  Adam<double> adam(0.1);
  const auto step = [](Adam<double>& a, std::vector<D>& at) {
    a.step(at, std::vector<D>{at[0] * at[0], at[1]});
  };
  step(adam, x);
  std::vector<D> other = x;
  Adam<double> kept(0.1);
  kept.steps = adam.steps, kept.mean = adam.mean, kept.square = adam.square;
  for (int i = 0; i < 3; ++i) step(adam, x), step(kept, other);
  EXPECT_EQ(x[0](0), other[0](0));
  EXPECT_EQ(x[1].item(), other[1].item());
}

TEST(Optimizers, RefuseWhatDoesNotFitAndStayAsTheyAre) {
  D x{1, 2};
  GradientDescent<double> descent(0.1, {.momentum = 0.5});
  expect_message("GradientDescent", {"1 parameters", "2 tensors"},
                 [&] { descent.step({&x}, {x, x}); });
  expect_message("GradientDescent", {"(2,)", "(3,)"}, [&] { descent.step({&x}, {D{1, 2, 3}}); });
  EXPECT_TRUE(descent.velocity.empty());
  EXPECT_EQ(x(0), 1);
  Adam<double> adam(0.1);
  adam.step({&x}, {x});
  D longer{1, 2, 3};
  expect_message("Adam", {"state", "(3,)", "(2,)"}, [&] { adam.step({&longer}, {longer}); });
  EXPECT_EQ(adam.steps, 1);
  EXPECT_EQ(longer(0), 1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  expect_message("GradientDescent", {"rate", "0"}, [] { GradientDescent<float>(0); });
  expect_message("GradientDescent", {"momentum", "1"},
                 [] { GradientDescent<float>(1, {.momentum = 1}); });
  expect_message("Adam", {"rate", "nan"}, [&] { Adam<float>{nan}; });
  expect_message("Adam", {"beta2", "-1"}, [] { Adam<float>(1, {.beta2 = -1}); });
  expect_message("Adam", {"epsilon", "0"}, [] { Adam<float>(1, {.epsilon = 0}); });
}

TEST(Optimizers, TakeFloatsAndNoParametersToo) {
  Tensor<float> x = 1.0f;
  Adam<float> adam(0.5);
  adam.step({&x}, {Tensor<float>(-3.0f)});
  EXPECT_NEAR(x.item(), 1.5f, 1e-6f);
  std::vector<D> none;
  Adam<double>(0.1).step(none, std::vector<D>{});
}

}  // namespace
