#include "numbers.h"

#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace recover {
namespace {

constexpr std::size_t kLongestToken = 400;  // 1e-308 written out without an exponent has 310 characters

// A token as it may stand in a message: printable and short.
std::string quoted(const std::string& token) {
  std::string text = "\"";
  for (std::size_t i = 0; i < token.size() && i < 40; ++i) {
    const auto byte = static_cast<unsigned char>(token[i]);
    text += byte < 0x20 || byte == 0x7f ? '?' : token[i];
  }
  return text + (token.size() > 40 ? "...\"" : "\"");
}

// Takes a file apart, character by character, so that a file of any size is refused at its first fault.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  void take(char c) {
    const bool white = c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f' || c == '\n';
    if (!white && c != ',') {
      if (token_.size() > kLongestToken) reject(quoted(token_) + " is not a number");
      token_ += c;
      return;
    }
    finish_token();
    if (c == ',') {
      if (!after_number_) reject("a number is missing before a comma");
      after_number_ = false;
    }
    if (c == '\n') {
      ++line_;
      after_number_ = false;
    }
  }

  std::vector<double> finish() {
    finish_token();
    if (numbers_.empty()) nablur::fail(path_, ": holds no number");
    return std::move(numbers_);
  }

 private:
  [[noreturn]] void reject(const std::string& why) const { nablur::fail(path_, ", line ", line_, ": ", why); }

  void finish_token() {
    if (token_.empty()) return;
    if (line_ == 1 && numbers_.empty() && token_.starts_with("\xEF\xBB\xBF")) token_.erase(0, 3);  // a UTF-8 byte order mark
    if (!token_.empty()) numbers_.push_back(parse());
    if (static_cast<std::int64_t>(numbers_.size()) > kMaxLength)
      nablur::fail(path_, ": holds more than ", kMaxLength, " numbers");
    token_.clear();
    after_number_ = true;
  }

  double parse() const {
    const char* const end = token_.data() + token_.size();
    const bool plus = token_.size() > 1 && token_[0] == '+' && token_[1] != '-';
    double number = 0;
    const auto [stop, error] = std::from_chars(token_.data() + (plus ? 1 : 0), end, number);
    if (error == std::errc::invalid_argument || stop != end) reject(quoted(token_) + " is not a number");
    // Too small is 0 to the precision of a double; too large is an infinity.
    if (error == std::errc::result_out_of_range) number = std::strtod(token_.c_str(), nullptr);
    if (!std::isfinite(number)) reject(quoted(token_) + " is not a finite number");
    return number;
  }

  std::string path_;
  std::string token_;
  std::vector<double> numbers_;
  long long line_ = 1;
  bool after_number_ = false;  // on this line, and no comma since
};

}  // namespace

nablur::Tensor<double> read_numbers(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             [](std::FILE* f) { return std::fclose(f); });
  if (!file) nablur::fail(path, ": cannot be read: ", std::strerror(errno));
  Reader reader(path);
  std::vector<char> chunk(1 << 16);
  while (const std::size_t n = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    for (std::size_t i = 0; i < n; ++i) reader.take(chunk[i]);
  }
  if (std::ferror(file.get()) != 0) nablur::fail(path, ": cannot be read: ", std::strerror(errno));
  std::vector<double> numbers = reader.finish();
  const double* const data = numbers.data();
  const nablur::Shape shape{static_cast<std::int64_t>(numbers.size())};
  return nablur::Tensor<double>::wrap(data, shape, std::move(numbers));
}

std::string shortest(double number) {
  const double size = std::abs(number);
  const bool fixed = number == 0 || (size >= 1e-4 && size < 1e16);
  char text[64];
  const auto end =
      std::to_chars(text, text + sizeof text, number, fixed ? std::chars_format::fixed : std::chars_format::scientific);
  std::string out(text, end.ptr);
  if (fixed && out.find('.') == std::string::npos) out += ".0";
  return out;
}

}  // namespace recover
