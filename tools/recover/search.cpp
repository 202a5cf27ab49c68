#include "search.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <nablur/ops/gaussian_blur.h>

// From coarse to fine. On averages over blocks of 2^k samples a scale of σ samples is one of σ/2^k,
// so that the whole range can be searched on a few hundred numbers; each finer level then starts
// from the one before it. What is minimised is L(σ) = ½ ‖A(σ) x − y‖² with A's radius R held fixed,
// since L jumps where R = ⌈truncate·σ⌉ does; then R follows σ.

namespace recover {

using nablur::Dual;
using nablur::Shape;
using nablur::Tensor;

namespace {

constexpr double kSmallest = 0.1;  // below, e^(−1/2σ²) is lost beside 1
constexpr double kRatio = 1.25;    // of the grid
constexpr double kResolved = 4;    // from here on, samples are fine enough for a scale
// Up to this scale the original samples are searched too, for what averages cannot resolve.
constexpr double kFineLimit = 16;
constexpr std::int64_t kCoarse = 2048;  // samples on the coarsest level, at least
constexpr double kAffordable = 3e8;     // samples times radius in one evaluation

double sum_of_squares(const Tensor<double>& t) {
  return std::inner_product(t.begin(), t.end(), t.begin(), 0.0);
}

// Counts the work, so that what is left can be estimated.
class Search {
 public:
  Search(const FitOptions& options, FitObserver observe)
      : options_(options), observe_(std::move(observe)) {}

  std::vector<Point> trace;

  double cost(const Pair& pair, std::int64_t radius) const {
    const auto n = static_cast<double>(pair.x.size());
    const auto r = static_cast<double>(radius);
    return options_.border == nablur::Border::zero ? n * std::min(n, r) : n * r + 2 * r;
  }
  std::int64_t radius(double sigma) const {
    return nablur::gaussian_radius(sigma, options_.truncate);
  }
  void expect(double work) { total_ += work; }

  double loss(const Pair& pair, double sigma) {
    const auto y =
        gaussian_blur(pair.x, sigma, {.truncate = options_.truncate, .border = options_.border})
            .value();
    double total = 0;
    for (std::int64_t i = pair.margin; i < y.size() - pair.margin; ++i)
      total += square(y.data()[i] - pair.y.data()[i]);
    worked(pair, cost(pair, radius(sigma)), 0.5 * total, sigma);
    return 0.5 * total;
  }

  // Value and derivative of the blur by σ in one pass: σ is a dual number with tangent 1.
  Point evaluate(const Pair& pair, double sigma, std::int64_t radius) {
    const Tensor<Dual<double>> dual(Dual<double>(sigma, 1));
    const auto y =
        gaussian_blur(pair.x, dual, {.radius = radius, .border = options_.border}).value();
    Point p{sigma, radius, 0, 0, 0};
    for (std::int64_t i = pair.margin; i < y.size() - pair.margin; ++i) {
      const Dual<double>& v = y.data()[i];
      const double r = v.value - pair.y.data()[i];
      p.loss += 0.5 * r * r;
      p.slope += r * v.tangent;
      p.curvature += v.tangent * v.tangent;
    }
    worked(pair, 4 * cost(pair, radius), p.loss, sigma);
    trace.push_back(p);
    return p;
  }

  /// The best of a geometric grid, and its neighbours.
  struct Bracket {
    double low = 0;
    double best = 0;
    double high = 0;
    double loss = std::numeric_limits<double>::infinity();  // at the best
  };
  Bracket scan(const Pair& pair, double high) {
    Bracket bracket{kSmallest, kSmallest, high};
    for (double sigma = kSmallest; sigma <= high * kRatio; sigma *= kRatio) {
      const double here = std::min(sigma, high);
      const double found = loss(pair, here);
      if (found < bracket.loss)
        bracket = {std::max(here / kRatio, kSmallest), here, std::min(here * kRatio, high), found};
    }
    return bracket;
  }

  /// The best of all radii, one σ for each.
  Bracket scan_radii(const Pair& pair, double high) {
    Bracket bracket{kSmallest, kSmallest, high};
    for (std::int64_t r = 1; r <= radius(high); ++r) {
      const double here = (static_cast<double>(r) - 0.5) / options_.truncate;
      const double found = loss(pair, here);
      if (found < bracket.loss) bracket = {here, here, here, found};
    }
    return bracket;
  }

  /// The minimum in a bracket, to a fraction of what R jumps by: R follows σ until both agree.
  double approach(const Pair& pair, const Bracket& bracket) {
    double sigma = bracket.best;
    for (int i = 0; i < 8; ++i) {
      const std::int64_t r = radius(sigma);
      sigma =
          minimise_at(pair, {bracket.low, sigma, bracket.high}, r, 0.1 / options_.truncate).sigma;
      if (radius(sigma) == r) break;
    }
    return sigma;
  }

  /// The minimum near σ to the last digits, under its radius and those next to it.
  Point settle(const Pair& pair, double sigma) {
    Point best = minimise_under(pair, radius(sigma), sigma);
    for (const std::int64_t direction : {-1, 1}) {
      for (int i = 0; i < 4 && best.radius + direction > 0; ++i) {
        const Point p = minimise_under(pair, best.radius + direction, best.sigma);
        if (p.loss >= best.loss) break;
        best = p;
      }
    }
    return best;
  }

 private:
  static double square(double v) { return v * v; }

  void worked(const Pair& pair, double work, double found, double sigma) {
    done_ += work;
    total_ = std::max(total_, 1.1 * done_);  // there is always a little more to come
    observe_(done_, total_, found * static_cast<double>(pair.block),
             sigma * static_cast<double>(pair.block));
  }

  // Among the σ that have this radius.
  Point minimise_under(const Pair& pair, std::int64_t r, double start) {
    const double low =
        std::max(static_cast<double>(r - 1) / options_.truncate * (1 + 1e-15), kSmallest);
    const double high = std::max(static_cast<double>(r) / options_.truncate, low);
    return minimise_at(pair, {low, std::clamp(start, low, high), high}, r, 0);
  }

  // Newton's steps with Gauss's curvature, kept inside the bracket; if they do not halve the
  // slope, the bracket is halved.
  Point minimise_at(const Pair& pair, const Bracket& bracket, std::int64_t r, double tolerance) {
    double low = bracket.low;
    double high = bracket.high;
    double sigma = std::clamp(bracket.best, low, high);
    double before = std::numeric_limits<double>::infinity();
    const auto count = static_cast<double>(pair.x.size());
    const double rounding = 4 * std::numeric_limits<double>::epsilon() * root_mean_square(pair.x);
    Point best;
    for (int i = 0; i < 40; ++i) {
      const Point p = evaluate(pair, sigma, r);
      if (p.loss <= best.loss) best = p;
      // Nothing is left to win below what rounding, or a millionth of what the residual, leaves
      // open.
      const double norm = std::sqrt(p.curvature);
      const double open = std::max(rounding, 1e-6 * std::sqrt(2 * p.loss / count));
      if (std::abs(p.slope) <= norm * std::max(open, norm * std::max(tolerance, 1e-13 * sigma)))
        break;
      (p.slope > 0 ? high : low) = sigma;
      double next = sigma - p.slope / p.curvature;
      const bool slow = std::abs(p.slope) > 0.5 * before;
      before = std::abs(p.slope);
      if (slow || !(next >= low && next <= high)) next = std::sqrt(low * high);
      if (std::abs(next - sigma) <= std::max(tolerance, 1e-15 * sigma)) break;
      sigma = next;
    }
    return best;
  }

  FitOptions options_;
  FitObserver observe_;
  double done_ = 0;
  double total_ = 0;
};

Tensor<double> halved(const Tensor<double>& t, std::int64_t margin, std::int64_t new_margin) {
  const std::int64_t n = (t.size() - 2 * margin) / 2;
  auto out = Tensor<double>::empty(Shape{n + 2 * new_margin});
  double* const to = out.mutable_data() + new_margin;
  const double* const from = t.data() + margin;
  for (std::int64_t i = 0; i < n; ++i) to[i] = 0.5 * (from[2 * i] + from[2 * i + 1]);
  if (new_margin > 0) {
    to[-1] = *t.begin();
    to[n] = *(t.end() - 1);
  }
  return out;
}

// The border `replicate` goes on with the end samples themselves, which an average would lose: they
// are kept beside it.
std::vector<Pair> pyramid(Pair pair, nablur::Border border) {
  const std::int64_t margin = border == nablur::Border::replicate ? 1 : 0;
  std::vector<Pair> levels{std::move(pair)};
  while (levels.back().x.size() >= 2 * kCoarse) {
    const Pair& fine = levels.back();
    levels.push_back({halved(fine.x, fine.margin, margin), halved(fine.y, fine.margin, margin),
                      2 * fine.block, margin});
  }
  return levels;
}

// The largest scale that is tried on the coarsest level: twice the signal's length.
double highest(const Pair& coarsest) {
  return std::max(kFineLimit, 2 * static_cast<double>(coarsest.x.size()));
}

// The whole range on the coarsest level that resolves the scale, then finer, as far as it can be
// afforded. Gives the level too.
std::pair<Point, std::size_t> search_levels(Search& work, const std::vector<Pair>& levels) {
  for (const Pair& pair : levels) work.expect(work.cost(pair, work.radius(5 * kFineLimit)));
  std::size_t level = levels.size() - 1;
  Search::Bracket bracket{};
  for (;; --level) {
    bracket =
        work.scan(levels[level], level + 1 == levels.size() ? highest(levels[level]) : kFineLimit);
    if (bracket.best >= kResolved || level == 0) break;
  }
  const bool coarse = level > 0;
  double sigma = work.approach(levels[level], bracket);
  for (; level > 0 && work.cost(levels[level - 1], work.radius(2 * sigma)) <= kAffordable;
       --level) {
    sigma = work.approach(levels[level - 1], {2 * sigma / kRatio, 2 * sigma, 2 * sigma * kRatio});
  }
  work.expect(30 * work.cost(levels[level], work.radius(sigma)));
  work.trace.clear();
  const Point found = work.settle(levels[level], sigma);
  if (level > 0) return {found, level};

  // A signal with a period near a sample's may look like a slow one on the averages.
  Search::Bracket other;
  if (coarse) other = work.scan(levels[0], kFineLimit);
  // A kernel longer than the signal may leave little but what the step at its end makes, which
  // varies with every radius.
  const double end = highest(levels[0]);
  const bool poor = found.loss > 0.005 * sum_of_squares(levels[0].y);
  const double worth = poor ? 20 * kAffordable : kAffordable / 3;
  if (work.cost(levels[0], work.radius(end)) * static_cast<double>(work.radius(end)) <= worth) {
    other = work.scan_radii(levels[0], end);
  }
  if (other.loss >= found.loss) return {found, 0};
  work.trace.clear();
  const Point second = work.settle(levels[0], work.approach(levels[0], other));
  return {second.loss < found.loss ? second : found, 0};
}

}  // namespace

double root_mean_square(const Tensor<double>& t) {
  return std::sqrt(sum_of_squares(t) / static_cast<double>(t.size()));
}

SearchResult search(const Pair& pair, const FitOptions& options, const FitObserver& observe) {
  const std::vector<Pair> levels = pyramid(pair, options.border);
  Search work(options, observe);
  const auto [point, level] = search_levels(work, levels);
  SearchResult result{.point = point, .pair = levels[level], .trace = std::move(work.trace)};
  const double end = highest(levels.back()) * static_cast<double>(levels.back().block);
  result.at_upper_end = point.sigma * static_cast<double>(levels[level].block) >= 0.99 * end;
  return result;
}

}  // namespace recover
