// Private: what the operators of ops/elementwise.h compute, value and slopes side by side, in one
// text for numbers, Duals and the packets of each instruction set.
//
// A slope's base says which of a, b and the result y it looks at (loops.h). Choices are made by
// `select`, of which both sides are computed. A new operator also joins the list in
// operators-inl.h.
#if defined(NABLUR_OPS_DETAIL_ELEMENTWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_ELEMENTWISE_INL_H_
#undef NABLUR_OPS_DETAIL_ELEMENTWISE_INL_H_
#else
#define NABLUR_OPS_DETAIL_ELEMENTWISE_INL_H_
#endif

#include <nablur/ops/detail/loops.h>
#include <nablur/ops/detail/numbers-inl.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE::operators {

// (e^x)' = e^x
struct Exp {
  static HWY_INLINE auto value(auto x) { return exp(x); }
  struct ToA : OfY {
    static HWY_INLINE auto slope(auto y) { return y; }
  };
};

// (ln x)' = 1/x; −0 + 0 is 0, so that the slope at −0 is ∞ too
struct Log {
  static HWY_INLINE auto value(auto x) { return log(x); }
  struct ToA : OfA {
    template <class V>
    static HWY_INLINE V slope(V x) {
      return V(1) / (x + V(0));
    }
  };
};

// (e^x − 1)' = e^x, with more digits than y + 1 for very negative x
struct Expm1 {
  static HWY_INLINE auto value(auto x) { return expm1(x); }
  struct ToA : OfA {
    static HWY_INLINE auto slope(auto x) { return exp(x); }
  };
};

// (ln(1 + x))' = 1/(1 + x)
struct Log1p {
  static HWY_INLINE auto value(auto x) { return log1p(x); }
  struct ToA : OfA {
    template <class V>
    static HWY_INLINE V slope(V x) {
      return V(1) / (V(1) + x);
    }
  };
};

// (√x)' = 1/(2√x)
struct Sqrt {
  static HWY_INLINE auto value(auto x) { return sqrt(x); }
  struct ToA : OfY {
    template <class V>
    static HWY_INLINE V slope(V y) {
      return V(0.5) / (y + V(0));
    }
  };
};

// (x²)' = 2x
struct Square {
  static HWY_INLINE auto value(auto x) { return x * x; }
  struct ToA : OfA {
    template <class V>
    static HWY_INLINE V slope(V x) {
      return V(2) * x;
    }
  };
};

// (1/x)' = −1/x² = −y/x, which rounds less than −y²
struct Reciprocal {
  template <class V>
  static HWY_INLINE V value(V x) {
    return V(1) / x;
  }
  struct ToA : OfAY {
    static HWY_INLINE auto slope(auto x, auto y) { return -y / x; }
  };
};

// |x|' = sign x
struct Abs {
  static HWY_INLINE auto value(auto x) { return abs(x); }
  struct ToA : OfA {
    template <class V>
    static HWY_INLINE V slope(V x) {
      return select(x > V(0), V(1), V(0)) - select(x < V(0), V(1), V(0)) + nan_or_zero(x);
    }
  };
};

// sin' x = cos x
struct Sin {
  static HWY_INLINE auto value(auto x) { return sin(x); }
  struct ToA : OfA {
    static HWY_INLINE auto slope(auto x) { return cos(x); }
  };
};

// cos' x = −sin x
struct Cos {
  static HWY_INLINE auto value(auto x) { return cos(x); }
  struct ToA : OfA {
    static HWY_INLINE auto slope(auto x) { return -sin(x); }
  };
};

// 1 + t and what it rounds off, for 0 ≤ t ≤ 1
template <class V>
HWY_INLINE Pair<V> one_plus(Pair<V> t) {
  const V sum = V(1) + t.high;
  return {sum, (t.high - (sum - V(1))) + t.low};
}

// b = 2^power t/(1 + t)² with t = e^(−|x|), for power 0 the slope of the logistic function. The
// first quotient is good to some units in the last place; its remainder mends it.
template <int power = 0, class V>
HWY_INLINE V bell(V x) {
  const V unscale(1.0 / (1 << power));
  const Pair<V> t = exp_pair<power>(-abs(x));
  const Pair<V> s = one_plus(Pair<V>{t.high * unscale, t.low * unscale});
  const V square = s.high * s.high;
  const V square_low = product_error(s.high, s.high, square) + V(2) * s.high * s.low;
  const V factor = V(1) / square;
  const V quotient = t.high * factor;
  const V product = quotient * square;
  const V remainder =
      (t.high - product) - product_error(quotient, square, product) + t.low - quotient * square_low;
  return quotient + remainder * factor;
}
// b' = −tanh(x/2) b, where the formula itself would cancel near 0
template <int power = 0, class T>
HWY_INLINE Dual<T> bell(Dual<T> x) {
  const T b = bell<power>(x.value);
  return along(x, b, T(-tanh(x.value / T(2)) * b));
}

// 1/(1 + e^−x) or, for x ≤ 0, e^x/(1 + e^x), which keeps its digits
template <class V>
HWY_INLINE V logistic(V x) {
  const auto positive = x > V(0);
  const Pair<V> t = exp_pair(select(positive, -x, x));
  const Pair<V> s = one_plus(t);
  const V numerator = select(positive, V(1), t.high);
  const V factor = V(1) / s.high;
  const V quotient = numerator * factor;
  const V product = quotient * s.high;
  const V remainder = (numerator - product) - product_error(quotient, s.high, product) +
                      select(positive, V(0), t.low) - quotient * s.low;
  return quotient + remainder * factor;
}
template <class T>
HWY_INLINE Dual<T> logistic(Dual<T> x) {
  return along(x, logistic(x.value), bell(x.value));
}

// tanh' x = 1/cosh² x = 4t/(1 + t)² with t = e^(−2|x|), which keeps its digits even if 1 − tanh² x
// has none
struct Tanh {
  static HWY_INLINE auto value(auto x) { return tanh(x); }
  struct ToA : OfA {
    template <class V>
    static HWY_INLINE V slope(V x) {
      return bell<2>(V(2) * x);
    }
  };
};

// σ' x = σ(x) σ(−x) = t/(1 + t)² with t = e^(−|x|)
struct Sigmoid {
  static HWY_INLINE auto value(auto x) { return logistic(x); }
  struct ToA : OfA {
    static HWY_INLINE auto slope(auto x) { return bell(x); }
  };
};

// ln(1 + e^x), with what e^x rounds off: ∂ ln(1 + t)/∂t = 1/(1 + t), about 1 − t/2
template <class V>
HWY_INLINE V log_one_plus_exp(V x) {
  const auto positive = x > V(0);
  const Pair<V> t = exp_pair(select(positive, -x, x));
  const V rest = log1p(t.high) + t.low * (V(1) - V(0.5) * t.high);
  return select(positive, x, V(0)) + select(t.high < V(0x1p-60), t.high, rest);
}
template <class T>
HWY_INLINE Dual<T> log_one_plus_exp(Dual<T> x) {
  return along(x, log_one_plus_exp(x.value), logistic(x.value));
}

// softplus' x = 1/(1 + e^−x)
struct Softplus {
  static HWY_INLINE auto value(auto x) { return log_one_plus_exp(x); }
  struct ToA : OfA {
    static HWY_INLINE auto slope(auto x) { return logistic(x); }
  };
};

// relu' x = [x > 0]
struct Relu {
  template <class V>
  static HWY_INLINE V value(V x) {
    return select(x == x, select(x > V(0), x, V(0)), not_a_number(x));
  }
  struct ToA : OfA {
    template <class V>
    static HWY_INLINE V slope(V x) {
      return select(x > V(0), V(1), V(0)) + nan_or_zero(x);
    }
  };
};

// erf' x = 2/√π e^(−x²)
struct Erf {
  static HWY_INLINE auto value(auto x) { return erf(x); }
  struct ToA : OfA {
    static HWY_INLINE auto slope(auto x) { return erf_slope(x); }
  };
};

// clamp' x = [low ≤ x ≤ high]
struct Clamp {
  template <class V>
  static HWY_INLINE V value(V x, V low, V high) {
    const V raised = select(x < low, low, x);
    return select(x == x, select(raised > high, high, raised), not_a_number(x));
  }
  struct ToA : OfA {
    template <class V>
    static HWY_INLINE V slope(V x, V low, V high) {
      return V(1) - (select(x < low, V(1), V(0)) + select(x > high, V(1), V(0))) + nan_or_zero(x);
    }
  };
};

// ∂/∂a ln(e^a + e^b) = 1/(1 + e^(b − a)), ½ at equal infinities
struct Logaddexp {
  template <class V>
  static HWY_INLINE auto equal_infinities(V a, V b) {
    return a == b && a - a != V(0);
  }
  template <class V>
  static HWY_INLINE V value(V a, V b) {
    const auto a_first = a > b;
    const V high = select(a_first, a, b);
    const V low = select(a_first, b, a);
    return select(equal_infinities(a, b), a / V(2) + b / V(2), high + log_one_plus_exp(low - high));
  }
  template <class V>
  static HWY_INLINE V share(V a, V b) {
    return select(equal_infinities(a, b), V(0.5), logistic(a - b));
  }
  struct ToA : OfAB {
    static HWY_INLINE auto slope(auto a, auto b) { return share(a, b); }
  };
  struct ToB : OfAB {
    static HWY_INLINE auto slope(auto a, auto b) { return share(b, a); }
  };
};

}  // namespace nablur::detail::HWY_NAMESPACE::operators
HWY_AFTER_NAMESPACE();

#endif
