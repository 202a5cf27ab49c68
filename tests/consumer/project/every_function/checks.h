#pragma once
// What the checks share. Each public header <nablur/…/name.h> has a file …/name.cpp here that
// includes it, calls each of its public functions in each scalar type, and holds the result against
// a known value. The first argument of each check names the function ("exp", "Tensor::rows");
// tests/public_functions_test.cpp fails if one is missing.

#include <cmath>
#include <initializer_list>
#include <iostream>
#include <limits>

#include <nablur/autodiff/gradients.h>

namespace checks {

using nablur::Dual;
using nablur::Shape;
using nablur::Tape;
using nablur::Tensor;
using nablur::Variable;
using Numbers = std::initializer_list<double>;

inline int failures = 0;

inline void expect(const char* what, bool right) {
  if (right) return;
  std::cerr << what << ": wrong\n";
  ++failures;
}

template <class T>
double plain(const T& x) {
  if constexpr (nablur::is_dual<T>) {
    return static_cast<double>(x.value);
  } else {
    return static_cast<double>(x);
  }
}

template <class T>
void expect_near(const char* what, const T& got, double expected) {
  const double tolerance = 64 * plain(T(std::numeric_limits<T>::epsilon()));
  if (std::abs(plain(got) - expected) <= tolerance * std::max(1.0, std::abs(expected))) return;
  std::cerr << what << ": got " << plain(got) << ", expected " << expected << '\n';
  ++failures;
}

template <class T>
void expect_all(const char* what, const Tensor<T>& got, Numbers expected) {
  expect(what, got.size() == static_cast<std::int64_t>(expected.size()));
  for (std::int64_t i = 0; i < got.size(); ++i)
    expect_near(what, got.data()[i], expected.begin()[i]);
}

// A tensor of rank 1; Duals have tangent 1.
template <class T>
Tensor<T> points(Numbers numbers) {
  auto x = Tensor<T>::empty({static_cast<std::int64_t>(numbers.size())});
  for (std::int64_t i = 0; i < x.size(); ++i) {
    if constexpr (nablur::is_dual<T>) {
      x.mutable_data()[i] = T(static_cast<decltype(T::value)>(numbers.begin()[i]), 1);
    } else {
      x.mutable_data()[i] = static_cast<T>(numbers.begin()[i]);
    }
  }
  return x;
}

// f of a Variable and of a Tensor; the gradient of Σ f(x) in reverse, and for Duals its sum in
// forward mode.
template <class T, class F>
void expect_function(const char* what, const F& f, const Tensor<T>& x, Numbers values,
                     Numbers slopes) {
  Tape<T> tape;
  const Variable<T> v = tape.variable(x);
  const Variable<T> y = f(v);
  expect_all(what, y.value(), values);
  expect_all(what, Variable<T>(f(x)).value(), values);
  expect_all(what, gradients(y, Tensor<T>::ones(y.shape()))[v], slopes);
  if constexpr (nablur::is_dual<T>) {
    double forward = 0;
    double reverse = 0;
    for (const T& number : y.value()) forward += static_cast<double>(number.tangent);
    for (const double slope : slopes) reverse += slope;
    expect_near(what, T(forward), reverse);
  }
}

template <class F>
void every_scalar(const F& check) {
  check.template operator()<float>();
  check.template operator()<double>();
  check.template operator()<Dual<float>>();
  check.template operator()<Dual<double>>();
}

template <class F>
void plain_scalars(const F& check) {
  check.template operator()<float>();
  check.template operator()<double>();
}

// True if f throws an exception of type E.
template <class E, class F>
bool throws(const F& f) {
  try {
    f();
  } catch (const E&) {
    return true;
  }
  return false;
}

// One for each header.
void checkpoint();
void compare_gradients();
void derivatives();
void dual();
void eigen();
void error();
void gradient_report();
void gradients_of();
void pool();
void random();
void shape();
void sum();
void tape();
void tensor();
void threads();
void to_dot();
void variable();
void arithmetic();
void border();
void convolve();
void elementwise();
void gaussian_blur();
void gaussian_kernel();
void matmul();
void reduce();
void reshape();
void indexing();
void joining();
void optimize();
void npy();
void simd();

}  // namespace checks
