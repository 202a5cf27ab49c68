#pragma once
// What the differences of a function φ(t) at t = 0 say about a derivative found elsewhere. They are
// looked at in windows (windows.h) that shrink by a factor of 8 until rounding swamps the question.

#include <string>
#include <vector>

#include <nablur/gradcheck/detail/windows.h>
#include <nablur/gradcheck/gradient_report.h>

namespace nablur::detail {

/// A derivative to be judged.
struct Claim {
  double value = 0;
  double relative = 0;  ///< tolerance
  double greatest = 0;  ///< magnitude of the slopes beside which an absolute error counts as small
};

struct Judgement {
  Verdict verdict = Verdict::cannot_tell;
  Window window;  ///< the one that decided; not `seen` if there is none
  std::string note;
};

class Differences {
 public:
  explicit Differences(Line line);

  /// The slope found in the widest window that has one; 0 if there is none.
  double rough_slope();
  /// Looks through ever smaller windows until it can tell.
  Judgement judge(const Claim& claim);

 private:
  const Window& window(std::size_t i);
  Judgement judge(const Claim& claim, bool both_sides);
  Judgement conclude(const Claim& claim, const std::vector<Window>& seen);
  Judgement conclude_at_corner(const Claim& claim, const std::vector<Window>& seen,
                               std::size_t last) const;
  const std::vector<double>& far();
  /// Nothing but rounding, however far one goes.
  bool is_constant();
  /// Beside the way φ moves further off: tanh(x) + 1 is 0 at −40, and the slope of its tail below
  /// the rounding of 1.
  bool is_negligible(double excess);
  /// φ moves in steps, as (x + 1e16) − 1e16 does, and these are wider than what the slope makes of
  /// this displacement.
  bool would_round_away(double slope, double step);

  Line line_;
  std::vector<double> widths_;
  std::vector<Window> windows_;  // those looked at so far
  std::vector<double> far_;      // changes; empty until they are asked for
};

}  // namespace nablur::detail
