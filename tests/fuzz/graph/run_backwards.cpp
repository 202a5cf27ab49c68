#include <algorithm>

#include "../oracle.h"
#include "apply.h"
#include "compare.h"
#include "run.h"

namespace nablur::fuzz {
namespace {

Oracle chain_rule("a gradient is the chain of the steps' own", 500);
Oracle unreached("what was not reached has a gradient of zeros", 100);
Oracle named("named gradients are the unnamed ones", 500);
Oracle thrown("what a pullback throws comes out, and the tape can be swept again", 20);

struct Escaped {};

}  // namespace

// Adds what one step passes on to the adjoints of its operands, with the additions in the order in
// which a reverse pass makes them: the step stands alone on a tape, before a node that gives each
// operand its adjoint so far.
void Run::pull(const Step& step, std::size_t at, Adjoints& adjoints) const {
  Tape<double> tape;
  std::vector<std::size_t> distinct;
  std::vector<Variable<double>> inputs;
  std::vector<Variable<double>> operands;
  for (std::size_t k = 0; k < step.operands.size(); ++k) {
    const std::size_t i = step.operands[k];
    const auto found = std::find(distinct.begin(), distinct.end(), i);
    const bool only_compared = is_where(step.op) && k == 1 && !step.checkpointed;
    if (places_[i].recorded.is_constant() || (only_compared && found == distinct.end())) {
      operands.push_back(places_[i].plain);
    } else if (found != distinct.end()) {
      operands.push_back(inputs[static_cast<std::size_t>(found - distinct.begin())]);
    } else {
      distinct.push_back(i);
      inputs.push_back(tape.variable(places_[i].plain));
      operands.push_back(inputs.back());
    }
  }
  if (inputs.empty()) return;
  std::vector<std::optional<Tensor<double>>> seeds;
  for (const std::size_t i : distinct) seeds.push_back(adjoints[i]);
  // In a checkpoint take adds up its repeated indices before anything else.
  inputs.push_back(step.op == Op::take ? apply<double>(step, operands)
                                       : apply_directly<double>(step, operands));
  seeds.push_back(adjoints[at]);
  const auto pass_on = [&seeds](const Tensor<double>&, nablur::Adjoints<double>& d) {
    for (std::size_t i = 0; i < seeds.size(); ++i) {
      if (seeds[i]) d.add(i, *seeds[i]);
    }
  };
  const auto joined = nablur::record("join", Tensor<double>(0.0),
                                     std::span<const Variable<double>>(inputs), pass_on);
  const auto d = gradients(joined);
  for (std::size_t i = 0; i < distinct.size(); ++i) adjoints[distinct[i]] = d[inputs[i]];
}

std::string Run::describe_program(std::size_t from) const {
  std::string text = " of the gradient of place " + std::to_string(from);
  for (std::size_t i = 0; i <= from; ++i) {
    const Place& place = places_[i];
    if (!place.alive) continue;
    text += "\n" + std::to_string(i) + (place.recorded.is_constant() ? " constant " : " ");
    if (place.step == nullptr) {
      text += "leaf of shape " + to_string(place.plain.shape());
    } else {
      for (const std::size_t k : place.step->operands) text += std::to_string(k) + ", ";
      text += describe(*place.step, operands_of(*place.step));
    }
  }
  return text;
}

Run::Adjoints Run::chain(std::size_t from, const Tensor<double>& seed) const {
  Adjoints adjoints(places_.size());
  adjoints[from] = seed;
  for (std::size_t i = from + 1; i-- > 0;) {
    const Place& place = places_[i];
    if (adjoints[i] && place.step != nullptr && !place.recorded.is_constant())
      pull(*place.step, i, adjoints);
  }
  return adjoints;
}

void Run::check_named(std::size_t from, const Tensor<double>& seed, const Adjoints& adjoints) {
  std::vector<std::size_t> chosen;
  std::vector<Input<double>> list;
  for (std::int64_t count = choices_.between(1, 3); count > 0; --count) {
    const auto i = static_cast<std::size_t>(choices_.byte()) % places_.size();
    if (!places_[i].alive || places_[i].recorded.is_constant()) continue;
    chosen.push_back(i);
    list.emplace_back(places_[i].recorded);
  }
  if (list.empty()) return named.skip();
  const std::span<const Input<double>> span(list);
  const auto d = Gradients<double>::compute(places_[from].recorded, &seed, &span);
  for (const std::size_t i : chosen) {
    const Tensor<double> expected =
        adjoints[i] ? *adjoints[i] : Tensor<double>::zeros(places_[i].plain.shape());
    named.expect(same_numbers(d[places_[i].recorded], expected), "place ", i,
                 [&] { return describe_program(from); });
  }
}

void Run::check_throwing_pullback(const Variable<double>& y, const Tensor<double>& seed) {
  const bool shape_is_wrong = choices_.one_in(2);
  const auto spoilt =
      nablur::record("spoilt", y.value(), {{y, [shape_is_wrong](const Tensor<double>&) {
                                              if (!shape_is_wrong) throw Escaped();
                                              return Tensor<double>(Shape{3, 1, 5, 1, 7}, 0.0);
                                            }}});
  bool escaped = false;
  try {
    gradients(spoilt, seed);
  } catch (const Escaped&) {
    escaped = !shape_is_wrong;
  } catch (const Error&) {
    escaped = shape_is_wrong;
  }
  thrown.expect(escaped, shape_is_wrong ? "a wrong shape" : "an exception");
}

void Run::check_gradients() {
  std::size_t from = places_.size();
  while (from > 0 && (!places_[from - 1].alive || places_[from - 1].recorded.is_constant())) --from;
  if (from-- == 0) return;
  const Variable<double>& y = places_[from].recorded;
  Noise noise(choices_.byte());
  auto seed = Tensor<double>::empty(y.shape());
  for (double *to = seed.mutable_data(), *end = to + seed.size(); to != end; ++to)
    *to = noise.weight();

  const auto reverse = [&] {
    return y.size() == 1 && seed.data()[0] == 1 ? gradients(y) : gradients(y, seed);
  };
  std::optional<Gradients<double>> d;
  try {
    d = reverse();
  } catch (const Error&) {
    chain_rule.expect(checks_finite_, "a reverse pass throws");
    return;
  }
  const Adjoints adjoints = chain(from, seed);
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Place& place = places_[i];
    if (place.step != nullptr || place.recorded.is_constant()) continue;
    const bool reached = adjoints[i].has_value();
    const Tensor<double> expected =
        reached ? *adjoints[i] : Tensor<double>::zeros(place.plain.shape());
    (reached ? chain_rule : unreached)
        .expect(same_numbers((*d)[place.recorded], expected), "place ", i,
                [&] { return describe_program(from); });
  }
  if (checks_finite_) return;
  check_named(from, seed, adjoints);
  if (!choices_.one_in(8)) return;
  check_throwing_pullback(y, seed);
  const auto again = reverse();
  for (const Place& place : places_) {
    if (place.step == nullptr && !place.recorded.is_constant()) {
      thrown.expect(same_bits((*d)[place.recorded], again[place.recorded]),
                    "the second reverse pass gives other gradients");
    }
  }
}

}  // namespace nablur::fuzz
