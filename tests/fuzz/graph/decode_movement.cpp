// The parameters of operators that move elements about.

#include <algorithm>

#include "decode.h"

namespace nablur::fuzz {

// The elements dealt out anew: factors of their number, sizes of 1, and one size left open.
void Decoder::reshape(Step& s, const Sizes& x) {
  if (bytes_.one_in(12)) {
    s.integers = hostile_sizes();
    return;
  }
  std::int64_t rest = elements(x);
  for (std::int64_t i = bytes_.below(4); i > 0; --i) {
    const std::int64_t factor = bytes_.between(1, 4);
    const bool divides = rest % factor == 0;
    s.integers.push_back(divides ? factor : 1);
    if (divides) rest /= factor;
  }
  s.integers.push_back(rest);
  std::rotate(s.integers.begin(),
              s.integers.begin() + bytes_.below(static_cast<std::int64_t>(s.integers.size())),
              s.integers.end());
  if (bytes_.one_in(3))
    s.integers[static_cast<std::size_t>(
        bytes_.below(static_cast<std::int64_t>(s.integers.size())))] = -1;
}

void Decoder::broadcast_to(Step& s, const Sizes& x) {
  s.integers = x;
  for (std::int64_t& size : s.integers) {
    if (size == 1) size = bytes_.between(0, 3);
  }
  for (std::int64_t i = bytes_.below(3); i > 0; --i)
    s.integers.insert(s.integers.begin(), bytes_.between(0, 3));
  if (bytes_.one_in(12) && !s.integers.empty()) s.integers[0] = bytes_.hostile_integer();
}

void Decoder::slice(Step& s, const Sizes& x) {
  const auto rank = static_cast<std::int64_t>(x.size());
  s.axis = axis(rank);
  const std::int64_t ranges = s.op == Op::slice_axis ? 1
                              : bytes_.one_in(16)    ? 7
                                                     : bytes_.between(rank == 0 ? 0 : 1, rank);
  for (std::int64_t i = 0; i < ranges; ++i) {
    const std::int64_t along = s.op == Op::slice_axis ? axis_of(s.axis, rank).value_or(0) : i;
    const std::int64_t n =
        along < rank ? std::min<std::int64_t>(x[static_cast<std::size_t>(along)], 60) : 0;
    const std::int64_t whole = Range().end;
    s.integers.push_back(bytes_.one_in(24)  ? bytes_.hostile_integer()
                         : bytes_.one_in(2) ? 0
                                            : bytes_.between(-n - 1, n + 1));
    s.integers.push_back(bytes_.one_in(24)  ? bytes_.hostile_integer()
                         : bytes_.one_in(2) ? whole
                                            : bytes_.between(-n - 1, n + 1));
    s.integers.push_back(bytes_.one_in(24) ? bytes_.hostile_integer() : bytes_.between(1, 3));
  }
}

void Decoder::pad(Step& s, const Sizes& x) {
  const auto axes = static_cast<std::int64_t>(x.size()) + (bytes_.one_in(16) ? 1 : 0);
  for (std::int64_t i = 0; i < 2 * axes; ++i)
    s.integers.push_back(bytes_.one_in(48) ? bytes_.hostile_integer() : bytes_.below(3));
  s.numbers[0] =
      bytes_.one_in(4) ? bytes_.hostile_number() : static_cast<double>(bytes_.below(8)) / 4;
}

void Decoder::take(Step& s, const Sizes& x) {
  const auto rank = static_cast<std::int64_t>(x.size());
  s.axis = axis(rank);
  const auto along = axis_of(s.axis, rank);
  const std::int64_t n = along ? x[static_cast<std::size_t>(*along)] : 1;
  s.shape.resize(static_cast<std::size_t>(bytes_.below(3)));
  for (std::int64_t& size : s.shape) size = bytes_.one_in(16) ? 0 : bytes_.between(1, 3);
  for (std::int64_t i = elements(s.shape); i > 0; --i) s.integers.push_back(index(n));
}

void Decoder::split(Step& s, const Sizes& x) {
  s.axis = axis(static_cast<std::int64_t>(x.size()));
  const auto along = axis_of(s.axis, static_cast<std::int64_t>(x.size()));
  std::int64_t rest = along ? x[static_cast<std::size_t>(*along)] : 1;
  for (std::int64_t i = bytes_.below(3); i > 0; --i) {
    s.integers.push_back(bytes_.one_in(24) ? bytes_.hostile_integer()
                                           : bytes_.between(0, std::min<std::int64_t>(rest, 60)));
    if (s.integers.back() >= 0 && s.integers.back() <= rest) rest -= s.integers.back();
  }
  s.integers.push_back(rest);
}

// The source is a new leaf most of the time: no other value is likely to fit.
void Decoder::index_add(Step& s, const Sizes& x) {
  take(s, x);
  const auto along = axis_of(s.axis, static_cast<std::int64_t>(x.size()));
  Sizes places(x.begin(), x.begin() + along.value_or(0));
  places.insert(places.end(), s.shape.begin(), s.shape.end());
  if (along) places.insert(places.end(), x.begin() + *along + 1, x.end());
  s.operands.push_back(pick_or_make([&](const Sizes& y) { return y == places; }, places, 0));
}

void Decoder::join(Step& s) {
  const Sizes& x = sizes_of(s.operands[0]);
  const auto rank = static_cast<std::int64_t>(x.size());
  s.axis = axis(s.op == Op::stack ? rank + 1 : rank);
  const auto along = s.op == Op::stack ? std::optional<std::int64_t>() : axis_of(s.axis, rank);
  const auto fits = [&](const Sizes& other) {
    if (other.size() != x.size()) return false;
    for (std::size_t a = 0; a < x.size(); ++a) {
      if (other[a] != x[a] && !(along && static_cast<std::size_t>(*along) == a)) return false;
    }
    return true;
  };
  for (std::int64_t i = bytes_.below(3); i > 0; --i) {
    Sizes fresh = x;
    if (along && elements(x) > 0) fresh[static_cast<std::size_t>(*along)] = bytes_.between(0, 3);
    s.operands.push_back(pick_or_make(fits, fresh, 0));
  }
}

void Decoder::movement(Step& s) {
  const Sizes& x = sizes_of(s.operands[0]);
  const auto rank = static_cast<std::int64_t>(x.size());
  switch (s.op) {
    case Op::reshape:
      return reshape(s, x);
    case Op::transpose:
    case Op::flip:
    case Op::squeeze:
      return axes(s, static_cast<std::int64_t>(x.size()));
    case Op::broadcast_to:
      return broadcast_to(s, x);
    case Op::slice:
    case Op::slice_axis:
      return slice(s, x);
    case Op::pad:
      return pad(s, x);
    case Op::pad_border:
      s.border = border();
      return pad(s, x);
    case Op::take:
      return take(s, x);
    case Op::expand_dims:
      return axes(s, static_cast<std::int64_t>(x.size()) + 1);
    case Op::swapaxes:
      s.integers = {axis(rank), axis(rank)};
      return;
    case Op::roll:
      s.axis = axis(rank);
      s.integers = {bytes_.one_in(8) ? bytes_.hostile_integer() : bytes_.between(-9, 9)};
      return;
    case Op::tile:
      for (std::int64_t i = bytes_.below(4); i > 0; --i)
        s.integers.push_back(bytes_.one_in(24) ? bytes_.hostile_integer() : bytes_.between(0, 3));
      return;
    case Op::tril:
    case Op::triu:
      s.integers = {bytes_.one_in(16) ? bytes_.hostile_integer() : bytes_.between(-3, 3)};
      return;
    case Op::select:
      s.axis = axis(rank);
      s.integers = {
          index(rank == 0 ? 1 : x[static_cast<std::size_t>(axis_of(s.axis, rank).value_or(0))])};
      return;
    case Op::split:
      return split(s, x);
    case Op::index_add:
      return index_add(s, x);
    default:
      return join(s);
  }
}

}  // namespace nablur::fuzz
