#include <nablur/ops/indexing.h>

#include <algorithm>

#include <nablur/autodiff/detail/composed.h>
#include <nablur/autodiff/detail/walk.h>

namespace nablur::compiled {

using detail::accumulate;
using detail::gather;
using detail::IntList;
using detail::part_of;
using detail::scatter;
using detail::View;
using detail::whole;

namespace {

// What a range has of an axis of n elements, its step aside.
struct Part {
  std::int64_t begin;
  std::int64_t length;
};
Part within(const Range& range, std::int64_t n) {
  const auto bound = [n](std::int64_t i) {
    return std::clamp(i < 0 ? i + n : i, std::int64_t{0}, n);
  };
  const std::int64_t begin = bound(range.begin);
  return {begin, std::max<std::int64_t>(0, bound(range.end) - begin)};
}

View sliced(const Shape& shape, std::int64_t first_axis, std::span<const Range> ranges) {
  if (static_cast<std::int64_t>(ranges.size()) > shape.rank() - first_axis) {
    fail("slice: expected at most ", shape.rank() - first_axis, " ranges for shape ", shape,
         ", got ", ranges.size());
  }
  View view = whole(shape);
  IntList sizes = shape.sizes();
  std::int64_t axis = first_axis;
  for (const Range& r : ranges) {
    if (r.step < 1)
      fail("slice: the step must be at least 1, got ", r.step, "; flip turns an axis round");
    const std::int64_t n = shape[axis];
    const auto [begin, length] = within(r, n);
    sizes[axis] = length / r.step + (length % r.step != 0);
    view.offset += begin * view.strides[axis];
    // A step past the end is never taken, and its stride might not fit.
    view.strides[axis] *= std::min(r.step, std::max<std::int64_t>(n, 1));
    ++axis;
  }
  view.shape = Shape(sizes);
  return view;
}

// The pullback of what reads neighbours from `offset` on.
template <class T>
auto add_at(std::int64_t offset) {
  return [offset](const Tensor<T>& g, Adjoints<T>& d) {
    T* const to = d.accumulator(0).mutable_data() + offset;
    const T* const from = g.data();
    for (std::int64_t i = 0, n = g.size(); i < n; ++i) to[i] += from[i];
  };
}

// make(0), …, make(count − 1), recorded all or none.
template <class T, class Make>
std::vector<Variable<T>> several(detail::Name name, const Variable<T>& x, std::int64_t count,
                                 const Make& make) {
  std::vector<Variable<T>> parts;
  detail::or_out_of_memory(name, [&] { parts.reserve(static_cast<std::size_t>(count)); });
  detail::composed(name, x, [&]() -> Variable<T> {
    for (std::int64_t i = 0; i < count; ++i) parts.push_back(make(i));
    return x;
  });
  return parts;
}

// The indices of an axis that take reads and index_add writes.
struct Places {
  Tensor<std::int64_t> indices;  // from 0
  std::int64_t outer;
  std::int64_t n;
  std::int64_t inner;
  Shape shape;  // of what is taken

  Places(const char* op, const Shape& x, const Tensor<std::int64_t>& given, std::int64_t axis) {
    const std::int64_t along = resolve_axis(op, axis, x.rank());
    n = x[along];
    indices = Tensor<std::int64_t>::empty(given.shape());
    std::transform(given.begin(), given.end(), indices.mutable_data(), [&](std::int64_t i) {
      if (i < -n || i >= n) {
        fail(op, ": index ", i, " is out of range at axis ", along, " of ", x);
      }
      return i < 0 ? i + n : i;
    });
    outer = Shape(std::span(x.begin(), x.begin() + along)).size();
    inner = Shape(std::span(x.begin() + along + 1, x.end())).size();
    IntList sizes(x.rank() - 1 + given.rank(), 0);
    std::int64_t* at = std::copy(x.begin(), x.begin() + along, sizes.begin());
    at = std::copy(given.shape().begin(), given.shape().end(), at);
    std::copy(x.begin() + along + 1, x.end(), at);
    shape = Shape(sizes);
  }

  // visit(offset in x, offset in what is taken) of each run of `inner` elements; an axis may be
  // huge beside an empty one
  template <class Visit>
  void for_each_run(const Visit& visit) const {
    if (indices.size() == 0 || inner == 0) return;
    std::int64_t to = 0;
    for (std::int64_t o = 0; o < outer; ++o) {
      for (const std::int64_t i : indices)
        visit((o * n + i) * inner, std::exchange(to, to + inner));
    }
  }

  template <class T>
  Tensor<T> take(const Tensor<T>& x) const {
    auto y = Tensor<T>::empty(shape);
    T* const to = y.mutable_data();
    for_each_run([&](std::int64_t i, std::int64_t j) { std::copy_n(x.data() + i, inner, to + j); });
    return y;
  }
  template <class T>
  void add(Tensor<T>& x, const Tensor<T>& source) const {
    T* const to = x.mutable_data();
    for_each_run([&](std::int64_t i, std::int64_t j) {
      for (std::int64_t k = 0; k < inner; ++k) to[i + k] += source.data()[j + k];
    });
  }
};

}  // namespace

template <class T>
Variable<T> Indexing<T>::slice(const Variable<T>& x, std::int64_t first_axis,
                               std::span<const Range> ranges) {
  const std::int64_t first = first_axis == 0 ? 0 : resolve_axis("slice", first_axis, x.rank());
  // Neighbouring rows, the common case, need neither a view nor a copy.
  if (first == 0 && ranges.size() == 1 && ranges[0].step == 1 && x.rank() > 0 && x.size() > 0) {
    const std::int64_t n = x.shape()[0];
    const auto [begin, length] = within(ranges[0], n);
    return record("slice", x.value().rows(begin, begin + length), {x},
                  add_at<T>(begin * (x.size() / n)));
  }
  const View view = sliced(x.shape(), first, ranges);
  return record("slice", gather(x.value(), view), {x}, [view](const Tensor<T>& g, Adjoints<T>& d) {
    scatter(d.accumulator(0), view, g, accumulate);
  });
}

template <class T>
Variable<T> Indexing<T>::select(const Variable<T>& x, std::int64_t index, std::int64_t axis) {
  const std::int64_t along = resolve_axis("select", axis, x.rank());
  const std::int64_t n = x.shape()[along];
  const std::int64_t i = index < 0 ? index + n : index;
  if (i < 0 || i >= n) {
    fail("select: index ", index, " is out of range at axis ", along, " of ", x.shape());
  }
  if (along == 0) {
    Tensor<T> row = x.value()[i];
    const std::int64_t offset = i * row.size();
    return record("select", std::move(row), {x}, add_at<T>(offset));
  }
  View view = part_of(x.shape(), along, i, 1);
  const auto without_axis = [along](const IntList& list) {
    IntList rest(list.count() - 1, 0);
    std::copy(list.begin() + along + 1, list.end(),
              std::copy(list.begin(), list.begin() + along, rest.begin()));
    return rest;
  };
  view.shape = Shape(without_axis(view.shape.sizes()));
  view.strides = without_axis(view.strides);
  return record("select", gather(x.value(), view), {x}, [view](const Tensor<T>& g, Adjoints<T>& d) {
    scatter(d.accumulator(0), view, g, accumulate);
  });
}

template <class T>
std::vector<Variable<T>> Indexing<T>::split(const Variable<T>& x, const IntList& sizes,
                                            std::int64_t axis) {
  const std::int64_t along = resolve_axis("split", axis, x.rank());
  std::int64_t sum = 0;
  for (const std::int64_t size : sizes) {
    if (size < 0) fail("split: sizes must be at least 0, got ", size);
    if (__builtin_add_overflow(sum, size, &sum)) fail("split: the sizes exceed 2^63 - 1");
  }
  if (sum != x.shape()[along]) {
    fail("split: the sizes add up to ", sum, ", but axis ", along, " of ", x.shape(), " has ",
         x.shape()[along]);
  }
  std::int64_t begin = 0;
  return several("split", x, sizes.count(), [&](std::int64_t i) {
    const Range range{begin, begin + sizes[i]};
    begin += sizes[i];
    return slice(x, along, {&range, 1});
  });
}

template <class T>
std::vector<Variable<T>> Indexing<T>::split(const Variable<T>& x, std::int64_t count,
                                            std::int64_t axis) {
  const std::int64_t n = x.shape()[resolve_axis("split", axis, x.rank())];
  if (count < 1 || n % count != 0) {
    fail("split: axis ", axis, " of ", x.shape(), " cannot be cut into ", count, " equal parts");
  }
  return split(x, IntList(count, n / count), axis);
}

template <class T>
std::vector<Variable<T>> Indexing<T>::unbind(const Variable<T>& x, std::int64_t axis) {
  const std::int64_t n = x.shape()[resolve_axis("unbind", axis, x.rank())];
  return several("unbind", x, n, [&](std::int64_t i) { return select(x, i, axis); });
}

// ∂/∂x: each gradient goes back to the element it was taken from; repeats add up
template <class T>
Variable<T> Indexing<T>::take(const Variable<T>& x, const Tensor<std::int64_t>& indices,
                              std::int64_t axis) {
  const Places places("take", x.shape(), indices, axis);
  return record("take", places.take(x.value()), {x},
                [places](const Tensor<T>& g, Adjoints<T>& d) { places.add(d.accumulator(0), g); });
}

// ∂/∂x = 1, ∂/∂source: what take takes from g
template <class T>
Variable<T> Indexing<T>::index_add(const Variable<T>& x, const Tensor<std::int64_t>& indices,
                                   const Variable<T>& source, std::int64_t axis) {
  const Places places("index_add", x.shape(), indices, axis);
  if (!(source.shape() == places.shape)) {
    fail("index_add: the source must have shape ", places.shape, ", got ", source.shape());
  }
  Tensor<T> y = x.value();
  places.add(y, source.value());
  return record("index_add", std::move(y),
                {{x, [](const Tensor<T>& g) { return g; }},
                 {source, [places](const Tensor<T>& g) { return places.take(g); }}});
}

template struct Indexing<float>;
template struct Indexing<double>;
template struct Indexing<Dual<float>>;
template struct Indexing<Dual<double>>;

}  // namespace nablur::compiled
