// The loops of the elementwise operators on every instruction set: a result depends on its element
// alone, wherever it stands, however long the array and however it broadcasts, and like sums,
// products and transpositions not on the number of threads.

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include <nablur/autodiff/derivatives.h>
#include <nablur/autodiff/sum.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/matmul.h>
#include <nablur/ops/reduce.h>
#include <nablur/ops/reshape.h>
#include <nablur/ops/simd.h>

#include "guards.h"

namespace {

using namespace nablur;

constexpr std::int64_t kLongest = 70;  // more than four vectors of any instruction set

template <class T>
bool same_bits(T a, T b) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  return std::bit_cast<Bits>(a) == std::bit_cast<Bits>(b) || (std::isnan(a) && std::isnan(b));
}

// Values at which a loop that mixes up lanes, or treats its ends in another way, shows it.
template <class T>
Tensor<T> hostile(std::int64_t n, std::int64_t shift) {
  const T probes[] = {T(0.7310585786), T(1e-20),    T(-3.3), T(55.5),      T(-800), T(2.5e-39),
                      T(NAN),          T(INFINITY), T(-0.0), T(-INFINITY), T(0),    T(1e30)};
  auto x = Tensor<T>::empty({n});
  for (std::int64_t i = 0; i < n; ++i)
    x.mutable_data()[i] = (i + shift) % 3 == 0 ? T(0.37) * T(i + 1) : probes[(i + shift) % 12];
  return x;
}

// f(a, b) and its gradients against f of single elements. a or b may be one number for all, whose
// own gradient, a sum, is left out.
template <class T, class F>
void expect_each_alone(const F& f, const Tensor<T>& a, const Tensor<T>& b) {
  const Tensor<T> y = f(a, b);
  const auto d = vjp(f, {a, b}, Tensor<T>::ones(y.shape()));
  for (std::int64_t i = 0; i < y.size(); ++i) {
    const Tensor<T> x0(a.data()[a.size() == 1 ? 0 : i]);
    const Tensor<T> x1(b.data()[b.size() == 1 ? 0 : i]);
    const auto alone = vjp(f, {x0, x1}, Tensor<T>(1));
    ASSERT_TRUE(same_bits(y.data()[i], f(x0, x1).item())) << i << " of " << y.size();
    if (a.size() == y.size()) {
      ASSERT_TRUE(same_bits(d[0].data()[i], alone[0].item())) << i << " of " << y.size();
    }
    if (b.size() == y.size()) {
      ASSERT_TRUE(same_bits(d[1].data()[i], alone[1].item())) << i << " of " << y.size();
    }
  }
}

template <class T, class F>
void expect_no_position(const char* name, const F& f) {
  const TargetGuard guard;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    SCOPED_TRACE(name + (" on " + target));
    for (std::int64_t n = 1; n <= kLongest; n += n < 36 ? 1 : 7) {
      expect_each_alone<T>(f, hostile<T>(n, 0), hostile<T>(n, n));
      expect_each_alone<T>(f, hostile<T>(n, 1), hostile<T>(1, n));
      expect_each_alone<T>(f, hostile<T>(1, n), hostile<T>(n, 2));
    }
  }
}

template <class F>
void expect_no_position_of_either(const char* name, const F& f) {
  expect_no_position<float>(name, f);
  expect_no_position<double>(name, f);
}

TEST(Loops, OfArithmeticTreatEveryElementAlike) {
  const auto of = [](const char* name, const auto& f) { expect_no_position_of_either(name, f); };
  of("+", [](const auto& a, const auto& b) { return a + b; });
  of("-", [](const auto& a, const auto& b) { return a - b; });
  of("*", [](const auto& a, const auto& b) { return a * b; });
  of("/", [](const auto& a, const auto& b) { return a / b; });
  of("pow", [](const auto& a, const auto& b) { return pow(a, b); });
  of("maximum", [](const auto& a, const auto& b) { return maximum(a, b); });
  of("minimum", [](const auto& a, const auto& b) { return minimum(a, b); });
  of("logaddexp", [](const auto& a, const auto& b) { return logaddexp(a, b); });
}

TEST(Loops, OfFunctionsTreatEveryElementAlike) {
  const auto of = [](const char* name, const auto& f) {
    expect_no_position_of_either(name, [f](const auto& a, const auto&) { return f(a); });
  };
  of("negate", [](const auto& x) { return -x; });
  of("exp", [](const auto& x) { return exp(x); });
  of("log", [](const auto& x) { return log(x); });
  of("expm1", [](const auto& x) { return expm1(x); });
  of("log1p", [](const auto& x) { return log1p(x); });
  of("sqrt", [](const auto& x) { return sqrt(x); });
  of("square", [](const auto& x) { return square(x); });
  of("reciprocal", [](const auto& x) { return reciprocal(x); });
  of("abs", [](const auto& x) { return abs(x); });
  of("sin", [](const auto& x) { return sin(x); });
  of("cos", [](const auto& x) { return cos(x); });
  of("tanh", [](const auto& x) { return tanh(x); });
  of("sigmoid", [](const auto& x) { return sigmoid(x); });
  of("softplus", [](const auto& x) { return softplus(x); });
  of("relu", [](const auto& x) { return relu(x); });
  of("erf", [](const auto& x) { return erf(x); });
  of("clamp", [](const auto& x) { return clamp(x, 0.1, 2); });
}

// Lines that broadcast along either axis: operands of every stride, and what follows a line.
TEST(Loops, BroadcastLineByLine) {
  const TargetGuard guard;
  const auto a = hostile<double>(33, 0);
  const auto b = hostile<double>(7, 5);
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    const Tensor<double> y = maximum(a.reshaped({1, 33}), b.reshaped({7, 1}));
    for (std::int64_t i = 0; i < 7; ++i) {
      for (std::int64_t j = 0; j < 33; ++j) {
        const double want = std::isnan(a(j)) || std::isnan(b(i)) ? NAN : std::fmax(a(j), b(i));
        ASSERT_TRUE(same_bits(y(i, j) + 0.0, want + 0.0)) << target << ": " << i << ", " << j;
      }
    }
  }
}

// Sizes above those from which the threads share the work, and that leave pieces of other sizes.
TEST(Loops, GiveTheSameBitsOnAnyNumberOfThreads) {
  const auto x = hostile<float>(100'003, 0);
  const auto table = broadcast_to(hostile<double>(701, 3), {301, 701}) +
                     Tensor<double>::arange(301).reshaped({301, 1});
  const auto results = [&] {
    const auto wide = table.reshaped({701, 301});
    return std::vector<Tensor<double>>{
        exp(x).cast<double>(),
        vjp([](const auto& a) { return tanh(a); }, x, Tensor<float>::ones(x.shape()))
            .cast<double>(),
        maximum(table, table(7, 7)),
        table * hostile<double>(701, 1),
        table * hostile<double>(301, 1).reshaped({301, 1}),
        sum_over(table),
        sum_over(table, 0),
        sum_over(table, 1),
        sum_over(wide.reshaped({701, 301, 1}), {0, 2}),
        transpose(table),
        transpose(table.reshaped({7, 43, 701}), {2, 1, 0}),
        matmul(transpose(wide), wide),
        logsumexp(table, 0),
        logsumexp(table)};
  };
  const ThreadsGuard guard(1);
  const auto alone = results();
  for (const int n : {2, 3, 7}) {
    set_threads(n);
    const auto shared = results();
    for (std::size_t k = 0; k < alone.size(); ++k) {
      ASSERT_EQ(shared[k].shape(), alone[k].shape());
      for (std::int64_t i = 0; i < alone[k].size(); ++i) {
        ASSERT_TRUE(same_bits(shared[k].data()[i], alone[k].data()[i]))
            << "result " << k << ", element " << i << " on " << n << " threads";
      }
    }
  }
}

// Each element once, in its place.
TEST(Loops, OfAllThreadsCoverTheWholeArray) {
  const ThreadsGuard guard(3);
  const auto counting = Tensor<double>::arange(100'003);
  const Tensor<double> squares = square(counting);
  for (std::int64_t i = 0; i < counting.size(); ++i)
    ASSERT_EQ(squares(i), static_cast<double>(i) * static_cast<double>(i));
  const std::int64_t rows = 401;
  const std::int64_t columns = 307;
  const auto table = Tensor<double>::arange(rows * columns).reshaped({rows, columns});
  const Tensor<double> turned = transpose(table);
  const Tensor<double> shifted = table + Tensor<double>::arange(columns);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      ASSERT_EQ(turned(j, i), static_cast<double>(i * columns + j));
      ASSERT_EQ(shifted(i, j), static_cast<double>(i * columns + 2 * j));
    }
  }
  ASSERT_EQ(sum_over(counting).item(), 100'002.0 * 100'003.0 / 2);
  ASSERT_EQ(sum_over(table, 0)(5), static_cast<double>(columns) * rows * (rows - 1) / 2 + 5 * rows);
}

}  // namespace
