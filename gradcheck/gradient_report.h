#pragma once
// What compare_gradients finds: rows with verdicts, printed as a table.
//
//   std::cout << report;
//   return report.agrees() ? 0 : 1;     // strict: every gradient is confirmed
//   return report.differs() ? 1 : 0;    // lenient: no gradient is refuted

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include <nablur/support/export.h>

namespace nablur {

/// What a comparison says about a derivative. Only `differs` accuses.
enum class Verdict {
  agrees,   ///< equal to within the tolerance
  differs,  ///< wrong: further from the reference than the tolerance and the reference's own error
            ///< explain
  cannot_tell,  ///< neither: the differences are too poor to judge by (noise in f, a vertical
                ///< tangent, no step inside the domain)
  kink,  ///< f has a corner there, and the derivative lies between the slopes on its two sides
};

/// "agrees", "differs", "cannot tell" or "kink".
NABLUR_API const char* to_string(Verdict verdict) noexcept;

/// One derivation against another, at the element (or direction) with the worst verdict and there
/// the greatest error.
struct GradientRow {
  std::string derivation;
  std::string against;
  std::string place;     ///< "x0[3, 4]": input 0, element (3, 4); or "direction 2"
  double value = 0;      ///< the derivation's
  double reference = 0;  ///< the other's
  double absolute = 0;   ///< error
  double relative = 0;   ///< error / greater magnitude of the two
  double step = 0;       ///< greatest step of the differences used; 0 if there are none
  double estimate = 0;   ///< standard error of the slope from differences, from their scatter and
                         ///< the rounding of f
  Verdict verdict = Verdict::cannot_tell;
  std::string note;  ///< what the numbers do not tell
};

/// The rows as a value.
struct NABLUR_API GradientReport {
  std::vector<GradientRow> rows;

  /// True if there are rows and each of them agrees. A kink or a row that cannot tell is no
  /// agreement.
  bool agrees() const noexcept;
  /// True if a row differs: a derivative is wrong.
  bool differs() const noexcept;
  /// Number of rows with this verdict.
  std::int64_t count(Verdict verdict) const noexcept;
  /// A table with a line for each row, its columns as wide as what is in them.
  friend NABLUR_API std::ostream& operator<<(std::ostream& out, const GradientReport& report);
};

}  // namespace nablur
