#include <nablur/ops/indexing.h>
#include <nablur/ops/joining.h>
#include <nablur/ops/reshape.h>

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
  expect_function<T>("slice", [](const auto& a) { return slice(a, {{1}, {0, 1}}); }, x, {3},
                     {0, 0, 1, 0});
  expect_function<T>("slice", [](const auto& a) { return slice(a, 1, {.begin = 1}); }, x, {2, 4},
                     {0, 1, 0, 1});
  expect_function<T>("broadcast_to", [](const auto& a) { return broadcast_to(a, {2, 2, 2}); }, x,
                     {1, 2, 3, 4, 1, 2, 3, 4}, {2, 2, 2, 2});
  expect_function<T>("flip", [](const auto& a) { return flip(a, 1); }, x, {2, 1, 4, 3},
                     {1, 1, 1, 1});
  expect_function<T>("pad", [](const auto& a) { return pad(a, {{0, 0}, {1, 0}}, 9); }, x,
                     {9, 1, 2, 9, 3, 4}, {1, 1, 1, 1});
  const nablur::Tensor<std::int64_t> rows = {1, 1};
  expect_function<T>("take", [&](const auto& a) { return take(a, rows); }, x, {3, 4, 3, 4},
                     {0, 0, 2, 2});
}

template <class T>
void join() {
  const auto x = checks::points<T>({1, 2});
  expect_function<T>("concatenate", [](const auto& a) { return nablur::concatenate({a, a}); }, x,
                     {1, 2, 1, 2}, {2, 2});
  expect_function<T>("stack", [](const auto& a) { return nablur::stack({a, a}, 1); }, x,
                     {1, 1, 2, 2}, {2, 2});
  const auto listed = [](const auto& f) {
    return [&](const auto& a) { return f(std::vector<nablur::Variable<T>>{a, a}); };
  };
  expect_function<T>("concatenate",
                     listed([](const auto& parts) { return nablur::concatenate(parts); }), x,
                     {1, 2, 1, 2}, {2, 2});
  expect_function<T>("stack", listed([](const auto& parts) { return nablur::stack(parts); }), x,
                     {1, 2, 1, 2}, {2, 2});
}

}  // namespace

void checks::reshape() {
  every_scalar([]<class T>() {
    move<T>();
    join<T>();
  });
}
