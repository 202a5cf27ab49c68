// Fits a decay a·e^(−kt) + c to noisy samples: by Adam, by L-BFGS, and with error bars from the
// Hessian.
// [fit]
#include <cmath>
#include <iostream>

#include <nablur/nablur.h>

using namespace nablur;

int main() {
  Random random(7);
  const auto t = Tensor<double>::linspace(0, 4, 50);
  const auto samples = 2.0 * exp(-1.5 * t) + 0.5 + 0.02 * Tensor<double>::normal({50}, random);

  const auto loss = [&](const auto& p) {  // p = (a, k, c)
    return sum(square(p[0] * exp(-p[1] * t) + p[2] - samples));
  };
  const auto evaluate = [&](const Tensor<double>& at) {
    Tape<double> tape;
    const auto p = tape.variable(at);
    const auto y = loss(p);
    return Evaluation<double>{y.item(), {gradients(y)[p]}};
  };

  Tensor<double> p = {1, 1, 0};
  Adam<double> adam(0.05);
  for (int i = 0; i < 500; ++i) adam.step({&p}, evaluate(p).gradients);
  std::cout << "Adam:   " << p << "\n";

  Tensor<double> q = {1, 1, 0};
  Lbfgs<double> lbfgs;
  for (int i = 0; i < 100 && !lbfgs.converged; ++i) {
    lbfgs.step({&q}, [&] { return evaluate(q); });
  }
  std::cout << "L-BFGS: " << q << "\n";

  // The covariance of least squares is 2 s² H⁻¹, with s² the residual's variance.
  const double variance = loss(q).item() / (50 - 3);
  const auto hessian_at_q = hessian(loss, q);
  std::cout << "sigma of a at fixed k and c: " << std::sqrt(2 * variance / hessian_at_q(0, 0))
            << "\n";
  const auto error = sum(square(p - q)).item();
  return error < 1e-6 && std::abs(q(1) - 1.5) < 0.1 ? 0 : 1;
}
// [/fit]
