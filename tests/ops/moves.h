#pragma once
// Operators that move elements, against an index-by-index reference written without strides.

#include <rapidcheck.h>

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <nablur/autodiff/derivatives.h>

namespace nablur::moves {

using D = Tensor<double>;
using Indices = Tensor<std::int64_t>;
using Index = std::vector<std::int64_t>;

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

inline Shape shape_of(const Index& sizes) { return Shape(std::span<const std::int64_t>(sizes)); }

// 0, 1, 2, … so that each element says where it came from.
inline D counting(const Index& sizes) {
  return D::arange(static_cast<double>(shape_of(sizes).size())).reshaped(shape_of(sizes));
}

inline Index unravel(std::int64_t i, const Shape& shape) {
  Index index(static_cast<std::size_t>(shape.rank()));
  for (std::size_t axis = index.size(); axis-- > 0;) {
    index[axis] = i % shape.begin()[axis];
    i /= shape.begin()[axis];
  }
  return index;
}

inline std::int64_t ravel(const Index& index, const Shape& shape) {
  std::int64_t i = 0;
  for (std::size_t axis = 0; axis < index.size(); ++axis) i = i * shape.begin()[axis] + index[axis];
  return i;
}

// Checks f against `source`, which maps an index of the result to an index of x (or to nothing:
// then the element is `fill`): value, forward mode, and the gradient, which adds each element of g
// to where it came from.
template <class F, class Source>
void check_moves(const F& f, const D& x, const Shape& shape, const Source& source,
                 double fill = 0) {
  const D y = f(Variable<double>(x)).value();
  RC_ASSERT(y.shape() == shape);
  const D v = x * D(-2.0),
          g = D::arange(static_cast<double>(shape.size())).reshaped(shape) + D(0.5);
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
inline rc::Gen<std::int64_t> any_size(std::int64_t least = 0) {
  return least == 0 ? rc::gen::weightedElement<std::int64_t>({{1, 0}, {5, 1}, {12, 2}, {12, 3}})
                    : rc::gen::weightedElement<std::int64_t>({{5, 1}, {12, 2}, {12, 3}});
}

inline Index any_sizes(std::size_t least_rank = 0, std::int64_t least_size = 0) {
  const auto rank =
      *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(least_rank, 7));
  return *rc::gen::container<Index>(rank, any_size(least_size));
}

}  // namespace nablur::moves
