#include <nablur/gradcheck/compare_gradients.h>

#include <nablur/ops/arithmetic.h>

#include "../checks.h"

void checks::compare_gradients() {
  plain_scalars([]<class T>() {
    const auto f = [](const auto& x) { return x * x; };
    const auto product = [](const auto& x, const auto& y) { return x * y; };
    const auto x = points<T>({1, 2});
    const Tensor<T> weights = nablur::gradient_weights<T>(x.shape());
    expect("gradient_weights", weights.size() == 2 && weights(0) != weights(1));
    const auto report = nablur::compare_gradients(f, x, {}, {{"by hand", {weights * x * T(2)}}});
    expect("compare_gradients", report.agrees());
    expect("compare_gradients", nablur::compare_gradients(product, {x, x}).agrees());
    const auto wrong = nablur::compare_gradients(f, x, {}, {{"by hand", {weights * x * T(3)}}});
    expect("compare_gradients", wrong.differs());
  });
}
