#include <nablur/ops/indexing.h>

#include <vector>

#include "../checks.h"

namespace {

using checks::expect_function;

template <class T>
void choose() {
  const auto x = checks::points<T>({1, 2, 3, 4}).reshaped({2, 2});
  expect_function<T>("slice", [](const auto& a) { return slice(a, {{1}, {0, 1}}); }, x, {3},
                     {0, 0, 1, 0});
  expect_function<T>("slice", [](const auto& a) { return slice(a, 1, {.begin = 1}); }, x, {2, 4},
                     {0, 1, 0, 1});
  const std::vector<nablur::Range> ranges = {{1}, {0, 1}};
  expect_function<T>("slice", [&](const auto& a) { return slice(a, ranges); }, x, {3},
                     {0, 0, 1, 0});
  expect_function<T>("select", [](const auto& a) { return select(a, -1, 1); }, x, {2, 4},
                     {0, 1, 0, 1});
  expect_function<T>("split", [](const auto& a) { return split(a, 2)[1]; }, x, {3, 4},
                     {0, 0, 1, 1});
  expect_function<T>("split", [](const auto& a) { return split(a, {1, 1}, 1)[0]; }, x, {1, 3},
                     {1, 0, 1, 0});
  const std::vector<int> sizes = {2};
  expect_function<T>("split", [&](const auto& a) { return split(a, sizes)[0]; }, x, {1, 2, 3, 4},
                     {1, 1, 1, 1});
  expect_function<T>("unbind", [](const auto& a) { return unbind(a)[0]; }, x, {1, 2}, {1, 1, 0, 0});
  const nablur::Tensor<std::int64_t> rows = {1, 1};
  expect_function<T>("take", [&](const auto& a) { return take(a, rows); }, x, {3, 4, 3, 4},
                     {0, 0, 2, 2});
  const std::vector<int> columns = {1};
  expect_function<T>("take", [&](const auto& a) { return take(a, columns, 1); }, x, {2, 4},
                     {0, 1, 0, 1});
  expect_function<T>("index_add", [&](const auto& a) { return index_add(a, rows, a); }, x,
                     {1, 2, 7, 10}, {2, 2, 2, 2});
}

}  // namespace

void checks::indexing() {
  every_scalar([]<class T>() { choose<T>(); });
}
