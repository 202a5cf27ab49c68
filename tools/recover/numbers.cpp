#include "numbers.h"

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace recover {
namespace {

constexpr std::size_t kLongestToken =
    4096;  // the smallest double, written out to its last digit, has 1077 characters
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// std::from_chars knows no plus.
std::string_view without_plus(std::string_view text) {
  const bool plus = text.size() > 1 && text[0] == '+' && text[1] != '-';
  return text.substr(plus ? 1 : 0);
}

}  // namespace

std::optional<double> parse_decimal(std::string_view text) {
  const std::string_view digits = without_plus(text);
  const char* const end = digits.data() + digits.size();
  double number = 0;
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error == std::errc::invalid_argument || stop != end) return std::nullopt;
  // Too small or too large: strtod tells which. The program sets no locale, so both read the same.
  if (error == std::errc::result_out_of_range)
    number = std::strtod(std::string(digits).c_str(), nullptr);
  return number;
}

std::optional<std::int64_t> parse_whole(std::string_view text) {
  const std::string_view digits = without_plus(text);
  const char* const end = digits.data() + digits.size();
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 40;
  std::string out = "\"";
  for (const char c : text.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, byte < 0x20 || byte >= 0x7f ? "\\x%02x" : "%c", byte);
    out += escaped;
  }
  return out + (text.size() > longest ? "...\"" : "\"");
}

std::string shortest(double number) {
  const double size = std::abs(number);
  const bool fixed = number == 0 || (size >= 1e-4 && size < 1e16);
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, number,
                                 fixed ? std::chars_format::fixed : std::chars_format::scientific);
  std::string out(text, end.ptr);
  if (fixed && out.find('.') == std::string::npos) out += ".0";
  return out;
}

void NumberReader::take(std::string_view text) {
  for (const char c : text) take(c);
}

void NumberReader::take(char c) {
  const bool line_goes_on = after_return_ && c == '\n';
  after_return_ = c == '\r';
  if (line_goes_on) return;
  ++column_;
  const bool line_ends = c == '\n' || c == '\r';
  if (!line_ends && c != ' ' && c != '\t' && c != '\v' && c != '\f' && c != ',') {
    token_ += c;
    if (token_.size() > kLongestToken) {
      reject(column_ - static_cast<std::int64_t>(kLongestToken),
             in_quotes(token_) + " is too long for a number");
    }
    if (line_ == 1 && column_ == 3 && !marked_ && token_ == kByteOrderMark) {
      token_.clear();
      column_ = 0;
      marked_ = true;
    }
    return;
  }
  finish_token();
  if (c == ',') {
    if (!after_number_) reject(column_, "a number is missing before a comma");
    after_number_ = false;
  }
  if (line_ends) {
    ++line_;
    column_ = 0;
    after_number_ = false;
  }
}

std::vector<double> NumberReader::finish() {
  ++column_;  // the place of the byte that would come next
  finish_token();
  if (numbers_.empty()) nablur::fail(name_, ": holds no number");
  std::vector<double> numbers = std::move(numbers_);
  *this = NumberReader(std::move(name_));
  return numbers;
}

void NumberReader::finish_token() {
  if (token_.empty()) return;
  if (static_cast<std::int64_t>(numbers_.size()) >= kMaxLength) {
    nablur::fail(name_, ": holds more than ", kMaxLength, " numbers");
  }
  numbers_.push_back(parse_token());
  token_.clear();
  after_number_ = true;
}

double NumberReader::parse_token() const {
  const std::int64_t column = column_ - static_cast<std::int64_t>(token_.size());
  const std::optional<double> number = parse_decimal(token_);
  if (!number) {
    const bool text = token_.find('\0') == std::string::npos;
    reject(column, in_quotes(token_) + (text ? " is not a number"
                                             : " is not a number; the file is binary or UTF-16"));
  }
  if (!std::isfinite(*number)) reject(column, in_quotes(token_) + " is not a finite number");
  return *number;
}

void NumberReader::reject(std::int64_t column, const std::string& why) const {
  nablur::fail(name_, ", line ", line_, ", column ", column, ": ", why);
}

std::vector<double> parse_numbers(std::string_view text, const std::string& name) {
  NumberReader reader(name);
  reader.take(text);
  return reader.finish();
}

nablur::Tensor<double> read_numbers(const std::string& path) {
  const auto refuse = [&] { nablur::fail(path, ": cannot be read: ", std::strerror(errno)); };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen(path.c_str(), "rbe"), [](std::FILE* f) { return std::fclose(f); });
  if (!file) refuse();
  NumberReader reader(path);
  std::vector<char> chunk(1 << 16);
  while (const std::size_t n = std::fread(chunk.data(), 1, chunk.size(), file.get()))
    reader.take({chunk.data(), n});
  if (std::ferror(file.get()) != 0) refuse();
  std::vector<double> numbers = reader.finish();
  const double* const data = numbers.data();
  const nablur::Shape shape{static_cast<std::int64_t>(numbers.size())};
  return nablur::Tensor<double>::wrap(data, shape, std::move(numbers));
}

}  // namespace recover
