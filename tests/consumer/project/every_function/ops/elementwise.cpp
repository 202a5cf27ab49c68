#include <nablur/ops/elementwise.h>

#include "../checks.h"

namespace {

template <class T, class F, class Value, class Slope>
void expect_at_half(const char* what, const F& f, const Value& value, const Slope& slope) {
  checks::expect_function<T>(what, f, checks::points<T>({0.5}), {value(0.5)}, {slope(0.5)});
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

template <class T>
void functions() {
  const auto one = [](double) { return 1.0; };
  const auto same = [](double x) { return x; };
  expect_at_half<T>(
      "exp", [](const auto& x) { return exp(x); }, [](double x) { return std::exp(x); },
      [](double x) { return std::exp(x); });
  expect_at_half<T>(
      "log", [](const auto& x) { return log(x); }, [](double x) { return std::log(x); },
      [](double x) { return 1 / x; });
  expect_at_half<T>(
      "expm1", [](const auto& x) { return expm1(x); }, [](double x) { return std::expm1(x); },
      [](double x) { return std::exp(x); });
  expect_at_half<T>(
      "log1p", [](const auto& x) { return log1p(x); }, [](double x) { return std::log1p(x); },
      [](double x) { return 1 / (1 + x); });
  expect_at_half<T>(
      "sqrt", [](const auto& x) { return sqrt(x); }, [](double x) { return std::sqrt(x); },
      [](double x) { return 0.5 / std::sqrt(x); });
  expect_at_half<T>(
      "square", [](const auto& x) { return square(x); }, [](double x) { return x * x; },
      [](double x) { return 2 * x; });
  expect_at_half<T>("abs", [](const auto& x) { return abs(x); }, same, one);
  expect_at_half<T>(
      "sin", [](const auto& x) { return sin(x); }, [](double x) { return std::sin(x); },
      [](double x) { return std::cos(x); });
  expect_at_half<T>(
      "cos", [](const auto& x) { return cos(x); }, [](double x) { return std::cos(x); },
      [](double x) { return -std::sin(x); });
  expect_at_half<T>(
      "tanh", [](const auto& x) { return tanh(x); }, [](double x) { return std::tanh(x); },
      [](double x) { return 1 / (std::cosh(x) * std::cosh(x)); });
  expect_at_half<T>(
      "sigmoid", [](const auto& x) { return sigmoid(x); }, logistic,
      [](double x) { return logistic(x) * logistic(-x); });
  expect_at_half<T>(
      "softplus", [](const auto& x) { return softplus(x); },
      [](double x) { return std::log1p(std::exp(x)); }, logistic);
  expect_at_half<T>("relu", [](const auto& x) { return relu(x); }, same, one);
  expect_at_half<T>(
      "erf", [](const auto& x) { return erf(x); }, [](double x) { return std::erf(x); },
      [](double x) { return 1.1283791670955125739 * std::exp(-x * x); });
  expect_at_half<T>(
      "reciprocal", [](const auto& x) { return reciprocal(x); }, [](double x) { return 1 / x; },
      [](double x) { return -1 / (x * x); });
  expect_at_half<T>("clamp", [](const auto& x) { return clamp(x, 0, 1); }, same, one);
  expect_at_half<T>(
      "logaddexp", [](const auto& x) { return logaddexp(x, 0); },
      [](double x) { return std::log1p(std::exp(x)); }, logistic);
}

}  // namespace

void checks::elementwise() {
  every_scalar([]<class T>() { functions<T>(); });
}
