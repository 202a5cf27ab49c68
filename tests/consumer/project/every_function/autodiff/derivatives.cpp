#include <nablur/autodiff/derivatives.h>

#include <vector>

#include <nablur/ops/arithmetic.h>
#include <nablur/ops/reduce.h>

#include "../checks.h"

// f = Σ x³, g = x²
void checks::derivatives() {
  plain_scalars([]<class T>() {
    const auto f = [](const auto& x) { return nablur::sum(x * x * x); };
    const auto g = [](const auto& x) { return x * x; };
    const auto product = [](const auto& x, const auto& y) { return nablur::sum(x * y); };
    const auto x = points<T>({1, 2});
    const auto v = points<T>({1, 3});
    expect_all("jvp", nablur::jvp(g, x, v), {2, 12});
    expect_all("jvp", nablur::jvp(product, {x, x}, {v, v}), {14});
    expect_all("vjp", nablur::vjp(g, x, v), {2, 12});
    expect_all("vjp", nablur::vjp(product, {x, v}, T(2))[0], {2, 6});
    expect_all("hvp", nablur::hvp(f, x, v), {6, 36});
    expect_all("hvp", nablur::hvp(product, {x, x}, {v, v})[1], {1, 3});
    expect_all("hvp_with_gradient", nablur::hvp_with_gradient(f, x, v).gradient, {3, 12});
    const auto two = nablur::hvp_with_gradient(product, {x, x}, {v, v});
    expect_all("hvp_with_gradient", two.product[1], {1, 3});
    const std::vector<Tensor<T>> xs = {x, x};
    const std::vector<Tensor<T>> vs = {v, v};
    const auto listed = [](const auto& all) { return nablur::sum(all[0] * all[1]); };
    expect_all("jvp", nablur::jvp(listed, xs, vs), {14});
    expect_all("vjp", nablur::vjp(listed, xs, T(2))[0], {2, 4});
    expect_all("hvp", nablur::hvp(listed, xs, vs)[1], {1, 3});
    expect_near("hvp_with_gradient", nablur::hvp_with_gradient(listed, xs, vs).value, 5);
    expect_all("jacobian", nablur::jacobian(product, {x, v})[0], {1, 3});
    expect_all("jacobian", nablur::jacobian(listed, xs)[0], {1, 2});
    expect_all("hessian", nablur::hessian(product, {x, v})[0][1], {1, 0, 0, 1});
    expect_all("hessian", nablur::hessian(listed, xs)[1][0], {1, 0, 0, 1});
    expect_all("jacobian", nablur::jacobian(g, x), {2, 0, 0, 4});
    expect_all("jacobian", nablur::jacobian(f, x), {3, 12});
    expect_all("hessian", nablur::hessian(f, x), {6, 0, 0, 12});
  });
}
