#include <nablur/ops/gaussian_blur.h>

#include "../checks.h"

// With R = 1 the taps are e m, m, e m, where m = 1/(1 + 2e) and e = e^(−1/2σ²); ∂m/∂σ = −2 e m²/σ³.
void checks::gaussian_blur() {
  every_scalar([]<class T>() {
    const double e = std::exp(-0.5);
    const double m = 1 / (1 + 2 * e);
    const double by_sigma = 2 * e * m * m;
    const auto taps = nablur::gaussian_taps(T(1), 1);
    expect_all("gaussian_taps", taps.w, {e * m, m, e * m});
    expect_all("gaussian_taps", taps.dw_dsigma, {by_sigma / 2, -by_sigma, by_sigma / 2});

    expect_all("gaussian_taps", nablur::gaussian_taps(1, 1).w, {e * m, m, e * m});

    const auto image = Tensor<T>{T(0), T(1), T(0)};
    const auto by_scale = [&](const auto& sigma) {
      return nablur::gaussian_blur(image, sigma, {.radius = 1});
    };
    expect_function<T>("gaussian_blur", by_scale, points<T>({1}), {e * m, m, e * m}, {0});
    const auto by_image = [](const auto& x) { return nablur::gaussian_blur(x, 1, {.radius = 1}); };
    expect_function<T>("gaussian_blur", by_image, points<T>({0, 1, 0}), {e * m, m, e * m},
                       {1 - e * m, 1, 1 - e * m});

    const auto along_both = [](const auto& x) {
      return nablur::gaussian_blur(x, {1.0, 0.0}, {.radius = 1});
    };
    const auto column = points<T>({0, 1, 0}).reshaped({3, 1});
    expect_function<T>("gaussian_blur", along_both, column, {e * m, m, e * m},
                       {1 - e * m, 1, 1 - e * m});

    const double s = 1;
    const double soft = std::exp(s - 3) / (std::exp(0.3) + std::exp(s - 3));
    const auto sigma = [](const auto& p) { return nablur::sigma_from_param(p); };
    expect_function<T>("sigma_from_param", sigma, points<T>({s}),
                       {std::log(std::exp(0.3) + std::exp(s - 3))}, {soft});
  });
}
