#include <nablur/ops/reduce.h>

#include <numeric>

#include <nablur/autodiff/sum.h>
#include <nablur/ops/detail/driver.h>

namespace nablur::compiled {

using detail::map;
namespace operators = detail::operators;

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
    if (shape.size() == 0 && result.size() > 0)
      fail(op, ": no elements to reduce in shape ", shape);
  }
};

// x if it beats the best so far, or is NaN: a NaN beats all.
template <class T, class Beats>
T better(const T& x, const T& best, const Beats& beats) {
  return beats(x, best) ? x : x == x ? best : x;
}

// In each column of n rows the first of the elements that no other one beats.
template <class T, class Beats>
void champions(const T* row, std::int64_t n, std::int64_t inner, T* to, const Beats& beats) {
  std::copy(row, row + inner, to);
  for (std::int64_t i = 1; i < n; ++i) {
    row += inner;
    for (std::int64_t j = 0; j < inner; ++j) to[j] = better(row[j], to[j], beats);
  }
}

// The same of one row of numbers. Lanes that compete apart fill the machine's vectors, and leave
// open only which of two equal elements came first: that shows at zeros of both signs. (A NaN has
// no order either.) Then the row is searched again, element by element.
template <class T, class Beats>
T champion_of_row(const T* x, std::int64_t n, const Beats& beats) {
  constexpr std::int64_t lanes = 32;
  T best(0);
  if (n >= 2 * lanes) {
    T lane[lanes];
    std::copy(x, x + lanes, lane);
    std::int64_t i = lanes;
    for (; i + lanes <= n; i += lanes) {
      for (std::int64_t k = 0; k < lanes; ++k) lane[k] = better(x[i + k], lane[k], beats);
    }
    for (; i < n; ++i) lane[0] = better(x[i], lane[0], beats);
    champions(lane, lanes, 1, &best, beats);
  }
  if (best == T(0) || best != best) champions(x, n, 1, &best, beats);
  return best;
}

// The first of the elements that no other one beats.
template <class T, class Beats>
Tensor<T> champion(const Tensor<T>& x, const Axes& axes, const Beats& beats) {
  return detail::reduce_axes(
      x, axes, [&](const Tensor<T>& rest, std::int64_t outer, std::int64_t n, std::int64_t inner) {
        auto out = Tensor<T>::empty(Shape{outer, inner});
        T* to = out.mutable_data();
        for (std::int64_t o = 0; o < outer; ++o, to += inner) {
          const T* row = rest.data() + o * n * inner;
          if (inner == 1) {
            *to = champion_of_row(row, n, beats);
          } else {
            champions(row, n, inner, to, beats);
          }
        }
        return out;
      });
}

// The weight of each element of x in y: 1/count where it is (one of count elements) equal to y,
// else 0.
template <class T>
Tensor<T> tie_weights(const Tensor<T>& x, const Tensor<T>& y) {
  const auto equal = [](const T& a, const T& b) { return T(a == b || (a != a && b != b)); };
  const Tensor<T> hits = map<T>(x.shape(), equal, x, y);
  const auto weight = [](const T& hit, const T& count) { return hit == T(0) ? hit : hit / count; };
  return map<T>(x.shape(), weight, hits, sum_to(hits, y.shape()));
}

template <class T>
bool is_infinite(const T& x) {
  return x == x && x - x != T(0);
}

// e^(x − top), at an infinite top e^x: ∞ − ∞ would be no number.
template <class T>
Tensor<T> shifted_exp(const Tensor<T>& x, const Tensor<T>& top) {
  using std::exp;
  return map<T>(
      x.shape(), [](const T& a, const T& t) { return exp(is_infinite(t) ? a : a - t); }, x, top);
}

// e^(x − top) / Σ e^(x − top): the shift leaves the digits that e^(x − y) with a rounded y would
// lose. At an infinite top the weights of a tie.
template <class T>
Tensor<T> softmax(const Tensor<T>& x, const Tensor<T>& top) {
  const Tensor<T> e = shifted_exp(x, top);
  const Tensor<T> p = map<T>(
      x.shape(), [](const T& a, const T& total) { return a / total; }, e, sum_to(e, top.shape()));
  if (std::none_of(top.begin(), top.end(), is_infinite<T>)) return p;
  const auto choose = [](const T& a, const T& tie, const T& t) { return is_infinite(t) ? tie : a; };
  return map<T>(x.shape(), choose, p, tie_weights(x, top), top);
}

// What e^(x − top) adds up to: how many elements are at the top, and the sum of all others.
template <class T>
struct TopSums {
  Tensor<T> count;
  Tensor<T> rest;
};

// Of one row: halves added to halves, down to pieces that stay in the first cache.
template <class T>
void sum_row(const T* x, std::int64_t n, const T& top, T* count, T* rest,
             detail::Loop<T> exp_below) {
  constexpr std::int64_t kPiece = 512;
  constexpr std::int64_t kLanes = 8;  // independent sums
  const auto few = [&](std::int64_t begin, std::int64_t end, T* sums) {
    T e[kPiece];
    const T* const operands[] = {x + begin, &top};
    const std::int64_t strides[] = {1, 0};
    exp_below(end - begin, e, operands, strides);
    T at_top[kLanes] = {};
    T below[kLanes] = {};
    std::int64_t i = 0;
    for (; i + kLanes <= end - begin; i += kLanes) {
      for (std::int64_t k = 0; k < kLanes; ++k) {
        at_top[k] += T(x[begin + i + k] == top);
        below[k] += e[i + k];
      }
    }
    for (; i < end - begin; ++i) at_top[0] += T(x[begin + i] == top), below[0] += e[i];
    sums[0] = std::accumulate(at_top + 1, at_top + kLanes, at_top[0]);
    sums[1] = std::accumulate(below + 1, below + kLanes, below[0]);
  };
  T sums[2];
  T scratch[2 * 64];  // more levels than a 64-bit length has halves
  detail::pairwise_rows(0, n, kPiece, 2, sums, scratch, few);
  *count = sums[0];
  *rest = sums[1];
}

// The elements that go into one of `kept` are neighbours.
bool reduces_rows(const Shape& shape, const Shape& kept) {
  const std::int64_t n = shape.size() / kept.size();
  std::int64_t inner = 1;
  for (std::int64_t axis = shape.rank(); inner < n && axis-- > 0;) {
    if (kept[axis] != 1) return false;
    inner *= shape[axis];
  }
  return true;
}

template <class T>
TopSums<T> top_sums(const Tensor<T>& x, const Tensor<T>& top) {
  if (!reduces_rows(x.shape(), top.shape())) {
    const auto at_top = [](const T& a, const T& t) { return T(a == t); };
    const Tensor<T> below = detail::apply_value<operators::ExpBelow>(x.shape(), x, top);
    return {sum_to(map<T>(x.shape(), at_top, x, top), top.shape()), sum_to(below, top.shape())};
  }
  const auto exp_below =
      detail::loop_of<operators::Value<operators::ExpBelow>, operators::ExpBelow, T>(
          &detail::OperatorLoops<T>::value);
  TopSums<T> sums{Tensor<T>::empty(top.shape()), Tensor<T>::empty(top.shape())};
  T* const count = sums.count.mutable_data();
  T* const rest = sums.rest.mutable_data();
  const std::int64_t n = x.size() / top.size();
  for (std::int64_t i = 0; i < top.size(); ++i)
    sum_row(x.data() + i * n, n, top.data()[i], count + i, rest + i, exp_below);
  return sums;
}

// top + ln(1 + what the sum has beyond one element at the top)
template <class T>
Tensor<T> log_of_sums(const TopSums<T>& sums, const Tensor<T>& top) {
  const auto value = [](const T& t, const T& rest, const T& count) {
    return is_infinite(t) ? t : t + std::log1p(rest + (count - T(1)));
  };
  return map<T>(top.shape(), value, top, sums.rest, sums.count);
}

// Σ g w: gradient of a weighted sum; a weight of 0 counts as 0 even beside infinity
template <class T>
Tensor<T> weigh(const Tensor<T>& w, const Tensor<T>& g) {
  return map<T>(w.shape(), [](const T& a, const T& b) { return chain(a, b); }, w, g);
}

// The greatest (or least) elements of x, of the kept shape; of Duals their values.
template <class T, class Beats>
auto top_of(const Tensor<T>& x, const Plan& plan, const Beats& beats) {
  if constexpr (is_dual<T>) {
    return champion(x.template cast<decltype(T::value)>(), plan.axes, beats).reshaped(plan.kept);
  } else {
    return champion(x, plan.axes, beats).reshaped(plan.kept);
  }
}

// value(x, top), with the tangent Σ weights(x, top) x' of Duals found from the values alone.
template <class T, class U, class Value, class Weights>
Tensor<T> with_tangent(const Tensor<T>& x, const Tensor<U>& top, const Value& value,
                       const Weights& weights) {
  if constexpr (is_dual<T>) {
    const Tensor<U> plain = x.template cast<U>();
    return make_dual(value(plain, top),
                     sum_to(weigh(weights(plain, top), tangent_of(x)), top.shape()));
  } else {
    return value(x, top);
  }
}

// The gradient of logsumexp by x; `total` is Σ e^(x − top).
template <class T>
Tensor<T> times_softmax(const Tensor<T>& x, const Tensor<T>& top, const Tensor<T>& total,
                        const Tensor<T>& g) {
  if (std::any_of(top.begin(), top.end(), is_infinite<T>)) return weigh(softmax(x, top), g);
  return detail::apply_value<operators::TimesSoftmax>(x.shape(), x, top, total, g);
}

// Where there is nothing to reduce the gradient has no element either.
template <class T>
Variable<T> without_elements(detail::Name name, const Variable<T>& v, const Tensor<T>& y) {
  return record(name, y,
                {{v, [shape = v.shape()](const Tensor<T>&) { return Tensor<T>::zeros(shape); }}});
}

constexpr auto kGreater = [](const auto& a, const auto& b) { return a > b; };
constexpr auto kLess = [](const auto& a, const auto& b) { return a < b; };

// ∂y/∂x = [x = y] / number of such x
template <class T, class Beats>
Variable<T> extreme(detail::Name name, const Variable<T>& x, const Axes& axes, bool keepdims,
                    const Beats& beats) {
  const Plan plan(name, x.shape(), axes, keepdims);
  plan.require_elements(name, x.shape());
  if (x.size() == 0) return without_elements(name, x, Tensor<T>::empty(plan.result));
  const auto value = [](const auto&, const auto& t) { return t; };
  const auto weights = [](const auto& a, const auto& t) { return tie_weights(a, t); };
  const auto top = top_of(x.value(), plan, beats);
  const Tensor<T> y = with_tangent(x.value(), top, value, weights);
  const auto pull = [v = x.value(), t = top.template cast<T>(), weights](const Tensor<T>& g) {
    return weigh(weights(v, t), g.reshaped(t.shape()));
  };
  return record(name, y.reshaped(plan.result), {{x, pull}});
}

}  // namespace

// ∂Σx/∂x = 1
template <class T>
Variable<T> Reduce<T>::sum(const Variable<T>& x, const Axes& axes, bool keepdims) {
  const Plan plan("sum", x.shape(), axes, keepdims);
  const auto spread = [shape = x.shape(), kept = plan.kept](const Tensor<T>& g) {
    return map<T>(shape, [](const T& a) { return a; }, g.reshaped(kept));
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
    return map<T>(shape, [n](const T& a) { return a / T(n); }, g.reshaped(kept));
  };
  return record("mean", sum_over(x.value(), axes, keepdims) / Tensor<T>(n), {{x, spread}});
}

template <class T>
Variable<T> Reduce<T>::max(const Variable<T>& x, const Axes& axes, bool keepdims) {
  return extreme("max", x, axes, keepdims, kGreater);
}

template <class T>
Variable<T> Reduce<T>::min(const Variable<T>& x, const Axes& axes, bool keepdims) {
  return extreme("min", x, axes, keepdims, kLess);
}

// ln Σ e^x: ∂/∂x = e^x / Σ e^x
template <class T>
Variable<T> Reduce<T>::logsumexp(const Variable<T>& x, const Axes& axes, bool keepdims) {
  const Plan plan("logsumexp", x.shape(), axes, keepdims);
  if (x.size() == 0) {
    return without_elements("logsumexp", x,
                            Tensor<T>(plan.result, T(-std::numeric_limits<double>::infinity())));
  }
  const auto top = top_of(x.value(), plan, kGreater);
  Tensor<T> y;
  Tensor<T> total;  // of Duals it is found when a gradient is asked for
  if constexpr (is_dual<T>) {
    const auto value = [](const auto& a, const auto& t) { return log_of_sums(top_sums(a, t), t); };
    const auto weights = [](const auto& a, const auto& t) { return softmax(a, t); };
    y = with_tangent(x.value(), top, value, weights);
  } else {
    const TopSums<T> sums = top_sums(x.value(), top);
    y = log_of_sums(sums, top);
    total = sums.rest + sums.count;
  }
  const auto pull = [v = x.value(), t = top.template cast<T>(), total](const Tensor<T>& g) {
    const Tensor<T> row = g.reshaped(t.shape());
    if constexpr (is_dual<T>)
      return times_softmax(v, t, sum_to(shifted_exp(v, t), t.shape()), row);
    else
      return times_softmax(v, t, total, row);
  };
  return record("logsumexp", y.reshaped(plan.result), {{x, pull}});
}

template struct Reduce<float>;
template struct Reduce<double>;
template struct Reduce<Dual<float>>;
template struct Reduce<Dual<double>>;

}  // namespace nablur::compiled
