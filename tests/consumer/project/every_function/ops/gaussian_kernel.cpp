#include <nablur/ops/gaussian_kernel.h>

#include "../checks.h"

// With R = 1 the middle is 1/(1 + 2e) with e = e^(−1/2σ²). The taps' derivatives add up to 0.
void checks::gaussian_kernel() {
  expect("gaussian_radius",
         nablur::gaussian_radius(2.1) == 7 && nablur::gaussian_radius(2, 4) == 8);
  every_scalar([]<class T>() {
    const double e = std::exp(-0.5);
    const double middle = 1 / (1 + 2 * e);
    const auto kernel = [](const auto& sigma) { return nablur::gaussian_kernel(sigma, 1); };
    expect_function<T>("gaussian_kernel", kernel, points<T>({1}), {e * middle, middle, e * middle},
                       {0});
  });
}
