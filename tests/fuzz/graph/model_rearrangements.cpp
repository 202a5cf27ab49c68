// The model of the operators that rearrange: squeeze to pad by a border.

#include <algorithm>
#include <cmath>

#include "../../reference_blur.h"
#include "model.h"

namespace nablur::fuzz {
namespace {

using Real = long double;

std::int64_t rank_of(const Given& x) { return static_cast<std::int64_t>(x.sizes.size()); }

Prediction squeeze(const Step& s, const Given& x) {
  const auto axes = named_axes(s, rank_of(x));
  if (!axes) return {};
  Sizes sizes;
  for (std::size_t a = 0; a < x.sizes.size(); ++a) {
    if (x.sizes[a] != 1 && is_named(*axes, a) && !s.all_axes) return {};
    if (x.sizes[a] != 1 || !is_named(*axes, a)) sizes.push_back(x.sizes[a]);
  }
  return renamed(x, sizes);
}

// The axes are those of the result.
Prediction expand_dims(const Step& s, const Given& x) {
  const auto rank = rank_of(x) + static_cast<std::int64_t>(s.integers.size());
  const auto axes = named_axes(s, rank);
  if (!axes || s.all_axes) return {};
  Sizes sizes;
  auto old = x.sizes.begin();
  for (std::size_t a = 0; a < static_cast<std::size_t>(rank); ++a)
    sizes.push_back(is_named(*axes, a) ? 1 : *old++);
  return renamed(x, sizes);
}

Prediction swapaxes(const Step& s, const Given& x) {
  const auto first = axis_of(s.integers[0], rank_of(x));
  const auto second = axis_of(s.integers[1], rank_of(x));
  if (!first || !second) return {};
  const auto swapped = [&](Sizes list) {
    std::swap(list[static_cast<std::size_t>(*first)], list[static_cast<std::size_t>(*second)]);
    return list;
  };
  return moved(x, swapped(x.sizes), swapped);
}

Prediction roll(const Step& s, const Given& x) {
  const auto along = axis_of(s.axis, rank_of(x));
  if (!along) return {};
  const auto axis = static_cast<std::size_t>(*along);
  return moved(x, x.sizes, [&](Sizes at) {
    const std::int64_t n = x.sizes[axis];
    at[axis] = (at[axis] - s.integers[0] % n + 2 * n) % n;
    return at;
  });
}

Prediction tile(const Step& s, const Given& x) {
  const std::size_t rank = std::max(s.integers.size(), x.sizes.size());
  Sizes counts = s.integers;
  counts.insert(counts.begin(), rank - counts.size(), 1);
  Given apart = x;
  apart.sizes.insert(apart.sizes.begin(), rank - x.sizes.size(), 1);
  Sizes sizes = apart.sizes;
  for (std::size_t a = 0; a < rank; ++a) {
    if (counts[a] < 0 || __builtin_mul_overflow(sizes[a], counts[a], &sizes[a])) return {};
  }
  return moved(apart, sizes, [&](Sizes at) {
    for (std::size_t a = 0; a < rank; ++a) at[a] %= apart.sizes[a];
    return at;
  });
}

Prediction triangle(const Step& s, const Given& x) {
  if (rank_of(x) < 2) return {};
  Prediction p = result_of(x.sizes);
  for (std::size_t i = 0; i < p.cells.size(); ++i) {
    const Sizes at = indices_of(static_cast<std::int64_t>(i), p.sizes);
    const std::int64_t diagonal = at[at.size() - 1] - at[at.size() - 2];
    const bool kept = s.op == Op::tril ? diagonal <= s.integers[0] : diagonal >= s.integers[0];
    if (kept) p.cells[i] = {x.numbers[i], magnitude(x.numbers[i])};
  }
  return p;
}

Prediction select(const Step& s, const Given& x) {
  const auto along = axis_of(s.axis, rank_of(x));
  if (!along) return {};
  const auto i = axis_of(s.integers[0], x.sizes[static_cast<std::size_t>(*along)]);
  if (!i) return {};
  Sizes sizes = x.sizes;
  sizes.erase(sizes.begin() + *along);
  return moved(x, sizes, [&](Sizes at) {
    at.insert(at.begin() + *along, *i);
    return at;
  });
}

Prediction split(const Step& s, const Given& x) {
  const auto along = axis_of(s.axis, rank_of(x));
  if (!along) return {};
  const auto axis = static_cast<std::size_t>(*along);
  std::int64_t begin = 0;
  for (std::size_t k = 0; k < s.integers.size(); ++k) {
    const std::int64_t size = s.integers[k];
    if (size < 0 || size > x.sizes[axis] - begin) return {};
    if (k + 1 < s.integers.size()) begin += size;
  }
  if (begin + s.integers.back() != x.sizes[axis]) return {};
  Sizes sizes = x.sizes;
  sizes[axis] = s.integers.back();
  return moved(x, sizes, [&](Sizes at) {
    at[axis] += begin;
    return at;
  });
}

Prediction index_add(const Step& s, const Given& x, const Given& source) {
  const auto along = axis_of(s.axis, rank_of(x));
  if (!along) return {};
  const std::int64_t n = x.sizes[static_cast<std::size_t>(*along)];
  const auto inner = static_cast<std::int64_t>(s.shape.size());
  Sizes places(x.sizes.begin(), x.sizes.begin() + *along);
  places.insert(places.end(), s.shape.begin(), s.shape.end());
  places.insert(places.end(), x.sizes.begin() + *along + 1, x.sizes.end());
  for (const std::int64_t i : s.integers) {
    if (!axis_of(i, n)) return {};
  }
  if (source.sizes != places) return {};
  Prediction p = renamed(x, x.sizes);
  for (std::size_t k = 0; k < source.numbers.size() && !p.cells.empty(); ++k) {
    const Sizes at = indices_of(static_cast<std::int64_t>(k), places);
    const Sizes index(at.begin() + *along, at.begin() + *along + inner);
    Sizes to(at.begin(), at.begin() + *along);
    to.push_back(*axis_of(s.integers[offset_of(index, s.shape)], n));
    to.insert(to.end(), at.begin() + *along + inner, at.end());
    Cell& cell = p.cells[offset_of(to, x.sizes)];
    cell.value += source.numbers[k];
    cell.scale += magnitude(source.numbers[k]);
  }
  return p;
}

Prediction pad_border(const Step& s, const Given& x) {
  const auto border = static_cast<int>(s.border);
  if (border < 0 || border > 4 || s.integers.size() / 2 != x.sizes.size()) return {};
  Sizes sizes = x.sizes;
  bool large = false;
  for (std::size_t a = 0; a < sizes.size(); ++a) {
    bool padded = false;
    for (const std::int64_t more : {s.integers[2 * a], s.integers[2 * a + 1]}) {
      if (more < 0 || __builtin_add_overflow(sizes[a], more, &sizes[a])) return {};
      padded = padded || more > 0;
      large = large || more > 1000;
    }
    if (padded && x.sizes[a] == 0 && s.border != Border::zero) return {};
  }
  // The library pads one axis after the other: on its way to a result past any memory it may fill
  // what there is.
  Prediction p = result_of(sizes);
  if (large || p.fate != Fate::result) return {Fate::skipped, {}, {}};
  for (std::size_t i = 0; i < p.cells.size(); ++i) {
    Sizes at = indices_of(static_cast<std::int64_t>(i), p.sizes);
    bool zero = false;
    for (std::size_t a = 0; a < at.size(); ++a) {
      at[a] = reference::sample_at(at[a] - s.integers[2 * a], x.sizes[a], s.border);
      zero = zero || at[a] < 0;
    }
    const Real v = zero ? 0 : x.numbers[offset_of(at, x.sizes)];
    p.cells[i] = {v, magnitude(v)};
  }
  return p;
}

}  // namespace

Prediction predict_rearrangement(const Step& s, std::span<const Given> operands) {
  const Given& x = operands[0];
  switch (s.op) {
    case Op::squeeze:
      return squeeze(s, x);
    case Op::expand_dims:
      return expand_dims(s, x);
    case Op::swapaxes:
      return swapaxes(s, x);
    case Op::roll:
      return roll(s, x);
    case Op::tile:
      return tile(s, x);
    case Op::tril:
    case Op::triu:
      return triangle(s, x);
    case Op::select:
      return select(s, x);
    case Op::split:
      return split(s, x);
    case Op::index_add:
      return index_add(s, x, operands[1]);
    default:
      return pad_border(s, x);
  }
}

}  // namespace nablur::fuzz
