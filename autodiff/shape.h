#pragma once
// Sizes and axes of n-d arrays, and NumPy's rules for them.
//
//   Shape s{2, 3};            s.rank() == 2, s[1] == 3, s[-1] == 3, s.size() == 6
//   broadcast("add", {2, 1}, {3})                    // (2, 3)
//   Axes{0, -1}.resolve("sum", 3)                    // (0, 2)

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>

#include <nablur/support/detail/int_list.h>

namespace nablur {

/// Sizes of the axes of an array. Rank 0 (one element) and sizes of 0 (no element) are legal.
class NABLUR_API Shape {
 public:
  static constexpr std::int64_t kMaxRank = 64;  // as NumPy and PyTorch have it

  /// Rank 0.
  Shape() noexcept = default;
  /// Throws if a size is negative, if there are more than kMaxRank, or if the number of elements
  /// (axes of size 0 left out of the product) does not fit 63 bits.
  Shape(std::initializer_list<std::int64_t> sizes) : Shape(detail::IntList(sizes)) {}
  /// From a list that is known at run time, such as a std::vector<int>.
  template <detail::IntegerList L>
  Shape(const L& sizes) : Shape(detail::IntList(sizes)) {}
  explicit Shape(detail::IntList sizes);

  std::int64_t rank() const noexcept { return sizes_.count(); }
  /// Number of elements.
  std::int64_t size() const noexcept {
    std::int64_t n = 1;
    for (const std::int64_t s : sizes_) n *= s;
    return n;
  }
  /// Size of one axis; negative axes count from the end. Throws if there is no such axis.
  std::int64_t operator[](std::int64_t axis) const {
    const std::int64_t i = axis < 0 ? axis + rank() : axis;
    if (i < 0 || i >= rank()) no_such_axis(axis);
    return sizes_[i];
  }
  const detail::IntList& sizes() const noexcept { return sizes_; }
  const std::int64_t* begin() const noexcept { return sizes_.begin(); }
  const std::int64_t* end() const noexcept { return sizes_.end(); }
  bool operator==(const Shape& other) const noexcept { return sizes_ == other.sizes_; }

 private:
  [[noreturn]] void no_such_axis(std::int64_t axis) const;
  detail::IntList sizes_;
};

/// A choice of axes, negative ones counting from the end. `{}` means all axes. A list known at run
/// time means exactly its axes: an empty one means none, as NumPy's empty tuple.
class NABLUR_API Axes {
 public:
  Axes() noexcept = default;
  template <class I>
    requires(std::is_integral_v<I> && !std::is_same_v<I, bool>)
  Axes(I axis) : axes_(1, static_cast<std::int64_t>(axis)), all_(false) {}
  Axes(std::initializer_list<std::int64_t> axes) : axes_(axes), all_(false) {}
  template <detail::IntegerList L>
  Axes(const L& axes) : axes_(axes), all_(false) {}

  /// True if no axes were given.
  bool all() const noexcept { return all_; }
  std::int64_t count() const noexcept { return axes_.count(); }
  std::int64_t operator[](std::int64_t i) const noexcept { return axes_[i]; }
  const std::int64_t* begin() const noexcept { return axes_.begin(); }
  const std::int64_t* end() const noexcept { return axes_.end(); }

  /// The same choice, each axis in [0, rank), `all` spelled out (none for rank 0). Throws in the
  /// name of `op` for an axis that is not there or named twice.
  Axes resolve(const char* op, std::int64_t rank) const;

 private:
  detail::IntList axes_;
  bool all_ = true;
};

/// An axis in [0, rank). Throws in the name of `op`.
NABLUR_API std::int64_t resolve_axis(const char* op, std::int64_t axis, std::int64_t rank);

namespace detail {
NABLUR_API Shape broadcast_unequal(const char* op, const Shape& a, const Shape& b);
}
/// The common shape of two shapes under NumPy's broadcasting. Throws in the name of `op`.
inline Shape broadcast(const char* op, const Shape& a, const Shape& b) {
  return a == b ? a : detail::broadcast_unequal(op, a, b);
}

/// True if at every axis the sizes are equal or one of them is 1. (broadcast may still throw: for
/// more elements than fit 63 bits.)
NABLUR_API bool broadcasts(const Shape& a, const Shape& b) noexcept;

/// True if `from` broadcasts to exactly `to`.
NABLUR_API bool broadcasts_to(const Shape& from, const Shape& to) noexcept;

/// Python's way of writing it: (), (3,), (2, 3).
NABLUR_API std::string to_string(const Shape& shape);
NABLUR_API void append(std::string& text, const Shape& shape);
NABLUR_API std::ostream& operator<<(std::ostream& out, const Shape& shape);

}  // namespace nablur
