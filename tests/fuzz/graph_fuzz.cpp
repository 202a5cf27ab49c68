// Random programs over all operators. Each step either throws nablur::Error and leaves the tape as it was, or gives what a second,
// plain implementation of NumPy's rules predicts; the gradients are those that the chain rule makes of the steps' own.

#include <algorithm>
#include <deque>
#include <sstream>

#include "graph/apply.h"
#include "graph/compare.h"
#include "graph/decode.h"
#include "graph/derivatives.h"
#include "oracle.h"

namespace {

using namespace nablur;
using namespace nablur::fuzz;

constexpr std::size_t kMostPlaces = 24;

Oracle refuses("what the contract refuses is an Error", 200);
Oracle takes("what the contract takes is no Error", 1000);
Oracle shapes("a result has the shape that NumPy gives it", 1000);
Oracle values("a result is near the model's, double", 1000);
Oracle float_values("a result is near the model's, float", 100);
Oracle repeats("recorded and not recorded give the same bits", 1000);
Oracle tape_kept("a step that throws leaves the tape as it was", 200);
Oracle finite_only("check_finite lets nothing infinite through", 50);
Oracle chain_rule("a gradient is the chain of the steps' own", 500);
Oracle unreached("what was not reached has a gradient of zeros", 100);
Oracle named("named gradients are the unnamed ones", 500);
Oracle casts("a cast to int64 cuts fractions and refuses what does not fit", 200);
Oracle printed("a tensor prints its shape", 50);
Oracle thrown("what a pullback throws comes out, and the tape can be swept again", 20);
Oracle pool_empty("the pool has everything back", 500);

// A leaf or a step of the program, with its value if it has one.
struct Place {
  const Step* step = nullptr;
  bool alive = false;
  Tensor<double> plain;
  Variable<double> recorded = Tensor<double>();
};

template <class F>
std::optional<Variable<double>> attempt(const F& f) {
  try {
    return f();
  } catch (const Error& e) {
    if (*e.what() == '\0') std::abort();
    return {};
  }
}

struct Escaped {};

// Operators that are made of others.
bool is_composed(Op op) { return op == Op::gaussian_kernel || op == Op::sigma_from_param; }

class Run {
 public:
  explicit Run(Bytes bytes) : choices_(bytes.split(8)), decoder_(bytes), checks_finite_(choices_.one_in(16)) {
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

// ---- forwards -------------------------------------------------------------------------------------------------------

void Run::add(const Leaf& leaf) {
  Place place{nullptr, true, leaf.value, leaf.value};
  if (!leaf.constant && !(checks_finite_ && !all_finite(leaf.value))) place.recorded = tape_.variable(leaf.value);
  places_.push_back(place);
  sizes_.emplace_back(Sizes(leaf.value.shape().begin(), leaf.value.shape().end()));
}

std::vector<Tensor<double>> Run::operands_of(const Step& step) const {
  std::vector<Tensor<double>> operands;
  for (const std::size_t i : step.operands) operands.push_back(places_[i].plain);
  return operands;
}

Place Run::evaluate(const Step& step, const Prediction& predicted) {
  std::vector<Variable<double>> variables;
  for (const std::size_t i : step.operands) variables.push_back(places_[i].recorded);
  const std::vector<Tensor<double>> tensors = operands_of(step);
  const std::vector<Variable<double>> constants(tensors.begin(), tensors.end());
  const std::int64_t nodes = tape_.size();
  const auto recorded = attempt([&] { return apply<double>(step, variables); });
  if (!recorded) tape_kept.expect(tape_.size() == nodes, "from ", nodes, " to ", tape_.size(), " nodes: ", [&] { return describe(step, tensors); });
  const auto plain = attempt([&] { return apply_directly<double>(step, constants); });
  if (predicted.fate == Fate::refused) refuses.expect(!plain, [&] { return describe(step, tensors); });
  if (predicted.fate == Fate::result) takes.expect(plain.has_value(), [&] { return describe(step, tensors); });
  if (checks_finite_ && plain && (!recorded || !recorded->is_constant())) {
    // Operators that are made of others stop at what is infinite inside, too.
    finite_only.expect(recorded.has_value() == all_finite(plain->value()) || (!recorded && is_composed(step.op)),
                       [&] { return describe(step, tensors); });
  } else {
    repeats.expect(recorded.has_value() == plain.has_value(), "one throws, the other does not: ", [&] { return describe(step, tensors); });
  }
  if (!plain || !recorded) return {};
  repeats.expect(same_bits(plain->value(), recorded->value()), [&] { return describe(step, tensors); });
  return {&step, true, plain->value(), *recorded};
}

void Run::add(const Step& decoded) {
  steps_.push_back(decoded);
  const Step& step = steps_.back();
  std::vector<Given> operands;
  for (const std::size_t i : step.operands) operands.push_back(given(places_[i].plain));
  const Prediction predicted = predict(step, operands);
  Place place;
  if (predicted.fate == Fate::skipped) {
    takes.skip();
  } else {
    place = evaluate(step, predicted);
  }
  if (place.alive && predicted.fate == Fate::result) {
    const Sizes sizes(place.plain.shape().begin(), place.plain.shape().end());
    shapes.expect(sizes == predicted.sizes, "got ", place.plain.shape(), ": ", [&] { return describe(step, operands_of(step)); });
    const std::int64_t far = first_far(place.plain, predicted);
    values.expect(far < 0, "element ", far, " is ", far < 0 ? 0 : place.plain.data()[far], ", the model says ",
                  far < 0 ? 0 : static_cast<double>(predicted.cells[static_cast<std::size_t>(far)].value), ": ",
                  [&] { return describe(step, operands_of(step)); });
  }
  places_.push_back(place);
  const Shape& shape = place.plain.shape();
  sizes_.emplace_back(place.alive ? std::optional<Sizes>(Sizes(shape.begin(), shape.end())) : std::nullopt);
}

void Run::record() {
  for (const Leaf& leaf : decoder_.leaves()) add(leaf);
  while (!decoder_.finished() && places_.size() < kMostPlaces) {
    for (const Entry& entry : decoder_.step(sizes_)) {
      std::visit([this](const auto& e) { add(e); }, entry);
    }
  }
}

// ---- backwards ------------------------------------------------------------------------------------------------------

// Adds what one step passes on to the adjoints of its operands, with the additions in the order in which a sweep makes them: the
// step stands alone on a tape, before a node that gives each operand its adjoint so far.
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
  inputs.push_back(step.op == Op::take ? apply<double>(step, operands) : apply_directly<double>(step, operands));
  seeds.push_back(adjoints[at]);
  const auto pass_on = [&seeds](const Tensor<double>&, nablur::Adjoints<double>& d) {
    for (std::size_t i = 0; i < seeds.size(); ++i) {
      if (seeds[i]) d.add(i, *seeds[i]);
    }
  };
  const auto joined = nablur::record("join", Tensor<double>(0.0), std::span<const Variable<double>>(inputs), pass_on);
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
    if (adjoints[i] && place.step != nullptr && !place.recorded.is_constant()) pull(*place.step, i, adjoints);
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
  const auto d = Gradients<double>::sweep(places_[from].recorded, &seed, &span);
  for (const std::size_t i : chosen) {
    const Tensor<double> expected = adjoints[i] ? *adjoints[i] : Tensor<double>::zeros(places_[i].plain.shape());
    named.expect(same_numbers(d[places_[i].recorded], expected), "place ", i, [&] { return describe_program(from); });
  }
}

void Run::check_throwing_pullback(const Variable<double>& y, const Tensor<double>& seed) {
  const bool shape_is_wrong = choices_.one_in(2);
  const auto spoilt = nablur::record("spoilt", y.value(), {{y, [shape_is_wrong](const Tensor<double>&) {
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
  for (double *to = seed.mutable_data(), *end = to + seed.size(); to != end; ++to) *to = noise.weight();

  const auto sweep = [&] { return y.size() == 1 && seed.data()[0] == 1 ? gradients(y) : gradients(y, seed); };
  std::optional<Gradients<double>> d;
  try {
    d = sweep();
  } catch (const Error&) {
    chain_rule.expect(checks_finite_, "a sweep throws");
    return;
  }
  const Adjoints adjoints = chain(from, seed);
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Place& place = places_[i];
    if (place.step != nullptr || place.recorded.is_constant()) continue;
    const bool reached = adjoints[i].has_value();
    const Tensor<double> expected = reached ? *adjoints[i] : Tensor<double>::zeros(place.plain.shape());
    (reached ? chain_rule : unreached).expect(same_numbers((*d)[place.recorded], expected), "place ", i, [&] { return describe_program(from); });
  }
  if (checks_finite_) return;
  check_named(from, seed, adjoints);
  if (!choices_.one_in(8)) return;
  check_throwing_pullback(y, seed);
  const auto again = sweep();
  for (const Place& place : places_) {
    if (place.step == nullptr && !place.recorded.is_constant()) {
      thrown.expect(same_bits((*d)[place.recorded], again[place.recorded]), "the second sweep gives other gradients");
    }
  }
}

// ---- each step by itself --------------------------------------------------------------------------------------------

void check_float(const Step& step, std::span<const Tensor<double>> operands, Noise& noise) {
  std::vector<Tensor<float>> narrow;
  std::vector<Given> widened;
  for (const Tensor<double>& x : operands) {
    narrow.push_back(x.cast<float>());
    widened.push_back(given(narrow.back()));
  }
  const Prediction predicted = predict(step, widened);
  if (predicted.fate != Fate::result) return float_values.skip();
  const std::vector<Variable<float>> constants(narrow.begin(), narrow.end());
  const Tensor<float> y = apply_directly<float>(step, constants).value();
  const std::int64_t far = first_far(y, predicted);
  float_values.expect(far < 0, "element ", far, " is ", far < 0 ? 0 : y.data()[far], ", the model says ",
                      far < 0 ? 0 : static_cast<double>(predicted.cells[static_cast<std::size_t>(far)].value), ": ",
                      [&] { return describe(step, operands); });
  check_forward_against_reverse<float>(step, narrow, noise);
}

bool fits_int64(double v) { return v >= -0x1p63 && v < 0x1p63; }

void check_tensor(const Tensor<double>& x) {
  const bool fit = std::all_of(x.begin(), x.end(), fits_int64);
  try {
    const Tensor<std::int64_t> whole = x.cast<std::int64_t>();
    const bool cut = fit && std::equal(x.begin(), x.end(), whole.begin(), [](double v, std::int64_t n) {
                       return std::trunc(v) == static_cast<double>(n);
                     });
    casts.expect(cut, [&] { return to_string(x.shape()); });
  } catch (const Error& e) {
    casts.expect(!fit, e.what());
  }
  if (x.size() > 20) return printed.skip();
  std::ostringstream text;
  text << x;
  printed.expect(text.str().starts_with("Tensor<double>" + to_string(x.shape())), text.str());
}

// Forward against reverse mode for all steps; the rest, which costs more, for one.
void Run::check_steps() {
  Noise noise(choices_.byte());
  std::vector<const Step*> done;
  for (const Place& place : places_) {
    if (place.step == nullptr || place.step->operands.empty()) continue;
    check_forward_against_reverse<double>(*place.step, operands_of(*place.step), noise);
    done.push_back(place.step);
  }
  const Place& place = places_[noise.bits() % places_.size()];
  if (place.alive) check_tensor(place.plain);
  if (done.empty()) return;
  const Step& one = *done[noise.bits() % done.size()];
  if (one.op == Op::max || one.op == Op::min) check_ties(one, operands_of(one)[0], noise);
  if (noise.bits() % 2 == 0) {
    check_float(one, operands_of(one), noise);
  } else {
    check_against_differences(one, operands_of(one), noise);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool once = [] {
    set_threads(1);
    const Tape<double> slots[4];  // the places of tapes are recycled, but never given back
    return true;
  }();
  static_cast<void>(once);
  const std::size_t before = pool::usage().in_use;
  {
    Run run(Bytes(data, std::min<std::size_t>(size, 512)));
    run.record();
    run.check_gradients();
    run.check_steps();
  }
  const std::size_t after = pool::usage().in_use;
  pool_empty.expect(after == before, "in use: ", before, " bytes before, ", after, " after");
  return 0;
}
