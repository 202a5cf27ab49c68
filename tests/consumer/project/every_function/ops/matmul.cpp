#include <nablur/ops/matmul.h>

#include "../checks.h"

void checks::matmul() {
  every_scalar([]<class T>() {
    const Tensor<T> b({2, 2}, {T(1), T(2), T(3), T(4)});
    const auto product = [&](const auto& a) { return nablur::matmul(a, b); };
    expect_function<T>("matmul", product, points<T>({1, 0, 1, 1}).reshaped({2, 2}), {1, 2, 4, 6},
                       {3, 7, 3, 7});
  });
}
