#pragma once
// The one exception type of the library, and the way its messages are put together.
//
//   fail("add: shapes ", a, " and ", b, " do not broadcast");      // throws nablur::Error

#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include <nablur/autodiff/export.h>

namespace nablur {

/// What every function of Nablur throws on bad input: one sentence that starts with the operator and shows the values.
class NABLUR_API Error : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

namespace detail {

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
    append(text, part);  // the types of the library bring an append of their own
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
  throw Error(detail::concat(parts...));
}

}  // namespace nablur
