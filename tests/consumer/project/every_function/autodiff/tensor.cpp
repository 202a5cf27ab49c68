#include <nablur/autodiff/tensor.h>

#include <sstream>
#include <vector>

#include <nablur/support/random.h>

#include "../checks.h"

namespace {

template <class T>
void make() {
  using checks::expect_all;
  using X = nablur::Tensor<T>;
  const T one(1);
  const T two(2);
  const std::vector<T> list = {one, two};
  expect_all("Tensor::Tensor", X(), {});
  expect_all("Tensor::Tensor", X(two), {2});
  expect_all("Tensor::Tensor", X{one, two}, {1, 2});
  expect_all("Tensor::Tensor", X({2}, two), {2, 2});
  expect_all("Tensor::Tensor", X({2, 1}, {one, two}), {1, 2});
  expect_all("Tensor::Tensor", X({2}, std::span<const T>(list)), {1, 2});
  if constexpr (!nablur::is_dual<T>)
    expect_all("Tensor::Tensor", X{{one, two}, {two, one}}, {1, 2, 2, 1});
  auto e = X::empty({1});
  e.mutable_data()[0] = two;
  expect_all("Tensor::empty", e, {2});
  expect_all("Tensor::zeros", X::zeros({2}), {0, 0});
  expect_all("Tensor::ones", X::ones({2}), {1, 1});
  expect_all("Tensor::full", X::full({2}, two), {2, 2});
  expect_all("Tensor::arange", X::arange(3), {0, 1, 2});
  expect_all("Tensor::arange", X::arange(1, 6, 2), {1, 3, 5});
  expect_all("Tensor::wrap", X::wrap(list.data(), {1, 2}, list), {1, 2});
}

template <class T>
void draw() {
  using X = nablur::Tensor<T>;
  nablur::Random random(0);
  checks::expect_all("Tensor::uniform", X::uniform({2}, random),
                     {0.5488135039273248, 0.7151893663724195});
  nablur::Random again(0);
  checks::expect_all("Tensor::normal", X::normal({1}, again), {1.764052345967664});
  checks::expect_all("Tensor::linspace", X::linspace(0, 1, 3), {0, 0.5, 1});
}

template <class T>
void read() {
  using checks::expect;
  using X = nablur::Tensor<T>;
  const X a({2, 2}, {T(1), T(0), T(0), T(1)});
  expect("Tensor::shape", a.shape() == nablur::Shape{2, 2});
  expect("Tensor::rank", a.rank() == 2);
  expect("Tensor::size", a.size() == 4);
  expect("Tensor::data", a.data()[3] == T(1));
  expect("Tensor::begin", *a.begin() == T(1));
  expect("Tensor::end", a.end() - a.begin() == 4);
  expect("Tensor::values", a.values().size() == 4);
  expect("Tensor::item", X(T(1)).item() == T(1));
  expect("Tensor::operator()", a(1, -1) == T(1) && a(0, 1) == T(0));
  checks::expect_all("Tensor::reshaped", a.reshaped({4}), {1, 0, 0, 1});
  checks::expect_all("Tensor::rows", a.rows(1, 2), {0, 1});
  checks::expect_all("Tensor::cast", a.template cast<double>(), {1, 0, 0, 1});
  checks::expect_all("Tensor::cast", a.template cast<nablur::Dual<float>>(), {1, 0, 0, 1});
  expect("Tensor::value", a.value().data() == a.data() && X(a).value()(0, 0) == T(1));
  checks::expect_all("Tensor::operator[]", a[-1], {0, 1});
  X b = a;
  b.set({0, 1}, T(1));
  checks::expect_all("Tensor::set", b, {1, 1, 0, 1});
  b.mutable_data()[1] = T(1);
  checks::expect_all("Tensor::mutable_data", a, {1, 0, 0, 1});
  b = a;
  checks::expect_all("Tensor::operator=", b, {1, 0, 0, 1});
  std::ostringstream out;
  out << a;
  expect("Tensor::operator<<", out.str().find("(2, 2)") != std::string::npos);
}

template <class T>
void compute() {
  using checks::expect_all;
  const auto a = checks::points<T>({1, 2});
  nablur::Tensor<T> product = a;
  expect_all("Tensor::operator*=", product *= a, {1, 4});
  expect_all("Tensor::operator/=", product /= a, {1, 2});
  const nablur::Tensor<T> two = T(2);
  expect_all("Tensor::operator>", a > two, {0, 0});
  expect_all("Tensor::operator<", a < two, {1, 0});
  expect_all("Tensor::operator>=", a >= two, {0, 1});
  expect_all("Tensor::operator<=", a <= two, {1, 1});
  expect_all("Tensor::operator==", a == two, {0, 1});
  expect_all("Tensor::operator!=", a != two, {1, 0});
  expect_all("Tensor::operator!", !(a == two), {1, 0});
  expect_all("Tensor::operator&", (a <= two) & (a == two), {0, 1});
  expect_all("Tensor::operator|", (a < two) | (a == two), {1, 1});
  const auto b = checks::points<T>({4, 8});
  expect_all("Tensor::operator+", a + b, {5, 10});
  expect_all("Tensor::operator-", -a - b, {-5, -10});
  expect_all("Tensor::operator*", a * b, {4, 16});
  expect_all("Tensor::operator/", b / a, {4, 4});
  auto c = a;
  expect_all("Tensor::operator+=", c += b, {5, 10});
  expect_all("Tensor::operator-=", c -= a, {4, 8});
}

}  // namespace

void checks::tensor() {
  every_scalar([]<class T>() {
    make<T>();
    draw<T>();
    read<T>();
    compute<T>();
  });
  make<std::int64_t>();
  read<std::int64_t>();
  read<bool>();
  plain_scalars([]<class T>() {
    const Tensor<Dual<T>> dual = nablur::make_dual(points<T>({1, 2}), points<T>({3, 4}));
    expect_all("make_dual", dual, {1, 2});
    expect_all("tangent_of", nablur::tangent_of(dual), {3, 4});
  });
}
