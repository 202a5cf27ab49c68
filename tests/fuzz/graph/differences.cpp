#include <algorithm>
#include <optional>

#include "../oracle.h"
#include "derivatives.h"
#include "one_step.h"

namespace nablur::fuzz {
namespace {

Oracle first_differences("<w, Jv> is a central difference", 50);
Oracle second_differences("<u, Hv> is a central difference of the gradient", 20);
Oracle symmetry("<u, Hv> = <v, Hu>", 50);

constexpr double kStep = 1e-3;

Tensors<double> moved(std::span<const Tensor<double>> x, std::span<const Tensor<double>> v,
                      double h) {
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
    return std::max(1.0, std::ceil(truncate * (v + distance))) !=
           std::max(1.0, std::ceil(truncate * (v - distance)));
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
    case Op::pow:
      return any_two_near(x[0], Tensor<double>(0.0), false, distance);
    case Op::divide:
    case Op::divide_in_place:
      return any_two_near(x[1], Tensor<double>(0.0), false, distance);
    case Op::log1p:
      return any_two_near(x[0], Tensor<double>(-1.0), false, distance);
    case Op::clamp:
      return any_two_near(x[0], Tensor<double>{s.numbers[0], s.numbers[1]}, false, distance);
    case Op::maximum:
    case Op::minimum:
    case Op::where_greater:
    case Op::where_less:
    case Op::where_equal:
      return any_two_near(x[0], x[1], false, distance);
    case Op::max:
    case Op::min:
      return any_two_near(x[0], x[0], true, distance);
    case Op::gaussian_kernel:
      return radius_changes(s, x[0], distance);
    case Op::gaussian_blur:
      return radius_changes(s, x[1], distance);
    default:
      return false;
  }
}

struct Difference {
  long double value;
  long double error;
};

// The derivative of f at 0 by central differences of three steps, the finer two extrapolated;
// nothing if they do not converge or f has no value somewhere. f gives a sum, whose rounding error
// is relative to its magnitude and to `inside`.
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

void compare_difference(Oracle& oracle, const char* what, const Step& s,
                        std::span<const Tensor<double>> x, long double exact,
                        const std::optional<Difference>& d, long double scale) {
  if (!d || !std::isfinite(exact) || d->error > 1e-2L * scale) return oracle.skip();
  oracle.expect(std::fabs(d->value - exact) <= d->error + 1e-9L * scale, what, " is ",
                static_cast<double>(exact), ", central differences say ",
                static_cast<double>(d->value), " with an error of ", static_cast<double>(d->error),
                ": ", [&] { return describe(s, x); });
}

Tensors<Dual<double>> make_duals(std::span<const Tensor<double>> x,
                                 std::span<const Tensor<double>> v) {
  Tensors<Dual<double>> list;
  for (std::size_t k = 0; k < x.size(); ++k) list.push_back(make_dual(x[k], v[k]));
  return list;
}

// Hv of ⟨w, y⟩.
Tensors<double> hessian_product(const Step& s, std::span<const Tensor<double>> x,
                                std::span<const Tensor<double>> v, const Tensor<double>& w) {
  Tensors<double> list;
  for (const auto& d : gradient<Dual<double>>(s, make_duals(x, v), w.cast<Dual<double>>()))
    list.push_back(tangent_of(d));
  return list;
}

}  // namespace

void check_against_differences(const Step& s, std::span<const Tensor<double>> x, Noise& noise) {
  // A huge shift swallows the displacements.
  const bool shifted = s.op == Op::sigma_from_param &&
                       !(std::fabs(s.numbers[0]) < 1e3 && std::fabs(s.numbers[1]) < 1e3);
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
    symmetry.expect(std::fabs(uhv.value - vhu.value) <= 1e-9L * scale, "<u, Hv> is ",
                    static_cast<double>(uhv.value), ", <v, Hu> is ", static_cast<double>(vhu.value),
                    ": ", [&] { return describe(s, x); });
  } else {
    symmetry.skip();
  }
  const auto df = [&](double h) {
    return dot_all<double>(u, gradient<double>(s, moved(x, v, h), w));
  };
  compare_difference(second_differences, "<u, Hv>", s, x, uhv.value, difference(df, inside), scale);
}

}  // namespace nablur::fuzz
