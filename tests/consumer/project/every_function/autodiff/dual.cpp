#include <nablur/autodiff/dual.h>

#include "../checks.h"

namespace {

template <class T>
void expect_dual(const char* what, const nablur::Dual<T>& got, double value, double tangent) {
  checks::expect_near(what, got.value, value);
  checks::expect_near(what, got.tangent, tangent);
}

template <class T>
void operators() {
  using D = nablur::Dual<T>;
  const D a(3, 1);
  const D b = T(2);
  expect_dual("Dual::Dual", D(), 0, 0);
  expect_dual("Dual::operator+", a + b, 5, 1);
  expect_dual("Dual::operator-", -a - b, -5, -1);
  expect_dual("Dual::operator*", a * b, 6, 2);
  expect_dual("Dual::operator/", a / b, 1.5, 0.5);
  D c = a;
  expect_dual("Dual::operator+=", c += b, 5, 1);
  expect_dual("Dual::operator-=", c -= b, 3, 1);
  expect_dual("Dual::operator*=", c *= c, 9, 6);
  expect_dual("Dual::operator/=", c /= b, 4.5, 3);
  checks::expect("Dual::operator==", a == D(3, 7));
  checks::expect("Dual::operator<", b < a);
  checks::expect("Dual::operator>", a > b);
  checks::expect("Dual::operator<=", b <= a);
  checks::expect("Dual::operator>=", a >= b);
}

template <class T>
void functions() {
  using D = nablur::Dual<T>;
  const D x(T(0.5), 2);
  const double v = 0.5;
  const T infinity = std::numeric_limits<T>::infinity();
  checks::expect("chain", nablur::chain(T(0), infinity) == 0);
  expect_dual("chain", nablur::chain(x, x), 0.25, 2);
  expect_dual("exp", exp(x), std::exp(v), 2 * std::exp(v));
  expect_dual("expm1", expm1(x), std::expm1(v), 2 * std::exp(v));
  expect_dual("log", log(x), std::log(v), 4);
  expect_dual("log1p", log1p(x), std::log1p(v), 2 / 1.5);
  expect_dual("sqrt", sqrt(x), std::sqrt(v), 1 / std::sqrt(v));
  expect_dual("abs", abs(-x), 0.5, 2);
  expect_dual("sin", sin(x), std::sin(v), 2 * std::cos(v));
  expect_dual("cos", cos(x), std::cos(v), -2 * std::sin(v));
  expect_dual("tanh", tanh(x), std::tanh(v), 2 / (std::cosh(v) * std::cosh(v)));
  expect_dual("erf", erf(x), std::erf(v), 2 * 1.1283791670955125739 * std::exp(-0.25));
  expect_dual("pow", pow(x, D(3)), 0.125, 1.5);
  checks::expect("isnan", isnan(D(0, infinity - infinity)) && !isnan(x));
  checks::expect("isinf", isinf(D(0, infinity)) && !isinf(x));
  checks::expect("isfinite", isfinite(x) && !isfinite(D(infinity)));
}

}  // namespace

void checks::dual() {
  plain_scalars([]<class T>() {
    operators<T>();
    functions<T>();
  });
}
