#pragma once
// Private: walking through n-d arrays by strides, and the copies in and out of strided views that
// slice, transpose, flip, pad, concatenate and broadcast_to are made of.

#include <algorithm>
#include <array>
#include <utility>

#include <nablur/autodiff/tensor.h>
#include <nablur/support/detail/parallel.h>

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

  // Its axes, from the innermost to the outermost.
  std::int64_t rank() const { return rank_; }
  std::int64_t size(std::int64_t axis) const { return sizes_[axis]; }
  std::int64_t stride(std::size_t operand, std::int64_t axis) const {
    return strides_[operand][axis];
  }

  /// 0 if a size is 0.
  std::int64_t lines() const {
    if (rank_ > 0 && sizes_[0] == 0) return 0;
    std::int64_t count = 1;
    for (std::int64_t axis = 1; axis < rank_; ++axis) count *= sizes_[axis];
    return count;
  }

  /// run(n, offset of each operand, its stride) for every line, in row-major order; not at all if a
  /// size is 0.
  template <class Run>
  void for_each_line(const Run& run) const {
    for_lines(0, lines(), run);
  }

  /// The same for the lines first … last − 1.
  template <class Run>
  void for_lines(std::int64_t first, std::int64_t last, const Run& run) const {
    if (first >= last) return;
    Offsets offset{};
    Offsets stride{};
    if (rank_ == 0) return run(std::int64_t{1}, offset, stride);
    for (std::size_t k = 0; k < N; ++k) stride[k] = strides_[k].begin()[0];
    IntList index(rank_, 0);
    for (std::int64_t axis = 1, rest = first; rest > 0; rest /= sizes_[axis++]) {
      index[axis] = rest % sizes_[axis];
      for (std::size_t k = 0; k < N; ++k) offset[k] += strides_[k].begin()[axis] * index[axis];
    }
    for (std::int64_t line = first; line < last; ++line) {
      run(sizes_[0], offset, stride);
      step(index, offset);
    }
  }

 private:
  bool joins(const std::array<IntList, N>& strides, std::int64_t axis) const {
    bool alike = rank_ > 0;
    for (std::size_t k = 0; k < N && alike; ++k) {
      alike = strides[k].begin()[axis] == strides_[k].begin()[rank_ - 1] * sizes_[rank_ - 1];
    }
    return alike;
  }

  // To the next line; past the last, to the first.
  void step(IntList& index, Offsets& offset) const {
    for (std::int64_t axis = 1; axis < rank_; ++axis) {
      const std::int64_t n = sizes_[axis];
      const bool wraps = ++index[axis] == n;
      for (std::size_t k = 0; k < N; ++k)
        offset[k] += strides_[k].begin()[axis] * (wraps ? 1 - n : 1);
      if (!wraps) return;
      index[axis] = 0;
    }
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

/// to[i + k·pitch] = from[i·stride + k] for i < rows and k < columns. In squares of a cache line's
/// width, by way of an array that stays in the first cache, so that each line of either side is
/// touched once, also if stride or pitch is a power of two and all its lines compete for one set.
template <class T>
void transpose_into(T* to, std::int64_t pitch, const T* from, std::int64_t stride,
                    std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t side = 64 / sizeof(T);
  std::array<T, static_cast<std::size_t>(side * side)> square;
  for (std::int64_t k = 0; k < columns; k += side) {
    const std::int64_t width = std::min(side, columns - k);
    for (std::int64_t i = 0; i < rows; i += side) {
      const std::int64_t height = std::min(side, rows - i);
      const T* const corner = from + i * stride + k;
      T* const target = to + i + k * pitch;
      if (height == side && width == side) {
        for (std::int64_t r = 0; r < side; ++r) {
          for (std::int64_t c = 0; c < side; ++c)
            square.data()[c * side + r] = corner[r * stride + c];
        }
        for (std::int64_t c = 0; c < side; ++c)
          std::copy_n(square.data() + c * side, side, target + c * pitch);
      } else {
        for (std::int64_t c = 0; c < width; ++c) {
          for (std::int64_t r = 0; r < height; ++r) target[r + c * pitch] = corner[r * stride + c];
        }
      }
    }
  }
}

/// Copies an array in the order of `walk` if it is a transposition: the innermost axis goes through
/// the source in strides, and another one element by element. False if it is none, or a small one.
template <class T>
bool gather_transposed(const Walk<1>& walk, const T* from, T* to) {
  constexpr std::int64_t kFew = 8;  // elements along an axis, for which squares do not pay
  std::int64_t across = 1;
  while (across < walk.rank() && walk.stride(0, across) != 1) ++across;
  if (across >= walk.rank() || walk.size(0) < kFew || walk.size(across) < kFew) return false;
  // The other axes, in both arrays.
  IntList sizes(walk.rank() - 2, 1);
  IntList source(walk.rank() - 2, 1);
  IntList target(walk.rank() - 2, 1);
  std::int64_t pitch = 1;
  std::int64_t step = walk.size(0);
  for (std::int64_t axis = 1, rest = walk.rank() - 2; axis < walk.rank(); ++axis) {
    if (axis == across) {
      pitch = step;
    } else {
      --rest;
      sizes[rest] = walk.size(axis);
      source[rest] = walk.stride(0, axis);
      target[rest] = step;
    }
    step *= walk.size(axis);
  }
  constexpr std::int64_t kSide = 64;  // a multiple of transpose_into's squares
  const std::int64_t piece = std::max(kSide, kPiece / walk.size(0) / kSide * kSide);
  Walk<2>(Shape(sizes), {source, target})
      .for_each_line([&](std::int64_t n, const auto& offset, const auto& stride) {
        for (std::int64_t i = 0; i < n; ++i) {
          T* const target_block = to + offset[1] + i * stride[1];
          const T* const source_block = from + offset[0] + i * stride[0];
          for_each_piece(walk.size(across), piece, [&](std::int64_t begin, std::int64_t end) {
            transpose_into(target_block + begin * pitch, pitch, source_block + begin,
                           walk.stride(0, 0), walk.size(0), end - begin);
          });
        }
      });
  return true;
}

/// The elements of the view, copied out.
template <class T>
Tensor<T> gather(const Tensor<T>& source, const View& view) {
  auto out = Tensor<T>::empty(view.shape);
  T* to = out.mutable_data();
  const Walk<1> walk(view.shape, {view.strides});
  if (out.size() == 0 || gather_transposed(walk, source.data() + view.offset, to)) return out;
  walk.for_each_line([&](std::int64_t n, const auto& offset, const auto& stride) {
    const T* from = source.data() + view.offset + offset[0];
    if (stride[0] == 1) {
      std::copy_n(from, n, to);
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
