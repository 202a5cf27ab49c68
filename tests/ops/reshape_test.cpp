// What a gradient check cannot see of the operators that give elements another shape or order.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <nablur/autodiff/derivatives.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/indexing.h>
#include <nablur/ops/joining.h>
#include <nablur/ops/reduce.h>
#include <nablur/ops/reshape.h>

#include "../messages.h"
#include "../numbers.h"
#include "moves.h"

namespace {

using namespace nablur;
using namespace nablur::moves;

TEST(Reshape, TransposeAndFlipEqualTheirIndexReference) {
  EXPECT_TRUE(rc::check("transpose permutes and flip reverses indices", [] {
    const Index sizes = any_sizes();
    const std::size_t rank = sizes.size();
    const D x = counting(sizes);
    Index order(rank);
    for (std::size_t i = 0; i < rank; ++i) order[i] = static_cast<std::int64_t>(i);
    for (std::size_t i = rank; i-- > 1;)
      std::swap(order[i], order[*rc::gen::inRange<std::size_t>(0, i + 1)]);
    Index permuted(rank), reversed(sizes.rbegin(), sizes.rend()), named, turned;
    for (std::size_t i = 0; i < rank; ++i) {
      permuted[i] = sizes[std::size_t(order[i])];
      named.push_back(order[i] -
                      (*rc::gen::arbitrary<bool>() ? static_cast<std::int64_t>(rank) : 0));
      if (*rc::gen::arbitrary<bool>()) turned.push_back(named.back());
    }
    const Axes by(std::span<const std::int64_t>{named}),
        over(std::span<const std::int64_t>{turned});
    check_moves([&](const auto& v) { return transpose(v, by); }, x, shape_of(permuted),
                [&](const Index& i) {
                  Index from(rank);
                  for (std::size_t k = 0; k < rank; ++k) from[std::size_t(order[k])] = i[k];
                  return from;
                });
    check_moves([](const auto& v) { return transpose(v); }, x, shape_of(reversed),
                [](const Index& i) { return Index(i.rbegin(), i.rend()); });
    check_moves([&](const auto& v) { return flip(v, over); }, x, x.shape(),
                [&](Index i) {
                  for (std::size_t k = 0; k < rank; ++k) {
                    const bool hit = std::any_of(turned.begin(), turned.end(), [&](std::int64_t a) {
                      return (a + static_cast<std::int64_t>(rank)) %
                                 static_cast<std::int64_t>(rank) ==
                             static_cast<std::int64_t>(k);
                    });
                    if (hit) i[k] = sizes[k] - 1 - i[k];
                  }
                  return i;
                });
  }));
}

// Large enough for the squares that transpositions are copied by, with what is left beside them.
TEST(Reshape, LargeArraysAreTransposedElementByElement) {
  EXPECT_TRUE(rc::check("squares and their rests", [] {
    const Index sizes = *rc::gen::container<Index>(
        4, rc::gen::weightedElement<std::int64_t>({{2, 1}, {2, 3}, {2, 8}, {2, 17}, {1, 40}}));
    const Index order = *rc::gen::element(Index{1, 0, 2, 3}, Index{0, 1, 3, 2}, Index{3, 1, 2, 0},
                                          Index{3, 0, 1, 2}, Index{1, 2, 3, 0}, Index{3, 2, 1, 0},
                                          Index{2, 3, 0, 1}, Index{0, 3, 1, 2});
    Index permuted(4);
    for (std::size_t i = 0; i < 4; ++i) permuted[i] = sizes[std::size_t(order[i])];
    const Axes by{std::span<const std::int64_t>(order)};
    check_moves([&](const auto& v) { return transpose(v, by); }, counting(sizes),
                shape_of(permuted),
                [&](const Index& i) {
                  Index from(4);
                  for (std::size_t k = 0; k < 4; ++k) from[std::size_t(order[k])] = i[k];
                  return from;
                });
    const Tensor<float> narrow = counting(sizes).cast<float>();
    RC_ASSERT(numbers(transpose(narrow, by)) ==
              numbers(transpose(counting(sizes), by).cast<float>()));
  }));
}

TEST(Reshape, BroadcastToEqualsItsIndexReference) {
  EXPECT_TRUE(rc::check("the indices of stretched axes drop out", [] {
    const Index full = any_sizes();
    Index part(full.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(full) + 1),
               full.end());
    for (auto& n : part) n = *rc::gen::element(n, std::int64_t{1});
    check_moves([&](const auto& v) { return broadcast_to(v, shape_of(full)); }, counting(part),
                shape_of(full),
                [&](const Index& i) {
                  Index from(i.end() - std::ssize(part), i.end());
                  for (std::size_t k = 0; k < part.size(); ++k)
                    from[k] = part[k] == 1 ? 0 : from[k];
                  return from;
                });
  }));
}

TEST(Reshape, ReshapeKeepsRowMajorOrderAndFindsOneSize) {
  const D x = counting({2, 3, 4});
  EXPECT_EQ(reshape(x, {4, -1}).shape(), (Shape{4, 6}));
  EXPECT_EQ(reshape(x, std::vector<int>{4, -1}).shape(), (Shape{4, 6}));
  EXPECT_EQ(reshape(x, {-1}).value()(23), 23);
  EXPECT_EQ(reshape(x, Shape{1, 6, 1, 4}).value()(0, 5, 0, 1), 21);
  EXPECT_EQ(reshape(D(7.0), {1, 1, 1, 1, 1}).value()(0, 0, 0, 0, 0), 7);
  EXPECT_EQ(reshape(D{7.0}, Shape{}).item(), 7);
  EXPECT_EQ(reshape(D::zeros({0, 3}), {2, -1}).shape(), (Shape{2, 0}));
  EXPECT_EQ(vjp([](const auto& v) { return reshape(v, {-1}); }, x, D::ones({24})).shape(),
            x.shape());
  EXPECT_EQ(reshape(x, {24}).value().data(), x.data()) << "copied";
}

TEST(Reshape, SqueezeAndExpandDimsAreEachOthersInverse) {
  const D x = counting({1, 3, 1, 2});
  EXPECT_EQ(squeeze(x).shape(), (Shape{3, 2}));
  EXPECT_EQ(squeeze(x, -2).shape(), (Shape{1, 3, 2}));
  EXPECT_EQ(squeeze(x, std::vector<int>{}).shape(), x.shape()) << "an empty list names no axis";
  EXPECT_EQ(squeeze(x).data(), x.data()) << "copied";
  EXPECT_EQ(expand_dims(squeeze(x), {0, 2}).shape(), x.shape());
  EXPECT_EQ(expand_dims(D(7.0), {0, -1}).shape(), (Shape{1, 1}));
  EXPECT_EQ(expand_dims(counting({2, 3}), -1).shape(), (Shape{2, 3, 1}));
  EXPECT_EQ(squeeze(D::zeros({0, 1})).shape(), Shape{0});
}

TEST(Reshape, SwapaxesIsATransposition) {
  const D x = counting({2, 3, 4});
  const D y = swapaxes(x, 0, -1);
  EXPECT_EQ(y.shape(), (Shape{4, 3, 2}));
  EXPECT_EQ(y(3, 1, 0), x(0, 1, 3));
  EXPECT_EQ(swapaxes(x, 1, 1).shape(), x.shape());
}

TEST(Reshape, RollComesBackAtTheOtherEnd) {
  EXPECT_TRUE(rc::check("y_i = x_(i − shift)", [] {
    const Index sizes = any_sizes(1);
    const std::size_t axis = *rc::gen::inRange<std::size_t>(0, sizes.size());
    const std::int64_t shift = *rc::gen::inRange<std::int64_t>(-9, 10);
    const std::int64_t n = std::max<std::int64_t>(1, sizes[axis]);
    check_moves([&](const auto& v) { return roll(v, shift, static_cast<std::int64_t>(axis)); },
                counting(sizes), shape_of(sizes),
                [&](Index i) {
                  i[axis] = ((i[axis] - shift) % n + n) % n;
                  return i;
                });
  }));
  const std::int64_t low = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(roll(D{1, 2, 3}, low, 0)(0), roll(D{1, 2, 3}, low % 3, 0)(0));
}

TEST(Reshape, TileRepeatsAsNumpyDoes) {
  EXPECT_TRUE(rc::check("indices modulo the sizes", [] {
    const Index sizes = any_sizes(0);
    const Index counts =
        *rc::gen::container<Index>(*rc::gen::inRange<std::size_t>(0, 5), any_size());
    Index own = sizes, times = counts;
    while (own.size() < times.size()) own.insert(own.begin(), 1);
    while (times.size() < own.size()) times.insert(times.begin(), 1);
    Index tiled = own;
    for (std::size_t k = 0; k < own.size(); ++k) tiled[k] *= times[k];
    check_moves([&](const auto& v) { return tile(v, counts); }, counting(sizes), shape_of(tiled),
                [&](Index i) {
                  for (std::size_t k = 0; k < i.size(); ++k) i[k] %= own[k];
                  i.erase(i.begin(), i.begin() + std::ssize(i) - std::ssize(sizes));
                  return i;
                });
  }));
}

TEST(Reshape, TriangularPartsAreZeroBeyondTheirDiagonal) {
  EXPECT_TRUE(rc::check("of the last two axes", [] {
    const Index sizes = any_sizes(2);
    const std::int64_t k = *rc::gen::inRange<std::int64_t>(-4, 5);
    const auto rows = sizes.size() - 2, columns = sizes.size() - 1;
    check_moves([&](const auto& v) { return tril(v, k); }, counting(sizes), shape_of(sizes),
                [&](const Index& i) { return i[columns] - i[rows] > k ? Index{} : i; });
    check_moves([&](const auto& v) { return triu(v, k); }, counting(sizes), shape_of(sizes),
                [&](const Index& i) { return i[columns] - i[rows] < k ? Index{} : i; });
  }));
}

TEST(Reshape, MessagesStartWithTheOperatorAndShowTheValues) {
  const Variable<double> x = counting({2, 3});
  constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  expect_message("reshape", {"(2, 3)", "6", "(4,)"}, [&] { reshape(x, {4}); });
  expect_message("reshape", {"(2, 3)", "-1"}, [&] { reshape(x, {4, -1}); });
  expect_message("reshape", {"-1 and a -1"}, [&] { reshape(x, {-1, -1}); });
  expect_message("reshape", {"-2"}, [&] { reshape(x, {-2, 3}); });
  expect_message("reshape", {"-1", "(0, 3)"}, [&] { reshape(D::zeros({0, 3}), {0, -1}); });
  expect_message("transpose", {"all 2 axes", "(2, 3)", "got 1"}, [&] { transpose(x, {0}); });
  expect_message("transpose", {"axis -2", "twice"}, [&] { transpose(x, {0, -2}); });
  expect_message("transpose", {"axis 2", "rank 2"}, [&] { transpose(x, {0, 2}); });
  expect_message("broadcast_to", {"(2, 3)", "(3, 3)"}, [&] { broadcast_to(x, {3, 3}); });
  expect_message("broadcast_to", {"(2, 3)", "(3,)"}, [&] { broadcast_to(x, {3}); });
  expect_message("flip", {"axis 2", "rank 2"}, [&] { flip(x, 2); });
  expect_message("squeeze", {"axis 1", "(2, 3)", "size 1"}, [&] { squeeze(x, 1); });
  expect_message("squeeze", {"axis 2", "rank 2"}, [&] { squeeze(x, 2); });
  expect_message("expand_dims", {"name"}, [&] { expand_dims(x, {}); });
  expect_message("expand_dims", {"axis 4", "rank 3"}, [&] { expand_dims(x, 4); });
  expect_message("swapaxes", {"axis 2", "rank 2"}, [&] { swapaxes(x, 0, 2); });
  expect_message("roll", {"axis 2", "rank 2"}, [&] { roll(x, 1, 2); });
  std::vector<int> counts(60, 1);
  counts[50] = counts[59] = 2;
  const D tiled = tile(D{1, 2}, counts);
  EXPECT_EQ(tiled.rank(), 60);
  EXPECT_EQ(numbers(tiled), (std::vector<double>{1, 2, 1, 2, 1, 2, 1, 2}));
  EXPECT_EQ(to_string(tile(D::zeros({0, 3}), {0, std::int64_t{1} << 62, 1}).shape()), "(0, 0, 3)");
  expect_message("tile", {"-1"}, [&] { tile(x, {-1}); });
  expect_message("tile", {"(2, 3)"}, [&] { tile(x, {huge, 1}); });
  expect_message("tril", {"()"}, [&] { tril(reshape(x, {6})[0]); });
  expect_message("triu", {"(6,)"}, [&] { triu(reshape(x, {6})); });
}

TEST(Reshape, NanAndSignedZerosMoveUnchanged) {
  const D x{kNan, -0.0, INFINITY};
  const D y = flip(concatenate({Variable<double>(x), pad(x, {{1, 0}}, -0.0)})).value();
  EXPECT_TRUE(std::isnan(y(6)) && std::isnan(y(2)));
  EXPECT_TRUE(std::signbit(y(5)) && std::signbit(y(1)) && std::signbit(y(3)));
}

TEST(Reshape, ConstantsRecordNothingAndFloatsAndDualsMoveToo) {
  Tape<float> tape;
  const auto x = tape.variable(Tensor<float>{1, 2, 3});
  const Variable<float> c = Tensor<float>{4, 5};
  EXPECT_TRUE(concatenate({flip(c), slice(c, {{0, 1}}), pad(c, {{1, 1}}), take(c, Indices{0})})
                  .is_constant());
  EXPECT_TRUE(stack({transpose(reshape(c, {1, 2})), broadcast_to(reshape(c, {2, 1}), {2, 1})})
                  .is_constant());
  EXPECT_EQ(tape.size(), 1);
  EXPECT_EQ(gradients(sum(concatenate({x, c}) * concatenate({x, c})))[x](2), 6.0f);
  const auto both = [](const auto& v) {
    return sum(take(v, Indices{0, 0, 2}) * flip(v));
  };  // x0 x2 + x0 x1 + x2 x0
  EXPECT_EQ(jvp(both, Tensor<float>{1, 2, 3}, Tensor<float>{1, 0, 0}).item(), 8.0f);
  EXPECT_EQ(hvp(both, Tensor<float>{1, 2, 3}, Tensor<float>{1, 0, 0})(2), 2.0f);
}

}  // namespace
