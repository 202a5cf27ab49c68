// What a gradient check cannot see of the operators that move elements: each against an index-by-index reference written
// without strides, over random shapes; Python's slices; gradients of repeats; sharing; messages.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <nablur/autodiff/derivatives.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/reduce.h>
#include <nablur/ops/reshape.h>

#include "../messages.h"

namespace {

using namespace nablur;
using D = Tensor<double>;
using Indices = Tensor<std::int64_t>;
using Index = std::vector<std::int64_t>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Shape shape_of(const Index& sizes) { return Shape(std::span<const std::int64_t>(sizes)); }

// 0, 1, 2, … so that each element says where it came from.
D counting(const Index& sizes) { return D::arange(static_cast<double>(shape_of(sizes).size())).reshaped(shape_of(sizes)); }

Index unravel(std::int64_t i, const Shape& shape) {
  Index index(static_cast<std::size_t>(shape.rank()));
  for (std::size_t axis = index.size(); axis-- > 0;) {
    index[axis] = i % shape.begin()[axis];
    i /= shape.begin()[axis];
  }
  return index;
}

std::int64_t ravel(const Index& index, const Shape& shape) {
  std::int64_t i = 0;
  for (std::size_t axis = 0; axis < index.size(); ++axis) i = i * shape.begin()[axis] + index[axis];
  return i;
}

// Checks f against `source`, which maps an index of the result to an index of x (or to nothing: then the element is `fill`):
// value, forward mode, and the gradient, which adds each element of g to where it came from.
template <class F, class Source>
void check_moves(const F& f, const D& x, const Shape& shape, const Source& source, double fill = 0) {
  const D y = f(Variable<double>(x)).value();
  RC_ASSERT(y.shape() == shape);
  const D v = x * D(-2.0), g = D::arange(static_cast<double>(shape.size())).reshaped(shape) + D(0.5);
  const D forward = jvp(f, x, v), dx = vjp(f, x, g);
  std::vector<double> want(static_cast<std::size_t>(x.size()), 0.0);
  for (std::int64_t i = 0; i < shape.size(); ++i) {
    const Index from = source(unravel(i, shape));
    if (from.empty() && x.rank() > 0) {
      RC_ASSERT(y.data()[i] == fill && forward.data()[i] == 0);
      continue;
    }
    const std::int64_t j = ravel(from, x.shape());
    RC_ASSERT(y.data()[i] == x.data()[j] && forward.data()[i] == v.data()[j]);
    want[static_cast<std::size_t>(j)] += g.data()[i];
  }
  RC_ASSERT(dx.shape() == x.shape());
  RC_ASSERT(std::vector<double>(dx.begin(), dx.end()) == want);
}

// Sizes of 0 are rare: one of them makes the whole array empty, and the case says little.
rc::Gen<std::int64_t> any_size(std::int64_t least = 0) {
  return least == 0 ? rc::gen::weightedElement<std::int64_t>({{1, 0}, {5, 1}, {12, 2}, {12, 3}})
                    : rc::gen::weightedElement<std::int64_t>({{5, 1}, {12, 2}, {12, 3}});
}

Index any_sizes(std::size_t least_rank = 0, std::int64_t least_size = 0) {
  const auto rank = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(least_rank, 7));
  return *rc::gen::container<Index>(rank, any_size(least_size));
}

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
  constexpr std::int64_t high = std::numeric_limits<std::int64_t>::max(), low = std::numeric_limits<std::int64_t>::min();
  const auto bound = rc::gen::oneOf(rc::gen::inRange<std::int64_t>(-7, 8), rc::gen::element(high, low, low + 1));
  return {*bound, *bound, *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(1, 6), rc::gen::just(high))};
}

TEST(Reshape, SliceFollowsPython) {
  EXPECT_TRUE(rc::check("slices of leading axes, and of one axis by number, equal Python's", [] {
    const Index sizes = *rc::gen::container<Index>(3, rc::gen::inRange<std::int64_t>(0, 6));
    const Range a = any_range(), b = any_range();
    const Index rows = python_slice(a, sizes[0]), columns = python_slice(b, sizes[1]), last = python_slice(b, sizes[2]);
    const D x = counting(sizes);
    check_moves(
        [&](const auto& v) {
          return slice(v, {a, b});
        },
        x, Shape{std::ssize(rows), std::ssize(columns), sizes[2]},
        [&](Index i) {
          return Index{rows[std::size_t(i[0])], columns[std::size_t(i[1])], i[2]};
        });
    check_moves([&](const auto& v) { return slice(v, {a}); }, x, Shape{std::ssize(rows), sizes[1], sizes[2]},
                [&](Index i) {
                  return Index{rows[std::size_t(i[0])], i[1], i[2]};
                });
    check_moves([&](const auto& v) { return slice(v, -1, b); }, x, Shape{sizes[0], sizes[1], std::ssize(last)},
                [&](Index i) {
                  return Index{i[0], i[1], last[std::size_t(i[2])]};
                });
  }));
}

TEST(Reshape, TransposeAndFlipEqualTheirIndexReference) {
  EXPECT_TRUE(rc::check("transpose permutes and flip reverses indices", [] {
    const Index sizes = any_sizes();
    const std::size_t rank = sizes.size();
    const D x = counting(sizes);
    Index order(rank);
    for (std::size_t i = 0; i < rank; ++i) order[i] = static_cast<std::int64_t>(i);
    for (std::size_t i = rank; i-- > 1;) std::swap(order[i], order[*rc::gen::inRange<std::size_t>(0, i + 1)]);
    Index permuted(rank), reversed(sizes.rbegin(), sizes.rend()), named, turned;
    for (std::size_t i = 0; i < rank; ++i) {
      permuted[i] = sizes[std::size_t(order[i])];
      named.push_back(order[i] - (*rc::gen::arbitrary<bool>() ? static_cast<std::int64_t>(rank) : 0));
      if (*rc::gen::arbitrary<bool>()) turned.push_back(named.back());
    }
    const Axes by(std::span<const std::int64_t>{named}), over(std::span<const std::int64_t>{turned});
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
                                       return (a + static_cast<std::int64_t>(rank)) % static_cast<std::int64_t>(rank) ==
                                              static_cast<std::int64_t>(k);
                                     });
                    if (hit) i[k] = sizes[k] - 1 - i[k];
                  }
                  return i;
                });
  }));
}

TEST(Reshape, PadAndBroadcastEqualTheirIndexReference) {
  EXPECT_TRUE(rc::check("pad shifts indices, broadcast_to drops those of stretched axes", [] {
    const Index sizes = *rc::gen::container<Index>(3, any_size());
    const auto amount = rc::gen::inRange<std::int64_t>(0, 4);
    const Padding p{*amount, *amount}, q{*amount, *amount}, r{*amount, *amount};
    const Index before{p.before, q.before, r.before};
    const Shape padded{sizes[0] + p.before + p.after, sizes[1] + q.before + q.after, sizes[2] + r.before + r.after};
    check_moves(
        [&](const auto& v) {
          return pad(v, {p, q, r}, -7.5);
        },
        counting(sizes), padded,
        [&](Index i) {
          for (std::size_t k = 0; k < 3; ++k) {
            i[k] -= before[k];
            if (i[k] < 0 || i[k] >= sizes[k]) return Index{};
          }
          return i;
        },
        -7.5);
    const Index full = any_sizes();
    Index part(full.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(full) + 1), full.end());
    for (auto& n : part) n = *rc::gen::element(n, std::int64_t{1});
    check_moves([&](const auto& v) { return broadcast_to(v, shape_of(full)); }, counting(part), shape_of(full),
                [&](const Index& i) {
                  Index from(i.end() - std::ssize(part), i.end());
                  for (std::size_t k = 0; k < part.size(); ++k) from[k] = part[k] == 1 ? 0 : from[k];
                  return from;
                });
  }));
}

TEST(Reshape, TakeEqualsItsIndexReferenceAndRepeatsAddUp) {
  EXPECT_TRUE(rc::check("take replaces an axis by those of the indices", [] {
    const Index sizes = any_sizes(1, 1);
    const Index where = *rc::gen::container<Index>(*rc::gen::inRange<std::size_t>(0, 3), any_size());
    const std::size_t axis = *rc::gen::inRange<std::size_t>(0, sizes.size());
    const std::int64_t n = sizes[axis];
    auto indices = Indices::empty(shape_of(where));
    for (std::int64_t i = 0; i < indices.size(); ++i) indices.mutable_data()[i] = *rc::gen::inRange<std::int64_t>(-n, n);
    Index result(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(axis));
    result.insert(result.end(), where.begin(), where.end());
    result.insert(result.end(), sizes.begin() + static_cast<std::ptrdiff_t>(axis) + 1, sizes.end());
    const std::int64_t named = static_cast<std::int64_t>(axis) - (*rc::gen::arbitrary<bool>() ? std::ssize(sizes) : 0);
    check_moves([&](const auto& v) { return take(v, indices, named); }, counting(sizes), shape_of(result),
                [&](const Index& i) {
                  const auto first = i.begin() + static_cast<std::ptrdiff_t>(axis), last = first + std::ssize(where);
                  const std::int64_t k = indices.data()[ravel(Index(first, last), indices.shape())];
                  Index from(i.begin(), first);
                  from.push_back(k < 0 ? k + n : k);
                  from.insert(from.end(), last, i.end());
                  return from;
                });
  }));
  EXPECT_EQ(vjp([](const auto& x) { return take(x, Indices{1, -1, 1}); }, D{5, 6}, D{1, 10, 100})(1), 111);
}

TEST(Reshape, ConcatenateAndStackEqualTheirIndexReference) {
  EXPECT_TRUE(rc::check("parts lie one after another along the axis", [] {
    const Index sizes = any_sizes(1);
    const std::size_t axis = *rc::gen::inRange<std::size_t>(0, sizes.size());
    const auto first = static_cast<std::int64_t>(axis) - (*rc::gen::arbitrary<bool>() ? std::ssize(sizes) : 0);
    Index other = sizes, joined = sizes, stacked = sizes;
    other[axis] = *any_size();
    joined[axis] = sizes[axis] + other[axis] + sizes[axis];
    stacked.insert(stacked.begin() + static_cast<std::ptrdiff_t>(axis), 2);
    const D x = counting(sizes), c = D::full(shape_of(other), -3.0);
    check_moves(
        [&](const auto& v) {
          return concatenate({v, detail::operand<Scalar<std::decay_t<decltype(v)>>>(c), v}, first);
        },
        x, shape_of(joined),
        [&](Index i) {
          if (i[axis] >= sizes[axis]) {
            i[axis] -= sizes[axis] + other[axis];
            if (i[axis] < 0) return Index{};
          }
          return i;
        },
        -3.0);
    check_moves(
        [&](const auto& v) {
          return stack({v, v * 1.0}, static_cast<std::int64_t>(axis));
        },
        x, shape_of(stacked),
        [&](Index i) {
          i.erase(i.begin() + static_cast<std::ptrdiff_t>(axis));
          return i;
        });
  }));
}

TEST(Reshape, ReshapeKeepsRowMajorOrderAndFindsOneSize) {
  const D x = counting({2, 3, 4});
  EXPECT_EQ(reshape(x, {4, -1}).shape(), (Shape{4, 6}));
  EXPECT_EQ(reshape(x, {-1}).value()(23), 23);
  EXPECT_EQ(reshape(x, Shape{1, 6, 1, 4}).value()(0, 5, 0, 1), 21);
  EXPECT_EQ(reshape(D(7.0), {1, 1, 1, 1, 1}).value()(0, 0, 0, 0, 0), 7);
  EXPECT_EQ(reshape(D{7.0}, Shape{}).item(), 7);
  EXPECT_EQ(reshape(D::zeros({0, 3}), {2, -1}).shape(), (Shape{2, 0}));
  EXPECT_EQ(vjp([](const auto& v) { return reshape(v, {-1}); }, x, D::ones({24})).shape(), x.shape());
  EXPECT_EQ(reshape(x, {24}).value().data(), x.data()) << "copied";
  EXPECT_EQ(slice(x, {{1, 2}}).value().data(), x.data() + 12) << "copied";
}

TEST(Reshape, MessagesStartWithTheOperatorAndShowTheValues) {
  const Variable<double> x = counting({2, 3}), s = 1.0;
  constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  expect_message("reshape", {"(2, 3)", "6", "(4,)"}, [&] { reshape(x, {4}); });
  expect_message("reshape", {"(2, 3)", "-1"}, [&] { reshape(x, {4, -1}); });
  expect_message("reshape", {"-1"}, [&] { reshape(x, {-1, -1}); });
  expect_message("reshape", {"-2"}, [&] { reshape(x, {-2, 3}); });
  expect_message("reshape", {"-1", "(0, 3)"}, [&] { reshape(D::zeros({0, 3}), {0, -1}); });
  expect_message("transpose", {"1 axes", "(2, 3)"}, [&] { transpose(x, {0}); });
  expect_message("transpose", {"axis -2", "twice"}, [&] { transpose(x, {0, -2}); });
  expect_message("transpose", {"axis 2", "rank 2"}, [&] { transpose(x, {0, 2}); });
  expect_message("slice", {"3 ranges", "(2, 3)"}, [&] { slice(x, {{}, {}, {}}); });
  expect_message("slice", {"step", "0"}, [&] { slice(x, {{0, 1, 0}}); });
  expect_message("slice", {"step", "-1", "flip"}, [&] { slice(x, 1, {0, 1, -1}); });
  expect_message("slice", {"axis 2", "rank 2"}, [&] { slice(x, 2, {0, 1}); });
  expect_message("slice", {"()"}, [&] { slice(s, 0, {0, 1}); });
  expect_message("concatenate", {"at least one"}, [] { concatenate(std::vector<Variable<double>>{}); });
  expect_message("concatenate", {"(2, 3)", "(2, 4)", "axis 0"}, [&] { concatenate({x, Variable<double>(D::zeros({2, 4}))}); });
  expect_message("concatenate", {"(2, 3)", "(6,)"}, [&] { concatenate({x, reshape(x, {6})}); });
  expect_message("concatenate", {"axis 0", "rank 0"}, [&] { concatenate({s, s}); });
  expect_message("stack", {"at least one"}, [] { stack(std::vector<Variable<double>>{}); });
  expect_message("stack", {"(2, 3)", "()"}, [&] { stack({x, s}); });
  expect_message("stack", {"axis -4", "rank 3"}, [&] { stack({x, x}, -4); });
  expect_message("broadcast_to", {"(2, 3)", "(3, 3)"}, [&] { broadcast_to(x, {3, 3}); });
  expect_message("broadcast_to", {"(2, 3)", "(3,)"}, [&] { broadcast_to(x, {3}); });
  expect_message("flip", {"axis 2", "rank 2"}, [&] { flip(x, 2); });
  expect_message("pad", {"1 paddings", "(2, 3)"}, [&] { pad(x, {{1, 1}}); });
  expect_message("pad", {"-1"}, [&] { pad(x, {{0, 0}, {0, -1}}); });
  expect_message("pad", {"(2, 3)"}, [&] { pad(x, {{huge, huge}, {0, 0}}); });
  expect_message("take", {"index 3", "axis 1", "(2, 3)"}, [&] { take(x, Indices{0, 3}, -1); });
  expect_message("take", {"index -3", "axis 0"}, [&] { take(x, Indices{-3}); });
  expect_message("take", {"axis 0", "rank 0"}, [&] { take(s, Indices{0}); });
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
  EXPECT_TRUE(concatenate({flip(c), slice(c, {{0, 1}}), pad(c, {{1, 1}}), take(c, Indices{0})}).is_constant());
  EXPECT_TRUE(stack({transpose(reshape(c, {1, 2})), broadcast_to(reshape(c, {2, 1}), {2, 1})}).is_constant());
  EXPECT_EQ(tape.size(), 1);
  EXPECT_EQ(gradients(sum(concatenate({x, c}) * concatenate({x, c})))[x](2), 6.0f);
  const auto both = [](const auto& v) { return sum(take(v, Indices{0, 0, 2}) * flip(v)); };  // x0 x2 + x0 x1 + x2 x0
  EXPECT_EQ(jvp(both, Tensor<float>{1, 2, 3}, Tensor<float>{1, 0, 0}).item(), 8.0f);
  EXPECT_EQ(hvp(both, Tensor<float>{1, 2, 3}, Tensor<float>{1, 0, 0})(2), 2.0f);
}

}  // namespace
