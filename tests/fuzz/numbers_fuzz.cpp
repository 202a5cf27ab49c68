// The reader of numbers of examples/recover: which texts it takes, what it makes of them, and where
// it sees a fault; held against a plain reading of the same text, token by token, with strtod.

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oracle.h"
#include "recover/numbers.h"

namespace {

using nablur::Error;
using nablur::fuzz::Oracle;
using Numbers = std::vector<double>;

Oracle accepted("text is taken if the plain reader takes it, with the same numbers", 10);
Oracle refused("text is refused if the plain reader refuses it", 1000);
Oracle placed("a fault has the line and the column of the plain reader's", 1000);
Oracle printed("numbers that are printed read back the same, to the last bit", 10);
Oracle pieces("text in pieces reads as it does whole", 1000);
Oracle whole("a whole number is what strtoll takes for one", 20);

// ---- the plain reader -------------------------------------------------------------------------

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t n = 0;
  while (at + n < text.size() && is_digit(text[at + n])) ++n;
  return n;
}

std::size_t sign_at(std::string_view text, std::size_t at) {
  return at < text.size() && (text[at] == '+' || text[at] == '-') ? 1 : 0;
}

// [+-] (d+ [.] d* | . d+) [(e|E) [+-] d+]
bool is_decimal(std::string_view token) {
  std::size_t at = sign_at(token, 0);
  const std::size_t before = digits_at(token, at);
  at += before;
  std::size_t after = 0;
  if (at < token.size() && token[at] == '.') {
    after = digits_at(token, ++at);
    at += after;
  }
  if (before + after == 0) return false;
  if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
    ++at;
    at += sign_at(token, at);
    const std::size_t exponent = digits_at(token, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == token.size();
}

struct Reading {
  Numbers numbers;
  std::optional<std::size_t> fault = {};  // the byte, if there is one
};

Reading read_plainly(std::string_view text) {
  Reading reading;
  bool number_on_line = false;
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find_first_of(" \t\v\f\r\n,", at), text.size());
    if (end > at) {
      const std::string token(text.substr(at, end - at));
      const double number = std::strtod(token.c_str(), nullptr);
      if (token.size() > 4096 || !is_decimal(token) || !std::isfinite(number)) {
        reading.fault = at;
        return reading;
      }
      reading.numbers.push_back(number);
      number_on_line = true;
      at = end;
      continue;
    }
    if (text[at] == ',' && !number_on_line) {
      reading.fault = at;
      return reading;
    }
    if (text[at] == ',' || text[at] == '\r' || text[at] == '\n') number_on_line = false;
    ++at;
  }
  return reading;
}

std::string place_of(std::string_view text, std::size_t fault) {
  std::size_t line = 1;
  std::size_t start = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (std::size_t i = 0; i < fault; ++i) {
    const bool pair = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if ((text[i] != '\r' && text[i] != '\n') || pair) continue;
    ++line;
    start = i + 1;
  }
  return "f, line " + std::to_string(line) + ", column " + std::to_string(fault - start + 1) + ": ";
}

// ---- the reader at hand -----------------------------------------------------------------------

struct Outcome {
  Numbers numbers;
  std::string sentence;
};

bool same(const Numbers& a, const Numbers& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::bit_cast<std::uint64_t>(a[i]) != std::bit_cast<std::uint64_t>(b[i])) return false;
  }
  return true;
}

Outcome read(std::string_view text, std::size_t piece) {
  Outcome outcome;
  try {
    recover::NumberReader reader("f");
    for (std::size_t at = 0; at < text.size(); at += piece) reader.take(text.substr(at, piece));
    outcome.numbers = reader.finish();
  } catch (const Error& error) {
    outcome.sentence = error.what();
  }
  return outcome;
}

void check_whole(const std::string& token) {
  const std::size_t sign = sign_at(token, 0);
  const bool spelled = token.size() > sign && sign + digits_at(token, sign) == token.size();
  errno = 0;
  const long long value = spelled ? std::strtoll(token.c_str(), nullptr, 10) : 0;
  const auto found = recover::parse_whole(token);
  whole.expect(found.has_value() == (spelled && errno == 0) && (!found || *found == value), token);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Reading plain = read_plainly(text);
  const Outcome outcome = read(text, text.size() + 1);
  if (plain.fault) {
    refused.expect(!outcome.sentence.empty(), text);
    placed.expect(outcome.sentence.starts_with(place_of(text, *plain.fault)), outcome.sentence,
                  " is not at ", place_of(text, *plain.fault));
  } else if (plain.numbers.empty()) {
    refused.expect(outcome.sentence == "f: holds no number", outcome.sentence);
  } else {
    accepted.expect(outcome.sentence.empty() && same(outcome.numbers, plain.numbers),
                    outcome.sentence);
    std::string again;
    for (const double number : outcome.numbers) again += recover::shortest(number) + ",";
    printed.expect(same(read(again, again.size()).numbers, outcome.numbers), again);
  }
  const std::size_t piece = size == 0 ? 1 : 1 + data[size / 2] % 7u;
  const Outcome other = read(text, piece);
  pieces.expect(same(other.numbers, outcome.numbers) && other.sentence == outcome.sentence,
                other.sentence);
  check_whole(text.substr(0, std::min(text.find_first_of(" \t\v\f\r\n,"), text.size())));
  return 0;
}
