#include <algorithm>
#include <cmath>
#include <utility>

#include <nablur/optimize/detail/lists.h>

namespace nablur {

using detail::combined;
using detail::dot;
using detail::List;
using detail::Parameters;

namespace {

// The loss along a line: x + a·d.
template <class T>
struct Point {
  T a = 0;
  T loss = 0;
  T slope = 0;  // by a
  List<T> gradients;
};

// Where the cubic through two points with these slopes has its minimum, kept clear of both ends.
template <class T>
T between(const Point<T>& p, const Point<T>& q) {
  const T width = q.a - p.a;
  const T d1 = p.slope + q.slope - T(3) * (p.loss - q.loss) / (p.a - q.a);
  const T d2 = std::copysign(std::sqrt(d1 * d1 - p.slope * q.slope), width);
  const T a = q.a - width * (q.slope + d2 - d1) / (q.slope - p.slope + T(2) * d2);
  const T low = std::min(p.a + width / 10, q.a - width / 10);
  const T high = std::max(p.a + width / 10, q.a - width / 10);
  return a >= low && a <= high ? a : p.a + width / 2;
}

// A search for a point with the strong Wolfe conditions.
template <class T>
class LineSearch {
 public:
  LineSearch(const Point<T>& start, double decrease, double curvature)
      : start_(start), decrease_(static_cast<T>(decrease)), curvature_(static_cast<T>(curvature)) {}

  /// Calls at(a) for the Point there, at most `evaluations` times, first at a = `first`.
  template <class At>
  void run(const At& at, T first, int evaluations) {
    Point<T> low = start_;
    T a = first;
    while (evaluations-- > 0) {
      Point<T> p = at(a);
      if (is_too_high(p) || (low.a > 0 && p.loss >= low.loss)) {
        return zoom(at, std::move(low), std::move(p), evaluations);
      }
      if (is_flat(p)) return take(std::move(p));
      if (p.slope >= 0) return zoom(at, std::move(p), std::move(low), evaluations);
      low = std::move(p);
      a = T(2) * a;
    }
    take(std::move(low));
  }
  /// Whether a lower loss was found; then `best` is there.
  bool found() const { return best_.a > 0; }
  Point<T>& best() { return best_; }

 private:
  bool is_too_high(const Point<T>& p) const {
    return !(p.loss <= start_.loss + decrease_ * p.a * start_.slope) || !std::isfinite(p.slope);
  }
  bool is_flat(const Point<T>& p) const { return std::abs(p.slope) <= -curvature_ * start_.slope; }
  void take(Point<T>&& p) {
    if (p.a > 0 && p.loss < start_.loss) best_ = std::move(p);
  }

  // Between them lies a point with the conditions; `low` has the lower loss.
  template <class At>
  void zoom(const At& at, Point<T> low, Point<T> high, int evaluations) {
    while (evaluations-- > 0) {
      const bool finite = std::isfinite(high.loss) && std::isfinite(high.slope);
      const T a = finite ? between(low, high) : low.a + (high.a - low.a) / 2;
      if (a == low.a || a == high.a) break;
      Point<T> p = at(a);
      if (is_too_high(p) || p.loss >= low.loss) {
        high = std::move(p);
        continue;
      }
      if (is_flat(p)) return take(std::move(p));
      if (p.slope * (high.a - low.a) >= 0) high = std::move(low);
      low = std::move(p);
    }
    take(std::move(low));
  }

  const Point<T>& start_;
  T decrease_;
  T curvature_;
  Point<T> best_;
};

// −H g by the two-loop recursion over the pairs (s, y).
template <class T>
List<T> direction(const List<T>& gradients, const std::vector<List<T>>& s,
                  const std::vector<List<T>>& y) {
  List<T> q = gradients;
  std::vector<T> factors(s.size());
  for (std::size_t i = s.size(); i-- > 0;) {
    factors[i] = dot(s[i], q) / dot(s[i], y[i]);
    q = combined(q, -factors[i], y[i]);
  }
  const T scale = s.empty() ? T(1) : dot(s.back(), y.back()) / dot(y.back(), y.back());
  for (Tensor<T>& part : q) part *= scale;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const T back = dot(y[i], q) / dot(s[i], y[i]);
    q = combined(q, factors[i] - back, s[i]);
  }
  for (Tensor<T>& part : q) part *= T(-1);
  return q;
}

template <class T>
List<T> values_of(const Parameters<T>& x) {
  List<T> values;
  for (std::size_t i = 0; i < x.size(); ++i) values.push_back(x[i]);
  return values;
}

template <class T>
bool share_memory(const List<T>& a, const List<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Tensor<T>& p, const Tensor<T>& q) {
                      return p.data() == q.data() && p.shape() == q.shape();
                    });
}

// Gives the parameters these values when it ends: the old ones, unless the step has reached others.
template <class T>
struct Restore {
  const Parameters<T>& x;
  List<T> values;
  ~Restore() {
    for (std::size_t i = 0; i < values.size(); ++i) x[i] = std::move(values[i]);
  }
};

}  // namespace

template <class T>
Lbfgs<T>::Lbfgs(const Options& o) : options(o) {
  if (options.history < 1 || options.evaluations < 1) {
    fail("Lbfgs: history and evaluations must be at least 1, got ", options.history, " and ",
         options.evaluations);
  }
  if (!(0 < options.sufficient_decrease && options.sufficient_decrease < options.curvature &&
        options.curvature < 1)) {
    fail("Lbfgs: needs 0 < sufficient_decrease < curvature < 1, got ", options.sufficient_decrease,
         " and ", options.curvature);
  }
}

template <class T>
T Lbfgs<T>::search(const Parameters<T>& x, const void* f, Evaluation<T> (*evaluate)(const void*)) {
  static_assert(std::is_nothrow_move_assignable_v<Lbfgs>);
  return detail::or_out_of_memory("Lbfgs", [&] {
    Lbfgs next = *this;  // takes this one's place when nothing can throw any more
    const T loss = next.advance(x, f, evaluate);
    *this = std::move(next);
    return loss;
  });
}

template <class T>
T Lbfgs<T>::advance(const Parameters<T>& x, const void* f, Evaluation<T> (*evaluate)(const void*)) {
  for (const auto* pairs : {&s, &y}) {
    for (const List<T>& list : *pairs) detail::require_alike("Lbfgs", "state", x, std::span(list));
  }
  const auto evaluate_here = [&] {
    Evaluation<T> e = evaluate(f);
    detail::require_alike("Lbfgs", "gradient", x, std::span<const Tensor<T>>(e.gradients));
    return e;
  };
  Restore<T> before{x, values_of(x)};
  if (at_.empty() || !share_memory(at_, before.values)) {
    last_ = evaluate_here();
    if (!std::isfinite(last_.loss) || !std::isfinite(dot(last_.gradients, last_.gradients))) {
      fail("Lbfgs: the loss ", last_.loss, " or its gradient is not finite");
    }
    at_ = before.values;
  }
  Point<T> start{0, last_.loss, 0, last_.gradients};
  List<T> d = direction(start.gradients, s, y);
  start.slope = dot(start.gradients, d);
  const T steepness = dot(start.gradients, start.gradients);
  if (!(start.slope < 0)) {  // the pairs have lost their digits: begin anew
    d = combined(start.gradients, T(-2), start.gradients);
    start.slope = -steepness;
    s.clear();
    y.clear();
  }
  if (steepness == T(0)) {
    converged = true;
    return start.loss;
  }
  const auto at = [&](T a) {
    List<T> moved = combined(before.values, a, d);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::move(moved[i]);
    Evaluation<T> e = evaluate_here();
    const T slope = dot(e.gradients, d);
    return Point<T>{a, e.loss, slope, std::move(e.gradients)};
  };
  const T first = s.empty() ? std::min(T(1), T(1) / std::sqrt(steepness)) : T(1);
  LineSearch<T> line(start, options.sufficient_decrease, options.curvature);
  line.run(at, first, options.evaluations);
  if (!line.found()) {
    converged = true;
    return start.loss;
  }
  at_ = combined(before.values, line.best().a, d);
  last_ = {line.best().loss, std::move(line.best().gradients)};
  remember(combined(at_, T(-1), before.values), combined(last_.gradients, T(-1), start.gradients));
  before.values = at_;
  return last_.loss;
}

// A step and the change of the gradient along it, if they show an upward curvature.
template <class T>
void Lbfgs<T>::remember(List<T>&& step, List<T>&& change) {
  if (!(dot(step, change) > T(0))) return;
  s.push_back(std::move(step));
  y.push_back(std::move(change));
  if (s.size() > options.history) {
    s.erase(s.begin());
    y.erase(y.begin());
  }
}

template class Lbfgs<float>;
template class Lbfgs<double>;

}  // namespace nablur
