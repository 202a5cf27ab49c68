#include <algorithm>
#include <sstream>

#include "../oracle.h"
#include "apply.h"
#include "compare.h"
#include "derivatives.h"
#include "run.h"

namespace nablur::fuzz {
namespace {

Oracle float_values("a result is near the model's, float", 100);
Oracle casts("a cast to int64 cuts fractions and refuses what does not fit", 200);
Oracle printed("a tensor prints its shape", 50);

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
  float_values.expect(
      far < 0, "element ", far, " is ", far < 0 ? 0 : y.data()[far], ", the model says ",
      far < 0 ? 0 : static_cast<double>(predicted.cells[static_cast<std::size_t>(far)].value), ": ",
      [&] { return describe(step, operands); });
  check_forward_against_reverse<float>(step, narrow, noise);
}

bool fits_int64(double v) { return v >= -0x1p63 && v < 0x1p63; }

void check_tensor(const Tensor<double>& x) {
  const bool fit = std::all_of(x.begin(), x.end(), fits_int64);
  try {
    const Tensor<std::int64_t> whole = x.cast<std::int64_t>();
    const bool cut =
        fit && std::equal(x.begin(), x.end(), whole.begin(), [](double v, std::int64_t n) {
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

}  // namespace

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

}  // namespace nablur::fuzz
