// What a gradient check cannot see of the operators that choose elements: Python's slices,
// gradients of repeats, sharing, messages.

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
#include "moves.h"

namespace {

using namespace nablur;
using namespace nablur::moves;

// The indices of Python's begin:end:step, as CPython's PySlice_AdjustIndices has it.
Index python_slice(const Range& r, std::int64_t n) {
  const auto adjusted = [n](std::int64_t bound) {
    if (bound < 0) return bound < -n ? std::int64_t{0} : bound + n;
    return bound > n ? n : bound;
  };
  Index indices;
  for (std::int64_t i = adjusted(r.begin); i < adjusted(r.end);) {
    indices.push_back(i);
    if (r.step > n) break;
    i += r.step;
  }
  return indices;
}

Range any_range() {
  constexpr std::int64_t high = std::numeric_limits<std::int64_t>::max(),
                         low = std::numeric_limits<std::int64_t>::min();
  const auto bound =
      rc::gen::oneOf(rc::gen::inRange<std::int64_t>(-7, 8), rc::gen::element(high, low, low + 1));
  return {*bound, *bound,
          *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(1, 6), rc::gen::just(high))};
}

TEST(Indexing, SliceFollowsPython) {
  EXPECT_TRUE(rc::check("slices of leading axes, and of one axis by number, equal Python's", [] {
    const Index sizes = *rc::gen::container<Index>(3, rc::gen::inRange<std::int64_t>(0, 6));
    const Range a = any_range(), b = any_range();
    const Index rows = python_slice(a, sizes[0]), columns = python_slice(b, sizes[1]),
                last = python_slice(b, sizes[2]);
    const D x = counting(sizes);
    check_moves(
        [&](const auto& v) { return slice(v, {a, b}); }, x,
        Shape{std::ssize(rows), std::ssize(columns), sizes[2]},
        [&](Index i) { return Index{rows[std::size_t(i[0])], columns[std::size_t(i[1])], i[2]}; });
    check_moves([&](const auto& v) { return slice(v, {a}); }, x,
                Shape{std::ssize(rows), sizes[1], sizes[2]},
                [&](Index i) { return Index{rows[std::size_t(i[0])], i[1], i[2]}; });
    check_moves([&](const auto& v) { return slice(v, -1, b); }, x,
                Shape{sizes[0], sizes[1], std::ssize(last)},
                [&](Index i) { return Index{i[0], i[1], last[std::size_t(i[2])]}; });
  }));
}

TEST(Indexing, TakeEqualsItsIndexReferenceAndRepeatsAddUp) {
  EXPECT_TRUE(rc::check("take replaces an axis by those of the indices", [] {
    const Index sizes = any_sizes(1, 1);
    const Index where =
        *rc::gen::container<Index>(*rc::gen::inRange<std::size_t>(0, 3), any_size());
    const std::size_t axis = *rc::gen::inRange<std::size_t>(0, sizes.size());
    const std::int64_t n = sizes[axis];
    auto indices = Indices::empty(shape_of(where));
    for (std::int64_t i = 0; i < indices.size(); ++i)
      indices.mutable_data()[i] = *rc::gen::inRange<std::int64_t>(-n, n);
    Index result(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(axis));
    result.insert(result.end(), where.begin(), where.end());
    result.insert(result.end(), sizes.begin() + static_cast<std::ptrdiff_t>(axis) + 1, sizes.end());
    const std::int64_t named =
        static_cast<std::int64_t>(axis) - (*rc::gen::arbitrary<bool>() ? std::ssize(sizes) : 0);
    check_moves([&](const auto& v) { return take(v, indices, named); }, counting(sizes),
                shape_of(result),
                [&](const Index& i) {
                  const auto first = i.begin() + static_cast<std::ptrdiff_t>(axis),
                             last = first + std::ssize(where);
                  const std::int64_t k = indices.data()[ravel(Index(first, last), indices.shape())];
                  Index from(i.begin(), first);
                  from.push_back(k < 0 ? k + n : k);
                  from.insert(from.end(), last, i.end());
                  return from;
                });
  }));
  EXPECT_EQ(
      vjp([](const auto& x) { return take(x, Indices{1, -1, 1}); }, D{5, 6}, D{1, 10, 100})(1),
      111);
}

TEST(Indexing, RowsAreSlicedAndSelectedWithoutACopy) {
  const D x = counting({2, 3, 4});
  EXPECT_EQ(slice(x, {{1, 2}}).data(), x.data() + 12);
  EXPECT_EQ(x[1].data(), x.data() + 12);
  EXPECT_EQ(x[-1][2].data(), x.data() + 20);
  const Variable<double> v = x;
  EXPECT_EQ(v[1].value().data(), x.data() + 12);
  EXPECT_EQ(v[1][-1][0].item(), 20);
}

TEST(Indexing, SelectEqualsItsIndexReference) {
  EXPECT_TRUE(rc::check("one index of an axis", [] {
    const Index sizes = any_sizes(1, 1);
    const std::size_t axis = *rc::gen::inRange<std::size_t>(0, sizes.size());
    const std::int64_t i = *rc::gen::inRange<std::int64_t>(-sizes[axis], sizes[axis]);
    Index rest = sizes;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(axis));
    check_moves([&](const auto& v) { return select(v, i, static_cast<std::int64_t>(axis)); },
                counting(sizes), shape_of(rest),
                [&](Index from) {
                  from.insert(from.begin() + static_cast<std::ptrdiff_t>(axis),
                              i < 0 ? i + sizes[axis] : i);
                  return from;
                });
  }));
}

TEST(Indexing, SplitAndUnbindCutTheWholeAxis) {
  const D x = counting({2, 6});
  const auto three = split(x, 3, 1);
  ASSERT_EQ(three.size(), 3u);
  EXPECT_EQ(three[1].shape(), (Shape{2, 2}));
  EXPECT_EQ(three[1](1, 0), 8);
  const auto sizes = split(x, std::vector<int>{1, 0, 5}, -1);
  ASSERT_EQ(sizes.size(), 3u);
  EXPECT_EQ(sizes[1].shape(), (Shape{2, 0}));
  EXPECT_EQ(sizes[2](1, 4), 11);
  const auto columns = unbind(x, 1);
  ASSERT_EQ(columns.size(), 6u);
  EXPECT_EQ(columns[5].shape(), Shape{2});
  EXPECT_EQ(columns[5](1), 11);
  EXPECT_TRUE(unbind(D::zeros({0, 2})).empty());
  Tape<double> tape;
  const auto v = tape.variable(x);
  const auto parts = split(v, {2, 4}, 1);
  const auto dv = gradients(sum(parts[0]) + sum(2 * parts[1]))[v];
  EXPECT_EQ(dv(1, 1), 1);
  EXPECT_EQ(dv(1, 2), 2);
}

TEST(Indexing, IndexAddIsTheAdjointOfTake) {
  EXPECT_TRUE(rc::check("<take(x), s> = <x, index_add(0, s)>", [] {
    const Index sizes = any_sizes(1, 1);
    const std::size_t axis = *rc::gen::inRange<std::size_t>(0, sizes.size());
    const auto along = static_cast<std::int64_t>(axis);
    const std::int64_t n = sizes[axis];
    auto indices = Indices::empty(Shape{2, 3});
    for (std::int64_t i = 0; i < 6; ++i) {
      indices.mutable_data()[i] = *rc::gen::inRange<std::int64_t>(-n, n);
    }
    const D x = counting(sizes);
    const D taken = take(x, indices, along);
    const D s = D::arange(static_cast<double>(taken.size())).reshaped(taken.shape());
    const D added = index_add(D::zeros(x.shape()), indices, s, along);
    RC_ASSERT(sum(taken * s).item() == sum(x * added).item());
  }));
  const D x{1, 2, 3};
  const D y = index_add(x, Indices{0, -1, 0}, D{10, 20, 30});
  EXPECT_EQ(y(0), 41);
  EXPECT_EQ(y(1), 2);
  EXPECT_EQ(y(2), 23);
  EXPECT_EQ(x(0), 1) << "the operand was written to";
}

TEST(Indexing, MessagesStartWithTheOperatorAndShowTheValues) {
  const Variable<double> x = counting({2, 3}), s = 1.0;
  expect_message("slice", {"2 ranges", "got 3", "(2, 3)"}, [&] { slice(x, {{}, {}, {}}); });
  expect_message("slice", {"step", "0"}, [&] { slice(x, {{0, 1, 0}}); });
  expect_message("slice", {"step", "-1", "flip"}, [&] { slice(x, 1, {0, 1, -1}); });
  expect_message("slice", {"axis 2", "rank 2"}, [&] { slice(x, 2, {0, 1}); });
  expect_message("slice", {"()"}, [&] { slice(s, 0, {0, 1}); });
  expect_message("take", {"index 3", "axis 1", "(2, 3)"}, [&] { take(x, Indices{0, 3}, -1); });
  expect_message("take", {"index -3", "axis 0"}, [&] { take(x, Indices{-3}); });
  expect_message("take", {"index 2", "axis 0"}, [&] { take(x, std::vector<int>{2}); });
  expect_message("take", {"axis 0", "rank 0"}, [&] { take(s, Indices{0}); });
  expect_message("select", {"index 2", "axis 0", "(2, 3)"}, [&] { x[2]; });
  expect_message("select", {"index -3", "axis 0", "(2, 3)"}, [&] { x[-3]; });
  expect_message("select", {"axis 0", "rank 0"}, [&] { s[0]; });
  expect_message("split", {"axis 1", "(2, 3)", "2 equal parts"}, [&] { split(x, 2, 1); });
  expect_message("split", {"0 equal parts"}, [&] { split(x, 0); });
  expect_message("split", {"add up to 4", "has 3"}, [&] { split(x, {1, 3}, 1); });
  expect_message("split", {"-1"}, [&] { split(x, {-1, 4}, 1); });
  expect_message("unbind", {"axis 2", "rank 2"}, [&] { unbind(x, 2); });
  expect_message("index_add", {"(2, 3)", "(3,)"}, [&] { index_add(x, Indices{0, 1}, D{1, 2, 3}); });
  expect_message("index_add", {"index 5", "axis 0"},
                 [&] { index_add(x, Indices{5}, D::zeros({1, 3})); });
}

}  // namespace
