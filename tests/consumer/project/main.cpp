// A program as a user writes it: records, blurs, differentiates, brings an operator of its own, and
// works with Eigen.
#ifdef BESIDE_AUTODIFF
#include <autodiff/forward/dual.hpp>
#endif

#include <cmath>
#include <iostream>

#include <nablur/autodiff/eigen.h>
#include <nablur/nablur.h>

namespace {

using nablur::Tape;
using nablur::Tensor;
using nablur::Variable;

int failures = 0;

void expect_near(const char* what, double value, double expected) {
  if (std::abs(value - expected) <= 1e-12 * std::max(1.0, std::abs(expected))) return;
  std::cerr << what << ": got " << value << ", expected " << expected << '\n';
  ++failures;
}

template <class T>
Variable<T> cube(const Variable<T>& x) {
  const Tensor<T> v = x.value();
  return nablur::record("cube", v * v * v,
                        {{x, [v](const Tensor<T>& g) { return g * 3.0 * v * v; }}});
}

void differentiate() {
  Tape<double> tape;
  const auto x = tape.variable(2.0);
  const auto y = tape.variable(3.0);
  const auto d = gradients(x * y + sin(x) + cube(x));
  expect_near("by x", d[x].item(), 3.0 + std::cos(2.0) + 12.0);
  expect_near("by y", d[y].item(), 2.0);
}

// An impulse far from the ends, blurred with R = 1: the middle is w_0 = 1 / (1 + 2e) with e =
// e^(−1/2σ²), so ∂w_0/∂σ = −2 e / σ³ w_0².
void blur() {
  Tape<double> tape;
  const double s = 0.8;
  const auto sigma = tape.variable(s);
  const auto y = gaussian_blur(Tensor<double>{0, 0, 1, 0, 0}, sigma, {.radius = 1});
  const auto middle = nablur::slice(y, {{2, 3}});
  const double e = std::exp(-0.5 / (s * s));
  const double w = 1 / (1 + 2 * e);
  expect_near("blur", middle.item(), w);
  expect_near("blur by sigma", gradients(middle)[sigma].item(), -2 * e / (s * s * s) * w * w);
}

// Sizes that fill AVX registers, and some that do not; memory of either side in the hands of the
// other.
void exchange_with_eigen() {
  for (const Eigen::Index n : {1, 3, 4, 8, 17}) {
    const Eigen::MatrixXd a = Eigen::MatrixXd::Constant(n, n, 0.5);
    Tensor<double> t = nablur::from_eigen(a * 2.0);
    nablur::as_mutable_matrix(t) += a;
    Tape<double> tape;
    const auto x = tape.variable(t);
    const auto dx = gradients(nablur::sum(square(x)))[x];
    expect_near("trace of the gradient", nablur::as_matrix(dx).trace(),
                3.0 * static_cast<double>(n));
    const Eigen::Array4d fixed = nablur::as_array(t).head(1)(0) * Eigen::Array4d::Ones();
    expect_near("four of them", nablur::sum_over(nablur::from_eigen(fixed)).item(), 6.0);
  }
}

void catch_its_error() {
  try {
    static_cast<void>(nablur::broadcast("add", {3, 4}, {5}));
    std::cerr << "no error for shapes that do not broadcast\n";
    ++failures;
  } catch (const nablur::Error&) {  // caught by its type across the border of a shared library
  }
}

}  // namespace

int main() {
  differentiate();
  blur();
  exchange_with_eigen();
  catch_its_error();
#ifdef BESIDE_AUTODIFF
  const autodiff::dual foreign = sin(autodiff::dual{0.0, 1.0});
  expect_near("the other library's dual", foreign.grad, 1.0);
#endif
  return failures == 0 ? 0 : 1;
}
