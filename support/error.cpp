#include <nablur/support/error.h>

#include <charconv>
#include <cstdio>

namespace nablur {

// A constructor of std::invalid_argument takes memory for every text but the empty one.
OutOfMemory::OutOfMemory(const char* op, std::size_t bytes) noexcept : Error("") {
  if (bytes > 0) {
    std::snprintf(sentence_, sizeof sentence_,
                  "%.64s: %zu bytes of memory could not be had from the system", op, bytes);
  } else {
    std::snprintf(sentence_, sizeof sentence_, "%.64s: memory could not be had from the system",
                  op);
  }
}

namespace detail {
namespace {

template <class T>
void append_number(std::string& text, T part) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, part).ptr;
  text.append(digits, end);
}

}  // namespace

void append(std::string& text, std::string_view part) { text.append(part); }
void append(std::string& text, long long part) { append_number(text, part); }
void append(std::string& text, unsigned long long part) { append_number(text, part); }
void append(std::string& text, double part) { append_number(text, part); }
void append(std::string& text, float part) { append_number(text, part); }

}  // namespace detail
}  // namespace nablur
