#pragma once
// What the library throws, and the way its messages are put together.
//
//   fail("add: shapes ", a, " and ", b, " do not broadcast");      // throws nablur::Error

#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include <nablur/support/export.h>

namespace nablur {

/// Thrown by every function of Nablur on bad input: one sentence that starts with the function and
/// shows the values. No other exception leaves the library, except those thrown by the caller's own
/// callables.
class NABLUR_API Error : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// The Error thrown if the system refuses memory, so that it can be told from bad input. Making and
/// copying it asks for none.
class NABLUR_API OutOfMemory : public Error {
 public:
  /// `op` is shortened if it is longer than 64 characters. `bytes` is what was asked for, 0 if that
  /// is not known.
  explicit OutOfMemory(const char* op, std::size_t bytes = 0) noexcept;
  const char* what() const noexcept override { return sentence_; }

 private:
  char sentence_[144];
};

namespace detail {

/// Returns f(). Turns a std::bad_alloc (from a standard container or string) into an OutOfMemory in
/// the name of `op`.
template <class F>
decltype(auto) or_out_of_memory(const char* op, const F& f) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(op);
  }
}

NABLUR_API void append(std::string& text, std::string_view part);
NABLUR_API void append(std::string& text, long long part);
NABLUR_API void append(std::string& text, unsigned long long part);
/// Shortest decimal digits that read back as the same number.
NABLUR_API void append(std::string& text, double part);
NABLUR_API void append(std::string& text, float part);

template <class Part>
void append_any(std::string& text, const Part& part) {
  if constexpr (std::is_integral_v<Part> && std::is_signed_v<Part>) {
    append(text, static_cast<long long>(part));
  } else if constexpr (std::is_integral_v<Part>) {
    append(text, static_cast<unsigned long long>(part));
  } else {
    append(text, part);  // the library's types have an append of their own
  }
}

template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string text;
  (append_any(text, parts), ...);
  return text;
}

}  // namespace detail

/// Throws an Error whose message is the parts one after another (text, numbers, shapes).
template <class... Parts>
[[noreturn, gnu::cold, gnu::noinline]] void fail(const Parts&... parts) {
  detail::or_out_of_memory("message of an error", [&] { throw Error(detail::concat(parts...)); });
  __builtin_unreachable();
}

}  // namespace nablur
