#include <nablur/ops/joining.h>

#include <algorithm>

#include <nablur/autodiff/detail/composed.h>
#include <nablur/autodiff/detail/walk.h>
#include <nablur/ops/detail/lines.h>
#include <nablur/ops/indexing.h>

namespace nablur::compiled {

using detail::assign;
using detail::gather;
using detail::IntList;
using detail::part_of;
using detail::scatter;
using detail::View;
using detail::whole;
using detail::with_size;

namespace {

// Parts one behind another along the first axis are one behind another in memory too, and so are
// their gradients: of several rows each, or of one row without its axis.
template <class T>
Variable<T> join_rows(detail::Name name, std::span<const Variable<T>> parts, Tensor<T> y,
                      const IntList& counts) {
  T* to = y.mutable_data();
  for (const Variable<T>& part : parts) to = std::copy_n(part.value().data(), part.size(), to);
  const bool stacked = y.rank() > parts[0].rank();
  return record(name, std::move(y), parts, [counts, stacked](const Tensor<T>& g, Adjoints<T>& d) {
    std::int64_t at = 0;
    for (std::int64_t i = 0; i < counts.count(); at += counts[i++]) {
      const auto part = static_cast<std::size_t>(i);
      if (d.wants(part)) d.add(part, stacked ? g[at] : g.rows(at, at + counts[i]));
    }
  });
}

// Parts one behind another along an axis of the joined shape, of which part i takes counts[i].
template <class T>
Variable<T> join(detail::Name name, std::span<const Variable<T>> parts, const Shape& joined,
                 std::int64_t along, const IntList& counts) {
  auto y = Tensor<T>::empty(joined);
  if (along == 0) return join_rows(name, parts, std::move(y), counts);
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < parts.size(); begin += counts[i++]) {
    scatter(y, part_of(joined, along, begin, counts[i]), parts[i].value(), assign);
  }
  pool::Vector<Shape> shapes;
  for (const Variable<T>& part : parts) shapes.push_back(part.shape());
  return record(name, y, parts, [counts, along, shapes](const Tensor<T>& g, Adjoints<T>& d) {
    std::int64_t at = 0;
    for (std::size_t i = 0; i < shapes.size(); at += counts[i++]) {
      if (d.wants(i))
        d.add(i, gather(g, part_of(g.shape(), along, at, counts[i])).reshaped(shapes[i]));
    }
  });
}

template <class T>
pool::Vector<Padding> all_around(std::int64_t width, const Variable<T>& x) {
  return pool::Vector<Padding>(static_cast<std::size_t>(x.rank()), Padding{width, width});
}

bool is_none(const Padding& padding) { return padding.before == 0 && padding.after == 0; }

void require_paddings(std::span<const Padding> padding, const Shape& shape) {
  if (static_cast<std::int64_t>(padding.size()) != shape.rank()) {
    fail("pad: expected a padding for each of the ", shape.rank(), " axes of shape ", shape,
         ", got ", padding.size());
  }
  for (const auto [before, after] : padding) {
    if (before < 0 || after < 0) {
      fail("pad: paddings must be at least 0, got ", before, " and ", after);
    }
  }
}

std::int64_t padded(std::int64_t size, const Padding& padding, const Shape& shape) {
  if (__builtin_add_overflow(size, padding.before, &size) ||
      __builtin_add_overflow(size, padding.after, &size)) {
    fail("pad: ", padding.before, " and ", padding.after, " around ", shape, " exceed 2^63 - 1");
  }
  return size;
}

}  // namespace

template <class T>
Variable<T> Joining<T>::concatenate(std::span<const Variable<T>> parts, std::int64_t axis) {
  if (parts.empty()) fail("concatenate: needs at least one part");
  const Shape& first = parts.front().shape();
  const std::int64_t along = resolve_axis("concatenate", axis, first.rank());
  IntList counts(static_cast<std::int64_t>(parts.size()), 0);
  std::int64_t total = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Shape& shape = parts[i].shape();
    if (shape.rank() != first.rank() ||
        !(with_size(shape, along, 0) == with_size(first, along, 0))) {
      fail("concatenate: shapes ", first, " and ", shape, " must agree but for axis ", along);
    }
    counts[i] = shape[along];
    if (__builtin_add_overflow(total, shape[along], &total)) {
      fail("concatenate: the sizes of the ", parts.size(), " parts along axis ", along,
           " add up to more than 2^63 - 1");
    }
  }
  return join("concatenate", parts, with_size(first, along, total), along, counts);
}

template <class T>
Variable<T> Joining<T>::stack(std::span<const Variable<T>> parts, std::int64_t axis) {
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
  return join("stack", parts, Shape(sizes), along, IntList(count, 1));
}

template <class T>
Variable<T> Joining<T>::pad(const Variable<T>& x, std::span<const Padding> padding, double value) {
  require_paddings(padding, x.shape());
  IntList sizes = x.shape().sizes();
  for (std::size_t i = 0; i < padding.size(); ++i) {
    sizes[i] = padded(sizes[i], padding[i], x.shape());
  }
  View view = whole(Shape(sizes));
  for (std::size_t i = 0; i < padding.size(); ++i)
    view.offset += padding[i].before * view.strides[i];
  auto y = Tensor<T>::full(view.shape, static_cast<T>(value));
  view.shape = x.shape();
  scatter(y, view, x.value(), assign);
  return record("pad", y, {{x, [view](const Tensor<T>& g) { return gather(g, view); }}});
}

// Axis by axis, the samples are taken by index.
template <class T>
Variable<T> Joining<T>::pad(const Variable<T>& x, std::span<const Padding> padding, Border border) {
  detail::require_border("pad", border);
  require_paddings(padding, x.shape());
  bool pads = false;
  for (std::int64_t axis = 0; axis < x.rank() && border != Border::zero; ++axis) {
    if (is_none(padding[static_cast<std::size_t>(axis)])) continue;
    if (x.shape()[axis] == 0) {
      fail("pad: axis ", axis, " of ", x.shape(), " has no element to continue");
    }
    pads = true;
  }
  // Without padding, too, the result is a variable of its own, with a gradient apart from x's.
  if (!pads || x.size() == 0) return pad(x, padding, 0.0);
  return detail::composed("pad", x, [&] {
    Variable<T> y = x;
    for (std::int64_t axis = 0; axis < x.rank(); ++axis) {
      const Padding& around = padding[static_cast<std::size_t>(axis)];
      if (is_none(around)) continue;
      const std::int64_t n = x.shape()[axis];
      auto indices = Tensor<std::int64_t>::empty(Shape{padded(n, around, x.shape())});
      std::int64_t* const to = indices.mutable_data();
      for (std::int64_t i = 0; i < indices.size(); ++i) {
        to[i] = detail::border_index(i - around.before, n, border);
      }
      y = Indexing<T>::take(y, indices, axis);
    }
    return y;
  });
}

template <class T>
Variable<T> Joining<T>::pad(const Variable<T>& x, std::int64_t width, double value) {
  return pad(x, all_around(width, x), value);
}

template <class T>
Variable<T> Joining<T>::pad(const Variable<T>& x, std::int64_t width, Border border) {
  return pad(x, all_around(width, x), border);
}

template struct Joining<float>;
template struct Joining<double>;
template struct Joining<Dual<float>>;
template struct Joining<Dual<double>>;

}  // namespace nablur::compiled
