#include <nablur/ops/reduce.h>

#include "../checks.h"

void checks::reduce() {
  every_scalar([]<class T>() {
    const auto x = points<T>({0, 0, 2, 4}).reshaped({2, 2});
    const double e = std::exp(2.0);
    expect_function<T>("sum", [](const auto& a) { return nablur::sum(a, 0); }, x, {2, 4},
                       {1, 1, 1, 1});
    expect_function<T>("mean", [](const auto& a) { return nablur::mean(a, -1, true); }, x, {0, 3},
                       {0.5, 0.5, 0.5, 0.5});
    expect_function<T>("max", [](const auto& a) { return nablur::max(a, 1); }, x, {0, 4},
                       {0.5, 0.5, 0, 1});
    expect_function<T>("min", [](const auto& a) { return nablur::min(a, 1); }, x, {0, 2},
                       {0.5, 0.5, 1, 0});
    expect_function<T>("logsumexp", [](const auto& a) { return nablur::logsumexp(a, 1); }, x,
                       {std::log(2.0), 2 + std::log1p(e)}, {0.5, 0.5, 1 / (1 + e), e / (1 + e)});
  });
}
