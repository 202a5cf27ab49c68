#pragma once
// A short list of integers without an allocation: the sizes of a shape, a choice of axes.

#include <cstdint>
#include <span>
#include <type_traits>

#include <nablur/support/error.h>

namespace nablur::detail {

/// A contiguous list of integers whose length is known at run time: std::vector<int>, std::array,
/// std::span, …
template <class L>
concept IntegerList = requires(const L& list) {
  std::size(list);
  requires std::is_integral_v<std::remove_cvref_t<decltype(*std::data(list))>>;
  requires sizeof(*std::data(list)) > 1;  // neither bool nor text
};

/// A short list of integers: up to four inline (the places not used are 0), more in a pooled block.
class NABLUR_API IntList {
 public:
  IntList() noexcept : count_(0), inline_{} {}
  template <IntegerList L>
  explicit IntList(const L& list) : IntList(static_cast<std::int64_t>(std::size(list)), 0) {
    std::int64_t* to = begin();
    for (const auto value : std::span(std::data(list), std::size(list))) {
      *to++ = static_cast<std::int64_t>(value);
    }
  }
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
  template <class I>
  std::int64_t operator[](I i) const noexcept {
    return begin()[i];
  }
  template <class I>
  std::int64_t& operator[](I i) noexcept {
    return begin()[i];
  }
  const std::int64_t* begin() const noexcept { return count_ > kInline ? far_ : inline_; }
  const std::int64_t* end() const noexcept { return begin() + count_; }
  std::int64_t* begin() noexcept { return count_ > kInline ? far_ : inline_; }
  std::int64_t* end() noexcept { return begin() + count_; }
  bool operator==(const IntList& other) const noexcept {
    if (count_ > kInline || count_ != other.count_)
      return count_ == other.count_ && same_far(other);
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

}  // namespace nablur::detail
