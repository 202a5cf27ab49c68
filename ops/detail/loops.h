#pragma once
// Private: the loops that an instruction set has for each elementwise operator (loops-inl.h), and
// what an operator of operators-inl.h says of its slopes.

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace nablur::detail {

// ---- slopes -----------------------------------------------------------------------------------

/// Base of the slope of an operator y = f(a, b): which of a, b and y it looks at. Only they are
/// kept for the reverse pass, and handed to it in this order.
template <bool a, bool b, bool y>
struct LooksAt {
  static constexpr bool at_a = a;
  static constexpr bool at_b = b;
  static constexpr bool at_y = y;
};
using OfA = LooksAt<true, false, false>;
using OfB = LooksAt<false, true, false>;
using OfY = LooksAt<false, false, true>;
using OfAB = LooksAt<true, true, false>;
using OfAY = LooksAt<true, false, true>;
using OfBY = LooksAt<false, true, true>;
/// A slope of 1: the gradient passes as it is.
struct Pass {};
/// A slope of −1.
struct Negate {};

// ---- loops ------------------------------------------------------------------------------------

/// out[i] = f(in[0][i·stride[0]], in[1][i·stride[1]], …) for i < n. A stride is 0 or 1, and an
/// element of the result does not depend on its place.
template <class T>
using Loop = void (*)(std::int64_t n, T* out, const T* const* in, const std::int64_t* stride);

/// The loops of one operator. Those of the gradients read g first, then what the slope looks at;
/// null if the slope is no function.
template <class T>
struct OperatorLoops {
  Loop<T> value;
  Loop<T> to_a;
  Loop<T> to_b;
};

// ---- operators --------------------------------------------------------------------------------

/// All operators of operators-inl.h; their order is that of an instruction set's table of loops.
template <class... Operator>
struct OperatorList {
  static constexpr std::size_t size = sizeof...(Operator);

  template <class Wanted>
  static constexpr std::size_t index_of() {
    std::size_t index = 0;
    static_cast<void>(((std::is_same_v<Operator, Wanted> || (++index, false)) || ...));
    return index;
  }
};

}  // namespace nablur::detail
