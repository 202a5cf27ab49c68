#pragma once
// A program on its way: decoded, recorded and swept, with what must hold at each turn.

#include <deque>

#include "decode.h"

namespace nablur::fuzz {

// A leaf or a step of the program, with its value if it has one.
struct Place {
  const Step* step = nullptr;
  bool alive = false;
  Tensor<double> plain;
  Variable<double> recorded = Tensor<double>();
};

// A program, run on a tape and off it, and what is checked of it.
class Run {
 public:
  explicit Run(Bytes bytes)
      : choices_(bytes.split(8)), decoder_(bytes), checks_finite_(choices_.one_in(16)) {
    tape_.check_finite(checks_finite_);
  }

  void record();
  void check_gradients();
  void check_steps();

 private:
  void add(const Leaf& leaf);
  void add(const Step& step);
  Place evaluate(const Step& step, const Prediction& predicted);
  std::vector<Tensor<double>> operands_of(const Step& step) const;

  using Adjoints = std::vector<std::optional<Tensor<double>>>;
  Adjoints chain(std::size_t from, const Tensor<double>& seed) const;
  std::string describe_program(std::size_t from) const;
  void pull(const Step& step, std::size_t at, Adjoints& adjoints) const;
  void check_named(std::size_t from, const Tensor<double>& seed, const Adjoints& adjoints);
  void check_throwing_pullback(const Variable<double>& y, const Tensor<double>& seed);

  Bytes choices_;  // what is checked how, whatever the program
  Decoder decoder_;
  bool checks_finite_;
  std::deque<Step> steps_;  // at fixed addresses, for checkpoints
  Tape<double> tape_;
  std::vector<Place> places_;
  std::vector<std::optional<Sizes>> sizes_;
};

}  // namespace nablur::fuzz
