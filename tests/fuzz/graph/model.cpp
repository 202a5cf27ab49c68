#include "model.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nablur::fuzz {
namespace {

constexpr std::int64_t kMostElements = 1024;  // more would be slow
constexpr std::int64_t kBeyondAnyMemory = std::int64_t{1}
                                          << 48;  // elements; a process has 2^47 bytes of addresses

constexpr const char* kNames[kOps] = {"exp",
                                      "log",
                                      "expm1",
                                      "log1p",
                                      "sqrt",
                                      "square",
                                      "abs",
                                      "sin",
                                      "cos",
                                      "tanh",
                                      "sigmoid",
                                      "softplus",
                                      "relu",
                                      "erf",
                                      "reciprocal",
                                      "negate",
                                      "clamp",
                                      "sigma_from_param",
                                      "custom_cube",
                                      "add",
                                      "subtract",
                                      "multiply",
                                      "divide",
                                      "pow",
                                      "maximum",
                                      "minimum",
                                      "logaddexp",
                                      "+=",
                                      "-=",
                                      "*=",
                                      "/=",
                                      "custom_product",
                                      "where(greater)",
                                      "where(less)",
                                      "where(equal)",
                                      "sum",
                                      "mean",
                                      "max",
                                      "min",
                                      "logsumexp",
                                      "reshape",
                                      "transpose",
                                      "flip",
                                      "broadcast_to",
                                      "slice",
                                      "slice of an axis",
                                      "pad",
                                      "take",
                                      "squeeze",
                                      "expand_dims",
                                      "swapaxes",
                                      "roll",
                                      "tile",
                                      "tril",
                                      "triu",
                                      "select",
                                      "split",
                                      "index_add",
                                      "pad_border",
                                      "concatenate",
                                      "stack",
                                      "matmul",
                                      "convolve",
                                      "gaussian_kernel",
                                      "gaussian_blur",
                                      "arange",
                                      "linspace"};

using Real = long double;

// ln(e^a + e^b)
Cell log_sum(Real a, Real b) {
  const Real top = std::isnan(a) || std::isnan(b) ? a + b : std::max(a, b);
  const Real value = std::isfinite(top) ? top + std::log1p(std::exp(std::min(a, b) - top)) : top;
  return {value, magnitude(a) + magnitude(b) + 1};
}

Real unary(const Step& s, Real x) {
  switch (s.op) {
    case Op::exp:
      return std::exp(x);
    case Op::log:
      return std::log(x);
    case Op::expm1:
      return std::expm1(x);
    case Op::log1p:
      return std::log1p(x);
    case Op::sqrt:
      return std::sqrt(x);
    case Op::square:
      return x * x;
    case Op::abs:
      return std::fabs(x);
    case Op::sin:
      return std::sin(x);
    case Op::cos:
      return std::cos(x);
    case Op::tanh:
      return std::tanh(x);
    case Op::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Op::softplus:
      return x > 60 ? x : std::log1p(std::exp(x));
    case Op::relu:
      return x < 0 ? 0 : x;
    case Op::erf:
      return std::erf(x);
    case Op::reciprocal:
      return 1 / x;
    case Op::negate:
      return -x;
    case Op::clamp:
      return std::isnan(x) ? x : std::min<Real>(std::max<Real>(x, s.numbers[0]), s.numbers[1]);
    default:
      return x * x * x;
  }
}

Real binary(const Step& s, Real a, Real b) {
  const bool no_number = std::isnan(a) || std::isnan(b);
  switch (s.op) {
    case Op::add:
    case Op::add_in_place:
      return a + b;
    case Op::subtract:
    case Op::subtract_in_place:
      return a - b;
    case Op::divide:
    case Op::divide_in_place:
      return a / b;
    case Op::pow:
      return std::pow(a, b);
    case Op::maximum:
      return no_number ? a + b : std::max(a, b);
    case Op::minimum:
      return no_number ? a + b : std::min(a, b);
    case Op::where_greater:
      return a > b;
    case Op::where_less:
      return a < b;
    case Op::where_equal:
      return a == b;
    default:
      return a * b;
  }
}

Cell cell_of(const Step& s, std::span<const Real> x) {
  if (s.op == Op::logaddexp) return log_sum(x[0], x[1]);
  if (s.op == Op::sigma_from_param) {
    Cell cell = log_sum(s.numbers[0], x[0] + static_cast<Real>(s.numbers[1]));
    cell.scale += magnitude(x[0]) + magnitude(static_cast<Real>(s.numbers[1]));
    return cell;
  }
  Real value = is_unary(s.op) ? unary(s, x[0]) : binary(s, x[0], x[1]);
  if (is_where(s.op)) value = value != 0 ? x[0] : x[2];
  return {value, magnitude(value)};
}

}  // namespace

const char* name_of(Op op) { return kNames[static_cast<int>(op)]; }

std::int64_t elements(const Sizes& sizes) {
  std::int64_t n = 1;
  for (const std::int64_t size : sizes) {
    if (size == 0) return 0;
    if (__builtin_mul_overflow(n, size, &n)) return std::numeric_limits<std::int64_t>::max();
  }
  return n;
}

bool is_shape(const Sizes& sizes) {
  std::int64_t n = 1;
  return sizes.size() <= 64 && std::all_of(sizes.begin(), sizes.end(), [&n](std::int64_t size) {
           return size == 0 || (size > 0 && !__builtin_mul_overflow(n, size, &n));
         });
}

Prediction result_of(Sizes sizes) {
  Prediction p;
  if (!is_shape(sizes)) return p;
  const std::int64_t n = elements(sizes);
  p.fate = n >= kBeyondAnyMemory ? Fate::refused : n > kMostElements ? Fate::skipped : Fate::result;
  p.sizes = std::move(sizes);
  if (p.fate == Fate::result) p.cells.resize(static_cast<std::size_t>(n));
  return p;
}

Prediction renamed(const Given& x, const Sizes& sizes) {
  Prediction p = result_of(sizes);
  for (std::size_t i = 0; i < p.cells.size(); ++i)
    p.cells[i] = {x.numbers[i], magnitude(x.numbers[i])};
  return p;
}

std::optional<Sizes> broadcast_sizes(const Sizes& a, const Sizes& b) {
  Sizes out = a.size() >= b.size() ? a : b;
  const Sizes& shorter = a.size() >= b.size() ? b : a;
  for (std::size_t back = 1; back <= shorter.size(); ++back) {
    std::int64_t& size = out[out.size() - back];
    const std::int64_t other = shorter[shorter.size() - back];
    if (size == 1) {
      size = other;
    } else if (other != 1 && other != size) {
      return {};
    }
  }
  return out;
}

std::optional<std::int64_t> axis_of(std::int64_t axis, std::int64_t rank) {
  if (axis < -rank || axis >= rank) return {};
  return axis < 0 ? axis + rank : axis;
}

std::optional<Sizes> named_axes(const Step& s, std::int64_t rank) {
  Sizes found;
  if (s.all_axes) {
    for (std::int64_t axis = 0; axis < rank; ++axis) found.push_back(axis);
    return found;
  }
  for (const std::int64_t axis : s.integers) {
    const auto resolved = axis_of(axis, rank);
    if (!resolved || std::count(found.begin(), found.end(), *resolved) > 0) return {};
    found.push_back(*resolved);
  }
  return found;
}

Sizes indices_of(std::int64_t flat, const Sizes& sizes) {
  Sizes indices(sizes.size());
  for (std::size_t axis = sizes.size(); axis-- > 0; flat /= sizes[axis])
    indices[axis] = flat % sizes[axis];
  return indices;
}

std::size_t offset_of(const Sizes& indices, const Sizes& sizes) {
  std::int64_t offset = 0;
  const std::size_t lead = indices.size() - sizes.size();
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    offset = offset * sizes[axis] + (sizes[axis] == 1 ? 0 : indices[lead + axis]);
  }
  return static_cast<std::size_t>(offset);
}

Prediction predict_elementwise(const Step& s, std::span<const Given> operands) {
  if (s.op == Op::clamp && !(s.numbers[0] <= s.numbers[1])) return {};
  Sizes sizes = operands[0].sizes;
  for (const Given& other : operands.subspan(1)) {
    const auto both = broadcast_sizes(sizes, other.sizes);
    if (!both || !is_shape(*both)) return {};
    sizes = *both;
  }
  Prediction p = result_of(std::move(sizes));
  for (std::size_t i = 0; i < p.cells.size(); ++i) {
    const Sizes at = indices_of(static_cast<std::int64_t>(i), p.sizes);
    Real x[3] = {};
    for (std::size_t k = 0; k < operands.size(); ++k)
      x[k] = operands[k].numbers[offset_of(at, operands[k].sizes)];
    p.cells[i] = cell_of(s, x);
  }
  return p;
}

Prediction predict(const Step& s, std::span<const Given> operands) {
  if (is_unary(s.op) || is_binary(s.op) || is_where(s.op)) return predict_elementwise(s, operands);
  if (is_reduction(s.op)) return predict_reduction(s, operands[0]);
  if (is_movement(s.op)) return predict_movement(s, operands);
  return predict_product(s, operands);
}

}  // namespace nablur::fuzz
