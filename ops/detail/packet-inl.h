// Private, compiled once for each instruction set: a vector with the arithmetic of a number, so
// that one text (operators-inl.h) serves numbers, Duals and vectors.
#if defined(NABLUR_OPS_DETAIL_PACKET_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_PACKET_INL_H_
#undef NABLUR_OPS_DETAIL_PACKET_INL_H_
#else
#define NABLUR_OPS_DETAIL_PACKET_INL_H_
#endif

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <hwy/highway.h>

// Packets are for vectors of a known size, on the machines that SLEEF is made for (sleef-inl.h).
#undef NABLUR_HAS_PACKETS
#if (HWY_ARCH_X86 || HWY_ARCH_ARM_A64) && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128 && \
    !HWY_HAVE_SCALABLE
#define NABLUR_HAS_PACKETS 1
#else
#define NABLUR_HAS_PACKETS 0
#endif

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE::operators {

/// high + low, low at most half a unit in the last place of high.
template <class V>
struct Pair {
  V high;
  V low;
};

#if NABLUR_HAS_PACKETS

namespace hn = hwy::HWY_NAMESPACE;

/// One vector of T.
template <class T>
struct Packet {
  using Tag = hn::ScalableTag<T>;
  using Vector = hn::Vec<Tag>;
  static constexpr auto lanes = static_cast<std::int64_t>(hn::MaxLanes(Tag()));

  Vector v;

  HWY_INLINE explicit Packet(Vector vector) : v(vector) {}
  template <class N>
    requires std::is_arithmetic_v<N>
  HWY_INLINE explicit Packet(N number) : v(hn::Set(Tag(), static_cast<T>(number))) {}

  static HWY_INLINE Packet load(const T* from) { return Packet(hn::LoadU(Tag(), from)); }
  HWY_INLINE void store(T* to) const { hn::StoreU(v, Tag(), to); }
  HWY_INLINE T first() const { return hn::GetLane(v); }
};

/// Which lanes of a Packet<T> a comparison holds for.
template <class T>
struct PacketMask {
  hn::Mask<hn::ScalableTag<T>> m;
};

// No friends of the classes: g++ does not compile those for the instruction set.

template <class T>
HWY_INLINE Packet<T> operator-(Packet<T> a) {
  return Packet<T>(hn::Neg(a.v));
}
template <class T>
HWY_INLINE Packet<T> operator+(Packet<T> a, Packet<T> b) {
  return Packet<T>(hn::Add(a.v, b.v));
}
template <class T>
HWY_INLINE Packet<T> operator-(Packet<T> a, Packet<T> b) {
  return Packet<T>(hn::Sub(a.v, b.v));
}
template <class T>
HWY_INLINE Packet<T> operator*(Packet<T> a, Packet<T> b) {
  return Packet<T>(hn::Mul(a.v, b.v));
}
template <class T>
HWY_INLINE Packet<T> operator/(Packet<T> a, Packet<T> b) {
  return Packet<T>(hn::Div(a.v, b.v));
}
template <class T>
HWY_INLINE PacketMask<T> operator==(Packet<T> a, Packet<T> b) {
  return {hn::Eq(a.v, b.v)};
}
template <class T>
HWY_INLINE PacketMask<T> operator<(Packet<T> a, Packet<T> b) {
  return {hn::Lt(a.v, b.v)};
}
template <class T>
HWY_INLINE PacketMask<T> operator>(Packet<T> a, Packet<T> b) {
  return {hn::Gt(a.v, b.v)};
}
template <class T>
HWY_INLINE PacketMask<T> operator>=(Packet<T> a, Packet<T> b) {
  return {hn::Ge(a.v, b.v)};
}
// Not hn::Ne, which in some instruction sets does not hold for a NaN.
template <class T>
HWY_INLINE PacketMask<T> operator!=(Packet<T> a, Packet<T> b) {
  return {hn::Not(hn::Eq(a.v, b.v))};
}
template <class T>
HWY_INLINE PacketMask<T> operator&&(PacketMask<T> a, PacketMask<T> b) {
  return {hn::And(a.m, b.m)};
}
template <class T>
HWY_INLINE PacketMask<T> operator||(PacketMask<T> a, PacketMask<T> b) {
  return {hn::Or(a.m, b.m)};
}

template <class T>
HWY_INLINE bool all(PacketMask<T> mask) {
  return hn::AllTrue(typename Packet<T>::Tag(), mask.m);
}
/// Finite, and neither 0 nor denormal.
template <class T>
HWY_INLINE PacketMask<T> is_normal(Packet<T> x) {
  const Packet<T> size(hn::Abs(x.v));
  return size >= Packet<T>(std::numeric_limits<T>::min()) &&
         Packet<T>(std::numeric_limits<T>::max()) >= size;
}
/// Lane by lane a where the mask holds, else b.
template <class T>
HWY_INLINE Packet<T> select(PacketMask<T> mask, Packet<T> a, Packet<T> b) {
  return Packet<T>(hn::IfThenElse(mask.m, a.v, b.v));
}
template <class T>
HWY_INLINE Packet<T> abs(Packet<T> x) {
  return Packet<T>(hn::Abs(x.v));
}
template <class T>
HWY_INLINE Packet<T> sqrt(Packet<T> x) {
  return Packet<T>(hn::Sqrt(x.v));
}

/// a·b, but 0 if either is 0: as nablur::chain of numbers.
template <class T>
HWY_INLINE Packet<T> chain(Packet<T> a, Packet<T> b) {
  const Packet<T> zero(0);
  const Packet<T> product = a * b;
  return select(product != product && (a == zero || b == zero), zero, product);
}

// ---- what rounding leaves ---------------------------------------------------------------------

template <class T>
HWY_INLINE Packet<T> upper_half(Packet<T> x) {
  const Packet<T> scaled = x * Packet<T>((std::int64_t{1} << (hwy::MantissaBits<T>() + 2) / 2) + 1);
  return scaled - (scaled - x);
}

/// a·b − product, exactly, for the rounded product of a and b (T. J. Dekker, Numerische Mathematik
/// 18, 1971).
template <class T>
HWY_INLINE Packet<T> product_error(Packet<T> a, Packet<T> b, Packet<T> product) {
#if HWY_NATIVE_FMA
  return Packet<T>(hn::MulSub(a.v, b.v, product.v));
#else
  const Packet<T> a1 = upper_half(a);
  const Packet<T> b1 = upper_half(b);
  const Packet<T> a2 = a - a1;
  const Packet<T> b2 = b - b1;
  return a2 * b2 - (((product - a1 * b1) - a2 * b1) - a1 * b2);
#endif
}

/// (a.high + a.low)/b, but for the rounding of a result that is a normal number.
template <class T>
HWY_INLINE Packet<T> quotient(Pair<Packet<T>> a, Packet<T> b) {
  const Packet<T> y = a.high / b;
  const Packet<T> product = y * b;
  const Packet<T> mended = y + ((a.high - product) - product_error(y, b, product) + a.low) / b;
  return select(is_normal(y) && mended == mended, mended, y);  // NaN if a part overflows
}

/// a·b + c, rounded once or twice.
template <class T>
HWY_INLINE Packet<T> multiply_add(Packet<T> a, Packet<T> b, Packet<T> c) {
  return Packet<T>(hn::MulAdd(a.v, b.v, c.v));
}

#endif

}  // namespace nablur::detail::HWY_NAMESPACE::operators
HWY_AFTER_NAMESPACE();

#endif
