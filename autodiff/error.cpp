#include <nablur/autodiff/error.h>

#include <charconv>

namespace nablur::detail {
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

}  // namespace nablur::detail
