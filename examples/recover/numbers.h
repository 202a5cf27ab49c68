#pragma once
// Signals in text files: numbers separated by white space, commas or newlines.

#include <string>

#include <nablur/autodiff/tensor.h>

namespace recover {

/// The longest signal that the program works on.
inline constexpr std::int64_t kMaxLength = 10'000'000;

/// All numbers of the file, of rank 1. Throws nablur::Error, with the line, for what is not a finite number, for a number that
/// is missing between two commas, for a file without a number, or with more than kMaxLength.
nablur::Tensor<double> read_numbers(const std::string& path);

/// As Python prints a float: the fewest digits that read back as the same number.
std::string shortest(double number);

}  // namespace recover
