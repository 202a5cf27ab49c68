#include "blur_case.h"

#include <algorithm>
#include <sstream>

namespace nablur::fuzz {
namespace {

constexpr double kOddSigmas[] = {0, 1e-300, 1e-30, 1e-3, 0.03, 0.1, 1.0 / 3, 1, 10, 100, 1e6, 1e30};
constexpr std::int64_t kMostRadius = 100;

// Either a few numbers along every axis, or one long axis. At most so many numbers altogether.
std::vector<std::int64_t> read_sizes(Bytes& bytes) {
  const std::int64_t most = bytes.one_in(8) ? 1500 : 120;
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(bytes.between(1, 5)));
  std::int64_t total = 1;
  for (std::int64_t& size : sizes) {
    const std::int64_t choice = bytes.byte();
    size = choice >= 250 ? 0 : choice >= 128 ? choice % 71 : choice % 7 + 1;
    size = std::min(size, std::max<std::int64_t>(1, most / total));
    total *= std::max<std::int64_t>(1, size);
  }
  return sizes;
}

std::vector<std::int64_t> read_axes(Bytes& bytes, std::int64_t rank) {
  std::vector<std::int64_t> axes;
  for (std::int64_t i = 0; i < rank; ++i) axes.push_back(i);
  for (std::int64_t i = rank; i > 1; --i) {
    std::swap(axes[static_cast<std::size_t>(i - 1)],
              axes[static_cast<std::size_t>((bytes.below(i) + i - 1) % i)]);
  }
  axes.resize(static_cast<std::size_t>(bytes.one_in(16) ? 0 : rank - bytes.below(rank)));
  return axes;
}

double read_sigma(Bytes& bytes) {
  const std::int64_t choice = bytes.byte();
  if (choice >= 224) return kOddSigmas[static_cast<std::size_t>(choice) % std::size(kOddSigmas)];
  return static_cast<double>(choice + 8) / 32;
}

}  // namespace

BlurCase read_blur_case(Bytes& bytes) {
  BlurCase c;
  c.sizes = read_sizes(bytes);
  c.axes = read_axes(bytes, static_cast<std::int64_t>(c.sizes.size()));
  c.shared = bytes.one_in(3);
  const std::size_t count = c.shared ? 1 : c.axes.size();
  for (std::size_t k = 0; k < count; ++k) c.sigmas.push_back(read_sigma(bytes));
  c.truncate = static_cast<double>(bytes.between(2, 10)) / 2;
  const double largest = c.sigmas.empty() ? 0 : *std::max_element(c.sigmas.begin(), c.sigmas.end());
  const bool fixed = bytes.one_in(2);
  const std::int64_t choice = bytes.byte();
  if (fixed || !(c.truncate * largest < kMostRadius))
    c.radius = choice >= 224 ? choice % (kMostRadius + 1) : choice % 12;
  c.border = static_cast<Border>(bytes.below(5));
  c.seed = bytes.byte();
  c.layout = static_cast<Layout>(bytes.below(3));
  c.shift = bytes.between(1, 15);
  static const std::vector<std::string> targets = simd_targets();
  c.target = targets[static_cast<std::size_t>(bytes.byte()) % targets.size()];
  return c;
}

BlurCase large_blur_case(Bytes& bytes) {
  BlurCase c = read_blur_case(bytes);
  const std::int64_t kind = bytes.below(3);
  c.sizes = kind == 0   ? std::vector<std::int64_t>{1, 20000 + bytes.byte()}
            : kind == 1 ? std::vector<std::int64_t>{130 + bytes.below(40), 150}
                        : std::vector<std::int64_t>{25, 30 + bytes.below(9), 30};
  c.axes = kind == 0   ? std::vector<std::int64_t>{1}
           : kind == 1 ? std::vector<std::int64_t>{1, 0}
                       : std::vector<std::int64_t>{0, 2, 1};
  c.shared = true;
  c.sigmas = {20};
  c.radius = 250;
  return c;
}

std::string BlurCase::describe() const {
  std::ostringstream out;
  out.precision(17);
  out << to_string(shape()) << " along";
  for (const std::int64_t axis : axes) out << ' ' << axis;
  out << (shared ? ", one sigma" : ", sigma");
  for (const double s : sigmas) out << ' ' << s;
  out << ", R " << (radius ? std::to_string(*radius) : "tied, truncate " + std::to_string(truncate))
      << ", " << to_string(border) << ", seed " << seed << ", layout " << static_cast<int>(layout)
      << ", shift " << shift << ", " << target;
  return out.str();
}

}  // namespace nablur::fuzz
