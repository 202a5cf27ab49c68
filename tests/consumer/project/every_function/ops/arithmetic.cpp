#include <nablur/ops/arithmetic.h>

#include "../checks.h"

namespace {

using checks::expect_function;

template <class T>
void signs() {
  const auto x = checks::points<T>({1, 2});
  const nablur::Variable<T> one = 1;
  expect_function<T>("operator+", [&](const auto& a) { return a + one; }, x, {2, 3}, {1, 1});
  expect_function<T>("operator-", [&](const auto& a) { return -(one - a); }, x, {0, 1}, {1, 1});
  expect_function<T>("operator*", [&](const auto& a) { return one * a * 3; }, x, {3, 6}, {3, 3});
  expect_function<T>("operator/", [&](const auto& a) { return one / a; }, x, {1, 0.5}, {-1, -0.25});
  const auto change = [&](const auto& f) {
    return [&](const auto& a) {
      nablur::Variable<T> b = a;
      return f(b);
    };
  };
  expect_function<T>("operator+=", change([](auto& b) { return b += 1; }), x, {2, 3}, {1, 1});
  expect_function<T>("operator-=", change([](auto& b) { return b -= 1; }), x, {0, 1}, {1, 1});
  expect_function<T>("operator*=", change([](auto& b) { return b *= 3; }), x, {3, 6}, {3, 3});
  expect_function<T>("operator/=", change([](auto& b) { return b /= 4; }), x, {0.25, 0.5},
                     {0.25, 0.25});
}

template <class T>
void functions() {
  const auto x = checks::points<T>({1, 3});
  const nablur::Tensor<T> two = T(2);
  expect_function<T>("pow", [&](const auto& a) { return pow(a, two); }, x, {1, 9}, {2, 6});
  expect_function<T>("maximum", [&](const auto& a) { return maximum(a, two); }, x, {2, 3}, {0, 1});
  expect_function<T>("minimum", [&](const auto& a) { return minimum(a, two); }, x, {1, 2}, {1, 0});
  checks::expect_all("greater", greater(x, two), {0, 1});
  checks::expect_all("less", less(x, two), {1, 0});
  checks::expect_all("greater_equal", greater_equal(x, T(3)), {0, 1});
  checks::expect_all("less_equal", less_equal(x, T(1)), {1, 0});
  checks::expect_all("not_equal", not_equal(x, T(3)), {1, 0});
  const nablur::Variable<T> v = x;
  checks::expect_all("operator>", v > two, {0, 1});
  checks::expect_all("operator<", v < 2, {1, 0});
  checks::expect_all("operator>=", 3 >= v, {1, 1});
  checks::expect_all("operator<=", v <= v, {1, 1});
  checks::expect_all("operator==", v == 3, {0, 1});
  checks::expect_all("operator!=", v != 3, {1, 0});
  checks::expect_all("where", nablur::where(v > two, 5.0, 4.0), {4, 5});
  checks::expect_all("equal", equal(x, T(3)), {0, 1});
  expect_function<T>("where", [&](const auto& a) { return where(greater(a, two), a, two); }, x,
                     {2, 3}, {0, 1});
}

}  // namespace

void checks::arithmetic() {
  every_scalar([]<class T>() {
    signs<T>();
    functions<T>();
  });
}
