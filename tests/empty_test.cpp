// Arrays with no elements, some of them beside a huge axis: every operator comes back at once, with
// the right shape and gradients of it. A loop over the huge axis would not end within the test's
// time.

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <nablur/nablur.h>

#include "messages.h"

using namespace nablur;

namespace {

using T = Tensor<double>;
using V = Variable<double>;

constexpr std::int64_t kHuge = std::int64_t{1} << 40;

struct Row {
  std::string name;
  std::function<V(const V&)> f;
  Shape expected;
};

void expect_shapes(const T& x, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    Tape<double> tape;
    const V v = tape.variable(x);
    const V y = row.f(v);
    EXPECT_EQ(to_string(y.shape()), to_string(row.expected)) << row.name;
    EXPECT_EQ(gradients(y, T::ones(y.shape()))[v].shape(), x.shape()) << row.name;
  }
}

TEST(Empty, ArraysWithAHugeAxisInFrontComeBackAtOnce) {
  const Shape huge{kHuge, 0};
  expect_shapes(
      T::zeros(huge),
      {
          {"add", [](const V& x) { return x + 1.0; }, huge},
          {"multiply by itself", [](const V& x) { return x * x; }, huge},
          {"add a row", [](const V& x) { return x + T::zeros({1, 1}); }, huge},
          {"exp", [](const V& x) { return exp(x); }, huge},
          {"logaddexp", [](const V& x) { return logaddexp(x, x); }, huge},
          {"where", [](const V& x) { return where(greater(x, 0.0), x, 1.0); }, huge},
          {"sum", [](const V& x) { return sum(x); }, {}},
          {"sum over the first axis", [](const V& x) { return sum(x, 0); }, {0}},
          {"mean over the first axis", [](const V& x) { return mean(x, 0); }, {0}},
          {"max over the first axis", [](const V& x) { return max(x, 0, true); }, {1, 0}},
          {"logsumexp", [](const V& x) { return logsumexp(x); }, {}},
          {"logsumexp over the first axis", [](const V& x) { return logsumexp(x, 0); }, {0}},
          {"reshape", [](const V& x) { return reshape(x, {0, 7}); }, {0, 7}},
          {"transpose", [](const V& x) { return transpose(x); }, {0, kHuge}},
          {"flip", [](const V& x) { return flip(x); }, huge},
          {"slice", [](const V& x) { return slice(x, {{1, -1, 3}}); }, {(kHuge - 2 + 2) / 3, 0}},
          {"slice of rows", [](const V& x) { return slice(x, {{5, 8}}); }, {3, 0}},
          {"concatenate", [](const V& x) { return concatenate({x, x}); }, {2 * kHuge, 0}},
          {"concatenate along the other axis", [](const V& x) { return concatenate({x, x, x}, 1); },
           huge},
          {"stack", [](const V& x) { return stack({x, x}, 1); }, {kHuge, 2, 0}},
          {"broadcast_to",
           [](const V& x) { return broadcast_to(x, {3, kHuge, 0}); },
           {3, kHuge, 0}},
          {"pad", [](const V& x) { return pad(x, {{1, 1}, {0, 0}}); }, {kHuge + 2, 0}},
          {"pad",
           [](const V& x) { return pad(x, {{1, 1}, {0, 0}}, Border::mirror); },
           {kHuge + 2, 0}},
          {"take of none",
           [](const V& x) { return take(x, Tensor<std::int64_t>::zeros({0}), 1); },
           {kHuge, 0}},
          {"take from the first axis", [](const V& x) { return take(x, {1, -1}); }, {2, 0}},
          {"convolve along the first axis",
           [](const V& x) { return convolve(x, T{1, 2, 3}, 0, Border::mirror); }, huge},
          {"convolve along the last axis",
           [](const V& x) { return convolve(x, T{1, 2, 3}, 1, Border::circular); }, huge},
          {"gaussian_blur",
           [](const V& x) { return gaussian_blur(x, 2.0, {.border = Border::replicate}); }, huge},
          {"gaussian_blur along the first axis",
           [](const V& x) { return gaussian_blur(x, 2.0, {.axes = {0}}); }, huge},
          {"checkpoint",
           [](const V& x) { return checkpoint([](const auto& v) { return v + v; }, x); }, huge},
      });
}

TEST(Empty, ProductsOfManyEmptyMatricesComeBackAtOnce) {
  expect_shapes(
      T::zeros({kHuge, 0, 3}),
      {
          {"rows of none", [](const V& x) { return matmul(x, T::zeros({3, 2})); }, {kHuge, 0, 2}},
          {"columns of none",
           [](const V& x) { return matmul(T::zeros({0, 0}), x); },
           {kHuge, 0, 3}},
          {"batches", [](const V& x) { return matmul(x, T::zeros({kHuge, 3, 0})); }, {kHuge, 0, 0}},
      });
  expect_shapes(
      T::zeros({2, 0}),
      {{"inner axis of none", [](const V& x) { return matmul(x, T::zeros({0, 3})); }, {2, 3}}});
  expect_shapes(T::ones({7, 1}),
                {
                    {"stretched batch",
                     [](const V& x) { return matmul(x, T::zeros({kHuge << 10, 1, 0})); },
                     {kHuge << 10, 7, 0}},
                    {"stretched batch of rows",
                     [](const V& x) { return matmul(T::zeros({kHuge << 10, 0, 7}), x); },
                     {kHuge << 10, 0, 1}},
                });
  const auto second = [](const auto& x) { return matmul(x, x); };
  const Shape none{kHuge, 0, 0};
  EXPECT_EQ(jvp(second, T::zeros(none), T::zeros(none)).shape(), none);
}

TEST(Empty, ReductionsBesideAnAxisThatStaysDoNotFillTheHugeOne) {
  expect_shapes(T::zeros({kHuge, 3, 0}),
                {
                    {"sum", [](const V& x) { return sum(x, {0, 2}); }, {3}},
                    {"logsumexp", [](const V& x) { return logsumexp(x, {0, 2}); }, {3}},
                });
}

TEST(Empty, SizesThatDoNotAddUpAreRefused) {
  const T huge = T::zeros({std::int64_t{1} << 62, 0});
  EXPECT_EQ(message_of([&] { concatenate({huge, huge}); }),
            "concatenate: the sizes of the 2 parts along axis 0 add up to more than 2^63 - 1");
  EXPECT_THROW(pad(huge, {{std::int64_t{1} << 62, std::int64_t{1} << 62}, {0, 0}}), Error);
}

TEST(Empty, HugeResultsAreRefusedForTheirMemory) {
  EXPECT_THROW(T::zeros({kHuge, 4}), OutOfMemory);
  EXPECT_THROW(broadcast_to(T(1.0), {kHuge, 4}), OutOfMemory);
  EXPECT_THROW(sum(T::zeros({kHuge, 0, 4}), 1), OutOfMemory);
}

}  // namespace
