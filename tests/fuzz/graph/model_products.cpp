// The model of products, filters and ranges of numbers.

#include <algorithm>
#include <cmath>

#include "../../reference_blur.h"
#include "model.h"

namespace nablur::fuzz {
namespace {

using Real = long double;

constexpr std::int64_t kMostRadius = std::int64_t{1} << 26;  // the library's
constexpr std::int64_t kSlowRadius = 100;

Sizes tail(const Sizes& sizes, std::size_t count) {
  return {sizes.end() - static_cast<std::int64_t>(count), sizes.end()};
}
Sizes but_tail(const Sizes& sizes, std::size_t count) {
  return {sizes.begin(), sizes.end() - static_cast<std::int64_t>(count)};
}

Sizes joined(Sizes a, const Sizes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Prediction matmul(const Given& a, const Given& b) {
  if (a.sizes.empty() || b.sizes.empty()) return {};
  const bool row = a.sizes.size() == 1;
  const bool column = b.sizes.size() == 1;
  const Sizes left = row ? Sizes{1, a.sizes[0]} : a.sizes;
  const Sizes right = column ? Sizes{b.sizes[0], 1} : b.sizes;
  const std::int64_t m = left[left.size() - 2];
  const std::int64_t k = left.back();
  const std::int64_t n = right.back();
  const auto batch = broadcast_sizes(but_tail(left, 2), but_tail(right, 2));
  if (k != right[right.size() - 2] || !batch) return {};
  Sizes sizes = *batch;
  if (!row) sizes.push_back(m);
  if (!column) sizes.push_back(n);
  if (!is_shape(joined(*batch, {m, n}))) return {};
  Prediction p = result_of(sizes);
  for (std::size_t i = 0; i < p.cells.size(); ++i) {
    Sizes at = indices_of(static_cast<std::int64_t>(i), joined(*batch, {m, n}));
    const std::int64_t r = at[at.size() - 2];
    const std::int64_t c = at.back();
    for (std::int64_t j = 0; j < k; ++j) {
      at[at.size() - 2] = r;
      at.back() = j;
      const Real u = a.numbers[offset_of(at, left)];
      at[at.size() - 2] = j;
      at.back() = c;
      const Real v = b.numbers[offset_of(at, right)];
      p.cells[i].value += u * v;
      p.cells[i].scale += magnitude(u * v);
    }
  }
  return p;
}

bool is_border(Border border) { return border >= Border::zero && border <= Border::circular; }

// Filters the values with the taps, and the scales with what their rounding errors are relative to:
// w (1 + u²), u = d/σ.
void blur_cells(Prediction& p, const reference::Lines& lines, Real sigma, std::int64_t radius,
                Border border) {
  reference::Numbers values;
  reference::Numbers scales;
  for (const Cell& cell : p.cells) {
    values.push_back(cell.value);
    scales.push_back(cell.scale);
  }
  reference::Numbers w = reference::taps(sigma, radius).w;
  values = reference::filter(values, lines, w, border);
  for (std::int64_t d = -radius; d <= radius; ++d) {
    const Real u = static_cast<Real>(d) / sigma;
    w[static_cast<std::size_t>(d + radius)] *= 1 + u * u;
  }
  scales = reference::filter(scales, lines, w, border);
  for (std::size_t i = 0; i < p.cells.size(); ++i) p.cells[i] = {values[i], scales[i]};
}

reference::Lines lines_of(const Sizes& sizes, std::size_t axis) {
  return {elements(but_tail(sizes, sizes.size() - axis)), sizes[axis],
          elements(tail(sizes, sizes.size() - axis - 1))};
}

// A result of x's sizes that starts as x.
Prediction like(const Given& x) {
  Prediction p = result_of(x.sizes);
  for (std::size_t i = 0; i < p.cells.size(); ++i)
    p.cells[i] = {x.numbers[i], magnitude(x.numbers[i])};
  return p;
}

Prediction convolve(const Step& s, const Given& x, const Given& kernel) {
  const auto axis = axis_of(s.axis, static_cast<std::int64_t>(x.sizes.size()));
  if (!axis || kernel.sizes.size() != 1 || kernel.sizes[0] % 2 == 0 || !is_border(s.border))
    return {};
  Prediction p = like(x);
  if (p.cells.empty()) return p;
  const auto lines = lines_of(x.sizes, static_cast<std::size_t>(*axis));
  const std::int64_t radius = kernel.sizes[0] / 2;
  Prediction y = result_of(x.sizes);
  reference::for_each_product(
      lines, radius, s.border, [&](std::size_t to, std::size_t from, std::size_t tap) {
        const Real product = kernel.numbers[kernel.numbers.size() - 1 - tap] * x.numbers[from];
        y.cells[to].value += product;
        y.cells[to].scale += magnitude(product);
      });
  return y;
}

// R of one σ; −1 if it is refused.
std::int64_t radius_of(const Step& s, double sigma, double truncate) {
  if (!(sigma >= 0) || std::isinf(sigma)) return -1;
  if (s.radius) return *s.radius > kMostRadius ? -1 : *s.radius;
  if (!(truncate > 0) || std::isinf(truncate)) return -1;
  const double radius = std::max(1.0, std::ceil(truncate * sigma));
  return radius <= static_cast<double>(kMostRadius) ? static_cast<std::int64_t>(radius) : -1;
}

Prediction gaussian_kernel(const Step& s, const Given& sigma) {
  if (elements(sigma.sizes) != 1 || !(sigma.numbers[0] > 0)) return {};
  const std::int64_t radius = radius_of(s, static_cast<double>(sigma.numbers[0]), 3);
  if (radius < 0) return {};
  Prediction p = result_of({2 * radius + 1});
  if (p.fate != Fate::result) return p;
  const auto taps = reference::taps(sigma.numbers[0], radius);
  for (std::size_t i = 0; i < p.cells.size(); ++i) {
    const Real u = (static_cast<Real>(i) - static_cast<Real>(radius)) / sigma.numbers[0];
    p.cells[i] = {taps.w[i], taps.w[i] * (1 + u * u)};  // the rounding of u² is multiplied by u²
  }
  return p;
}

Prediction gaussian_blur(const Step& s, const Given& x, const Given& sigma) {
  const auto axes = named_axes(s, static_cast<std::int64_t>(x.sizes.size()));
  const bool shared = sigma.sizes.empty();
  if (!axes || !is_border(s.border)) return {};
  if (!shared &&
      (sigma.sizes.size() != 1 || sigma.sizes[0] != static_cast<std::int64_t>(axes->size())))
    return {};
  bool slow = false;
  for (const Real entry : sigma.numbers) {
    const std::int64_t radius = radius_of(s, static_cast<double>(entry), s.numbers[0]);
    if (radius < 0) return {};
    slow = slow || radius > kSlowRadius;
  }
  Prediction p = like(x);
  if (slow) p.fate = Fate::skipped;
  if (p.cells.empty() || slow) return p;
  // How far an infinity reaches is the blur fuzzer's business. Of huge numbers two at the same
  // distance may overflow when they are added, whatever their weight.
  if (!std::all_of(x.numbers.begin(), x.numbers.end(),
                   [](Real v) { return std::fabs(v) < 1e30L; })) {
    p.cells.clear();
    return p;
  }
  for (std::size_t k = 0; k < axes->size(); ++k) {
    const Real entry = sigma.numbers[shared ? 0 : k];
    const std::int64_t radius = radius_of(s, static_cast<double>(entry), s.numbers[0]);
    if (entry == 0) continue;
    blur_cells(p, lines_of(x.sizes, static_cast<std::size_t>((*axes)[k])), entry, radius, s.border);
  }
  return p;
}

Prediction arange(const Step& s) {
  const auto [begin, end, step] = s.numbers;
  if (!std::isfinite(begin) || !std::isfinite(end) || !std::isfinite(step) || step == 0) return {};
  Prediction p;
  p.fate = Fate::either;
  if (!std::isfinite(end - begin)) return p;
  const double count = std::max(0.0, std::ceil((end - begin) / step));
  if (!(count < 0x1p62)) return {};
  p = result_of({static_cast<std::int64_t>(count)});
  for (std::size_t i = 0; i < p.cells.size(); ++i) {
    const Real shift = static_cast<Real>(step) * static_cast<Real>(i);
    p.cells[i] = {begin + shift, magnitude(begin) + magnitude(shift)};
  }
  return p;
}

Prediction linspace(const Step& s) {
  const double first = s.numbers[0];
  const double last = s.numbers[1];
  if (s.axis < 0) return {};
  Prediction p = result_of({s.axis});
  if (p.fate == Fate::result &&
      !(std::isfinite(first) && std::isfinite(last) && std::isfinite(last - first))) {
    p.fate = Fate::either;
    p.cells.clear();
  }
  for (std::size_t i = 0; i < p.cells.size(); ++i) {
    const Real part = s.axis > 1 ? static_cast<Real>(i) / static_cast<Real>(s.axis - 1) : 0;
    p.cells[i] = {first + part * (static_cast<Real>(last) - first),
                  magnitude(first) + magnitude(last)};
  }
  return p;
}

}  // namespace

Prediction predict_product(const Step& s, std::span<const Given> operands) {
  switch (s.op) {
    case Op::matmul:
      return matmul(operands[0], operands[1]);
    case Op::convolve:
      return convolve(s, operands[0], operands[1]);
    case Op::gaussian_kernel:
      return gaussian_kernel(s, operands[0]);
    case Op::gaussian_blur:
      return gaussian_blur(s, operands[0], operands[1]);
    case Op::arange:
      return arange(s);
    default:
      return linspace(s);
  }
}

}  // namespace nablur::fuzz
