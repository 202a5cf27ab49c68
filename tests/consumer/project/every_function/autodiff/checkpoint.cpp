#include <nablur/autodiff/checkpoint.h>

#include <nablur/ops/arithmetic.h>

#include "../checks.h"

void checks::checkpoint() {
  every_scalar([]<class T>() {
    const auto cube = [](const auto& x) { return x * x * x; };
    const auto product = [](const auto& x, const auto& y) { return x * y; };
    Tape<T> tape;
    const auto x = tape.variable(T(2));
    const auto y = tape.variable(T(5));
    expect_all("checkpoint", gradients(nablur::checkpoint(cube, x))[x], {12});
    expect_all("checkpoint", gradients(nablur::checkpoint(product, {x, y}))[y], {2});
  });
}
