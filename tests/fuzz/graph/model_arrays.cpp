// The model of reductions and of what moves elements about.

#include <algorithm>
#include <cmath>
#include <limits>

#include "model.h"

namespace nablur::fuzz {
namespace {

using Real = long double;

constexpr Real kInfinity = std::numeric_limits<Real>::infinity();

// Of the elements that one element of the result stands for.
Cell reduce(Op op, std::span<const Real> x) {
  Cell cell{op == Op::max ? -kInfinity : op == Op::min ? kInfinity : 0, 0};
  Real top = -kInfinity;
  for (const Real v : x) {
    top = std::isnan(v) || std::isnan(top) ? v + top : std::max(top, v);
    if (op == Op::max || op == Op::min) {
      const bool none = std::isnan(cell.value) || std::isnan(v);
      cell.value = none            ? cell.value + v
                   : op == Op::max ? std::max(cell.value, v)
                                   : std::min(cell.value, v);
    } else {
      cell.value += v;
    }
    cell.scale += magnitude(v);
  }
  if (op == Op::mean)
    return {cell.value / static_cast<Real>(x.size()), cell.scale / static_cast<Real>(x.size())};
  if (op != Op::logsumexp) return cell;
  if (!std::isfinite(top)) return {top, magnitude(top)};
  Real sum = 0;
  for (const Real v : x) sum += std::exp(v - top);
  return {top + std::log(sum), magnitude(top) + 1};
}

Sizes without(const Sizes& sizes, const Sizes& axes, bool keep) {
  Sizes left;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    const bool reduced = is_named(axes, axis);
    if (!reduced || keep) left.push_back(reduced ? 1 : sizes[axis]);
  }
  return left;
}

Prediction reshape(const Step& s, const Given& x) {
  Sizes sizes = s.integers;
  const auto open = std::find(sizes.begin(), sizes.end(), -1);
  const std::int64_t n = elements(x.sizes);
  if (open != sizes.end()) {
    *open = 1;
    if (!is_shape(sizes) || elements(sizes) == 0 || n % elements(sizes) != 0) return {};
    *open = n / elements(sizes);
  }
  if (!is_shape(sizes) || elements(sizes) != n) return {};
  return renamed(x, sizes);
}

Prediction transpose(const Step& s, const Given& x) {
  const auto rank = static_cast<std::int64_t>(x.sizes.size());
  auto order = named_axes(s, rank);
  if (!order || static_cast<std::int64_t>(order->size()) != rank) return {};
  if (s.all_axes) std::reverse(order->begin(), order->end());
  Sizes sizes;
  for (const std::int64_t axis : *order) sizes.push_back(x.sizes[static_cast<std::size_t>(axis)]);
  return moved(x, sizes, [&](const Sizes& to) {
    Sizes from(to.size());
    for (std::size_t i = 0; i < to.size(); ++i) from[static_cast<std::size_t>((*order)[i])] = to[i];
    return from;
  });
}

Prediction flip(const Step& s, const Given& x) {
  const auto axes = named_axes(s, static_cast<std::int64_t>(x.sizes.size()));
  if (!axes) return {};
  return moved(x, x.sizes, [&](Sizes at) {
    for (const std::int64_t axis : *axes) {
      const auto a = static_cast<std::size_t>(axis);
      at[a] = x.sizes[a] - 1 - at[a];
    }
    return at;
  });
}

Prediction broadcast_to(const Step& s, const Given& x) {
  if (!is_shape(s.integers)) return {};
  const auto both = broadcast_sizes(x.sizes, s.integers);
  if (!both || *both != s.integers) return {};
  return moved(x, s.integers, [](const Sizes& at) { return at; });
}

// Python's: bounds count from the end if negative, and are cut.
std::int64_t bound(std::int64_t i, std::int64_t n) {
  if (i < 0) i = i < -n ? 0 : i + n;
  return std::min(i, n);
}

Prediction slice(const Step& s, const Given& x) {
  const auto rank = static_cast<std::int64_t>(x.sizes.size());
  const auto first = s.op == Op::slice ? std::optional<std::int64_t>(0) : axis_of(s.axis, rank);
  const auto count = static_cast<std::int64_t>(s.integers.size() / 3);
  if (!first || count > rank - *first) return {};
  Sizes sizes = x.sizes;
  Sizes begin(x.sizes.size(), 0);
  Sizes step(x.sizes.size(), 1);
  for (std::int64_t k = 0; k < count; ++k) {
    const auto axis = static_cast<std::size_t>(*first + k);
    const std::int64_t* range = s.integers.data() + 3 * k;
    if (range[2] < 1) return {};
    begin[axis] = bound(range[0], x.sizes[axis]);
    step[axis] = range[2];
    const std::int64_t length = bound(range[1], x.sizes[axis]) - begin[axis];
    sizes[axis] = length <= 0 ? 0 : (length - 1) / range[2] + 1;
  }
  return moved(x, sizes, [&](Sizes at) {
    for (std::size_t a = 0; a < at.size(); ++a) at[a] = begin[a] + step[a] * at[a];
    return at;
  });
}

Prediction pad(const Step& s, const Given& x) {
  if (s.integers.size() / 2 != x.sizes.size()) return {};
  Sizes sizes = x.sizes;
  for (std::size_t a = 0; a < sizes.size(); ++a) {
    for (const std::int64_t more : {s.integers[2 * a], s.integers[2 * a + 1]}) {
      if (more < 0 || __builtin_add_overflow(sizes[a], more, &sizes[a])) return {};
    }
  }
  Prediction p = result_of(sizes);
  for (std::size_t i = 0; i < p.cells.size(); ++i) {
    Sizes at = indices_of(static_cast<std::int64_t>(i), p.sizes);
    bool inside = true;
    for (std::size_t a = 0; a < at.size(); ++a) {
      at[a] -= s.integers[2 * a];
      inside = inside && at[a] >= 0 && at[a] < x.sizes[a];
    }
    const Real v = inside ? x.numbers[offset_of(at, x.sizes)] : static_cast<Real>(s.numbers[0]);
    p.cells[i] = {v, magnitude(v)};
  }
  return p;
}

Prediction take(const Step& s, const Given& x) {
  const auto along = axis_of(s.axis, static_cast<std::int64_t>(x.sizes.size()));
  if (!along) return {};
  const auto axis = static_cast<std::size_t>(*along);
  const std::int64_t n = x.sizes[axis];
  for (const std::int64_t i : s.integers) {
    if (i < -n || i >= n) return {};
  }
  Sizes sizes(x.sizes.begin(), x.sizes.begin() + *along);
  sizes.insert(sizes.end(), s.shape.begin(), s.shape.end());
  sizes.insert(sizes.end(), x.sizes.begin() + *along + 1, x.sizes.end());
  return moved(x, sizes, [&](const Sizes& at) {
    Sizes from(at.begin(), at.begin() + *along);
    const Sizes index(at.begin() + *along,
                      at.begin() + *along + static_cast<std::int64_t>(s.shape.size()));
    const std::int64_t i = s.integers[offset_of(index, s.shape)];
    from.push_back(i < 0 ? i + n : i);
    from.insert(from.end(), at.begin() + *along + static_cast<std::int64_t>(s.shape.size()),
                at.end());
    return from;
  });
}

// stack is concatenate of parts with one axis more.
Prediction join(const Step& s, std::span<const Given> operands) {
  std::vector<Given> parts(operands.begin(), operands.end());
  const bool stacks = s.op == Op::stack;
  const auto along =
      axis_of(s.axis, static_cast<std::int64_t>(parts[0].sizes.size()) + (stacks ? 1 : 0));
  if (!along) return {};
  const auto axis = static_cast<std::size_t>(*along);
  Sizes sizes;
  for (Given& part : parts) {
    if (stacks) {
      if (part.sizes.size() < axis || part.sizes.size() != operands[0].sizes.size()) return {};
      part.sizes.insert(part.sizes.begin() + *along, 1);
    }
    if (sizes.empty()) {
      sizes = part.sizes;
      continue;
    }
    if (part.sizes.size() != sizes.size()) return {};
    for (std::size_t a = 0; a < sizes.size(); ++a) {
      if (a != axis && part.sizes[a] != sizes[a]) return {};
    }
    if (__builtin_add_overflow(sizes[axis], part.sizes[axis], &sizes[axis])) return {};
  }
  Prediction p = result_of(sizes);
  for (std::size_t i = 0; i < p.cells.size(); ++i) {
    Sizes at = indices_of(static_cast<std::int64_t>(i), p.sizes);
    std::size_t k = 0;
    for (; at[axis] >= parts[k].sizes[axis]; ++k) at[axis] -= parts[k].sizes[axis];
    const Real v = parts[k].numbers[offset_of(at, parts[k].sizes)];
    p.cells[i] = {v, magnitude(v)};
  }
  return p;
}

}  // namespace

Prediction predict_reduction(const Step& s, const Given& x) {
  const auto axes = named_axes(s, static_cast<std::int64_t>(x.sizes.size()));
  if (!axes) return {};
  Prediction p = result_of(without(x.sizes, *axes, s.flag));
  const bool needs_elements = s.op == Op::mean || s.op == Op::max || s.op == Op::min;
  if (needs_elements && x.numbers.empty() && elements(p.sizes) > 0) return {};
  const Sizes kept = without(x.sizes, *axes, true);
  std::vector<std::vector<Real>> groups(p.cells.size());
  for (std::size_t i = 0; i < x.numbers.size() && !groups.empty(); ++i) {
    groups[offset_of(indices_of(static_cast<std::int64_t>(i), x.sizes), kept)].push_back(
        x.numbers[i]);
  }
  for (std::size_t i = 0; i < groups.size(); ++i) p.cells[i] = reduce(s.op, groups[i]);
  return p;
}

Prediction predict_movement(const Step& s, std::span<const Given> operands) {
  switch (s.op) {
    case Op::reshape:
      return reshape(s, operands[0]);
    case Op::transpose:
      return transpose(s, operands[0]);
    case Op::flip:
      return flip(s, operands[0]);
    case Op::broadcast_to:
      return broadcast_to(s, operands[0]);
    case Op::slice:
    case Op::slice_axis:
      return slice(s, operands[0]);
    case Op::pad:
      return pad(s, operands[0]);
    case Op::take:
      return take(s, operands[0]);
    case Op::concatenate:
    case Op::stack:
      return join(s, operands);
    default:
      return predict_rearrangement(s, operands);
  }
}

}  // namespace nablur::fuzz
