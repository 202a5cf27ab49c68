#pragma once
// Numbers as text: signals in files, and numbers on the command line. All are decimal.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nablur/autodiff/tensor.h>

namespace recover {

/// The longest signal that the program works on.
inline constexpr std::int64_t kMaxLength = 10'000'000;

/// The number that the whole text spells, or nothing: digits with an optional sign, point and
/// exponent, or inf or nan. A number too small for a double is 0, one too large is infinite.
std::optional<double> parse_decimal(std::string_view text);

/// The same for a whole number: decimal digits with an optional sign. Nothing if it does not fit.
std::optional<std::int64_t> parse_whole(std::string_view text);

/// The text in quotes as it may stand in a message: cut after 40 bytes, and all but printable ASCII
/// as \x and two digits.
std::string in_quotes(std::string_view text);

/// As Python prints a float: the fewest digits that read back as the same number.
std::string shortest(double number);

/// Reads numbers separated by white space, commas or newlines (LF, CR LF or CR) from text that
/// comes in pieces, so that a file of any length is refused at its first fault. A UTF-8 byte order
/// mark at the start is skipped.
class NumberReader {
 public:
  /// `name` is the file's, for messages.
  explicit NumberReader(std::string name) : name_(std::move(name)) {}

  /// Throws nablur::Error, with line and column (in bytes, from 1), at what is not a finite number
  /// and at a comma with no number before it on its line; and, without them, for more than
  /// kMaxLength numbers.
  void take(std::string_view text);

  /// All numbers; the reader is empty afterwards. Throws as take() does, and if there is none.
  std::vector<double> finish();

 private:
  void take(char c);
  void finish_token();
  double parse_token() const;
  [[noreturn]] void reject(std::int64_t column, const std::string& why) const;

  std::string name_;
  std::string token_;
  std::vector<double> numbers_;
  std::int64_t line_ = 1;
  std::int64_t column_ = 0;    // of the byte taken last
  bool marked_ = false;        // line 1 starts with a byte order mark, which has no column
  bool after_number_ = false;  // on this line, and no comma since
  bool after_return_ = false;  // a line feed now belongs to the same line's end
};

/// All numbers of a text. Throws as NumberReader does.
std::vector<double> parse_numbers(std::string_view text, const std::string& name);

/// All numbers of a file, of rank 1. Throws as NumberReader does, and if the file cannot be read.
nablur::Tensor<double> read_numbers(const std::string& path);

}  // namespace recover
