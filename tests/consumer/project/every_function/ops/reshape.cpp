#include <nablur/ops/reshape.h>

#include <vector>

#include "../checks.h"

namespace {

using checks::expect_function;

template <class T>
void move() {
  const auto x = checks::points<T>({1, 2, 3, 4}).reshaped({2, 2});
  expect_function<T>("reshape", [](const auto& a) { return reshape(a, nablur::Shape{4}); }, x,
                     {1, 2, 3, 4}, {1, 1, 1, 1});
  expect_function<T>("reshape", [](const auto& a) { return reshape(a, {1, -1}); }, x, {1, 2, 3, 4},
                     {1, 1, 1, 1});
  expect_function<T>("transpose", [](const auto& a) { return transpose(a); }, x, {1, 3, 2, 4},
                     {1, 1, 1, 1});
  expect_function<T>("broadcast_to", [](const auto& a) { return broadcast_to(a, {2, 2, 2}); }, x,
                     {1, 2, 3, 4, 1, 2, 3, 4}, {2, 2, 2, 2});
  expect_function<T>("flip", [](const auto& a) { return flip(a, 1); }, x, {2, 1, 4, 3},
                     {1, 1, 1, 1});
  expect_function<T>("squeeze", [](const auto& a) { return squeeze(a); }, x.reshaped({1, 4}),
                     {1, 2, 3, 4}, {1, 1, 1, 1});
  expect_function<T>("expand_dims", [](const auto& a) { return expand_dims(a, {0, -1}); }, x,
                     {1, 2, 3, 4}, {1, 1, 1, 1});
  expect_function<T>("swapaxes", [](const auto& a) { return swapaxes(a, 0, 1); }, x, {1, 3, 2, 4},
                     {1, 1, 1, 1});
  expect_function<T>("roll", [](const auto& a) { return roll(a, 1, 0); }, x, {3, 4, 1, 2},
                     {1, 1, 1, 1});
  expect_function<T>("tile", [](const auto& a) { return tile(a, {2, 1}); }, x,
                     {1, 2, 3, 4, 1, 2, 3, 4}, {2, 2, 2, 2});
  const std::vector<int> counts = {2};
  expect_function<T>("tile", [&](const auto& a) { return tile(a, counts); }, x,
                     {1, 2, 1, 2, 3, 4, 3, 4}, {2, 2, 2, 2});
  expect_function<T>("tile", [](const auto& a) { return tile(a, 2); }, x, {1, 2, 1, 2, 3, 4, 3, 4},
                     {2, 2, 2, 2});
  expect_function<T>("tril", [](const auto& a) { return tril(a); }, x, {1, 0, 3, 4}, {1, 0, 1, 1});
  expect_function<T>("triu", [](const auto& a) { return triu(a, 1); }, x, {0, 2, 0, 0},
                     {0, 1, 0, 0});
}

}  // namespace

void checks::reshape() {
  every_scalar([]<class T>() { move<T>(); });
}
