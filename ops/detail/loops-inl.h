// Private, compiled once for each instruction set: the loops of the elementwise operators.
#if defined(NABLUR_OPS_DETAIL_LOOPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_LOOPS_INL_H_
#undef NABLUR_OPS_DETAIL_LOOPS_INL_H_
#else
#define NABLUR_OPS_DETAIL_LOOPS_INL_H_
#endif

#include <array>
#include <cstddef>
#include <utility>

#include <nablur/ops/detail/operators-inl.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE::operators {

// How many numbers an operator or a slope takes.
template <class F>
inline constexpr std::size_t kOperands = [] {
  const auto takes = [](auto... x) {
    return requires { F::value(x...); } || requires { F::slope(x...); };
  };
  return takes(1.0) ? 1 : takes(1.0, 1.0) ? 2 : takes(1.0, 1.0, 1.0) ? 3 : 4;
}();

// What the loops compute of an element; static functions, since a lambda would not be compiled for
// the instruction set.
template <class Operator>
struct Value {
  static constexpr std::size_t operands = kOperands<Operator>;

  template <class... V>
  static HWY_INLINE auto at(V... x) {
    return Operator::value(x...);
  }
};

// g times the slope. A gradient of 0 stays 0 even if the slope is infinite or NaN.
template <class Slope>
struct Gradient {
  static constexpr std::size_t operands = 1 + kOperands<Slope>;

  template <class V, class... X>
  static HWY_INLINE V at(V g, X... x) {
    return chain(g, Slope::slope(x...));
  }
};

// Element by element: for Duals, and for numbers on the target PLAIN.
template <class F, class T, std::size_t... k>
void RunPlainly(std::int64_t n, T* out, const T* const* in, const std::int64_t* stride,
                std::index_sequence<k...>) {
  if (((stride[k] == 1) && ...)) {
    for (std::int64_t i = 0; i < n; ++i) out[i] = F::at(in[k][i]...);
  } else {
    const std::int64_t step[] = {stride[k]...};
    for (std::int64_t i = 0; i < n; ++i) out[i] = F::at(in[k][i * step[k]]...);
  }
}

template <class T, class F>
void PlainLoop(std::int64_t n, T* out, const T* const* in, const std::int64_t* stride) {
  RunPlainly<F>(n, out, in, stride, std::make_index_sequence<F::operands>());
}

#if NABLUR_HAS_PACKETS

// f of whole vectors. The last of them overlaps the one before it, and fewer elements than a vector
// has are filled up with the last one; so every element goes through the same instructions.
template <class F, class T, std::size_t... k>
void RunLoop(std::int64_t n, T* out, const T* const* in, const std::int64_t* stride,
             std::index_sequence<k...>) {
  constexpr std::int64_t L = Packet<T>::lanes;
  if (n == 1) {
    out[0] = F::at(Packet<T>(in[k][0])...).first();
    return;
  }
  // An operand of stride 0 is read from a vector of its copies.
  T copies[sizeof...(k)][static_cast<std::size_t>(L)];
  const T* from[] = {in[k]...};
  const auto fill = [&](std::size_t operand) HWY_ATTR {
    const T* const x = in[operand];
    if (stride[operand] == 0) {
      Packet<T>(x[0]).store(copies[operand]);
    } else if (n < L) {
      Packet<T>(x[n - 1]).store(copies[operand]);
      for (std::int64_t i = 0; i < n; ++i) copies[operand][i] = x[i];
    } else {
      return;
    }
    from[operand] = copies[operand];
  };
  (fill(k), ...);
  if (n < L) {
    T results[static_cast<std::size_t>(L)];
    F::at(Packet<T>::load(from[k])...).store(results);
    for (std::int64_t i = 0; i < n; ++i) out[i] = results[i];
    return;
  }
  const std::int64_t step[] = {stride[k]...};
  for (std::int64_t i = 0; i < n; i += L) {
    const std::int64_t at = i + L <= n ? i : n - L;
    F::at(Packet<T>::load(from[k] + at * step[k])...).store(out + at);
  }
}

template <class T, class F>
void Run(std::int64_t n, T* out, const T* const* in, const std::int64_t* stride) {
  RunLoop<F>(n, out, in, stride, std::make_index_sequence<F::operands>());
}

template <class T, class Slope>
constexpr Loop<T> GradientLoop() {
  if constexpr (requires { Slope::at_y; }) {
    return Run<T, Gradient<Slope>>;
  } else {
    return nullptr;
  }
}

template <class T, class Operator>
constexpr OperatorLoops<T> LoopsOf() {
  OperatorLoops<T> loops{Run<T, Value<Operator>>, nullptr, nullptr};
  if constexpr (requires { typename Operator::ToA; })
    loops.to_a = GradientLoop<T, typename Operator::ToA>();
  if constexpr (requires { typename Operator::ToB; })
    loops.to_b = GradientLoop<T, typename Operator::ToB>();
  return loops;
}

#endif

}  // namespace nablur::detail::HWY_NAMESPACE::operators
HWY_AFTER_NAMESPACE();

#endif
