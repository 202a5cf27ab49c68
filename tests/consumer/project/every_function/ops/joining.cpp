#include <nablur/ops/joining.h>

#include <vector>

#include "../checks.h"

namespace {

using checks::expect_function;

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
  const nablur::Tensor<T> data({2}, {T(1), T(2)});
  expect_function<T>(
      "concatenate",
      [&](const auto& a) { return nablur::concatenate({nablur::Variable<T>(a), data}); }, x,
      {1, 2, 1, 2}, {1, 1});
  expect_function<T>("stack",
                     [&](const auto& a) { return nablur::stack({nablur::Variable<T>(a), data}); },
                     x, {1, 2, 1, 2}, {1, 1});
  const std::vector<nablur::Tensor<T>> plain = {x, x};
  checks::expect_all("concatenate", nablur::concatenate(plain), {1, 2, 1, 2});
  checks::expect_all("stack", nablur::stack(plain, 1), {1, 1, 2, 2});
}

template <class T>
void frame() {
  const auto x = checks::points<T>({1, 2, 3, 4}).reshaped({2, 2});
  expect_function<T>("pad", [](const auto& a) { return pad(a, {{0, 0}, {1, 0}}, 9); }, x,
                     {9, 1, 2, 9, 3, 4}, {1, 1, 1, 1});
  const std::vector<nablur::Padding> around = {{0, 0}, {1, 0}};
  expect_function<T>("pad", [&](const auto& a) { return pad(a, around); }, x, {0, 1, 2, 0, 3, 4},
                     {1, 1, 1, 1});
  expect_function<T>(
      "pad", [](const auto& a) { return pad(a, {{0, 0}, {1, 0}}, nablur::Border::symmetric); }, x,
      {1, 1, 2, 3, 3, 4}, {2, 1, 2, 1});
  expect_function<T>("pad", [&](const auto& a) { return pad(a, around, nablur::Border::circular); },
                     x, {2, 1, 2, 4, 3, 4}, {1, 2, 1, 2});
  const auto row = checks::points<T>({1, 2});
  expect_function<T>("pad", [](const auto& a) { return pad(a, 1); }, row, {0, 1, 2, 0}, {1, 1});
  expect_function<T>("pad", [](const auto& a) { return pad(a, 1, nablur::Border::replicate); }, row,
                     {1, 1, 2, 2}, {2, 2});
}

}  // namespace

void checks::joining() {
  every_scalar([]<class T>() {
    join<T>();
    frame<T>();
  });
}
