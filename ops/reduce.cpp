#include <nablur/ops/reduce.h>

#include <nablur/autodiff/sum.h>
#include <nablur/ops/detail/map.h>

namespace nablur::compiled {

using detail::map;

namespace {

// The two shapes that a reduction has to do with.
struct Plan {
  Axes axes;
  Shape kept;    // reduced axes of size 1: what broadcasts against x
  Shape result;  // the caller's choice

  Plan(const char* op, const Shape& shape, const Axes& chosen, bool keepdims)
      : axes(chosen.resolve(op, shape.rank())),
        kept(reduced_shape(shape, axes, true)),
        result(reduced_shape(shape, axes, keepdims)) {}

  void require_elements(const char* op, const Shape& shape) const {
    if (shape.size() == 0 && result.size() > 0) fail(op, ": no elements to reduce in shape ", shape);
  }
};

// The first of the elements that no other one beats; a NaN beats all.
template <class T, class Beats>
Tensor<T> champion(const Tensor<T>& x, const Axes& axes, const Beats& beats) {
  return detail::reduce_axes(x, axes, [&](const Tensor<T>& rest, std::int64_t outer, std::int64_t n, std::int64_t inner) {
    auto out = Tensor<T>::empty(Shape{outer, inner});
    T* to = out.mutable_data();
    for (std::int64_t o = 0; o < outer; ++o, to += inner) {
      const T* row = rest.data() + o * n * inner;
      std::copy(row, row + inner, to);
      for (std::int64_t i = 1; i < n; ++i) {
        row += inner;
        for (std::int64_t j = 0; j < inner; ++j) to[j] = beats(row[j], to[j]) || row[j] != row[j] ? row[j] : to[j];
      }
    }
    return out;
  });
}

// The weight of each element of x in y: 1/count where it is (one of count elements) equal to y, else 0.
template <class T>
Tensor<T> tie_weights(const Tensor<T>& x, const Tensor<T>& y) {
  const auto equal = [](const T& a, const T& b) { return T(a == b || (a != a && b != b)); };
  const Tensor<T> hits = map<T>(x.shape(), equal, x, y);
  const auto weight = [](const T& hit, const T& count) { return hit == T(0) ? hit : hit / count; };
  return map<T>(x.shape(), weight, hits, sum_to(hits, y.shape()));
}

// e^(x − y), the softmax; between infinities the weights of a tie
template <class T>
Tensor<T> softmax(const Tensor<T>& x, const Tensor<T>& y) {
  using std::exp;
  const auto infinite = [](const T& a) { return a == a && a - a != T(0); };
  const bool any = std::any_of(y.begin(), y.end(), infinite);
  const Tensor<T> plain = map<T>(
      x.shape(), [](const T& a, const T& b) { return exp(a - b); }, x, y);
  if (!any) return plain;
  const auto choose = [infinite](const T& p, const T& tie, const T& b) { return infinite(b) ? tie : p; };
  return map<T>(x.shape(), choose, plain, tie_weights(x, y), y);
}

// Σ g w: gradient of a weighted sum, where 0 weights count as 0 also beside infinity
template <class T>
Tensor<T> weigh(const Tensor<T>& w, const Tensor<T>& g) {
  return map<T>(
      w.shape(), [](const T& a, const T& b) { return chain(a, b); }, w, g);
}

// A reduction whose result has the tangent Σ w x', with weights w found from the values alone.
template <class T, class Value, class Weights>
Tensor<T> with_tangent(const Tensor<T>& x, const Plan& plan, const Value& value, const Weights& weights) {
  if constexpr (is_dual<T>) {
    using U = decltype(T::value);
    const Tensor<U> plain = x.template cast<U>();
    const Tensor<U> y = value(plain);
    return make_dual(y, sum_to(weigh(weights(plain, y), tangent_of(x)), plan.kept));
  } else {
    return value(x);
  }
}

template <class T, class Beats>
Variable<T> extreme(detail::Name name, const Variable<T>& v, const Axes& axes, bool keepdims, const Beats& beats) {
  const Tensor<T>& x = v.value();
  const Plan plan(name, x.shape(), axes, keepdims);
  plan.require_elements(name, x.shape());
  if (plan.result.size() == 0) {
    return record(name, Tensor<T>::empty(plan.result), {{v, [x](const Tensor<T>&) { return Tensor<T>::zeros(x.shape()); }}});
  }
  const auto value = [&](const auto& plain) { return champion(plain, plan.axes, beats).reshaped(plan.kept); };
  const auto weights = [](const auto& plain, const auto& y) { return tie_weights(plain, y); };
  const Tensor<T> y = with_tangent(x, plan, value, weights);
  // ∂y/∂x = [x = y] / number of such x
  return record(name, y.reshaped(plan.result),
                {{v, [x, y](const Tensor<T>& g) { return weigh(tie_weights(x, y), g.reshaped(y.shape())); }}});
}

}  // namespace

// ∂Σx/∂x = 1
template <class T>
Variable<T> Reduce<T>::sum(const Variable<T>& x, const Axes& axes, bool keepdims) {
  const Plan plan("sum", x.shape(), axes, keepdims);
  const auto spread = [shape = x.shape(), kept = plan.kept](const Tensor<T>& g) {
    return map<T>(
        shape, [](const T& a) { return a; }, g.reshaped(kept));
  };
  return record("sum", sum_over(x.value(), axes, keepdims), {{x, spread}});
}

// ∂(Σx/n)/∂x = 1/n
template <class T>
Variable<T> Reduce<T>::mean(const Variable<T>& x, const Axes& axes, bool keepdims) {
  const Plan plan("mean", x.shape(), axes, keepdims);
  plan.require_elements("mean", x.shape());
  const std::int64_t n = plan.kept.size() > 0 ? x.size() / plan.kept.size() : 1;
  const auto spread = [shape = x.shape(), kept = plan.kept, n](const Tensor<T>& g) {
    return map<T>(
        shape, [n](const T& a) { return a / T(n); }, g.reshaped(kept));
  };
  return record("mean", sum_over(x.value(), axes, keepdims) / Tensor<T>(n), {{x, spread}});
}

template <class T>
Variable<T> Reduce<T>::max(const Variable<T>& x, const Axes& axes, bool keepdims) {
  return extreme("max", x, axes, keepdims, [](const auto& a, const auto& b) { return a > b; });
}

template <class T>
Variable<T> Reduce<T>::min(const Variable<T>& x, const Axes& axes, bool keepdims) {
  return extreme("min", x, axes, keepdims, [](const auto& a, const auto& b) { return a < b; });
}

// ln Σ e^x = m + ln Σ e^(x − m), m = max x; ∂/∂x = e^(x − y)
template <class T>
Variable<T> Reduce<T>::logsumexp(const Variable<T>& v, const Axes& axes, bool keepdims) {
  const Tensor<T>& x = v.value();
  const Plan plan("logsumexp", x.shape(), axes, keepdims);
  const auto value = [&plan](const auto& plain) {
    using U = typename std::decay_t<decltype(plain)>::value_type;
    if (plain.size() == 0) return Tensor<U>(plan.kept, -std::numeric_limits<U>::infinity());
    const Tensor<U> top = champion(plain, plan.axes, [](const U& a, const U& b) { return a > b; }).reshaped(plan.kept);
    // At ±∞ a shift of 0 gives the right limit, where ∞ − ∞ would not.
    const Tensor<U> m = map<U>(
        plan.kept, [](const U& a) { return a - a == U(0) ? a : U(0); }, top);
    const Tensor<U> e = map<U>(
        plain.shape(), [](const U& a, const U& b) { return std::exp(a - b); }, plain, m);
    return map<U>(
        plan.kept, [](const U& a, const U& b) { return std::log(a) + b; }, sum_to(e, plan.kept), m);
  };
  const auto weights = [](const auto& plain, const auto& y) { return softmax(plain, y); };
  const Tensor<T> y = with_tangent(x, plan, value, weights);
  return record("logsumexp", y.reshaped(plan.result),
                {{v, [x, y](const Tensor<T>& g) { return weigh(softmax(x, y), g.reshaped(y.shape())); }}});
}

template struct Reduce<float>;
template struct Reduce<double>;
template struct Reduce<Dual<float>>;
template struct Reduce<Dual<double>>;

}  // namespace nablur::compiled
