#pragma once
// What the tests of the blur's fast paths share: one blur with everything that it gives, and the
// same by the definition in long double with the library's own taps, so that only the sums are
// judged.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <nablur/nablur.h>

#include "../reference_blur.h"
#include "blur_helpers.h"
#include "guards.h"

namespace nablur::separable_test {

using blur_test::blur;
using blur_test::Blurred;
using blur_test::dot;
using blur_test::kBorders;
using blur_test::lines_of;
using blur_test::magnitude;
using reference::Numbers;

template <class T>
inline constexpr double kEpsilon = std::numeric_limits<T>::epsilon();

/// A blur: along which axes, with one σ for each, or one for all of them.
struct Case {
  Shape shape;
  std::vector<std::int64_t> axes;
  std::vector<double> sigmas;
  std::optional<std::int64_t> radius;
  Border border = Border::zero;
  bool shared = false;

  GaussianBlurOptions options() const {
    return {.axes = Axes{std::span<const std::int64_t>(axes)}, .radius = radius, .border = border};
  }
  template <class T>
  Tensor<T> sigma() const {
    if (shared) return Tensor<T>(static_cast<T>(sigmas[0]));
    return Tensor<double>(Shape{static_cast<std::int64_t>(sigmas.size())},
                          std::span<const double>(sigmas))
        .template cast<T>();
  }
  std::string name() const {
    std::ostringstream s;
    s << to_string(shape) << " along";
    for (const auto axis : axes) s << ' ' << axis;
    s << ", sigma";
    for (const auto sigma : sigmas) s << ' ' << sigma;
    if (radius) s << ", R " << *radius;
    s << ", " << to_string(border);
    return s.str();
  }
};

/// A σ whose outermost taps are neither lost in rounding nor as heavy as the middle.
inline double sigma_for(std::int64_t radius) { return 0.3 + static_cast<double>(radius) / 2.5; }

template <class T>
Tensor<T> noise(const Shape& shape, std::uint32_t seed) {
  return blur_test::normal(shape, seed).cast<T>();
}

template <class T>
Tensor<T> absolute(Tensor<T> t) {
  T* const v = t.mutable_data();
  std::for_each(v, v + t.size(), [](T& x) { x = std::abs(x); });
  return t;
}

template <class T>
Blurred<T> blur(const Tensor<T>& x, const Tensor<T>& g, const Case& c) {
  return blur(x, c.template sigma<T>(), g, c.options());
}

struct ScalarNames {
  template <class T>
  static std::string GetName(int) {
    return sizeof(T) == sizeof(float) ? "float" : "double";
  }
};
using Scalars = testing::Types<float, double>;

template <class T>
bool same_bits(const Tensor<T>& a, const Tensor<T>& b) {
  if (!(a.shape() == b.shape())) return false;
  return a.size() == 0 ||
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(T)) == 0;
}

/// Sums, and the same over the magnitudes of their terms.
struct Sums {
  Numbers value;
  Numbers scale;
};

template <class T>
struct Expected {
  Sums y;
  Sums dx;
  Sums d_sigma;  // an entry for each axis, or one
};

/// The library's own taps in T.
template <class T>
reference::Taps taps_of(double sigma, std::optional<std::int64_t> radius) {
  const auto s = static_cast<T>(sigma);
  const auto t = gaussian_taps(s, radius ? *radius : gaussian_radius(static_cast<double>(s)));
  return {{t.w.begin(), t.w.end()}, {t.dw_dsigma.begin(), t.dw_dsigma.end()}};
}

template <class T>
Expected<T> expected(const Tensor<T>& x, const Tensor<T>& g, const Case& c) {
  const auto along = [&c](const Sums& sums, std::size_t k, const Numbers& taps,
                          const auto& filter) {
    const reference::Lines l = lines_of(c.shape, c.axes[k]);
    return Sums{filter(sums.value, l, taps, c.border),
                filter(sums.scale, l, magnitude(taps), c.border)};
  };
  const auto start = [](const Tensor<T>& t) {
    const Numbers wide(t.begin(), t.end());
    return Sums{wide, magnitude(wide)};
  };
  std::vector<reference::Taps> taps;
  std::vector<Sums> forward{start(x)};  // filtered along the first k axes
  for (std::size_t k = 0; k < c.axes.size(); ++k) {
    taps.push_back(taps_of<T>(c.sigmas[c.shared ? 0 : k], c.radius));
    forward.push_back(along(forward[k], k, taps[k].w, reference::filter));
  }
  Expected<T> e;
  e.d_sigma = {Numbers(c.shared ? 1 : taps.size()), Numbers(c.shared ? 1 : taps.size())};
  Sums back = start(g);  // A_(k+1)ᵀ … g: ∂L/∂σ_k is its product with ∂A_k/∂σ_k … A_1 x
  for (std::size_t k = taps.size(); k-- > 0;) {
    const Sums dy = along(forward[k], k, taps[k].h, reference::filter);
    for (std::size_t i = 0; i < dy.value.size(); ++i) {
      e.d_sigma.value[c.shared ? 0 : k] += dy.value[i] * back.value[i];
      e.d_sigma.scale[c.shared ? 0 : k] += dy.scale[i] * back.scale[i];
    }
    back = along(back, k, taps[k].w, reference::filter_transposed);
  }
  e.y = forward.back();
  e.dx = back;
  return e;
}

/// What the contract allows: 8 ULP of Σ|w||x| for each axis up to R = 100, and in proportion to R
/// beyond.
inline double ulps_of(const Case& c) {
  return 8 * static_cast<double>(c.axes.size()) *
         std::max(1.0, static_cast<double>(c.radius.value_or(0)) / 100);
}
/// The same as a share of Σ|w||x|, of which an ULP is up to epsilon.
template <class T>
double limit_of(const Case& c) {
  return ulps_of(c) * kEpsilon<T>;
}

/// One unit in the last place of T at x.
template <class T>
long double ulp(long double x) {
  return x == 0 ? 0 : std::ldexp(1.0L, std::ilogb(x) - std::numeric_limits<T>::digits + 1);
}

/// |found − want| ≤ limit ULP of the scale, everywhere; one failure at the worst place says all.
template <class T>
void expect_within(const Tensor<T>& found, const Sums& want, double limit,
                   const std::string& what) {
  ASSERT_EQ(found.size(), static_cast<std::int64_t>(want.value.size())) << what;
  long double worst = 0;
  std::size_t where = 0;
  for (std::size_t i = 0; i < want.value.size(); ++i) {
    const long double error = std::fabs(found.data()[i] - want.value[i]);
    const long double ulps = error == 0 ? 0 : error / ulp<T>(want.scale[i]);
    if (ulps <= worst) continue;
    where = i;
    worst = std::isnan(ulps) ? std::numeric_limits<long double>::infinity() : ulps;
  }
  EXPECT_LE(worst, limit) << what << ", element " << where << " of " << to_string(found.shape())
                          << ": " << found.data()[where] << " instead of " << want.value[where];
}

/// Value, dx and dσ on every instruction set, the plain loop included, against the definition.
template <class T>
void expect_definition(const Case& c, const Tensor<T>& x, const Tensor<T>& g) {
  const Expected<T> want = expected(x, g, c);
  const double limit = ulps_of(c);
  for (const std::string& target : simd_targets()) {
    const TargetGuard guard(target);
    const std::string what =
        c.name() + (sizeof(T) == sizeof(float) ? ", float, " : ", double, ") + target;
    const Blurred<T> found = blur(x, g, c);
    expect_within(found.y, want.y, limit, "y of " + what);
    expect_within(found.dx, want.dx, limit, "dx of " + what);
    expect_within(found.d_sigma, want.d_sigma, limit, "dsigma of " + what);
  }
}

template <class T>
void expect_definition(const Case& c) {
  expect_definition(c, noise<T>(c.shape, 1), noise<T>(c.shape, 2));
}

/// Free blocks of the pool are left full of NaN: what a blur reads before writing it shows.
inline void poison_the_pool() {
  std::vector<Tensor<float>> blocks;
  for (std::int64_t size = 256; size < (std::int64_t{1} << 21); size += size / 8) {
    blocks.push_back(Tensor<float>::full({size / 4}, std::numeric_limits<float>::quiet_NaN()));
  }
}

}  // namespace nablur::separable_test
