#pragma once
// A tensor and its place on a tape: what operators take and return.
//
//   Tape<double> tape;
//   const auto x = tape.variable(2.0);        // on the tape
//   const Variable<double> c = 3.0;           // a constant: nothing is recorded of it
//   (x * c).value().item()                    // 6

#include <cstdint>
#include <iosfwd>

#include <nablur/autodiff/detail/operands.h>

namespace nablur {

template <class T>
class NABLUR_API Tape;
template <class T>
class NABLUR_API Gradients;

namespace detail {
struct TapeSlot;
}

/// A value that may have a place on a tape. value() and shape() stay valid after the tape is
/// cleared or destroyed; an operator then throws. Copying is cheap. It stays on its tape's thread.
template <class T>
class Variable {
  static_assert(detail::is_differentiable<T>,
                "Variable<T>: T is float, double, Dual<float> or Dual<double>");

 public:
  using value_type = T;

  /// A constant.
  Variable(Tensor<T> value) noexcept : value_(std::move(value)) {}
  template <class N>
    requires(std::is_arithmetic_v<N> || std::is_same_v<N, T>)
  Variable(N number) : value_(number) {}
  /// A constant of Duals with tangent 0, from the plain scalar. Throws if `plain` is on a tape: a
  /// Dual expression would silently lose its dependence on it.
  template <class P>
    requires std::is_same_v<T, Dual<P>>
  Variable(const Variable<P>& plain) : value_(plain.value().template cast<T>()) {
    if (plain.is_constant()) return;
    fail("operand: a plain variable of shape ", plain.shape(),
         " on a tape stands in a Dual expression; pass its value()");
  }
  template <class P>
    requires std::is_same_v<T, Dual<P>>
  Variable(const Tensor<P>& plain) : value_(plain.template cast<T>()) {}

  Variable(const Variable&) = default;
  Variable(Variable&&) noexcept = default;
  ~Variable() = default;
  // Not of a temporary: x[0] = y would change nothing.
  Variable& operator=(const Variable&) & = default;
  Variable& operator=(Variable&&) & noexcept = default;

  const Tensor<T>& value() const& noexcept { return value_; }
  Tensor<T> value() && noexcept { return std::move(value_); }  // for (double y : f(x).value())
  const Shape& shape() const noexcept { return value_.shape(); }
  std::int64_t rank() const noexcept { return value_.rank(); }
  std::int64_t size() const noexcept { return value_.size(); }
  /// The only element. Throws if there is not exactly one.
  T item() const { return value_.item(); }
  /// True if it is not on a tape.
  bool is_constant() const noexcept { return slot_ == nullptr; }

  /// Index i along the first axis (negative: from the end), without that axis. Throws out of range
  /// and for rank 0. Defined in <nablur/ops/indexing.h>.
  Variable operator[](std::int64_t i) const;

  /// As a Tensor prints itself, but named Variable<T>.
  friend std::ostream& operator<<(std::ostream& out, const Variable& x) {
    return detail::print(out, "Variable", x.value_);
  }

 private:
  friend class Tape<T>;
  friend class Gradients<T>;
  Variable(Tensor<T> value, detail::TapeSlot* slot, std::uint64_t epoch, std::int32_t index,
           bool leaf) noexcept
      : value_(std::move(value)), slot_(slot), epoch_(epoch), index_(index), leaf_(leaf) {}

  Tensor<T> value_;
  detail::TapeSlot* slot_ = nullptr;  // where its tape is found
  std::uint64_t epoch_ = 0;           // of the slot, for as long as the tape is not cleared
  std::int32_t index_ = -1;           // of its node
  bool leaf_ = false;                 // made by Tape::variable
};

}  // namespace nablur
