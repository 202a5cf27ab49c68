#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <nablur/autodiff/detail/differences.h>
#include <nablur/autodiff/error.h>

namespace nablur::detail {
namespace {

// An error counts only beyond so many standard errors. The powers of t that a fit leaves out spoil its slope by up to 5 times
// what they leave over (t⁷ by 2.6 times); five degrees of freedom do the rest.
constexpr double kMargin = 10;

// ---- what a window says about a claim -------------------------------------------------------------------------------

double tolerance(const Claim& claim, double slope) {
  return claim.relative * std::max(std::isfinite(claim.value) ? std::abs(claim.value) : 0, std::abs(slope));
}

double distance(const Claim& claim, const Window& w) { return std::abs(claim.value - w.slope); }

bool confirms(const Window& w, const Claim& claim) { return distance(claim, w) <= tolerance(claim, w.slope); }

// The error is no more than noise, and the noise is small beside the other slopes or beside the way φ moves in the window.
bool confirms_within_noise(const Window& w, const Claim& claim) {
  const double noise = kMargin * w.error;
  return distance(claim, w) <= noise && noise <= claim.relative * std::max(claim.greatest, w.range);
}

bool excludes(const Window& w, const Claim& claim) { return distance(claim, w) > tolerance(claim, w.slope) + kMargin * w.error; }

bool has_corner(const Window& w, const Claim& claim) {
  const double slopes = std::abs(w.slope) + std::abs(w.corner) / 2;
  return std::abs(w.corner) > kMargin * (w.corner_error + claim.relative * slopes);
}

// Windows from wide to narrow, of both sides or of one.
using Windows = std::vector<Window>;

std::size_t best_of(const Windows& seen) {
  const auto best =
      std::min_element(seen.begin(), seen.end(), [](const Window& a, const Window& b) { return a.error < b.error; });
  return static_cast<std::size_t>(best - seen.begin());
}

// The slope is far from 0 beside its error.
bool is_sure(const Window& w, const Claim& claim) { return kMargin * w.error < 0.1 * std::abs(w.slope) && !has_corner(w, claim); }

// The narrowest window with a corner has it at 0 if every narrower one that could see it is missing, and the one before has the
// same. Returns the better of these two, or null.
const Window* corner_of(const Windows& seen, const Claim& claim) {
  std::size_t last = seen.size();
  while (last > 0 && !has_corner(seen[last - 1], claim)) --last;
  if (last < 2 || !has_corner(seen[last - 2], claim)) return nullptr;
  const Window& narrow = seen[last - 1];
  const Window& wide = seen[last - 2];
  const double ratio = wide.corner / narrow.corner;
  if (!(ratio > 0 && ratio < 2)) return nullptr;  // 8 for a bend, 2.8 for |t|^1.5, 1 for a corner
  for (std::size_t i = last; i < seen.size(); ++i) {
    if (kMargin * seen[i].corner_error < std::abs(narrow.corner) / 2) return nullptr;
  }
  return narrow.corner_error < wide.corner_error ? &narrow : &wide;
}

bool between_the_slopes(const Window& corner, const Claim& claim) {
  const double half = std::abs(corner.corner) / 2;
  return distance(claim, corner) <=
         half + tolerance(claim, std::abs(corner.slope) + half) + kMargin * (corner.error + corner.corner_error);
}

// Whether two windows come to the same slope, closely beside the excess that they are to prove.
bool agree(const Window& a, const Window& b, double excess) {
  const double close = 0.02 * std::min(excess, std::max(std::abs(a.slope), std::abs(b.slope)));
  return std::abs(a.slope - b.slope) <= std::max(close, 6 * (a.error + b.error));
}

// Wrong, if the best window excludes it and another one bears it out. Each narrower one whose error is small beside the excess
// must: one that does not shows that the differences have not converged (√t at 0). A window of any width that is sure of the
// claim acquits it. If there is no other window, the best must be good indeed.
bool refuted(const Windows& clean, const Claim& claim) {
  const std::size_t b = best_of(clean);
  const Window& best = clean[b];
  if (!excludes(best, claim)) return false;
  const double excess = distance(claim, best);
  bool borne_out = 1000 * best.error < std::min(excess, std::abs(best.slope));
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const Window& w = clean[i];
    if (kMargin * w.error < 0.1 * excess && !excludes(w, claim)) return false;
    if (i == b || !(kMargin * w.error < excess)) continue;
    const bool same = excludes(w, claim) && agree(w, best, excess);
    if (i > b && !same) return false;
    borne_out = borne_out || same;
  }
  return borne_out;
}

// ---- a look from afar -----------------------------------------------------------------------------------------------

// Nothing but rounding, however far one goes.
bool is_constant(const Line& line) {
  const std::vector<double> changes = far_changes(line);
  return !changes.empty() && std::all_of(changes.begin(), changes.end(), [&](double c) { return c <= 8 * line.rounding; });
}

// Small displacements change nothing, the first that do, by multiples of one amount: φ is lost in rounding. (x + 1e16) − 1e16 is.
bool moves_in_steps(const Line& line) {
  std::set<double> first;
  for (const double change : far_changes(line)) {
    if (change != 0 && first.size() < 6) first.insert(change);
  }
  return first.size() >= 3 && std::all_of(first.begin(), first.end(), [&](double change) {
           const double multiple = change / *first.begin();
           return std::abs(multiple - std::round(multiple)) < 1e-9;
         });
}

}  // namespace

Differences::Differences(Line line) : line_(std::move(line)), widths_(window_widths(line_)) {}

const Window& Differences::window(std::size_t i) {
  while (windows_.size() <= i) windows_.push_back(measure(line_, widths_[windows_.size()]));
  return windows_[i];
}

double Differences::rough_slope() {
  for (std::size_t i = 0; i < widths_.size(); ++i) {
    if (window(i).seen) return window(i).slope;
  }
  return 0;
}

Judgement Differences::judge(const Claim& claim) {
  Judgement judgement = judge(claim, true);
  if (!judgement.window.seen) judgement = judge(claim, false);
  if (std::isnan(claim.value) && !widths_.empty()) judgement.verdict = Verdict::differs;
  return judgement;
}

Judgement Differences::judge(const Claim& claim, bool both_sides) {
  Windows seen;
  double best_error = std::numeric_limits<double>::infinity();
  double excess = best_error;
  bool moves = false;
  bool contradicted = false;
  for (std::size_t i = 0; i < widths_.size(); ++i) {
    const Window& w = window(i);
    if (!w.seen || (w.side == 0) != both_sides) continue;
    if (w.blind && moves) break;  // rounding has swallowed the slope that wider windows are sure of
    seen.push_back(w);
    const bool corner = has_corner(w, claim);
    if (!corner && w.error <= best_error) {
      best_error = w.error;
      excess = distance(claim, w);
      const bool settled = w.error <= 4 * w.least;  // no narrower window will be better
      const bool confirmed = confirms(w, claim) || (settled && confirms_within_noise(w, claim));
      if (confirmed && !contradicted) return {Verdict::agrees, w, ""};
    }
    moves = moves || is_sure(w, claim);
    contradicted = contradicted || (is_sure(w, claim) && excludes(w, claim));
    if (kMargin * w.least > std::max(excess, corner ? std::abs(w.corner) / 4 : 0)) break;  // the rest is rounding
  }
  return seen.empty() ? Judgement{} : conclude(claim, seen, contradicted);
}

Judgement Differences::conclude(const Claim& claim, const std::vector<Window>& seen, bool contradicted) const {
  if (const Window* corner = corner_of(seen, claim)) {
    const double half = corner->corner / 2;
    const std::string note =
        concat("slope ", float(corner->slope - half), " on the left, ", float(corner->slope + half), " on the right");
    return {between_the_slopes(*corner, claim) ? Verdict::kink : Verdict::differs, *corner, note};
  }
  Windows clean;  // a corner elsewhere spoils a window
  for (const Window& w : seen) {
    if (!has_corner(w, claim)) clean.push_back(w);
  }
  if (clean.empty()) return {Verdict::cannot_tell, seen.back(), "the differences do not converge"};
  const Window& best = clean[best_of(clean)];
  if (!contradicted && confirms_within_noise(best, claim)) return {Verdict::agrees, best, ""};
  const bool zero = std::max(std::abs(claim.value), std::abs(best.slope)) <= kMargin * best.error;
  if (zero && is_constant(line_)) return {Verdict::agrees, best, ""};
  if (!refuted(clean, claim)) {
    const bool poor = !excludes(best, claim) && !contradicted;
    return {Verdict::cannot_tell, best, poor ? "the differences are too poor" : "the differences do not converge"};
  }
  const bool still = std::all_of(seen.begin(), seen.end(), [](const Window& w) { return w.blind; });
  if (still && moves_in_steps(line_)) return {Verdict::cannot_tell, best, "f moves in steps wider than the differences"};
  return {Verdict::differs, best, ""};
}

}  // namespace nablur::detail
