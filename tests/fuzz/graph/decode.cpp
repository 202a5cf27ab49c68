#include "decode.h"

#include <algorithm>
#include <cmath>

namespace nablur::fuzz {
namespace {

// How the numbers of a leaf are drawn.
constexpr std::int64_t kPositive = 8;
constexpr std::int64_t kTies = 12;
constexpr std::int64_t kLarge = 13;
constexpr std::int64_t kHostile = 14;
constexpr std::int64_t kModes = 16;

double number(Noise& noise, std::int64_t mode) {
  if (mode == kTies) return static_cast<double>(noise.bits() % 3) - 1;
  if (mode == kLarge) return noise.between(-800, 800);
  return mode >= kPositive && mode < kTies ? noise.between(0.25, 3) : noise.between(-2, 2);
}

bool broadcast_together(const Sizes& a, const Sizes& b) {
  return broadcast_sizes(a, b).has_value();
}

}  // namespace

Decoder::Decoder(Bytes bytes) : bytes_(bytes) {
  const std::int64_t rank = bytes_.below(5);
  for (std::int64_t i = 0; i < rank; ++i) base_.push_back(bytes_.between(1, 4));
}

// ---- leaves -----------------------------------------------------------------------------------

Leaf Decoder::leaf(const Sizes& sizes, std::int64_t mode, bool constant) {
  Noise noise(bytes_.byte());
  auto x = Tensor<double>::empty(Shape(std::span<const std::int64_t>(sizes)));
  double* const to = x.mutable_data();
  for (std::int64_t i = 0; i < x.size(); ++i) to[i] = number(noise, mode);
  if (mode >= kHostile) {
    for (std::int64_t i = 0; i < std::min<std::int64_t>(x.size(), 6); ++i)
      to[i] = bytes_.hostile_number();
  }
  return {x, constant};
}

Sizes Decoder::hostile_sizes() {
  Sizes sizes(static_cast<std::size_t>(bytes_.below(7)), 0);
  for (std::int64_t& size : sizes) size = bytes_.one_in(3) ? 0 : bytes_.hostile_integer();
  return sizes;
}

// Mostly what broadcasts against the other leaves.
Sizes Decoder::leaf_sizes() {
  const std::int64_t kind = bytes_.below(16);
  Sizes sizes = base_;
  if (kind < 7) return sizes;
  if (kind < 9) {
    sizes.erase(sizes.begin(),
                sizes.begin() + bytes_.below(static_cast<std::int64_t>(sizes.size()) + 1));
  } else if (kind < 11) {
    for (std::int64_t& size : sizes) size = bytes_.one_in(2) ? 1 : size;
  } else if (kind == 11) {
    sizes.clear();
  } else if (kind == 12) {
    sizes = {bytes_.between(1, 24)};
  } else if (kind == 13) {
    sizes.assign(static_cast<std::size_t>(bytes_.below(7)), 1);
    for (std::int64_t& size : sizes) size = bytes_.between(1, 3);
  } else if (kind == 14) {
    sizes.push_back(0);
    std::rotate(sizes.begin(),
                sizes.begin() + bytes_.below(static_cast<std::int64_t>(sizes.size())), sizes.end());
  } else {
    return hostile_sizes();
  }
  return sizes;
}

std::vector<Leaf> Decoder::leaves() {
  std::vector<Leaf> list;
  const std::int64_t count = bytes_.between(1, 4);
  for (std::int64_t i = 0; i < count; ++i) {
    const Sizes sizes = leaf_sizes();
    const std::int64_t choice = bytes_.byte();
    if (result_of(sizes).fate == Fate::result)
      list.push_back(leaf(sizes, choice % kModes, choice >= 192));
  }
  if (list.empty()) list.push_back({Tensor<double>{0.5, -1.5}, false});
  list.front().constant = false;
  return list;
}

// ---- operands ---------------------------------------------------------------------------------

const Sizes& Decoder::sizes_of(std::size_t value) const { return *values_[value]; }

// The last value more often than the others, so that programs become deep.
std::size_t Decoder::pick() {
  const std::int64_t choice = bytes_.byte();
  std::size_t at =
      choice < 160 ? values_.size() - 1 : static_cast<std::size_t>(choice) % values_.size();
  while (!values_[at]) at = at == 0 ? values_.size() - 1 : at - 1;
  return at;
}

// A value that fits; or a new leaf of these sizes; one time in 16 any value, fit or not.
std::size_t Decoder::pick_or_make(const std::function<bool(const Sizes&)>& fits, const Sizes& sizes,
                                  std::int64_t mode) {
  const std::int64_t choice = bytes_.byte();
  if (choice >= 240) return pick();
  for (std::size_t i = 0; choice < 160 && i < values_.size(); ++i) {
    const std::size_t at = (static_cast<std::size_t>(choice) + i) % values_.size();
    if (values_[at] && fits(*values_[at])) return at;
  }
  const Sizes fitting = result_of(sizes).fate == Fate::result ? sizes : Sizes{};
  made_.emplace_back(leaf(fitting, choice % 8 == 7 ? kHostile : mode, choice % 4 == 1));
  return values_.size() + made_.size() - 1;
}

// ---- parameters -------------------------------------------------------------------------------

std::int64_t Decoder::axis(std::int64_t rank) {
  const std::int64_t choice = bytes_.byte();
  if (choice >= 248) return bytes_.hostile_integer();
  return rank == 0 ? 0 : choice % (2 * rank) - rank;
}

void Decoder::axes(Step& s, std::int64_t rank) {
  const std::int64_t kind = bytes_.below(8);
  s.all_axes = kind < 3;
  if (s.all_axes) return;
  Sizes& list = s.integers;
  if (kind < 5) {
    list = {axis(rank)};
    return;
  }
  if (kind == 7) {
    for (std::int64_t i = bytes_.below(4); i > 0; --i)
      list.push_back(bytes_.one_in(2) ? bytes_.hostile_integer() : axis(rank));
    return;
  }
  for (std::int64_t i = 0; i < rank; ++i) list.push_back(bytes_.one_in(2) ? i : i - rank);
  for (auto end = list.end(); end - list.begin() > 1; --end)
    std::swap(end[-1], list[static_cast<std::size_t>(bytes_.below(end - list.begin()))]);
  if (kind == 5 && rank > 0) list.resize(static_cast<std::size_t>(bytes_.between(1, rank)));
}

std::int64_t Decoder::index(std::int64_t n) {
  const std::int64_t choice = bytes_.byte();
  if (choice >= 250 || n > 100) return bytes_.hostile_integer();
  return n == 0 ? 0 : choice % (2 * n) - n;
}

Border Decoder::border() {
  const std::int64_t choice = bytes_.below(32);
  return static_cast<Border>(choice == 31 ? 77 : choice == 30 ? -1 : choice % 5);
}

// ---- steps ------------------------------------------------------------------------------------

void Decoder::binary(Step& s) {
  const auto fits = [&](const Sizes& other) {
    return broadcast_together(sizes_of(s.operands[0]), other);
  };
  const std::size_t more = is_where(s.op) ? 2 : 1;
  for (std::size_t i = 0; i < more; ++i) {
    const std::int64_t mode = s.op == Op::pow || bytes_.one_in(4) ? kPositive
                              : is_where(s.op)                    ? kTies
                                                                  : 0;
    s.operands.push_back(pick_or_make(fits, sizes_of(s.operands[0]), mode));
  }
}

void Decoder::matmul(Step& s) {
  const Sizes& x = sizes_of(s.operands[0]);
  const std::int64_t inner = x.empty() ? 1 : x.back();
  const auto fits = [inner](const Sizes& other) {
    return !other.empty() && other[other.size() - std::min<std::size_t>(2, other.size())] == inner;
  };
  const Sizes fresh = bytes_.one_in(3) ? Sizes{inner} : Sizes{inner, bytes_.between(0, 3)};
  s.operands.push_back(pick_or_make(fits, fresh, 0));
}

void Decoder::filter(Step& s) {
  const Sizes& x = sizes_of(s.operands[0]);
  const auto rank = static_cast<std::int64_t>(x.size());
  s.border = border();
  if (s.op == Op::convolve) {
    s.axis = axis(rank);
    const auto is_kernel = [](const Sizes& k) {
      return k.size() == 1 && k[0] % 2 == 1 && k[0] < 40;
    };
    s.operands.push_back(pick_or_make(
        is_kernel, {bytes_.one_in(16) ? bytes_.between(0, 4) : 2 * bytes_.below(5) + 1}, 0));
    return;
  }
  if (bytes_.one_in(2)) s.radius = bytes_.one_in(16) ? bytes_.hostile_integer() : bytes_.below(9);
  s.numbers[0] =
      bytes_.one_in(16) ? bytes_.hostile_number() : static_cast<double>(bytes_.between(4, 20)) / 4;
  if (s.op == Op::gaussian_kernel) {
    s.operands[0] =
        pick_or_make([](const Sizes& sigma) { return elements(sigma) == 1; }, {}, kPositive);
    return;
  }
  axes(s, rank);
  const auto count = s.all_axes ? rank : static_cast<std::int64_t>(s.integers.size());
  const Sizes by_axis{count};
  const auto fits = [&](const Sizes& sigma) { return sigma.empty() || sigma == by_axis; };
  s.operands.push_back(pick_or_make(fits, bytes_.one_in(2) ? by_axis : Sizes{}, kPositive));
}

void Decoder::range(Step& s) {
  for (double& n : s.numbers)
    n = bytes_.one_in(4) ? bytes_.hostile_number()
                         : static_cast<double>(bytes_.between(-40, 80)) / 8;
  s.axis = bytes_.one_in(8) ? bytes_.hostile_integer() : bytes_.below(12);
}

void Decoder::fill(Step& s) {
  if (s.op == Op::clamp || s.op == Op::sigma_from_param) {
    s.numbers[0] = bytes_.one_in(8) ? bytes_.hostile_number()
                                    : static_cast<double>(bytes_.between(-16, 48)) / 16;
    s.numbers[1] = bytes_.one_in(8) ? bytes_.hostile_number()
                                    : s.numbers[0] + static_cast<double>(bytes_.below(16)) / 8;
  } else if (is_binary(s.op) || is_where(s.op)) {
    binary(s);
  } else if (is_reduction(s.op)) {
    axes(s, static_cast<std::int64_t>(sizes_of(s.operands[0]).size()));
    s.flag = bytes_.one_in(2);
  } else if (is_movement(s.op)) {
    movement(s);
  } else if (s.op == Op::matmul) {
    matmul(s);
  } else if (s.op == Op::arange || s.op == Op::linspace) {
    s.operands.clear();
    range(s);
  } else if (!is_unary(s.op)) {
    filter(s);
  }
}

std::vector<Entry> Decoder::step(std::span<const std::optional<Sizes>> values) {
  values_ = values;
  made_.clear();
  Step s;
  const std::int64_t op = bytes_.byte();
  s.op = static_cast<Op>(op % kOps);
  s.checkpointed = bytes_.one_in(8);
  s.operands.push_back(pick());
  fill(s);
  made_.emplace_back(std::move(s));
  return std::move(made_);
}

}  // namespace nablur::fuzz
