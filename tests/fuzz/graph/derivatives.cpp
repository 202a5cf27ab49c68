#include "derivatives.h"

#include <algorithm>
#include <optional>

#include "../oracle.h"
#include "apply.h"
#include "compare.h"

namespace nablur::fuzz {
namespace {

Oracle adjoint_double("<w, Jv> = <J'w, v>, double", 500);
Oracle adjoint_float("<w, Jv> = <J'w, v>, float", 50);
Oracle finite_together("forward and reverse mode are finite together", 500);
Oracle forward_value("forward mode has the plain value", 500);
Oracle first_differences("<w, Jv> is a central difference", 50);
Oracle second_differences("<u, Hv> is a central difference of the gradient", 20);
Oracle ties("max and min share the gradient among those that tie", 20);
Oracle symmetry("<u, Hv> = <v, Hu>", 50);

template <class T>
using Tensors = std::vector<Tensor<T>>;

template <class T>
Tensor<T> weights(const Shape& shape, Noise& noise) {
  auto w = Tensor<T>::empty(shape);
  T* const to = w.mutable_data();
  for (std::int64_t i = 0; i < w.size(); ++i) to[i] = static_cast<T>(noise.weight());
  return w;
}

template <class T>
Tensors<T> directions(std::span<const Tensor<T>> x, Noise& noise) {
  Tensors<T> v;
  for (const Tensor<T>& t : x) v.push_back(weights<T>(t.shape(), noise));
  return v;
}

template <class T>
Product dot_all(std::span<const Tensor<T>> a, std::span<const Tensor<T>> b) {
  Product sum;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const Product p = dot(a[k], b[k]);
    sum.value += p.value;
    sum.magnitude += p.magnitude;
  }
  return sum;
}

template <class T>
Tensor<T> value(const Step& s, std::span<const Tensor<T>> x) {
  const std::vector<Variable<T>> constants(x.begin(), x.end());
  return apply_directly<T>(s, constants).value();
}

template <class T>
Tensors<T> gradient(const Step& s, std::span<const Tensor<T>> x, const Tensor<T>& w) {
  Tape<T> tape;
  std::vector<Variable<T>> variables;
  for (const Tensor<T>& t : x) variables.push_back(tape.variable(t));
  const auto d = gradients(apply_directly<T>(s, variables), w);
  Tensors<T> list;
  for (const auto& v : variables) list.push_back(d[v]);
  return list;
}

Tensors<Dual<double>> make_duals(std::span<const Tensor<double>> x, std::span<const Tensor<double>> v) {
  Tensors<Dual<double>> list;
  for (std::size_t k = 0; k < x.size(); ++k) list.push_back(make_dual(x[k], v[k]));
  return list;
}

// Hv of ⟨w, y⟩.
Tensors<double> hessian_product(const Step& s, std::span<const Tensor<double>> x, std::span<const Tensor<double>> v,
                                const Tensor<double>& w) {
  Tensors<double> list;
  for (const auto& d : gradient<Dual<double>>(s, make_duals(x, v), w.cast<Dual<double>>())) list.push_back(tangent_of(d));
  return list;
}

// What a random sum must be compared to where the step's own sums cancel: ∂w/∂σ of the blur has both signs, and Σ|∂w/∂σ| is below
// 3/σ.
template <class T>
long double hidden_magnitude(const Step& s, std::span<const Tensor<T>> x, const Tensor<T>& w) {
  if (s.op != Op::gaussian_blur) return 0;
  long double largest = 0;
  for (const T& v : x[0]) largest = std::max<long double>(largest, std::fabs(v));
  long double sum = 0;
  for (const T& v : w) sum += std::fabs(v);
  long double slope = 0;
  for (const T& sigma : x[1]) {
    if (sigma > 0) slope += 3 / static_cast<long double>(sigma) * static_cast<long double>(std::max<std::int64_t>(1, x[0].rank()));
  }
  return 2 * slope * largest * sum;
}

// ---- central differences --------------------------------------------------------------------------------------------

constexpr double kStep = 1e-3;

Tensors<double> moved(std::span<const Tensor<double>> x, std::span<const Tensor<double>> v, double h) {
  Tensors<double> list;
  for (std::size_t k = 0; k < x.size(); ++k) list.push_back(x[k] + v[k] * Tensor<double>(h));
  return list;
}

bool any_two_near(const Tensor<double>& a, const Tensor<double>& b, bool same, double distance) {
  for (std::int64_t i = 0; i < a.size(); ++i) {
    for (std::int64_t j = same ? i + 1 : 0; j < b.size(); ++j) {
      if (std::fabs(a.data()[i] - b.data()[j]) < distance) return true;
    }
  }
  return false;
}

bool radius_changes(const Step& s, const Tensor<double>& sigma, double distance) {
  if (s.radius) return false;
  const double truncate = s.op == Op::gaussian_kernel ? 3 : s.numbers[0];
  return std::any_of(sigma.begin(), sigma.end(), [&](double v) {
    return std::max(1.0, std::ceil(truncate * (v + distance))) != std::max(1.0, std::ceil(truncate * (v - distance)));
  });
}

// Whether a function with corners, jumps or poles has one nearby.
bool is_near_a_corner(const Step& s, std::span<const Tensor<double>> x) {
  const double distance = 16 * kStep;
  switch (s.op) {
    case Op::abs:
    case Op::relu:
    case Op::log:
    case Op::sqrt:
    case Op::reciprocal:
    case Op::pow: return any_two_near(x[0], Tensor<double>(0.0), false, distance);
    case Op::divide:
    case Op::divide_in_place: return any_two_near(x[1], Tensor<double>(0.0), false, distance);
    case Op::log1p: return any_two_near(x[0], Tensor<double>(-1.0), false, distance);
    case Op::clamp: return any_two_near(x[0], Tensor<double>{s.numbers[0], s.numbers[1]}, false, distance);
    case Op::maximum:
    case Op::minimum:
    case Op::where_greater:
    case Op::where_less:
    case Op::where_equal: return any_two_near(x[0], x[1], false, distance);
    case Op::max:
    case Op::min: return any_two_near(x[0], x[0], true, distance);
    case Op::gaussian_kernel: return radius_changes(s, x[0], distance);
    case Op::gaussian_blur: return radius_changes(s, x[1], distance);
    default: return false;
  }
}

struct Difference {
  long double value;
  long double error;
};

// The derivative of f at 0 by central differences of three steps, the finer two extrapolated; nothing if they do not converge or
// f has no value somewhere. f gives a sum, whose rounding error is relative to its magnitude and to `inside`.
template <class F>
std::optional<Difference> difference(const F& f, long double inside) {
  long double d[3];
  long double magnitude = inside;
  for (int i = 0; i < 3; ++i) {
    const double h = kStep / (1 << i);
    try {
      const Product ahead = f(h);
      const Product behind = f(-h);
      d[i] = (ahead.value - behind.value) / (2 * static_cast<long double>(h));
      magnitude += ahead.magnitude + behind.magnitude;
    } catch (const Error&) {
      return {};
    }
    if (!std::isfinite(d[i])) return {};
  }
  const long double noise = 1e-15L * magnitude / kStep;
  const long double coarse = std::fabs(d[0] - d[1]);
  const long double fine = std::fabs(d[1] - d[2]);
  // An error of h² shrinks to a quarter.
  if (fine > coarse / 3 + noise || coarse > 5 * fine + noise) return {};
  return Difference{(4 * d[2] - d[1]) / 3, coarse + 20 * noise};
}

void compare_difference(Oracle& oracle, const char* what, const Step& s, std::span<const Tensor<double>> x, long double exact,
                        const std::optional<Difference>& d, long double scale) {
  if (!d || !std::isfinite(exact) || d->error > 1e-2L * scale) return oracle.skip();
  oracle.expect(std::fabs(d->value - exact) <= d->error + 1e-9L * scale, what, " is ", static_cast<double>(exact),
                ", central differences say ", static_cast<double>(d->value), " with an error of ", static_cast<double>(d->error),
                ": ", [&] { return describe(s, x); });
}

}  // namespace

// Forward mode may add up in another order, or take other kernels.
template <class T>
void check_value_of_duals(const Step& s, std::span<const Tensor<T>> x, const Tensor<T>& plain, const Tensor<T>& dual) {
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
  bool near = plain.shape() == dual.shape();
  for (std::int64_t i = 0; near && i < plain.size(); ++i) {
    const auto a = static_cast<long double>(plain.data()[i]);
    near = std::fabs(a - static_cast<long double>(dual.data()[i])) <= 1e-14L * (std::fabs(a) + largest);
  }
  forward_value.expect(near, name_of(s.op), " of shape ", plain.shape());
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
    finite_together.expect(finite == finite_reverse, "forward ", finite ? "is" : "is not", ", reverse ", finite_reverse ? "is" : "is not",
                           " finite: ", [&] { return describe(s, x); });
  }
  if (!finite || !finite_reverse) return oracle.skip();
  const Product left = dot(w, forward);
  const Product right = dot_all<T>(reverse, v);
  const long double scale = left.magnitude + right.magnitude + hidden_magnitude(s, x, w);
  const long double allowed = (is_double ? 1e-11L : 1e-3L) * scale + (is_double ? 1e-290L : 1e-30L);
  std::vector<Tensor<double>> shown;
  if (std::fabs(left.value - right.value) > allowed) {
    for (const Tensor<T>& t : x) shown.push_back(t.template cast<double>());
  }
  oracle.expect(std::fabs(left.value - right.value) <= allowed, "forward mode says ", static_cast<double>(left.value),
                ", reverse mode ", static_cast<double>(right.value), ": ", [&] { return describe(s, shown); });
}

template void check_forward_against_reverse(const Step&, std::span<const Tensor<float>>, Noise&);
template void check_forward_against_reverse(const Step&, std::span<const Tensor<double>>, Noise&);

void check_against_differences(const Step& s, std::span<const Tensor<double>> x, Noise& noise) {
  // A huge shift swallows the displacements.
  const bool shifted = s.op == Op::sigma_from_param && !(std::fabs(s.numbers[0]) < 1e3 && std::fabs(s.numbers[1]) < 1e3);
  const bool small = !shifted && std::all_of(x.begin(), x.end(), [](const Tensor<double>& t) {
    return std::all_of(t.begin(), t.end(), [](double v) { return std::fabs(v) < 1e3; });
  });
  if (!small || is_near_a_corner(s, x)) {
    first_differences.skip();
    return second_differences.skip();
  }
  const Tensor<double> y = value(s, x);
  const Tensor<double> w = weights<double>(y.shape(), noise);
  const Tensors<double> v = directions(x, noise);
  const Tensors<double> u = directions(x, noise);
  const Tensors<double> slope = gradient(s, x, w);
  const Product exact = dot_all<double>(slope, v);
  const Product size = dot(w, y);
  const auto f = [&](double h) { return dot(w, value<double>(s, moved(x, v, h))); };
  long double inside = hidden_magnitude(s, x, w);
  for (const Tensor<double>& t : x) {
    for (const double number : t) inside += std::fabs(number) + kStep;
  }
  compare_difference(first_differences, "<w, Jv>", s, x, exact.value, difference(f, inside),
                     exact.magnitude + size.magnitude + inside);

  const Tensors<double> hv = hessian_product(s, x, v, w);
  const Tensors<double> hu = hessian_product(s, x, u, w);
  const Product uhv = dot_all<double>(u, hv);
  const Product vhu = dot_all<double>(v, hu);
  const long double scale = uhv.magnitude + vhu.magnitude + exact.magnitude + inside;
  if (std::isfinite(scale)) {
    symmetry.expect(std::fabs(uhv.value - vhu.value) <= 1e-9L * scale, "<u, Hv> is ", static_cast<double>(uhv.value), ", <v, Hu> is ",
                    static_cast<double>(vhu.value), ": ", [&] { return describe(s, x); });
  } else {
    symmetry.skip();
  }
  const auto df = [&](double h) { return dot_all<double>(u, gradient<double>(s, moved(x, v, h), w)); };
  compare_difference(second_differences, "<u, Hv>", s, x, uhv.value, difference(df, inside), scale);
}

// Forward and reverse mode take the shares from one place, and differences see none: so a count of our own.
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
  for (std::int64_t i = 0; i < x.size(); ++i) count[group(i)] += x.data()[i] == y.data()[group(i)] ? 1 : 0;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const std::size_t k = group(i);
    const double expected = x.data()[i] == y.data()[k] ? w.data()[k] / count[k] : 0;
    ties.expect(std::fabs(dx.data()[i] - expected) <= 1e-15 * std::fabs(w.data()[k]), "element ", i, " has ", dx.data()[i], " instead of ",
                expected, ": ", [&] { return describe(s, {&x, 1}); });
  }
}

}  // namespace nablur::fuzz
