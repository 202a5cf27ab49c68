#include <nablur/ops/reshape.h>

#include <algorithm>

#include <nablur/autodiff/detail/composed.h>
#include <nablur/autodiff/detail/walk.h>
#include <nablur/autodiff/sum.h>

namespace nablur::compiled {

using detail::assign;
using detail::gather;
using detail::IntList;
using detail::part_of;
using detail::scatter;
using detail::View;
using detail::whole;

namespace {

// The elements under another shape of as many.
template <class T>
Variable<T> reshaped(detail::Name name, const Variable<T>& x, const Shape& shape) {
  const auto back = [before = x.shape()](const Tensor<T>& g) { return g.reshaped(before); };
  return record(name, x.value().reshaped(shape), {{x, back}});
}

// Axis i of the result is axis to[i] of x.
template <class T>
Variable<T> permuted(detail::Name name, const Variable<T>& x, const IntList& to) {
  const auto permute = [](const Tensor<T>& t, const IntList& p) {
    const View all = whole(t.shape());
    View view = all;
    IntList sizes(t.rank(), 0);
    for (std::int64_t i = 0; i < t.rank(); ++i) {
      sizes[i] = t.shape()[p[i]];
      view.strides[i] = all.strides[p[i]];
    }
    view.shape = Shape(sizes);
    return gather(t, view);
  };
  IntList back(x.rank(), 0);
  for (std::int64_t i = 0; i < x.rank(); ++i) back[to[i]] = i;
  return record(name, permute(x.value(), to),
                {{x, [permute, back](const Tensor<T>& g) { return permute(g, back); }}});
}

}  // namespace

template <class T>
Variable<T> Reshape<T>::reshape(const Variable<T>& x, const IntList& sizes) {
  IntList found = sizes;
  std::int64_t* const open = std::find(found.begin(), found.end(), -1);
  for (const std::int64_t& size : found) {
    if (size < 0 && &size != open) {
      fail("reshape: sizes must be at least 0, except one that may be -1; got ", size,
           open == found.end() ? "" : " and a -1");
    }
  }
  if (open != found.end()) {
    *open = 1;
    const std::int64_t rest = Shape(found).size();
    if (rest == 0 || x.size() % rest != 0) {
      fail("reshape: no size in place of -1 fits the ", x.size(), " elements of shape ", x.shape());
    }
    *open = x.size() / rest;
  }
  return reshaped("reshape", x, Shape(found));
}

template <class T>
Variable<T> Reshape<T>::squeeze(const Variable<T>& x, const Axes& axes) {
  const Axes named = axes.resolve("squeeze", x.rank());
  const auto goes = [&](std::int64_t axis) {
    return axes.all() ? x.shape()[axis] == 1 : detail::contains(named, axis);
  };
  pool::Vector<std::int64_t> sizes;
  for (std::int64_t axis = 0; axis < x.rank(); ++axis) {
    if (!goes(axis)) {
      sizes.push_back(x.shape()[axis]);
    } else if (x.shape()[axis] != 1) {
      fail("squeeze: axis ", axis, " of ", x.shape(), " does not have size 1");
    }
  }
  return reshaped("squeeze", x, sizes);
}

template <class T>
Variable<T> Reshape<T>::expand_dims(const Variable<T>& x, const Axes& axes) {
  if (axes.all()) fail("expand_dims: name the new axes");
  const std::int64_t rank = x.rank() + axes.count();
  IntList sizes(rank, -1);
  for (const std::int64_t axis : axes.resolve("expand_dims", rank)) sizes[axis] = 1;
  const std::int64_t* from = x.shape().begin();
  for (std::int64_t& size : sizes) {
    if (size < 0) size = *from++;
  }
  return reshaped("expand_dims", x, Shape(sizes));
}

template <class T>
Variable<T> Reshape<T>::transpose(const Variable<T>& x, const Axes& axes) {
  const std::int64_t rank = x.rank();
  if (!axes.all() && axes.count() != rank) {
    fail("transpose: expected all ", rank, " axes of shape ", x.shape(), ", got ", axes.count());
  }
  const Axes order = axes.resolve("transpose", rank);
  IntList to(rank, 0);
  for (std::int64_t i = 0; i < rank; ++i) to[i] = axes.all() ? rank - 1 - i : order[i];
  return permuted("transpose", x, to);
}

template <class T>
Variable<T> Reshape<T>::swapaxes(const Variable<T>& x, std::int64_t a, std::int64_t b) {
  IntList to(x.rank(), 0);
  for (std::int64_t i = 0; i < x.rank(); ++i) to[i] = i;
  std::swap(to[resolve_axis("swapaxes", a, x.rank())], to[resolve_axis("swapaxes", b, x.rank())]);
  return permuted("swapaxes", x, to);
}

template <class T>
Variable<T> Reshape<T>::flip(const Variable<T>& x, const Axes& axes) {
  View view = whole(x.shape());
  for (const std::int64_t axis : axes.resolve("flip", x.rank())) {
    view.offset += std::max<std::int64_t>(0, view.shape[axis] - 1) * view.strides[axis];
    view.strides[axis] *= -1;
  }
  return record("flip", gather(x.value(), view),
                {{x, [view](const Tensor<T>& g) { return gather(g, view); }}});
}

template <class T>
Variable<T> Reshape<T>::roll(const Variable<T>& x, std::int64_t shift, std::int64_t axis) {
  const std::int64_t along = resolve_axis("roll", axis, x.rank());
  const auto rolled = [along](const Tensor<T>& t, std::int64_t by) {
    const std::int64_t n = t.shape()[along];
    auto y = Tensor<T>::empty(t.shape());
    const auto move = [&](std::int64_t from, std::int64_t to, std::int64_t count) {
      scatter(y, part_of(t.shape(), along, to, count),
              gather(t, part_of(t.shape(), along, from, count)), assign);
    };
    move(0, by, n - by);
    move(n - by, 0, by);
    return y;
  };
  const std::int64_t n = std::max<std::int64_t>(1, x.shape()[along]);
  const std::int64_t by = (shift % n + n) % n;
  return record(
      "roll", rolled(x.value(), by),
      {{x, [rolled, back = (n - by) % n](const Tensor<T>& g) { return rolled(g, back); }}});
}

template <class T>
Variable<T> Reshape<T>::broadcast_to(const Variable<T>& x, const Shape& shape) {
  if (!broadcasts_to(x.shape(), shape)) {
    fail("broadcast_to: shape ", x.shape(), " does not broadcast to ", shape);
  }
  const View view{shape, detail::broadcast_strides(x.shape(), shape), 0};
  return record("broadcast_to", gather(x.value(), view),
                {{x, [](const Tensor<T>& g) { return g; }}});
}

// Each axis of size n becomes two of sizes (count, n), of which the first is stretched.
template <class T>
Variable<T> Reshape<T>::tile(const Variable<T>& x, const IntList& counts) {
  const std::int64_t rank = std::max(x.rank(), counts.count());
  // Counts and sizes side by side, as few of them as may be: a Shape has at most 64 axes.
  IntList apart(2 * rank, 1);
  IntList stretched(2 * rank, 1);
  std::int64_t used = 0;
  IntList sizes(rank, 1);
  for (std::int64_t i = 0; i < rank; ++i) {
    const std::int64_t own = i - (rank - x.rank());
    const std::int64_t given = i - (rank - counts.count());
    const std::int64_t n = own < 0 ? 1 : x.shape()[own];
    const std::int64_t count = given < 0 ? 1 : counts[given];
    if (count < 0) fail("tile: counts must be at least 0, got ", count);
    if (__builtin_mul_overflow(count, n, &sizes[i])) {
      fail("tile: ", count, " times ", x.shape(), " exceeds 2^63 - 1");
    }
    if (count == 1 && used > 0) {
      apart[used - 1] = stretched[used - 1] *= n;  // goes on in the axis before it
      continue;
    }
    if (count != 1) stretched[used++] = count;
    apart[used] = stretched[used] = n;
    ++used;
  }
  const Shape shape(sizes);
  if (shape.size() == 0) {  // there may be no Shape that has the counts and the sizes side by side
    return record("tile", Tensor<T>::empty(shape),
                  {{x, [old = x.shape()](const Tensor<T>&) { return Tensor<T>::zeros(old); }}});
  }
  return detail::composed("tile", x, [&] {
    const auto first = [used](const IntList& list) {
      return IntList(std::span(list.begin(), static_cast<std::size_t>(used)));
    };
    const Variable<T> y = broadcast_to(reshape(x, first(apart)), Shape(first(stretched)));
    return reshaped("tile", y, shape);
  });
}

namespace {

// Zeros where `goes` says so of (row, column).
template <class T, class Goes>
Variable<T> without(detail::Name name, const Variable<T>& x, const Goes& goes) {
  if (x.rank() < 2) fail(static_cast<const char*>(name), ": needs a matrix, got shape ", x.shape());
  const auto kept = [goes](const Tensor<T>& t) {
    Tensor<T> y = t;
    T* element = y.mutable_data();
    const std::int64_t rows = t.shape()[-2];
    const std::int64_t columns = t.shape()[-1];
    if (t.size() == 0) return y;
    for (std::int64_t left = t.size() / (rows * columns); left > 0; --left) {
      for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t j = 0; j < columns; ++j, ++element) {
          if (goes(i, j)) *element = T(0);
        }
      }
    }
    return y;
  };
  return record(name, kept(x.value()), {{x, kept}});
}

}  // namespace

template <class T>
Variable<T> Reshape<T>::tril(const Variable<T>& x, std::int64_t k) {
  return without("tril", x, [k](std::int64_t i, std::int64_t j) { return j - i > k; });
}

template <class T>
Variable<T> Reshape<T>::triu(const Variable<T>& x, std::int64_t k) {
  return without("triu", x, [k](std::int64_t i, std::int64_t j) { return j - i < k; });
}

template struct Reshape<float>;
template struct Reshape<double>;
template struct Reshape<Dual<float>>;
template struct Reshape<Dual<double>>;

}  // namespace nablur::compiled
