#include <nablur/ops/reshape.h>

#include <algorithm>

#include <nablur/ops/detail/walk.h>

namespace nablur::compiled {

using detail::accumulate;
using detail::assign;
using detail::gather;
using detail::IntList;
using detail::scatter;
using detail::View;
using detail::whole;

namespace {

Shape to_shape(const IntList& sizes) { return Shape(std::span<const std::int64_t>(sizes.begin(), sizes.end())); }
IntList to_list(const Shape& shape) { return IntList(std::span<const std::int64_t>(shape.begin(), shape.end())); }

Shape with_size(const Shape& shape, std::int64_t axis, std::int64_t size) {
  IntList sizes = to_list(shape);
  sizes.begin()[axis] = size;
  return to_shape(sizes);
}

// Indices [begin, begin + count·step) of one axis of an array.
View part_of(const Shape& shape, std::int64_t axis, std::int64_t begin, std::int64_t count) {
  View view = whole(shape);
  view.shape = with_size(shape, axis, count);
  view.offset = begin * view.strides.begin()[axis];
  return view;
}

View sliced(const Shape& shape, std::int64_t first_axis, std::span<const Range> ranges) {
  if (static_cast<std::int64_t>(ranges.size()) > shape.rank() - first_axis) {
    fail("slice: ", ranges.size(), " ranges for shape ", shape);
  }
  View view = whole(shape);
  IntList sizes = to_list(shape);
  std::int64_t axis = first_axis;
  for (const Range& r : ranges) {
    if (r.step < 1) fail("slice: the step must be at least 1, got ", r.step, "; flip turns an axis round");
    const std::int64_t n = shape[axis];
    const auto bound = [n](std::int64_t i) { return std::clamp(i < 0 ? i + n : i, std::int64_t{0}, n); };
    const std::int64_t begin = bound(r.begin);
    const std::int64_t length = std::max<std::int64_t>(0, bound(r.end) - begin);
    sizes.begin()[axis] = length / r.step + (length % r.step != 0);
    view.offset += begin * view.strides.begin()[axis];
    // A step past the end is never taken, and its stride might not fit.
    view.strides.begin()[axis] *= std::min(r.step, std::max<std::int64_t>(n, 1));
    ++axis;
  }
  view.shape = to_shape(sizes);
  return view;
}

// A view of whole rows next to one another needs no copy.
bool is_block_of_rows(const View& view, const Shape& shape) {
  if (shape.rank() == 0 || view.shape.size() == 0) return false;
  const View all = whole(shape);
  return view.strides == all.strides && std::equal(view.shape.begin() + 1, view.shape.end(), shape.begin() + 1);
}

// Parts one behind another along an axis of the joined shape, of which part i takes counts[i].
template <class T>
Variable<T> join(detail::Name name, std::span<const Variable<T>> parts, const Shape& joined, std::int64_t along,
                 const IntList& counts) {
  auto y = Tensor<T>::empty(joined);
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < parts.size(); begin += counts.begin()[i++]) {
    scatter(y, part_of(joined, along, begin, counts.begin()[i]), parts[i].value(), assign);
  }
  std::vector<Shape, pool::Allocator<Shape>> shapes;
  for (const Variable<T>& part : parts) shapes.push_back(part.shape());
  return record(name, y, parts, [counts, along, shapes](const Tensor<T>& g, Adjoints<T>& d) {
    std::int64_t at = 0;
    for (std::size_t i = 0; i < shapes.size(); at += counts.begin()[i++]) {
      if (d.wants(i)) d.add(i, gather(g, part_of(g.shape(), along, at, counts.begin()[i])).reshaped(shapes[i]));
    }
  });
}

}  // namespace

template <class T>
Variable<T> Reshape<T>::reshape(const Variable<T>& x, std::span<const std::int64_t> sizes) {
  IntList found(sizes);
  std::int64_t* const open = std::find(found.begin(), found.end(), -1);
  for (const std::int64_t& size : found) {
    if (size < 0 && &size != open) fail("reshape: one size may be -1 and the others at least 0, got ", size, " besides");
  }
  if (open != found.end()) {
    *open = 1;
    const std::int64_t rest = to_shape(found).size();
    if (rest == 0 || x.size() % rest != 0) fail("reshape: no size for -1 makes ", x.size(), " elements of shape ", x.shape());
    *open = x.size() / rest;
  }
  const auto back = [shape = x.shape()](const Tensor<T>& g) { return g.reshaped(shape); };
  return record("reshape", x.value().reshaped(to_shape(found)), {{x, back}});
}

template <class T>
Variable<T> Reshape<T>::transpose(const Variable<T>& x, const Axes& axes) {
  const std::int64_t rank = x.rank();
  if (!axes.all() && axes.count() != rank) fail("transpose: ", axes.count(), " axes for shape ", x.shape());
  const Axes order = axes.resolve("transpose", rank);
  IntList to(rank, 0);    // axis of x at each place of the result
  IntList back(rank, 0);  // and the other way round
  for (std::int64_t i = 0; i < rank; ++i) {
    to.begin()[i] = axes.all() ? rank - 1 - i : order[i];
    back.begin()[to.begin()[i]] = i;
  }
  const auto permuted = [](const Tensor<T>& t, const IntList& p) {
    const View all = whole(t.shape());
    IntList sizes(t.rank(), 0);
    View view = all;
    for (std::int64_t i = 0; i < t.rank(); ++i) {
      sizes.begin()[i] = t.shape()[p.begin()[i]];
      view.strides.begin()[i] = all.strides.begin()[p.begin()[i]];
    }
    view.shape = to_shape(sizes);
    return gather(t, view);
  };
  return record("transpose", permuted(x.value(), to), {{x, [permuted, back](const Tensor<T>& g) { return permuted(g, back); }}});
}

template <class T>
Variable<T> Reshape<T>::slice(const Variable<T>& x, std::int64_t first_axis, std::span<const Range> ranges) {
  const std::int64_t first = first_axis == 0 ? 0 : resolve_axis("slice", first_axis, x.rank());
  const View view = sliced(x.shape(), first, ranges);
  const std::int64_t row = view.strides.count() > 0 ? view.strides.begin()[0] : 1;
  const Tensor<T> y = is_block_of_rows(view, x.shape()) ? x.value().rows(view.offset / row, view.offset / row + view.shape[0])
                                                        : gather(x.value(), view);
  return record("slice", y, {x}, [view](const Tensor<T>& g, Adjoints<T>& d) { scatter(d.accumulator(0), view, g, accumulate); });
}

template <class T>
Variable<T> Reshape<T>::concatenate(std::span<const Variable<T>> parts, std::int64_t axis) {
  if (parts.empty()) fail("concatenate: needs at least one part");
  const Shape& first = parts.front().shape();
  const std::int64_t along = resolve_axis("concatenate", axis, first.rank());
  IntList counts(static_cast<std::int64_t>(parts.size()), 0);
  std::int64_t total = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Shape& shape = parts[i].shape();
    if (shape.rank() != first.rank() || !(with_size(shape, along, 0) == with_size(first, along, 0))) {
      fail("concatenate: shapes ", first, " and ", shape, " differ off axis ", along);
    }
    counts.begin()[i] = shape[along];
    if (__builtin_add_overflow(total, shape[along], &total)) {
      fail("concatenate: the sizes of the ", parts.size(), " parts along axis ", along, " add up to more than 2^63 - 1");
    }
  }
  return join("concatenate", parts, with_size(first, along, total), along, counts);
}

template <class T>
Variable<T> Reshape<T>::stack(std::span<const Variable<T>> parts, std::int64_t axis) {
  if (parts.empty()) fail("stack: needs at least one part");
  const Shape& shape = parts.front().shape();
  const std::int64_t along = resolve_axis("stack", axis, shape.rank() + 1);
  for (const Variable<T>& part : parts) {
    if (!(part.shape() == shape)) fail("stack: shapes ", shape, " and ", part.shape(), " differ");
  }
  const auto count = static_cast<std::int64_t>(parts.size());
  IntList sizes(shape.rank() + 1, count);
  std::copy(shape.begin(), shape.begin() + along, sizes.begin());
  std::copy(shape.begin() + along, shape.end(), sizes.begin() + along + 1);
  return join("stack", parts, to_shape(sizes), along, IntList(count, 1));
}

template <class T>
Variable<T> Reshape<T>::broadcast_to(const Variable<T>& x, const Shape& shape) {
  if (!broadcasts_to(x.shape(), shape)) fail("broadcast_to: shape ", x.shape(), " does not broadcast to ", shape);
  const View view{shape, detail::broadcast_strides(x.shape(), shape), 0};
  return record("broadcast_to", gather(x.value(), view), {{x, [](const Tensor<T>& g) { return g; }}});
}

template <class T>
Variable<T> Reshape<T>::flip(const Variable<T>& x, const Axes& axes) {
  View view = whole(x.shape());
  for (const std::int64_t axis : axes.resolve("flip", x.rank())) {
    view.offset += std::max<std::int64_t>(0, view.shape[axis] - 1) * view.strides.begin()[axis];
    view.strides.begin()[axis] *= -1;
  }
  return record("flip", gather(x.value(), view), {{x, [view](const Tensor<T>& g) { return gather(g, view); }}});
}

template <class T>
Variable<T> Reshape<T>::pad(const Variable<T>& x, std::span<const Padding> padding, double value) {
  if (static_cast<std::int64_t>(padding.size()) != x.rank()) fail("pad: ", padding.size(), " paddings for shape ", x.shape());
  IntList sizes = to_list(x.shape());
  for (std::size_t i = 0; i < padding.size(); ++i) {
    const auto [before, after] = padding[i];
    if (before < 0 || after < 0) fail("pad: paddings must be at least 0, got ", before, " and ", after);
    std::int64_t& size = sizes.begin()[i];
    if (__builtin_add_overflow(size, before, &size) || __builtin_add_overflow(size, after, &size)) {
      fail("pad: ", before, " and ", after, " around ", x.shape(), " exceed 2^63 - 1");
    }
  }
  View view = whole(to_shape(sizes));
  for (std::size_t i = 0; i < padding.size(); ++i) view.offset += padding[i].before * view.strides.begin()[i];
  auto y = Tensor<T>::full(view.shape, static_cast<T>(value));
  view.shape = x.shape();
  scatter(y, view, x.value(), assign);
  return record("pad", y, {{x, [view](const Tensor<T>& g) { return gather(g, view); }}});
}

// ∂/∂x: each gradient goes back to the element it was taken from; repeats add up
template <class T>
Variable<T> Reshape<T>::take(const Variable<T>& x, const Tensor<std::int64_t>& indices, std::int64_t axis) {
  const std::int64_t along = resolve_axis("take", axis, x.rank());
  const std::int64_t n = x.shape()[along];
  auto found = Tensor<std::int64_t>::empty(indices.shape());
  std::transform(indices.begin(), indices.end(), found.mutable_data(), [&](std::int64_t i) {
    if (i < -n || i >= n) fail("take: index ", i, " is out of range at axis ", along, " of ", x.shape());
    return i < 0 ? i + n : i;
  });
  const std::int64_t outer = Shape(std::span<const std::int64_t>(x.shape().begin(), x.shape().begin() + along)).size();
  const std::int64_t inner = Shape(std::span<const std::int64_t>(x.shape().begin() + along + 1, x.shape().end())).size();
  // visit(offset in x, offset in y) of each run of `inner` elements; an axis may be huge beside an empty one
  const auto for_each_run = [found, outer, inner, n](const auto& visit) {
    if (found.size() == 0 || inner == 0) return;
    std::int64_t to = 0;
    for (std::int64_t o = 0; o < outer; ++o) {
      for (const std::int64_t i : found) visit((o * n + i) * inner, std::exchange(to, to + inner));
    }
  };
  IntList sizes(x.rank() - 1 + indices.rank(), 0);
  std::int64_t* at = std::copy(x.shape().begin(), x.shape().begin() + along, sizes.begin());
  at = std::copy(indices.shape().begin(), indices.shape().end(), at);
  std::copy(x.shape().begin() + along + 1, x.shape().end(), at);
  auto y = Tensor<T>::empty(to_shape(sizes));
  for_each_run([&, to = y.mutable_data()](std::int64_t i, std::int64_t j) { std::copy_n(x.value().data() + i, inner, to + j); });
  return record("take", y, {x}, [for_each_run, inner](const Tensor<T>& g, Adjoints<T>& d) {
    T* dx = d.accumulator(0).mutable_data();
    for_each_run([&](std::int64_t i, std::int64_t j) {
      for (std::int64_t k = 0; k < inner; ++k) dx[i + k] += g.data()[j + k];
    });
  });
}

template struct Reshape<float>;
template struct Reshape<double>;
template struct Reshape<Dual<float>>;
template struct Reshape<Dual<double>>;

}  // namespace nablur::compiled
