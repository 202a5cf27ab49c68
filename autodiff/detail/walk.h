#pragma once
// Private: walking through n-d arrays by strides, and the copies in and out of strided views that
// slice, transpose, flip, pad, concatenate and broadcast_to are made of.

#include <array>
#include <utility>

#include <nablur/autodiff/tensor.h>

namespace nablur::detail {

/// Lines of the innermost axis of an array of some sizes, seen through the strides of N operands at
/// once.
template <std::size_t N>
class Walk {
 public:
  using Offsets = std::array<std::int64_t, N>;

  /// strides[k] has one entry per axis. Axes of size 1 are dropped, neighbours that go on alike in
  /// all operands merged.
  Walk(const Shape& shape, const std::array<IntList, N>& strides) : sizes_(shape.rank(), 1) {
    strides_.fill(IntList(shape.rank(), 0));
    for (std::int64_t axis = shape.rank(); axis-- > 0;) {
      const std::int64_t n = shape[axis];
      if (n == 1) continue;
      if (joins(strides, axis)) {
        sizes_[rank_ - 1] *= n;
        continue;
      }
      for (std::size_t k = 0; k < N; ++k) strides_[k].begin()[rank_] = strides[k].begin()[axis];
      sizes_[rank_++] = n;
    }
  }

  /// run(n, offset of each operand, its stride) for every line, in row-major order; not at all if a
  /// size is 0.
  template <class Run>
  void for_each_line(const Run& run) const {
    Offsets offset{};
    Offsets stride{};
    if (rank_ == 0) return run(std::int64_t{1}, offset, stride);
    for (std::int64_t axis = 0; axis < rank_; ++axis) {
      if (sizes_[axis] == 0) return;
    }
    for (std::size_t k = 0; k < N; ++k) stride[k] = strides_[k].begin()[0];
    IntList index(rank_, 0);
    do {
      run(sizes_[0], offset, stride);
    } while (step(index, offset));
  }

 private:
  bool joins(const std::array<IntList, N>& strides, std::int64_t axis) const {
    bool alike = rank_ > 0;
    for (std::size_t k = 0; k < N && alike; ++k) {
      alike = strides[k].begin()[axis] == strides_[k].begin()[rank_ - 1] * sizes_[rank_ - 1];
    }
    return alike;
  }

  // To the next line; false past the last.
  bool step(IntList& index, Offsets& offset) const {
    for (std::int64_t axis = 1; axis < rank_; ++axis) {
      const std::int64_t n = sizes_[axis];
      const bool wraps = ++index[axis] == n;
      for (std::size_t k = 0; k < N; ++k)
        offset[k] += strides_[k].begin()[axis] * (wraps ? 1 - n : 1);
      if (!wraps) return true;
      index[axis] = 0;
    }
    return false;
  }

  IntList sizes_;  // innermost first
  std::array<IntList, N> strides_;
  std::int64_t rank_ = 0;
};

inline IntList row_major_strides(const Shape& shape) {
  IntList strides(shape.rank(), 1);
  for (std::int64_t axis = shape.rank() - 1; axis-- > 0;) {
    strides[axis] = strides[axis + 1] * shape[axis + 1];
  }
  return strides;
}

/// Strides of an array of shape `from` seen as one of shape `to`: 0 along the axes that are
/// stretched.
inline IntList broadcast_strides(const Shape& from, const Shape& to) {
  const IntList own = row_major_strides(from);
  IntList strides(to.rank(), 0);
  const std::int64_t lead = to.rank() - from.rank();
  for (std::int64_t axis = 0; axis < from.rank(); ++axis) {
    if (from[axis] != 1) strides[lead + axis] = own[axis];
  }
  return strides;
}

/// Some of the elements of an array, as an array of its own shape.
struct View {
  Shape shape;
  IntList strides;
  std::int64_t offset = 0;
};

inline View whole(const Shape& shape) { return {shape, row_major_strides(shape), 0}; }

inline Shape with_size(const Shape& shape, std::int64_t axis, std::int64_t size) {
  IntList sizes = shape.sizes();
  sizes[axis] = size;
  return Shape(std::move(sizes));
}

/// Indices [begin, begin + count) of one axis of an array.
inline View part_of(const Shape& shape, std::int64_t axis, std::int64_t begin, std::int64_t count) {
  View view = whole(shape);
  view.shape = with_size(shape, axis, count);
  view.offset = begin * view.strides[axis];
  return view;
}

/// The elements of the view, copied out.
template <class T>
Tensor<T> gather(const Tensor<T>& source, const View& view) {
  auto out = Tensor<T>::empty(view.shape);
  T* to = out.mutable_data();
  Walk<1>(view.shape, {view.strides})
      .for_each_line([&](std::int64_t n, const auto& offset, const auto& stride) {
        const T* from = source.data() + view.offset + offset[0];
        if (stride[0] == 1) {
          for (std::int64_t i = 0; i < n; ++i) to[i] = from[i];
        } else {
          for (std::int64_t i = 0; i < n; ++i) to[i] = from[i * stride[0]];
        }
        to += n;
      });
  return out;
}

/// f(element of the view, element of `source`) for each: writes or adds source into the view of
/// target.
template <class T, class F>
void scatter(Tensor<T>& target, const View& view, const Tensor<T>& source, const F& f) {
  T* const base = target.mutable_data() + view.offset;
  const T* from = source.data();
  Walk<1>(view.shape, {view.strides})
      .for_each_line([&](std::int64_t n, const auto& offset, const auto& stride) {
        T* to = base + offset[0];
        for (std::int64_t i = 0; i < n; ++i) f(to[i * stride[0]], from[i]);
        from += n;
      });
}

inline constexpr auto assign = [](auto& to, const auto& from) { to = from; };
inline constexpr auto accumulate = [](auto& to, const auto& from) { to += from; };

}  // namespace nablur::detail
