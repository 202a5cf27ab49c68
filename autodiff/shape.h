#pragma once
// Sizes and axes of n-d arrays, and NumPy's rules for them.
//
//   Shape s{2, 3};            s.rank() == 2, s[1] == 3, s[-1] == 3, s.size() == 6
//   broadcast("add", {2, 1}, {3})                    // (2, 3)
//   Axes{0, -1}.resolve("sum", 3)                    // (0, 2)

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include <nablur/autodiff/error.h>

namespace nablur {
namespace detail {

/// A short list of integers: up to four inline (the places not used are 0), more in a pooled block.
class NABLUR_API IntList {
 public:
  IntList() noexcept : count_(0), inline_{} {}
  explicit IntList(std::span<const std::int64_t> values);
  IntList(std::int64_t count, std::int64_t value);
  IntList(const IntList& other) : IntList() {
    if (other.count_ > kInline) {
      copy_far(other);
    } else {
      take(other);
    }
  }
  IntList(IntList&& other) noexcept {
    take(other);
    other.count_ = 0;
    for (std::int64_t& place : other.inline_) place = 0;
  }
  IntList& operator=(const IntList& other) { return *this = IntList(other); }
  IntList& operator=(IntList&& other) noexcept {
    if (this != &other) {
      if (count_ > kInline) release();
      take(other);
      other.count_ = 0;
      for (std::int64_t& place : other.inline_) place = 0;
    }
    return *this;
  }
  ~IntList() {
    if (count_ > kInline) release();
  }

  std::int64_t count() const noexcept { return count_; }
  const std::int64_t* begin() const noexcept { return count_ > kInline ? far_ : inline_; }
  const std::int64_t* end() const noexcept { return begin() + count_; }
  std::int64_t* begin() noexcept { return count_ > kInline ? far_ : inline_; }
  std::int64_t* end() noexcept { return begin() + count_; }
  bool operator==(const IntList& other) const noexcept {
    if (count_ > kInline || count_ != other.count_) return count_ == other.count_ && same_far(other);
    std::int64_t difference = 0;
    for (int i = 0; i < kInline; ++i) difference |= inline_[i] ^ other.inline_[i];
    return difference == 0;
  }

 private:
  static constexpr std::int64_t kInline = 4;
  void take(const IntList& other) noexcept {  // the pointer lies over the first of the places
    count_ = other.count_;
    for (int i = 0; i < kInline; ++i) inline_[i] = other.inline_[i];
  }
  void copy_far(const IntList& other);
  bool same_far(const IntList& other) const noexcept;
  void release() noexcept;

  std::int64_t count_;
  union {
    std::int64_t inline_[kInline];
    std::int64_t* far_;
  };
};

}  // namespace detail

/// Sizes of the axes of an array. Rank 0 (one element) and sizes of 0 (no element) are legal.
class NABLUR_API Shape {
 public:
  static constexpr std::size_t kMaxRank = 64;  // as NumPy and PyTorch have it

  /// Rank 0.
  Shape() noexcept = default;
  /// Throws if a size is negative, if there are more than kMaxRank, or if the number of elements (axes of size 0 left out of the
  /// product) does not fit 63 bits.
  Shape(std::initializer_list<std::int64_t> sizes) : Shape(std::span<const std::int64_t>(sizes.begin(), sizes.size())) {}
  explicit Shape(std::span<const std::int64_t> sizes);

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
    return sizes_.begin()[i];
  }
  const std::int64_t* begin() const noexcept { return sizes_.begin(); }
  const std::int64_t* end() const noexcept { return sizes_.end(); }
  bool operator==(const Shape& other) const noexcept { return sizes_ == other.sizes_; }

 private:
  [[noreturn]] void no_such_axis(std::int64_t axis) const;
  detail::IntList sizes_;
};

/// A choice of axes, negative ones counting from the end. `{}` means all axes. A span means exactly its axes: an empty span means
/// none, as NumPy's empty tuple.
class NABLUR_API Axes {
 public:
  Axes() noexcept = default;
  template <class I>
  requires(std::is_integral_v<I> && !std::is_same_v<I, bool>) Axes(I axis)
      : axes_(1, static_cast<std::int64_t>(axis)), all_(false) {}
  Axes(std::initializer_list<std::int64_t> axes) : Axes(std::span<const std::int64_t>(axes.begin(), axes.size())) {}
  explicit Axes(std::span<const std::int64_t> axes) : axes_(axes), all_(false) {}

  /// True if no axes were given.
  bool all() const noexcept { return all_; }
  std::int64_t count() const noexcept { return axes_.count(); }
  std::int64_t operator[](std::int64_t i) const noexcept { return axes_.begin()[i]; }
  const std::int64_t* begin() const noexcept { return axes_.begin(); }
  const std::int64_t* end() const noexcept { return axes_.end(); }

  /// The same choice, each axis in [0, rank), `all` spelled out (none for rank 0). Throws in the name of `op` for an axis that
  /// is not there or named twice.
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

/// True if at every axis the sizes are equal or one of them is 1. (broadcast may still throw: for more elements than fit 63 bits.)
NABLUR_API bool broadcasts(const Shape& a, const Shape& b) noexcept;

/// True if `from` broadcasts to exactly `to`.
NABLUR_API bool broadcasts_to(const Shape& from, const Shape& to) noexcept;

/// Python's way of writing it: (), (3,), (2, 3).
NABLUR_API std::string to_string(const Shape& shape);
NABLUR_API void append(std::string& text, const Shape& shape);

}  // namespace nablur
