#include <algorithm>
#include <cmath>
#include <limits>

#include <nablur/gradcheck/detail/differences.h>
#include <nablur/support/error.h>

namespace nablur::detail {
namespace {

// An error counts only beyond so many standard errors. The powers of t that a fit leaves out spoil
// its slope by up to 5 times what they leave over (t⁷ by 2.6 times); five degrees of freedom do the
// rest.
constexpr double kMargin = 10;
// The rounding of φ(0), which all steps share, passes for a corner of up to 10 times what it leaves
// over.
constexpr double kCornerMargin = 15;

// ---- what a window says about a claim ---------------------------------------------------------

double tolerance(const Claim& claim, double slope) {
  return claim.relative *
         std::max(std::isfinite(claim.value) ? std::abs(claim.value) : 0, std::abs(slope));
}

double distance(const Claim& claim, const Window& w) { return std::abs(claim.value - w.slope); }

bool confirms(const Window& w, const Claim& claim) {
  return distance(claim, w) <= tolerance(claim, w.slope);
}

// The error is no more than noise, and the noise is small beside the other slopes or beside the way
// φ moves in the window.
bool confirms_within_noise(const Window& w, const Claim& claim) {
  const double noise = kMargin * w.error;
  return distance(claim, w) <= noise && noise <= claim.relative * std::max(claim.greatest, w.range);
}

bool excludes(const Window& w, const Claim& claim) {
  return distance(claim, w) > tolerance(claim, w.slope) + kMargin * w.error;
}

bool has_corner(const Window& w, const Claim& claim) {
  const double slopes = std::abs(w.slope) + std::abs(w.corner) / 2;
  return std::abs(w.corner) > kCornerMargin * w.corner_error + claim.relative * slopes;
}

// Windows from wide to narrow, of both sides or of one.
using Windows = std::vector<Window>;

std::size_t best_of(const Windows& seen) {
  const auto best = std::min_element(
      seen.begin(), seen.end(), [](const Window& a, const Window& b) { return a.error < b.error; });
  return static_cast<std::size_t>(best - seen.begin());
}

// Windows narrower than the last one with a corner in it.
Windows past_corners(const Windows& seen, const Claim& claim) {
  std::size_t first = seen.size();
  while (first > 0 && !has_corner(seen[first - 1], claim)) --first;
  return Windows(seen.begin() + static_cast<std::ptrdiff_t>(first), seen.end());
}

// The corner is at 0 if no window past the last one with a corner could still see it, and the
// window before has a like one.
bool corner_is_at_0(const Windows& seen, std::size_t last, const Claim& claim) {
  if (last == 0 || !has_corner(seen[last - 1], claim)) return false;
  const double ratio = seen[last - 1].corner / seen[last].corner;
  if (!(ratio > 0.1 && ratio < 2))
    return false;  // 8 for a bend, 2.8 for |t|^1.5, 1 for a corner, 0.35 for √|t|
  return std::all_of(
      seen.begin() + static_cast<std::ptrdiff_t>(last) + 1, seen.end(),
      [&](const Window& w) { return kMargin * w.corner_error >= std::abs(seen[last].corner) / 2; });
}

// How far off a difference may be that is to count as none.
bool same(double a, double b, double error) {
  return std::abs(a - b) <= std::max(0.02 * std::max(std::abs(a), std::abs(b)), 6 * error);
}

bool between_the_slopes(const Window& corner, const Claim& claim) {
  const double half = std::abs(corner.corner) / 2;
  return distance(claim, corner) <= half + tolerance(claim, std::abs(corner.slope) + half) +
                                        kMargin * (corner.error + corner.corner_error);
}

// Whether three windows have come to the same slopes on the two sides (√|t| never does), the last
// no wider than x itself.
bool is_well_known(const Windows& seen, std::size_t last, double position) {
  if (last < 2 || (seen[last].step > position && position > 0)) return false;
  for (std::size_t i = last - 2; i < last; ++i) {
    const Window& wide = seen[i];
    const Window& narrow = seen[i + 1];
    if (!same(wide.corner, narrow.corner, wide.corner_error + narrow.corner_error)) return false;
    if (!same(wide.slope, narrow.slope, wide.error + narrow.error)) return false;
  }
  return true;
}

// Whether two windows come to the same slope, closely beside the excess that they are to prove.
bool agree(const Window& a, const Window& b, double excess) {
  const double close = 0.02 * std::min(excess, std::max(std::abs(a.slope), std::abs(b.slope)));
  return std::abs(a.slope - b.slope) <= std::max(close, kMargin * (a.error + b.error));
}

// The greatest corner at 0 that could have gone unseen.
double unseen_corner(const Windows& clean) {
  double least = std::numeric_limits<double>::infinity();
  for (const Window& w : clean)
    least = std::min(least, std::abs(w.corner) + kCornerMargin * w.corner_error);
  return least;
}

// If a narrower window scatters far less, what scatters in the best one is no noise but the shape
// of φ. That may be an oscillation as wide as the narrower window, whose slope the best one cannot
// know.
bool is_structured(const Windows& seen, const Window& best, double excess) {
  for (const Window& w : seen) {
    if (w.step < best.step && w.error * best.least < 0.1 * best.error * w.least) {
      return excess < 10 * best.error * best.step / w.step;
    }
  }
  return false;
}

// Wrong, if the best window excludes it and another one bears it out. Each narrower one whose error
// is small beside the excess must: one that does not shows that the differences have not converged
// (√t at 0). One of them must be no wider than x itself, where functions like log x have their
// scale (`position`). If there is no other window, the best must be good indeed.
bool refuted(const Windows& clean, const Claim& claim, double position) {
  const std::size_t b = best_of(clean);
  const Window& best = clean[b];
  const double excess = distance(claim, best);
  if (!excludes(best, claim) || excess <= tolerance(claim, best.slope) + unseen_corner(clean) / 2)
    return false;
  bool borne_out = 1000 * best.error < std::min(excess, std::abs(best.slope));
  bool close = best.step <= position || position == 0;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const Window& w = clean[i];
    if (i == b || !(kMargin * w.error < 0.5 * excess)) continue;
    const bool too = excludes(w, claim) && agree(w, best, excess);
    if (i > b && !too) return false;
    borne_out = borne_out || too;
    close = close || (too && w.step <= position);
  }
  return borne_out && close;
}

// What scatters far beyond rounding (of φ, and of x on its way to φ) even in the narrowest window
// may be an oscillation finer than any step, and its slope the excess; if that window is narrow in
// itself, it is noise.
bool is_unresolved(const Window& narrowest, double excess, double slope, const Line& line) {
  if (narrowest.step < 1e-8 * std::max(1.0, line.position)) return false;
  const double rounding =
      narrowest.least + 3 / narrowest.step * line.epsilon * line.position * std::abs(slope);
  return narrowest.error > 100 * rounding && narrowest.error < 30 * excess;
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
  if (std::isnan(claim.value) && judgement.window.seen) judgement.verdict = Verdict::differs;
  return judgement;
}

Judgement Differences::judge(const Claim& claim, bool both_sides) {
  Windows seen;
  double best_error = std::numeric_limits<double>::infinity();
  double excess = best_error;
  for (std::size_t i = 0; i < widths_.size(); ++i) {
    const Window& w = window(i);
    if (!w.seen || (w.side == 0) != both_sides) continue;
    // Rounding may have swallowed the change that wider windows see.
    if (w.blind && !seen.empty() && !seen.back().blind && would_round_away(claim.value, w.step))
      break;
    seen.push_back(w);
    const bool corner = has_corner(w, claim);
    if (!corner && w.error <= best_error) {
      best_error = w.error;
      excess = distance(claim, w);
      const bool settled = w.error <= 4 * w.least;  // no narrower window will be better
      const bool confirmed = confirms(w, claim) || (settled && confirms_within_noise(w, claim));
      if (confirmed) return {Verdict::agrees, w, ""};
    }
    if (kMargin * w.least > std::max(excess, corner ? std::abs(w.corner) / 4 : 0))
      break;  // the rest is rounding
  }
  return seen.empty() ? Judgement{} : conclude(claim, seen);
}

Judgement Differences::conclude(const Claim& claim, const std::vector<Window>& seen) {
  const Windows clean = past_corners(seen, claim);
  const std::size_t corners = seen.size() - clean.size();
  if (corners > 0 && corner_is_at_0(seen, corners - 1, claim))
    return conclude_at_corner(claim, seen, corners - 1);
  if (clean.empty()) return {Verdict::cannot_tell, seen.back(), "the differences do not converge"};
  const Window& best = clean[best_of(clean)];
  if (confirms_within_noise(best, claim)) return {Verdict::agrees, best, ""};
  if (std::max(std::abs(claim.value), std::abs(best.slope)) <= kMargin * best.error &&
      is_constant()) {
    return {Verdict::agrees, best, ""};
  }
  if (!excludes(best, claim)) return {Verdict::cannot_tell, best, "the differences are too poor"};
  const double excess = distance(claim, best);
  const bool finest = seen.back().step == widths_.back();
  if (!refuted(clean, claim, line_.position) || is_structured(seen, best, excess) ||
      (finest && is_unresolved(seen.back(), excess, best.slope, line_))) {
    return {Verdict::cannot_tell, best, "the differences do not converge"};
  }
  if (seen.back().blind && (would_round_away(excess, seen.front().step) || is_negligible(excess))) {
    return {Verdict::cannot_tell, best, "f rounds away what would tell"};
  }
  return {Verdict::differs, best, ""};
}

Judgement Differences::conclude_at_corner(const Claim& claim, const std::vector<Window>& seen,
                                          std::size_t last) const {
  std::size_t clearest = last;
  for (std::size_t i = last; i-- > 0 && has_corner(seen[i], claim);) {
    const double error = seen[i].corner_error + seen[clearest].corner_error;
    if (seen[i].corner_error < seen[clearest].corner_error &&
        same(seen[i].corner, seen[clearest].corner, error) &&
        same(seen[i].slope, seen[clearest].slope, seen[i].error + seen[clearest].error)) {
      clearest = i;
    }
  }
  const Window& w = seen[clearest];
  const std::string note =
      concat("slope ", static_cast<float>(w.slope - w.corner / 2), " on the left, ",
             static_cast<float>(w.slope + w.corner / 2), " on the right");
  if (between_the_slopes(w, claim)) return {Verdict::kink, w, note};
  return {is_well_known(seen, last, line_.position) ? Verdict::differs : Verdict::cannot_tell, w,
          note};
}

const std::vector<double>& Differences::far() {
  if (far_.empty()) far_ = far_changes(line_);
  return far_;
}

bool Differences::is_constant() {
  return !far().empty() && std::all_of(far_.begin(), far_.end(),
                                       [&](double c) { return std::abs(c) <= 8 * line_.rounding; });
}

bool Differences::is_negligible(double excess) {
  double range = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(far().size(), 40); ++i)
    range = std::max(range, std::abs(far_[i]));
  return excess * std::max(1.0, line_.position) <= line_.epsilon * range;
}

bool Differences::would_round_away(double slope, double step) {
  std::vector<double> changes = far();
  for (const Window& w : windows_)
    changes.insert(changes.end(), w.changes.begin(), w.changes.end());
  std::erase(changes, 0.0);
  if (changes.empty()) return false;
  for (double& change : changes) change = std::abs(change);
  const double least = *std::min_element(changes.begin(), changes.end());
  std::erase_if(changes, [&](double change) {
    return change > 1000 * least;
  });  // great ones are rounded more coarsely
  return std::abs(slope) * step < 2 * common_amount(changes, line_.rounding);
}

}  // namespace nablur::detail
