// Private: what the operators of ops/arithmetic.h compute, value and slopes side by side, in one
// text for numbers, Duals and the packets of each instruction set.
//
// A slope's base says which of a, b and the result y it looks at (loops.h). Choices are made by
// `select`, of which both sides are computed. A new operator also joins the list in
// operators-inl.h.
#if defined(NABLUR_OPS_DETAIL_ARITHMETIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_ARITHMETIC_INL_H_
#undef NABLUR_OPS_DETAIL_ARITHMETIC_INL_H_
#else
#define NABLUR_OPS_DETAIL_ARITHMETIC_INL_H_
#endif

#include <nablur/ops/detail/loops.h>
#include <nablur/ops/detail/numbers-inl.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE::operators {

struct Add {
  static HWY_INLINE auto value(auto a, auto b) { return a + b; }
  using ToA = Pass;
  using ToB = Pass;
};

struct Subtract {
  static HWY_INLINE auto value(auto a, auto b) { return a - b; }
  using ToA = Pass;
  using ToB = Negate;
};

// ∂(ab)/∂a = b, ∂(ab)/∂b = a
struct Multiply {
  static HWY_INLINE auto value(auto a, auto b) { return a * b; }
  struct ToA : OfB {
    static HWY_INLINE auto slope(auto b) { return b; }
  };
  struct ToB : OfA {
    static HWY_INLINE auto slope(auto a) { return a; }
  };
};

// ∂(a/b)/∂a = 1/b, ∂(a/b)/∂b = −(a/b)/b
struct Divide {
  static HWY_INLINE auto value(auto a, auto b) { return a / b; }
  struct ToA : OfB {
    template <class V>
    static HWY_INLINE V slope(V b) {
      return V(1) / b;
    }
  };
  struct ToB : OfBY {
    static HWY_INLINE auto slope(auto b, auto y) { return -y / b; }
  };
};

struct Negative {
  static HWY_INLINE auto value(auto a) { return -a; }
  using ToA = Negate;
};

// ∂a^b/∂a = b a^(b−1) = b a^b/a, 0 at b = 0: the rounding of b − 1 would be multiplied by ln a. If
// a^b is not a normal number, through its root.
template <class V>
HWY_INLINE V power_by_a(V a, V b) {
  const V y = pow(a, b);
  const V product = b * y;
  const V slope = quotient(Pair<V>{product, product_error(b, y, product)}, a);
  const auto usual = is_normal(y) && is_normal(product);
  if (all(usual)) return slope;
  const V root = pow(abs(a), b * V(0.5));
  const V sign = select(y < V(0) || V(1) / y < V(0), V(-1), V(1));
  const V by_root = sign * chain(chain(b, root) / a, root);
  return select(usual, slope,
                select(is_normal(root) && a != V(0), by_root, chain(b, pow(a, b - V(1)))));
}
// ∂a^b/∂b = a^b ln a; 0 at a = 0 and b ≥ 0 (see dual.h). A denormal a^b lacks the digits.
template <class V>
HWY_INLINE V power_by_b(V a, V b) {
  const V y = pow(a, b);
  const V logarithm = log(a);
  const V slope = chain(y, logarithm);
  const auto usual = is_normal(y) && a != V(0);
  if (all(usual)) return slope;
  const V root = pow(a, b * V(0.5));
  return select(a == V(0) && b >= V(0), V(0),
                select(usual, slope, chain(chain(root, logarithm), root)));
}
// ∂²a^b/∂a∂b = a^(b−1) (b ln a + 1), without its logarithm if ∂/∂b is 0 by convention. Not the
// derivative of the product a^b · ln a: a^b may underflow although a^(b−1) does not.
template <class T>
HWY_INLINE T power_by_ab(T a, T b) {
  const bool by_convention = a == T(0) && b >= T(1);
  return chain(pow(a, b - T(1)), by_convention ? T(1) : chain(b, log(a)) + T(1));
}
// ∂²a^b/∂a² = b (b − 1) a^(b−2)
template <class T>
HWY_INLINE Dual<T> power_by_a(Dual<T> a, Dual<T> b) {
  const T by_aa = chain(b.value * (b.value - T(1)), pow(a.value, b.value - T(2)));
  return {power_by_a(a.value, b.value),
          chain(by_aa, a.tangent) + chain(power_by_ab(a.value, b.value), b.tangent)};
}
// ∂²a^b/∂b² = a^b ln² a
template <class T>
HWY_INLINE Dual<T> power_by_b(Dual<T> a, Dual<T> b) {
  const T by_bb = chain(power_by_b(a.value, b.value), log(a.value));
  return {power_by_b(a.value, b.value),
          chain(power_by_ab(a.value, b.value), a.tangent) + chain(by_bb, b.tangent)};
}

struct Power {
  static HWY_INLINE auto value(auto a, auto b) { return pow(a, b); }
  struct ToA : OfAB {
    static HWY_INLINE auto slope(auto a, auto b) { return power_by_a(a, b); }
  };
  struct ToB : OfAB {
    static HWY_INLINE auto slope(auto a, auto b) { return power_by_b(a, b); }
  };
};

template <class V>
HWY_INLINE V greater_of(V a, V b) {
  return select(b == b, select(b > a, b, a), b);
}
// At a tie the mean of both tangents, as half of the gradient goes to each.
template <class T>
HWY_INLINE Dual<T> greater_of(Dual<T> a, Dual<T> b) {
  if (a > b) return a;
  if (b > a) return b;
  if (a == b) return {a.value, a.tangent / 2 + b.tangent / 2};
  return not_a_number(a + b);
}
// 1 if a comes first, ½ if both are equal, NaN if one is NaN
template <class V, class Mask>
HWY_INLINE V share(Mask first, V a, V b) {
  return select(first, V(1), V(0)) + select(a == b, V(0.5), V(0)) +
         (nan_or_zero(a) + nan_or_zero(b));
}

// ∂max(a, b)/∂a = [a > b] + ½ [a = b]
struct Maximum {
  static HWY_INLINE auto value(auto a, auto b) { return greater_of(a, b); }
  struct ToA : OfAB {
    static HWY_INLINE auto slope(auto a, auto b) { return share(a > b, a, b); }
  };
  struct ToB : OfAB {
    static HWY_INLINE auto slope(auto a, auto b) { return share(b > a, a, b); }
  };
};

// ∂min(a, b)/∂a = [a < b] + ½ [a = b]
struct Minimum {
  static HWY_INLINE auto value(auto a, auto b) { return -greater_of(-a, -b); }
  struct ToA : OfAB {
    static HWY_INLINE auto slope(auto a, auto b) { return share(a < b, a, b); }
  };
  struct ToB : OfAB {
    static HWY_INLINE auto slope(auto a, auto b) { return share(b < a, a, b); }
  };
};

}  // namespace nablur::detail::HWY_NAMESPACE::operators
HWY_AFTER_NAMESPACE();

#endif
