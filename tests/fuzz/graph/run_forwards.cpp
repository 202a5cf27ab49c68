#include <cstdlib>

#include "../oracle.h"
#include "apply.h"
#include "compare.h"
#include "run.h"

namespace nablur::fuzz {
namespace {

constexpr std::size_t kMostPlaces = 24;

Oracle refuses("what the contract refuses is an Error", 200);
Oracle takes("what the contract takes is no Error", 1000);
Oracle shapes("a result has the shape that NumPy gives it", 1000);
Oracle values("a result is near the model's, double", 1000);
Oracle repeats("recorded and not recorded give the same bits", 1000);
Oracle tape_kept("a step that throws leaves the tape as it was", 200);
Oracle finite_only("check_finite lets nothing infinite through", 50);

template <class F>
std::optional<Variable<double>> attempt(const F& f) {
  try {
    return f();
  } catch (const Error& e) {
    if (*e.what() == '\0') std::abort();
    return {};
  }
}

// Operators that are made of others.
bool is_composed(Op op) { return op == Op::gaussian_kernel || op == Op::sigma_from_param; }

}  // namespace

void Run::add(const Leaf& leaf) {
  Place place{nullptr, true, leaf.value, leaf.value};
  if (!leaf.constant && !(checks_finite_ && !all_finite(leaf.value)))
    place.recorded = tape_.variable(leaf.value);
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
  if (!recorded)
    tape_kept.expect(tape_.size() == nodes, "from ", nodes, " to ", tape_.size(),
                     " nodes: ", [&] { return describe(step, tensors); });
  const auto plain = attempt([&] { return apply_directly<double>(step, constants); });
  if (predicted.fate == Fate::refused)
    refuses.expect(!plain, [&] { return describe(step, tensors); });
  if (predicted.fate == Fate::result)
    takes.expect(plain.has_value(), [&] { return describe(step, tensors); });
  if (checks_finite_ && plain && (!recorded || !recorded->is_constant())) {
    // Operators that are made of others stop at what is infinite inside, too.
    finite_only.expect(
        recorded.has_value() == all_finite(plain->value()) || (!recorded && is_composed(step.op)),
        [&] { return describe(step, tensors); });
  } else {
    repeats.expect(recorded.has_value() == plain.has_value(),
                   "one throws, the other does not: ", [&] { return describe(step, tensors); });
  }
  if (!plain || !recorded) return {};
  repeats.expect(same_bits(plain->value(), recorded->value()),
                 [&] { return describe(step, tensors); });
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
    shapes.expect(sizes == predicted.sizes, "got ", place.plain.shape(), ": ",
                  [&] { return describe(step, operands_of(step)); });
    const std::int64_t far = first_far(place.plain, predicted);
    values.expect(
        far < 0, "element ", far, " is ", far < 0 ? 0 : place.plain.data()[far],
        ", the model says ",
        far < 0 ? 0 : static_cast<double>(predicted.cells[static_cast<std::size_t>(far)].value),
        ": ", [&] { return describe(step, operands_of(step)); });
  }
  places_.push_back(place);
  const Shape& shape = place.plain.shape();
  sizes_.emplace_back(place.alive ? std::optional<Sizes>(Sizes(shape.begin(), shape.end()))
                                  : std::nullopt);
}

void Run::record() {
  for (const Leaf& leaf : decoder_.leaves()) add(leaf);
  while (!decoder_.finished() && places_.size() < kMostPlaces) {
    for (const Entry& entry : decoder_.step(sizes_)) {
      std::visit([this](const auto& e) { add(e); }, entry);
    }
  }
}

}  // namespace nablur::fuzz
