// What a gradient check cannot see of matmul: numpy.matmul's rules for shapes, digits against a
// plain triple loop in long double for every size and batch, products over nothing, special values,
// Duals, messages.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <nablur/autodiff/derivatives.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/matmul.h>
#include <nablur/ops/reduce.h>
#include <nablur/support/random.h>

#include "../messages.h"
#include "guards.h"
#include "sums.h"

namespace {

using namespace nablur;
using D = Tensor<double>;
using sums::near;
using sums::Sum;
using sums::Wide;
using Sizes = std::vector<std::int64_t>;

constexpr auto product = [](const auto& a, const auto& b) { return matmul(a, b); };

Shape shape_of(const Sizes& sizes) { return Shape(std::span<const std::int64_t>(sizes)); }

// The plain triple loop over a batch: y[…, i, j] = Σ_k a[…, i, k] b[…, k, j], and its two gradients
// under g.
struct Reference {
  std::vector<Sum> y, da, db;
  Sizes shape;
};

template <class T>
Reference reference(const Tensor<T>& a, const Tensor<T>& b,
                    const std::function<Wide(std::size_t)>& g) {
  Sizes sa(a.shape().begin(), a.shape().end()), sb(b.shape().begin(), b.shape().end());
  const bool row = sa.size() == 1, column = sb.size() == 1;
  if (row) sa.insert(sa.begin(), 1);
  if (column) sb.push_back(1);
  const std::int64_t m = sa[sa.size() - 2], inner = sa.back(), n = sb.back();
  const std::size_t rank = std::max(sa.size(), sb.size());
  sa.insert(sa.begin(), rank - sa.size(), 1);
  sb.insert(sb.begin(), rank - sb.size(), 1);
  Reference r;
  std::int64_t count = 1;
  for (std::size_t i = 0; i + 2 < rank; ++i) {
    r.shape.push_back(sa[i] == 1 ? sb[i] : sa[i]);
    count *= r.shape.back();
  }
  r.y.resize(std::size_t(count * m * n));
  r.da.resize(std::size_t(a.size()));
  r.db.resize(std::size_t(b.size()));
  for (std::int64_t batch = 0; batch < count; ++batch) {
    std::int64_t rest = batch, at_a = 0, at_b = 0, stride_a = 1, stride_b = 1;
    for (std::size_t i = rank - 2; i-- > 0; rest /= r.shape[i]) {
      at_a += (sa[i] == 1 ? 0 : rest % r.shape[i]) * stride_a;
      at_b += (sb[i] == 1 ? 0 : rest % r.shape[i]) * stride_b;
      stride_a *= sa[i], stride_b *= sb[i];
    }
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        const auto to = std::size_t((batch * m + i) * n + j);
        for (std::int64_t k = 0; k < inner; ++k) {
          const std::int64_t p = (at_a * m + i) * inner + k, q = (at_b * inner + k) * n + j;
          r.y[to].add(static_cast<Wide>(a.data()[p]) * b.data()[q]);
          r.da[std::size_t(p)].add(g(to) * b.data()[q]);
          r.db[std::size_t(q)].add(g(to) * a.data()[p]);
        }
      }
    }
  }
  if (!row) r.shape.push_back(m);
  if (!column) r.shape.push_back(n);
  return r;
}

template <class T>
Tensor<T> normal(const Shape& shape, std::uint32_t seed) {
  Random random(seed);
  return Tensor<T>::normal(shape, random);
}

// Value, gradients and tangent of a·b against the triple loop; how they fail, or "" if they do
// not.
template <class T>
std::string check(const Shape& left, const Shape& right) {
  const auto a = normal<T>(left, 1), b = normal<T>(right, 2);
  const Tensor<T> y = matmul(a, b).value(), g = normal<T>(y.shape(), 3);
  const Reference want =
      reference(a, b, [&g](std::size_t i) { return static_cast<Wide>(g.data()[i]); });
  const std::int64_t terms = left[-1] + 1;
  if (y.shape() != shape_of(want.shape)) return "shape";
  if (!near(y, want.y, terms)) return "value";
  const auto d = vjp(product, {a, b}, g);
  if (d[0].shape() != left || !near(d[0], want.da, y.size() + 1)) return "gradient of the left";
  if (d[1].shape() != right || !near(d[1], want.db, y.size() + 1)) return "gradient of the right";
  const auto u = normal<T>(left, 4), v = normal<T>(right, 5);
  const auto none = [](std::size_t) { return Wide{0}; };
  auto tangent = reference(u, b, none).y;
  const auto other = reference(a, v, none).y;
  for (std::size_t i = 0; i < tangent.size(); ++i)
    tangent[i].value += other[i].value, tangent[i].magnitude += other[i].magnitude;
  return near(jvp(product, {a, b}, {u, v}), tangent, 2 * terms) ? "" : "tangent";
}

template <class T>
void expect_exact(const Shape& left, const Shape& right) {
  EXPECT_EQ(check<T>(left, right), "") << to_string(left) << " by " << to_string(right);
}

// Past 2^24 ones a plain loop over floats adds nothing.
TEST(Matmul, KeepsTheDigitsOfLongSums) {
  using F = Tensor<float>;
  const F ones = F::ones({20'000'000});
  EXPECT_EQ(matmul(ones, ones).item(), 2e7f);
  const F rows = ones.reshaped({1, ones.size()});
  EXPECT_EQ(matmul(rows, ones.reshaped({ones.size(), 1})).item(), 2e7f);
  const F tall = F::ones({18'000'000, 2});
  const F four = matmul(F::ones({2, 18'000'000}), tall).value();
  for (const float sum : four) EXPECT_EQ(sum, 1.8e7f);
  // Nor do eight sums side by side: each of a million tenths drifts by a thousandth.
  const F tenths = F::full({20'000'000}, 0.1f);
  const double exact = 2e7 * static_cast<double>(0.1f);
  EXPECT_NEAR(matmul(tenths, ones).item(), exact, 1e-6 * exact);
  const F wide = F::full({2, 10'000'000}, 0.1f);
  const F all = matmul(wide, F::ones({10'000'000, 2}));
  // 1024 terms may be added one by one.
  for (const float sum : all) EXPECT_NEAR(sum, exact / 2, 0x1p-14 * exact / 2);
}

TEST(Matmul, TransposesFactorsOfLongSums) {
  const std::int64_t n = 3000;  // the gradient by b is aᵀ g, a sum over these
  D a = D::empty({n, 2});
  D g = D::empty({n, 3});
  for (std::int64_t i = 0; i < 2 * n; ++i) a.mutable_data()[i] = static_cast<double>(i % 17);
  for (std::int64_t i = 0; i < 3 * n; ++i) g.mutable_data()[i] = static_cast<double>(i % 13);
  const D db = vjp([&](const auto& b) { return matmul(a, b); }, D::zeros({2, 3}), g);
  for (std::int64_t j = 0; j < 6; ++j) {
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += a(i, j / 3) * g(i, j % 3);
    EXPECT_EQ(db(j / 3, j % 3), sum);
  }
  const auto transposed = [&](const auto& x) { return matmul(x, D::ones({2, n})); };
  const D da = vjp(transposed, D::zeros({2, 2}), D::ones({2, n}));
  for (const double sum : da) EXPECT_EQ(sum, n);
}

TEST(Matmul, EqualsATripleLoopForVectorsAndMatrices) {
  for (const std::int64_t k : {1, 2, 3, 7, 8, 16, 33}) {
    for (const std::int64_t m : {1, 2, 5, 17}) {
      for (const std::int64_t n : {1, 3, 4, 9, 20}) expect_exact<double>({m, k}, {k, n});
      expect_exact<double>({m, k}, {k});
      expect_exact<double>({k}, {k, m});
    }
    expect_exact<double>({k}, {k});
    expect_exact<float>({3, k}, {k, 5});
  }
}

TEST(Matmul, EqualsATripleLoopForLargeSizes) {
  expect_exact<double>({70, 130}, {130, 90});
  expect_exact<float>({70, 130}, {130, 90});
  expect_exact<double>({1, 1000}, {1000, 3});
  expect_exact<double>({257, 3}, {3, 1});
  expect_exact<double>({2, 3000}, {3000});
}

// Sizes on either side of those of the kernels' tiles and blocks, on every instruction set; the
// gradients are products with one factor transposed.
template <class T>
void expect_exact_beside_edges() {
  for (const std::int64_t m : {2, 5, 6, 7, 11, 12, 13, 25}) {
    for (const std::int64_t n : {2, 7, 8, 9, 16, 17, 31, 32, 33, 65})
      expect_exact<T>({m, 5}, {5, n});
  }
  for (const std::int64_t k : {15, 16, 17, 255, 256, 257, 513}) expect_exact<T>({7, k}, {k, 9});
  expect_exact<T>({143, 3}, {3, 40});
  expect_exact<T>({145, 3}, {3, 40});
  expect_exact<T>({290, 3}, {3, 20});
  expect_exact<T>({3, 2}, {2, 1025});
  expect_exact<T>({4, 9}, {9, 1100});
  expect_exact<T>({2, 300}, {300, 40});
}
TEST(Matmul, EqualsATripleLoopOnEveryInstructionSet) {
  for (const std::string& target : simd_targets()) {
    SCOPED_TRACE(target);
    const TargetGuard guard(target);
    expect_exact_beside_edges<float>();
    expect_exact_beside_edges<double>();
  }
}

// What is computed beside a result that is no multiple of the tile must not reach it.
TEST(Matmul, NanAndInfinityStayInTheirRowsAndColumnsBesideEveryEdge) {
  for (const std::string& target : simd_targets()) {
    const TargetGuard guard(target);
    for (std::int64_t n = 2; n < 36; ++n) {
      D a = D::ones({n, 3}), b = D::ones({3, n});
      a.set({n - 1, 1}, INFINITY);
      b.set({1, n - 1}, std::numeric_limits<double>::quiet_NaN());
      const D y = matmul(a, b);
      for (std::int64_t i = 0; i < n; ++i) {
        for (std::int64_t j = 0; j < n; ++j) {
          if (j == n - 1) {
            ASSERT_TRUE(std::isnan(y(i, j))) << target << " " << n;
          } else {
            ASSERT_EQ(y(i, j), i == n - 1 ? INFINITY : 3) << target << " " << n;
          }
        }
      }
    }
  }
}

TEST(Matmul, BroadcastsBatchesAsNumPyDoes) {
  expect_exact<double>({4, 2, 3}, {4, 3, 5});
  expect_exact<double>({4, 2, 3}, {3, 5});
  expect_exact<double>({2, 3}, {4, 3, 5});
  expect_exact<double>({4, 1, 2, 3}, {5, 3, 2});
  expect_exact<double>({1, 5, 2, 3}, {4, 1, 3, 2});
  expect_exact<double>({2, 1, 3, 1, 2, 3}, {2, 1, 4, 3, 2});
  expect_exact<double>({3}, {2, 4, 3, 5});
  expect_exact<double>({2, 4, 5, 3}, {3});
  expect_exact<float>({2, 1, 4, 5, 3}, {4, 3, 6});
}

TEST(Matmul, EqualsATripleLoopForRandomShapes) {
  EXPECT_TRUE(rc::check("matmul equals the triple loop", [] {
    // Sizes of 0 are rare: one of them empties everything, and the case says little.
    const auto size =
        rc::gen::weightedElement<std::int64_t>({{1, 0}, {5, 1}, {8, 2}, {8, 3}, {8, 5}});
    const std::int64_t m = *size, k = *size, n = *size;
    const auto full = *rc::gen::container<Sizes>(
        *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(0, 5)), size);
    const auto shrunk = [&full](std::initializer_list<std::int64_t> matrix) {
      Sizes sizes(full.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(full) + 1),
                  full.end());
      for (auto& s : sizes) s = *rc::gen::element(s, std::int64_t{1});
      sizes.insert(sizes.end(), matrix);
      return shape_of(sizes);
    };
    RC_ASSERT(check<double>(shrunk({m, k}), shrunk({k, n})) == "");
  }));
}

TEST(Matmul, AProductOverNothingIsZero) {
  for (const auto& [left, right] :
       {std::pair{Shape{2, 0}, Shape{0, 3}}, {Shape{0}, Shape{0}}, {Shape{4, 2, 0}, Shape{0}}}) {
    const D y = matmul(D::zeros(left), D::zeros(right)).value();
    EXPECT_GT(y.size(), 0);
    for (const double x : y) EXPECT_EQ(x, 0);
    EXPECT_EQ(vjp(product, {D::zeros(left), D::zeros(right)}, D::ones(y.shape()))[0].shape(), left);
  }
  EXPECT_EQ(matmul(D::zeros({0, 2}), D::zeros({2, 3})).shape(), (Shape{0, 3}));
  EXPECT_EQ(matmul(D::zeros({0, 2, 3}), D::zeros({3, 2})).shape(), (Shape{0, 2, 2}));
  const D g = vjp(product, {D::zeros({0, 2}), D::ones({2, 3})}, D::zeros({0, 3}))[1];
  EXPECT_EQ(g.shape(), (Shape{2, 3}));
  for (const double x : g) EXPECT_EQ(x, 0);
}

TEST(Matmul, SecondDerivativesOfABilinearFormAreItsCoefficients) {
  const D a({2, 2}, {1, 2, 3, 4}), v{5, 7};  // x' A x: Hessian A + A'
  const D h = hvp([&a](const auto& x) { return matmul(matmul(x, a), x); }, D{0.5, -1}, v);
  EXPECT_EQ(h(0), 2 * 5 + 5 * 7);
  EXPECT_EQ(h(1), 5 * 5 + 8 * 7);
}

TEST(Matmul, NanAndInfinityStayInTheirRowsAndColumns) {
  D a = D::ones({9, 9});
  a.mutable_data()[2 * 9 + 3] = INFINITY;
  a.mutable_data()[5 * 9 + 1] = std::numeric_limits<double>::quiet_NaN();
  const D y = matmul(a, D::ones({9, 10})).value();
  for (std::int64_t i = 0; i < 9; ++i) {
    for (std::int64_t j = 0; j < 10; ++j) {
      if (i == 5) {
        EXPECT_TRUE(std::isnan(y(i, j)));
      } else {
        EXPECT_EQ(y(i, j), i == 2 ? INFINITY : 9);
      }
    }
  }
}

TEST(Matmul, AConstantHasNoTangentAlsoBesideInfinity) {
  const auto f = [](const auto& x) { return matmul(x, D{1, 1}); };
  const D x{INFINITY, 1};
  EXPECT_EQ(vjp(f, x, 1.0)(0), 1);
  EXPECT_EQ(jvp(f, x, D{2, 3}).item(), 5);  // as sum(x * {1, 1}) has it
}

TEST(Matmul, NamesShapesThatDoNotFit) {
  EXPECT_EQ(message_of([] { matmul(D::zeros({2, 3}), D::zeros({4, 5})); }),
            "matmul: shapes (2, 3) and (4, 5) have inner sizes 3 and 4");
  EXPECT_EQ(message_of([] { matmul(D{1, 2}, D{1, 2, 3}); }),
            "matmul: shapes (2,) and (3,) have inner sizes 2 and 3");
  EXPECT_EQ(message_of([] { matmul(D(1.0), D{1, 2}); }),
            "matmul: shapes () and (2,) need at least one axis each");
  const std::string batch = message_of([] { matmul(D::zeros({2, 3, 4}), D::zeros({5, 4, 3})); });
  EXPECT_EQ(batch.rfind("matmul: ", 0), 0U) << batch;
  EXPECT_NE(batch.find("do not broadcast"), std::string::npos) << batch;
  EXPECT_NE(batch.find("(2, 3, 4)"), std::string::npos)
      << batch << " does not show the operands' shapes";
}

TEST(Matmul, ConstantsRecordNothingAndOperandsMix) {
  Tape<double> tape;
  const auto x = tape.variable(D{1, 2});
  static_assert(std::is_same_v<decltype(matmul(D{1, 2}, D{3, 4})), D>);
  EXPECT_EQ(tape.size(), 1);
  EXPECT_EQ(gradients(matmul(D{3, 4}, x))[x](1), 4);
  const Variable<Dual<double>> d = make_dual(D{1, 2}, D{10, 20});
  EXPECT_EQ(matmul(d, D{3, 4}).item().tangent, 110);
}

}  // namespace
