#include "derivatives.h"

#include <algorithm>

#include "../oracle.h"
#include "one_step.h"

namespace nablur::fuzz {
namespace {

Oracle adjoint_double("<w, Jv> = <J'w, v>, double", 500);
Oracle adjoint_float("<w, Jv> = <J'w, v>, float", 50);
Oracle finite_together("forward and reverse mode are finite together", 500);
Oracle forward_value("forward mode has the plain value", 500);
Oracle ties("max and min share the gradient among those that tie", 20);

}  // namespace

template <class T>
Tensors<double> shown(std::span<const Tensor<T>> x) {
  Tensors<double> wide;
  for (const Tensor<T>& t : x) wide.push_back(t.template cast<double>());
  return wide;
}

// Forward mode may add up in another order, or take other kernels and functions.
template <class T>
void check_value_of_duals(const Step& s, std::span<const Tensor<T>> x, const Tensor<T>& plain,
                          const Tensor<T>& dual) {
  if (!std::is_same_v<T, double> || !all_finite(plain)) return forward_value.skip();
  long double largest = 0;
  if (s.op >= Op::matmul) {  // sums of products
    largest = 1;
    for (const Tensor<T>& t : x) {
      long double most = 1;
      for (const T& v : t) most = std::max<long double>(most, std::fabs(v));
      largest *= most * static_cast<long double>(t.size());
    }
  }
  if (!(largest < 1e300L))
    return forward_value.skip();  // which sums overflow depends on their order
  forward_value.expect(plain.shape() == dual.shape(), name_of(s.op));
  for (std::int64_t i = 0; i < plain.size(); ++i) {
    const T a = plain.data()[i];
    const T b = dual.data()[i];
    forward_value.expect(std::fabs(a - b) <= T(1e-14L * (std::fabs(a) + largest) + 1e-322L),
                         "element ", i, " is ", a, ", in forward mode ", b, ": ",
                         [&] { return describe(s, shown(x)); });
  }
}

template <class T>
void check_forward_against_reverse(const Step& s, std::span<const Tensor<T>> x, Noise& noise) {
  constexpr bool is_double = std::is_same_v<T, double>;
  Oracle& oracle = is_double ? adjoint_double : adjoint_float;
  const Tensor<T> y = value(s, x);
  const bool moderate = std::all_of(x.begin(), x.end(), is_moderate<T>) && is_moderate(y);
  const Tensor<T> w = weights<T>(y.shape(), noise);
  const Tensors<T> v = directions(x, noise);
  const Tensors<T> reverse = gradient(s, x, w);
  std::vector<Variable<Dual<T>>> duals;
  for (std::size_t k = 0; k < x.size(); ++k) duals.emplace_back(make_dual(x[k], v[k]));
  const Tensor<Dual<T>> both = apply_directly<Dual<T>>(s, duals).value();
  const Tensor<T> forward = tangent_of(both);
  check_value_of_duals(s, x, y, both.template cast<T>());
  if (!moderate) return oracle.skip();

  const bool finite = all_finite(forward);
  const bool finite_reverse = std::all_of(reverse.begin(), reverse.end(), all_finite<T>);
  if constexpr (is_double) {
    finite_together.expect(finite == finite_reverse, "forward ", finite ? "is" : "is not",
                           ", reverse ", finite_reverse ? "is" : "is not",
                           " finite: ", [&] { return describe(s, x); });
  }
  if (!finite || !finite_reverse) return oracle.skip();
  const Product left = dot(w, forward);
  const Product right = dot_all<T>(reverse, v);
  const long double scale = left.magnitude + right.magnitude + hidden_magnitude(s, x, w);
  const long double allowed = (is_double ? 1e-11L : 1e-3L) * scale + (is_double ? 1e-290L : 1e-30L);
  oracle.expect(std::fabs(left.value - right.value) <= allowed, "forward mode says ",
                static_cast<double>(left.value), ", reverse mode ",
                static_cast<double>(right.value), ": ", [&] { return describe(s, shown(x)); });
}

template void check_forward_against_reverse(const Step&, std::span<const Tensor<float>>, Noise&);
template void check_forward_against_reverse(const Step&, std::span<const Tensor<double>>, Noise&);

// Forward and reverse mode take the shares from one place, and differences see none: so a count of
// our own.
void check_ties(const Step& s, const Tensor<double>& x, Noise& noise) {
  const Tensor<double> y = value<double>(s, {&x, 1});
  if (!all_finite(x) || x.size() == 0) return ties.skip();
  const Tensor<double> w = weights<double>(y.shape(), noise);
  const Tensor<double> dx = gradient<double>(s, {&x, 1}, w)[0];
  Step kept = s;
  kept.flag = true;
  const Given wide = given(x);
  const Sizes sizes = predict(kept, {&wide, 1}).sizes;  // those of y, with axes of size 1
  const auto group = [&](std::int64_t i) { return offset_of(indices_of(i, wide.sizes), sizes); };
  std::vector<double> count(static_cast<std::size_t>(y.size()), 0);
  for (std::int64_t i = 0; i < x.size(); ++i)
    count[group(i)] += x.data()[i] == y.data()[group(i)] ? 1 : 0;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const std::size_t k = group(i);
    const double expected = x.data()[i] == y.data()[k] ? w.data()[k] / count[k] : 0;
    ties.expect(std::fabs(dx.data()[i] - expected) <= 1e-15 * std::fabs(w.data()[k]), "element ", i,
                " has ", dx.data()[i], " instead of ", expected, ": ",
                [&] { return describe(s, {&x, 1}); });
  }
}

}  // namespace nablur::fuzz
