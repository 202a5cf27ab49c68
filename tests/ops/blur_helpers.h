#pragma once
// What the tests of the blur share.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include <nablur/nablur.h>

#include "../reference_blur.h"

namespace nablur::blur_test {

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
inline constexpr Border kBorders[] = {Border::zero, Border::replicate, Border::symmetric,
                                      Border::mirror, Border::circular};
inline constexpr double kUlps = 1e-13;  // of Σ|w||x|: what the contract allows in double

inline Tensor<double> normal(const Shape& shape, std::uint32_t seed = 1) {
  Random random(seed);
  return Tensor<double>::normal(shape, random);
}

inline reference::Numbers widen(const Tensor<double>& x) { return {x.begin(), x.end()}; }

inline reference::Numbers magnitude(reference::Numbers x) {
  for (auto& v : x) v = std::fabs(v);
  return x;
}

inline reference::Lines lines_of(const Shape& shape, std::int64_t axis) {
  reference::Lines l{1, shape[axis], 1};
  for (std::int64_t i = 0; i < shape.rank(); ++i)
    (i < axis ? l.outer : l.inner) *= i == axis ? 1 : shape[i];
  return l;
}

template <class T>
double dot(const Tensor<T>& a, const Tensor<T>& b) {
  long double s = 0;
  for (std::int64_t i = 0; i < a.size(); ++i)
    s += static_cast<long double>(a.data()[i]) * b.data()[i];
  return static_cast<double>(s);
}

template <class T>
struct Blurred {
  Tensor<T> y;
  Tensor<T> dx;
  Tensor<T> d_sigma;
};

template <class T>
Blurred<T> blur(const Tensor<T>& x, const Tensor<T>& sigma, const Tensor<T>& g,
                const GaussianBlurOptions& options) {
  Tape<T> tape;
  const auto vx = tape.variable(x);
  const auto vs = tape.variable(sigma);
  const auto y = gaussian_blur(vx, vs, options);
  const auto d = gradients(y, g);
  return {y.value(), d[vx], d[vs]};
}

inline void expect_near(const Tensor<double>& a, const reference::Numbers& b,
                        const reference::Numbers& scale, const std::string& what) {
  ASSERT_EQ(a.size(), static_cast<std::int64_t>(b.size()));
  for (std::size_t i = 0; i < b.size(); ++i) {
    EXPECT_LE(std::fabs(static_cast<long double>(a.data()[i]) - b[i]), kUlps * scale[i])
        << what << ", element " << i;
  }
}

}  // namespace nablur::blur_test
