#include <nablur/gradcheck/gradient_report.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ostream>

#include <nablur/support/error.h>

namespace nablur {
namespace {

constexpr std::size_t kColumns = 10;
using Line = std::array<std::string, kColumns>;
constexpr std::array<bool, kColumns> kNumeric = {false, false, false, true, true,
                                                 true,  true,  true,  true, false};

std::string number(const char* format, double x) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), format,
                std::isnan(x) ? std::abs(x) : x);  // NaN has no sign
  return text.data();
}

// What a row has no numbers for stays blank: all of them without a place, the step and the estimate
// without a step.
Line line_of(const GradientRow& r) {
  Line line{r.derivation, r.against, r.place};
  if (!r.place.empty()) {
    line[3] = number("%.10g", r.value);
    line[4] = number("%.10g", r.reference);
    line[5] = number("%.1e", r.absolute);
    line[6] = number("%.1e", r.relative);
  }
  if (r.step > 0) {
    line[7] = number("%.1e", r.step);
    line[8] = number("%.1e", r.estimate);
  }
  line[9] = r.verdict == Verdict::differs ? "DIFFERS" : to_string(r.verdict);
  if (!r.note.empty()) line[9] += ": " + r.note;
  return line;
}

// Of UTF-8 text, in characters.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string table(const std::vector<GradientRow>& rows) {
  std::vector<Line> lines{{"derivation", "against", "worst at", "value", "reference", "absolute",
                           "relative", "step", "estimate", "verdict"}};
  for (const GradientRow& row : rows) lines.push_back(line_of(row));
  std::array<std::size_t, kColumns> widths{};
  for (const Line& line : lines) {
    for (std::size_t c = 0; c < kColumns; ++c) widths[c] = std::max(widths[c], width(line[c]));
  }
  std::string text;
  for (const Line& line : lines) {
    for (std::size_t c = 0; c + 1 < kColumns; ++c) {
      const std::string blanks(widths[c] - width(line[c]), ' ');
      text += kNumeric[c] ? blanks + line[c] : line[c] + blanks;
      text += "  ";
    }
    text += line.back() + "\n";
  }
  return text;
}

}  // namespace

const char* to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::agrees:
      return "agrees";
    case Verdict::differs:
      return "differs";
    case Verdict::kink:
      return "kink";
    case Verdict::cannot_tell:
      break;
  }
  return "cannot tell";
}

std::int64_t GradientReport::count(Verdict verdict) const noexcept {
  return std::count_if(rows.begin(), rows.end(),
                       [verdict](const GradientRow& row) { return row.verdict == verdict; });
}

bool GradientReport::agrees() const noexcept {
  return !rows.empty() && count(Verdict::agrees) == static_cast<std::int64_t>(rows.size());
}

bool GradientReport::differs() const noexcept { return count(Verdict::differs) > 0; }

std::ostream& operator<<(std::ostream& out, const GradientReport& report) {
  return out << detail::or_out_of_memory("compare_gradients", [&] { return table(report.rows); });
}

}  // namespace nablur
