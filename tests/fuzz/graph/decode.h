#pragma once
// Reads a program from a fuzzer's input, one leaf or step at a time, against the shapes of the
// values there are so far: most of what it makes fits together, so that programs grow, and some of
// it is hostile.

#include <functional>
#include <variant>

#include "../bytes.h"
#include "model.h"

namespace nablur::fuzz {

using Entry = std::variant<Leaf, Step>;

class Decoder {
 public:
  explicit Decoder(Bytes bytes);

  bool finished() const { return bytes_.empty(); }

  /// The first leaves: at least one, and that is a variable.
  std::vector<Leaf> leaves();

  /// A step on the values so far, whose shapes are given (nothing for an entry without a value);
  /// before it, leaves that are made for it.
  std::vector<Entry> step(std::span<const std::optional<Sizes>> values);

 private:
  Leaf leaf(const Sizes& sizes, std::int64_t mode, bool constant);
  Sizes leaf_sizes();
  Sizes hostile_sizes();

  const Sizes& sizes_of(std::size_t value) const;
  std::size_t pick();
  std::size_t pick_or_make(const std::function<bool(const Sizes&)>& fits, const Sizes& sizes,
                           std::int64_t mode);

  void axes(Step& step, std::int64_t rank);
  std::int64_t axis(std::int64_t rank);
  std::int64_t index(std::int64_t n);
  Border border();

  void fill(Step& step);
  void binary(Step& step);
  void movement(Step& step);
  void reshape(Step& step, const Sizes& x);
  void broadcast_to(Step& step, const Sizes& x);
  void slice(Step& step, const Sizes& x);
  void pad(Step& step, const Sizes& x);
  void take(Step& step, const Sizes& x);
  void split(Step& step, const Sizes& x);
  void index_add(Step& step, const Sizes& x);
  void join(Step& step);
  void matmul(Step& step);
  void filter(Step& step);
  void range(Step& step);

  Bytes bytes_;
  Sizes base_;  // what most leaves broadcast to
  std::span<const std::optional<Sizes>> values_;
  std::vector<Entry> made_;
};

}  // namespace nablur::fuzz
