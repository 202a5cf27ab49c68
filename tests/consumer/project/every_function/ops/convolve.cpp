#include <nablur/ops/convolve.h>

#include "../checks.h"

// y_i = Σ_d kernel_(R+d) x_(i−d)
void checks::convolve() {
  every_scalar([]<class T>() {
    const auto kernel = Tensor<T>{T(1), T(2), T(4)};
    const auto blur = [&](const auto& x) {
      return nablur::convolve(x, kernel, -1, nablur::Border::replicate);
    };
    expect_function<T>("convolve", blur, points<T>({1, 0, 0}), {6, 4, 0}, {10, 7, 4});
  });
}
