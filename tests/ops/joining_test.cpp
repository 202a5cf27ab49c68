// What a gradient check cannot see of the operators that put arrays together.

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

TEST(Joining, ConcatenateAndStackEqualTheirIndexReference) {
  EXPECT_TRUE(rc::check("parts lie one after another along the axis", [] {
    const Index sizes = any_sizes(1);
    const std::size_t axis = *rc::gen::inRange<std::size_t>(0, sizes.size());
    const auto first =
        static_cast<std::int64_t>(axis) - (*rc::gen::arbitrary<bool>() ? std::ssize(sizes) : 0);
    Index other = sizes, joined = sizes, stacked = sizes;
    other[axis] = *any_size();
    joined[axis] = sizes[axis] + other[axis] + sizes[axis];
    stacked.insert(stacked.begin() + static_cast<std::ptrdiff_t>(axis), 2);
    const D x = counting(sizes), c = D::full(shape_of(other), -3.0);
    check_moves([&](const auto& v) { return concatenate({v, c, v}, first); }, x, shape_of(joined),
                [&](Index i) {
                  if (i[axis] >= sizes[axis]) {
                    i[axis] -= sizes[axis] + other[axis];
                    if (i[axis] < 0) return Index{};
                  }
                  return i;
                },
                -3.0);
    check_moves([&](const auto& v) { return stack({v, v * 1.0}, static_cast<std::int64_t>(axis)); },
                x, shape_of(stacked),
                [&](Index i) {
                  i.erase(i.begin() + static_cast<std::ptrdiff_t>(axis));
                  return i;
                });
  }));
}

TEST(Joining, PadEqualsItsIndexReference) {
  EXPECT_TRUE(rc::check("pad shifts indices", [] {
    const Index sizes = *rc::gen::container<Index>(3, any_size());
    const auto amount = rc::gen::inRange<std::int64_t>(0, 4);
    const Padding p{*amount, *amount}, q{*amount, *amount}, r{*amount, *amount};
    const Index before{p.before, q.before, r.before};
    const Shape padded{sizes[0] + p.before + p.after, sizes[1] + q.before + q.after,
                       sizes[2] + r.before + r.after};
    check_moves([&](const auto& v) { return pad(v, {p, q, r}, -7.5); }, counting(sizes), padded,
                [&](Index i) {
                  for (std::size_t k = 0; k < 3; ++k) {
                    i[k] -= before[k];
                    if (i[k] < 0 || i[k] >= sizes[k]) return Index{};
                  }
                  return i;
                },
                -7.5);
  }));
}

TEST(Joining, PadContinuesByEachBorderAsOftenAsNeeded) {
  const D x{1, 2, 3};
  const auto padded = [&](Border border) {
    const D y = pad(x, {{4, 5}}, border);
    return std::vector<double>(y.begin(), y.end());
  };
  using V = std::vector<double>;
  EXPECT_EQ(padded(Border::zero), (V{0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0}));
  EXPECT_EQ(padded(Border::replicate), (V{1, 1, 1, 1, 1, 2, 3, 3, 3, 3, 3, 3}));
  EXPECT_EQ(padded(Border::symmetric), (V{3, 3, 2, 1, 1, 2, 3, 3, 2, 1, 1, 2}));
  EXPECT_EQ(padded(Border::mirror), (V{1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2}));
  EXPECT_EQ(padded(Border::circular), (V{3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2}));
}

TEST(Joining, PadByOneWidthIsThatWidthAtEveryEnd) {
  const D x(Shape{2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(numbers(pad(x, 2, -1)), numbers(pad(x, {{2, 2}, {2, 2}}, -1)));
  EXPECT_EQ(numbers(pad(x, 2, Border::mirror)), numbers(pad(x, {{2, 2}, {2, 2}}, Border::mirror)));
  EXPECT_EQ(pad(D(7.0), 2).item(), 7);
  expect_message("pad", {"-3"}, [&] { pad(x, -3); });
}

TEST(Joining, PadByNothingIsAVariableOfItsOwn) {
  for (const Border border : {Border::zero, Border::mirror}) {
    Tape<double> tape;
    const auto x = tape.variable(Tensor<double>{1, 2});
    const auto y = pad(x, 0, border);
    const auto d = gradients(sum(x * y), {x, y});
    EXPECT_EQ(numbers(d[y]), (std::vector<double>{1, 2}));
    EXPECT_EQ(numbers(d[x]), (std::vector<double>{2, 4}));
  }
}

TEST(Joining, ListsInBracesMixVariablesAndTensors) {
  Tape<double> tape;
  const auto v = tape.variable(D{1, 2});
  const D t{3, 4};
  const auto joined = concatenate({v, t, v});
  EXPECT_EQ(joined.shape(), Shape{6});
  EXPECT_EQ(gradients(sum(joined * joined))[v](1), 8);
  EXPECT_EQ(stack({t, v}, 1).value()(1, 1), 2);
  static_assert(std::is_same_v<decltype(concatenate({t, t})), D>);
  static_assert(std::is_same_v<decltype(stack({v, v})), Variable<double>>);
  const std::vector<D> list{t, t};
  EXPECT_EQ(concatenate(list)(3), 4);
  EXPECT_EQ(stack(list).shape(), (Shape{2, 2}));
  // In a Dual expression, plain data stand beside the argument.
  const auto f = [&](const auto& x) {
    return sum(square(concatenate({x, t}))) + sum(stack({t, x}) * stack({t, x}));
  };
  EXPECT_EQ(jvp(f, D{1, 2}, D{1, 0}).item(), 4);
  Tape<float> floats;
  EXPECT_EQ(concatenate({floats.variable(Tensor<float>{1}), Variable<float>(Tensor<float>{2})})
                .value()(1),
            2.0f);
  EXPECT_EQ(concatenate({floats.variable(Tensor<float>{1}), Tensor<float>{2}}).value()(1), 2.0f);
}

TEST(Joining, MessagesStartWithTheOperatorAndShowTheValues) {
  const Variable<double> x = counting({2, 3}), s = 1.0;
  constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  expect_message("concatenate", {"at least one"},
                 [] { concatenate(std::vector<Variable<double>>{}); });
  expect_message("concatenate", {"(2, 3)", "(2, 4)", "axis 0"},
                 [&] { concatenate({x, Variable<double>(D::zeros({2, 4}))}); });
  expect_message("concatenate", {"(2, 3)", "(6,)"}, [&] { concatenate({x, reshape(x, {6})}); });
  expect_message("concatenate", {"axis 0", "rank 0"}, [&] { concatenate({s, s}); });
  expect_message("stack", {"at least one"}, [] { stack(std::vector<Variable<double>>{}); });
  expect_message("stack", {"(2, 3)", "()"}, [&] { stack({x, s}); });
  expect_message("stack", {"axis -4", "rank 3"}, [&] { stack({x, x}, -4); });
  expect_message("pad", {"the 2 axes", "(2, 3)", "got 1"}, [&] { pad(x, {{1, 1}}); });
  expect_message("pad", {"-1"}, [&] { pad(x, {{0, 0}, {0, -1}}); });
  expect_message("pad", {"(2, 3)"}, [&] { pad(x, {{huge, huge}, {0, 0}}); });
  expect_message("pad", {"axis 0", "(0, 2)"},
                 [] { pad(D::zeros({0, 2}), {{1, 0}, {0, 0}}, Border::mirror); });
  expect_message("pad", {"77"}, [&] { pad(x, {{1, 0}, {0, 0}}, static_cast<Border>(77)); });
  expect_message("pad", {"-1"}, [&] { pad(x, {{-1, 0}, {0, 0}}, Border::mirror); });
}

}  // namespace
