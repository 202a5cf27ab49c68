// Private, compiled once for each instruction set: elementary functions of packets. SLEEF's, but
// for e^x, which others need with more digits than a number has, and for the arguments at which
// SLEEF 3.5 misses its bound.
#if defined(NABLUR_OPS_DETAIL_PACKET_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_PACKET_MATH_INL_H_
#undef NABLUR_OPS_DETAIL_PACKET_MATH_INL_H_
#else
#define NABLUR_OPS_DETAIL_PACKET_MATH_INL_H_
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <nablur/ops/detail/sleef-inl.h>

#if NABLUR_HAS_PACKETS
HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE::operators {

using sleef::expm1;
using sleef::log;
using sleef::pow;
using sleef::tanh;

// ---- e^x --------------------------------------------------------------------------------------

template <class T>
struct ExpConstants;
template <>
struct ExpConstants<double> {
  static constexpr double least = -800;  // e^x is 0 below, and ∞ above the greatest
  static constexpr double greatest = 720;
  static constexpr double log2_of_e = 0x1.71547652b82fep+0;
  static constexpr double ln2_high = 0x1.62e42fefa3p-1;  // 41 digits: its product with n is exact
  static constexpr double ln2_low = 0x1.3de6af278ece6p-42;
  static constexpr int terms = 15;  // r^15/15! is below 2^−62
};
template <>
struct ExpConstants<float> {
  static constexpr float least = -110;
  static constexpr float greatest = 100;
  static constexpr float log2_of_e = 0x1.715476p+0F;
  static constexpr float ln2_high = 0x1.62e4p-1F;
  static constexpr float ln2_low = 0x1.7f7d1cp-20F;
  static constexpr int terms = 9;  // r^9/9! is below 2^−31
};

// 1.5·2^m, m the number of bits behind a mantissa's leading one: added to a small number it rounds
// that to an integer, which then stands in the sum's lowest bits.
template <class T>
inline constexpr T kRounder = T(std::int64_t{3} << (std::numeric_limits<T>::digits - 2));

/// 2^n for an integer n within the range of exponents.
template <class T>
HWY_INLINE Packet<T> power_of_two(Packet<T> n) {
  constexpr int shift = std::numeric_limits<T>::digits - 1;
  const hn::RebindToSigned<typename Packet<T>::Tag> bits;
  const auto bias = hn::Set(bits, std::numeric_limits<T>::max_exponent - 1);
  const auto integer = hn::BitCast(bits, (n + Packet<T>(kRounder<T>)).v);
  return Packet<T>(
      hn::BitCast(typename Packet<T>::Tag(), hn::ShiftLeft<shift>(hn::Add(integer, bias))));
}

/// x·2^n, also if 2^n itself would be too large or too small a number.
template <class T>
HWY_INLINE Packet<T> scale(Packet<T> x, Packet<T> n) {
  const Packet<T> half = (n * Packet<T>(0.5) + Packet<T>(kRounder<T>)) - Packet<T>(kRounder<T>);
  return x * power_of_two(half) * power_of_two(n - half);
}

/// Σ_(k ≥ 2) r^(k−2)/k!
template <class T>
HWY_INLINE Packet<T> exp_series(Packet<T> r) {
  constexpr auto inverse_factorials = [] {
    std::array<T, ExpConstants<T>::terms> list{};
    double factorial = 1;
    for (int k = 1; k < ExpConstants<T>::terms; ++k) {
      factorial *= k;
      list[static_cast<std::size_t>(k)] = static_cast<T>(1 / factorial);
    }
    return list;
  }();
  Packet<T> sum(inverse_factorials.back());
  for (std::size_t k = inverse_factorials.size() - 1; k-- > 2;)
    sum = multiply_add(sum, r, Packet<T>(inverse_factorials[k]));
  return sum;
}

/// 2^power e^x with some 8 more bits than a number has.
//
// x = n ln 2 + r with |r| ≤ ln 2 / 2; e^r = 1 + r + r² Σ_(k ≥ 2) r^(k−2)/k!, its sums with what
// they round off.
template <int power = 0, class T>
HWY_INLINE Pair<Packet<T>> exp_pair(Packet<T> x) {
  using C = ExpConstants<T>;
  const Packet<T> one(1);
  const Packet<T> least(C::least);
  const Packet<T> greatest(C::greatest);
  const Packet<T> within = select(x < least, least, select(x > greatest, greatest, x));
  const Packet<T> rounder(kRounder<T>);
  const Packet<T> n = (within * Packet<T>(C::log2_of_e) + rounder) - rounder;
  const Packet<T> rest = within - n * Packet<T>(C::ln2_high);
  const Packet<T> correction = n * Packet<T>(C::ln2_low);
  const Packet<T> r = rest - correction;
  const Packet<T> r_low = (rest - r) - correction;

  const Packet<T> curved = r * r * exp_series(r);
  const Packet<T> rise = r + curved;
  const Packet<T> rise_low = ((r - rise) + curved) + (r_low + r_low * r);
  const Packet<T> sum = one + rise;
  const Packet<T> sum_low = ((one - sum) + rise) + rise_low;
  const Packet<T> high = sum + sum_low;
  const Packet<T> low = sum_low - (high - sum);
  const Packet<T> exponent = n + Packet<T>(power);
  return {scale(high, exponent), scale(low, exponent)};
}

template <class T>
HWY_INLINE Packet<T> exp(Packet<T> x) {
  return exp_pair(x).high;
}

// ---- what SLEEF 3.5 lacks ---------------------------------------------------------------------

// sleef::log1p is ∞ from 1e307 (1e38) on.
template <class T>
HWY_INLINE Packet<T> log1p(Packet<T> x) {
  return select(x > Packet<T>(std::numeric_limits<T>::max() / 1000), sleef::log(x),
                sleef::log1p(x));
}

// sleef::sin and cos reduce all lanes in the way that the greatest of them needs: one of three, by
// these bounds of sleef 3.5. Lanes of one way go through them together, so that a result does not
// depend on its neighbours.
template <class T>
inline constexpr T kSmallAngle = std::is_same_v<T, float> ? T(125) : T(15);
template <class T>
inline constexpr T kMediumAngle = std::is_same_v<T, float> ? T(39000) : T(1e14);

template <class F, class T>
HWY_INLINE Packet<T> by_angle(Packet<T> x) {
  const auto small = abs(x) < Packet<T>(kSmallAngle<T>);
  if (all(small)) return F::at(x);
  const auto medium = abs(x) < Packet<T>(kMediumAngle<T>);
  const Packet<T> some_medium(kMediumAngle<T> / 2);
  const Packet<T> some_large(kMediumAngle<T> * 2);
  const Packet<T> y =
      select(small, F::at(select(small, x, Packet<T>(0))), F::at(select(medium, x, some_medium)));
  if (all(medium)) return y;
  return select(medium, y, F::at(select(medium, some_large, x)));
}

struct SleefSin {
  template <class T>
  static HWY_INLINE Packet<T> at(Packet<T> x) {
    return sleef::sin(x);
  }
};
struct SleefCos {
  template <class T>
  static HWY_INLINE Packet<T> at(Packet<T> x) {
    return sleef::cos(x);
  }
};
template <class T>
HWY_INLINE Packet<T> sin(Packet<T> x) {
  return by_angle<SleefSin>(x);
}
template <class T>
HWY_INLINE Packet<T> cos(Packet<T> x) {
  return by_angle<SleefCos>(x);
}

template <class T>
struct TwoOverSqrtPi;
template <>
struct TwoOverSqrtPi<double> {
  static constexpr double high = 0x1.20dd750429b6dp+0;
  static constexpr double low = 0x1.1ae3a914fed8p-56;
};
template <>
struct TwoOverSqrtPi<float> {
  static constexpr float high = 0x1.20dd76p+0F;
  static constexpr float low = -0x1.f7ac92p-25F;
};

// sleef::erf loses digits near the smallest normal numbers; erf x = 2/√π (x − x³/3 + …).
template <class T>
HWY_INLINE Packet<T> erf(Packet<T> x) {
  using C = TwoOverSqrtPi<T>;
  const Packet<T> straight = Packet<T>(C::high) * x + Packet<T>(C::low) * x;
  return select(abs(x) < Packet<T>(std::numeric_limits<T>::epsilon() / 16), straight,
                sleef::erf(x));
}

/// 2/√π e^(−x²), the slope of erf. x² is taken with what it rounds off: as a power of e that would
/// be multiplied by x². Scaled up, until the result is rounded: denormals have no low parts.
template <class T>
HWY_INLINE Packet<T> erf_slope(Packet<T> x) {
  using C = TwoOverSqrtPi<T>;
  const Packet<T> factor(C::high);
  const Packet<T> square = x * x;
  const Packet<T> square_low = product_error(x, x, square);
  constexpr int power = 2 * std::numeric_limits<T>::digits;
  const Pair<Packet<T>> e = exp_pair<power>(-square);
  const Packet<T> product = factor * e.high;
  const Packet<T> product_low = product_error(factor, e.high, product) + factor * e.low +
                                Packet<T>(C::low) * e.high - product * square_low;
  const Packet<T> unscale(T(1) / static_cast<T>(std::uint64_t{1} << power / 2));
  return select(abs(x) > Packet<T>(40), Packet<T>(0),
                (product + product_low) * (unscale * unscale));
}

}  // namespace nablur::detail::HWY_NAMESPACE::operators
HWY_AFTER_NAMESPACE();
#endif

#endif
