#pragma once
// What a step must do, said a second time: shapes by NumPy's rules, values element by element in
// long double. Plain, slow, and sharing nothing with the library but its names for operators.

#include <algorithm>
#include <cmath>

#include "program.h"

namespace nablur::fuzz {

using Sizes = std::vector<std::int64_t>;

enum class Fate {
  result,   ///< a tensor of `sizes`
  refused,  ///< an Error
  either,   ///< the contract leaves it open
  skipped,  ///< too large to be run for a fuzzer
};

/// An element, and the sum of the finite magnitudes that it is the sum of: rounding errors are
/// relative to that.
struct Cell {
  long double value = 0;
  long double scale = 0;
};

struct Prediction {
  Fate fate = Fate::refused;
  Sizes sizes;
  std::vector<Cell> cells;  ///< empty if the model knows the shape only
};

/// An operand of the model: numbers of the scalar in question, widened.
struct Given {
  Sizes sizes;
  std::vector<long double> numbers;
};

template <class T>
Given given(const Tensor<T>& x) {
  return {Sizes(x.shape().begin(), x.shape().end()), std::vector<long double>(x.begin(), x.end())};
}

Prediction predict(const Step& step, std::span<const Given> operands);

// ---- what its parts share ---------------------------------------------------------------------

inline long double magnitude(long double x) { return std::isfinite(x) ? std::fabs(x) : 0; }

std::int64_t elements(const Sizes& sizes);

/// Whether sizes are those of a Shape: at most 64, none negative, and their product, zeros left
/// out, below 2^63.
bool is_shape(const Sizes& sizes);

/// A prediction of a result of these sizes, zeros so far: refused if they are no shape or no
/// machine has the memory, skipped if they are merely large.
Prediction result_of(Sizes sizes);

/// The shape of two that broadcast, or nothing.
std::optional<Sizes> broadcast_sizes(const Sizes& a, const Sizes& b);

/// An axis in [0, rank), or nothing.
std::optional<std::int64_t> axis_of(std::int64_t axis, std::int64_t rank);

/// The axes that a step names; nothing if one is not there or named twice.
std::optional<Sizes> named_axes(const Step& step, std::int64_t rank);

/// Whether an axis is among those of a list.
inline bool is_named(const Sizes& axes, std::size_t axis) {
  return std::count(axes.begin(), axes.end(), static_cast<std::int64_t>(axis)) > 0;
}

/// The indices of element `flat` of an array.
Sizes indices_of(std::int64_t flat, const Sizes& sizes);

/// The offset of an element, in an array that may be broadcast: its axes are the last ones of
/// `indices`, and those of size 1 have one index.
std::size_t offset_of(const Sizes& indices, const Sizes& sizes);

/// A result of these sizes whose elements are those of x at at(indices of the result).
template <class At>
Prediction moved(const Given& x, Sizes sizes, const At& at) {
  Prediction p = result_of(std::move(sizes));
  for (std::size_t i = 0; i < p.cells.size(); ++i) {
    const long double v =
        x.numbers[offset_of(at(indices_of(static_cast<std::int64_t>(i), p.sizes)), x.sizes)];
    p.cells[i] = {v, magnitude(v)};
  }
  return p;
}

/// The same elements in the same order, under other sizes.
Prediction renamed(const Given& x, const Sizes& sizes);

Prediction predict_elementwise(const Step& step, std::span<const Given> operands);
Prediction predict_reduction(const Step& step, const Given& x);
Prediction predict_movement(const Step& step, std::span<const Given> operands);
Prediction predict_rearrangement(const Step& step, std::span<const Given> operands);
Prediction predict_product(const Step& step, std::span<const Given> operands);

}  // namespace nablur::fuzz
