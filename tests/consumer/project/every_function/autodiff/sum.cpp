#include <nablur/autodiff/sum.h>

#include "../checks.h"

void checks::sum() {
  every_scalar([]<class T>() {
    const Tensor<T> x({2, 2}, {T(1), T(2), T(3), T(4)});
    expect_all("sum_over", nablur::sum_over(x), {10});
    expect_all("sum_over", nablur::sum_over(x, 0, true), {4, 6});
    expect_all("sum_to", nablur::sum_to(x, {2, 1}), {3, 7});
  });
  expect("reduced_shape", nablur::reduced_shape({2, 3}, 0, true) == Shape{1, 3});
}
