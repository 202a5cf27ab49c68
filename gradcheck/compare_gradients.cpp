#include <nablur/gradcheck/compare_gradients.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include <nablur/gradcheck/detail/consistency.h>
#include <nablur/gradcheck/detail/differences.h>
#include <nablur/gradcheck/detail/probes.h>
#include <nablur/support/random.h>

namespace nablur {
namespace detail {
namespace {

template <class T>
struct Tolerances {
  double relative = sizeof(T) == 8 ? 1e-7 : 5e-3;
  double exact = sizeof(T) == 8 ? 1e-11 : 1e-4;
  double step = sizeof(T) == 8 ? 1e-2 : 1e-1;

  explicit Tolerances(const CompareOptions& options) {
    if (options.relative > 0) relative = options.relative;
    if (options.exact > 0) exact = options.exact;
    if (options.step > 0) step = options.step;
  }
};

// What a derivation says, by probe.
struct Slopes {
  std::string name;
  std::vector<double> values;
};

// ---- against differences ----------------------------------------------------------------------

// Holds derivations against the differences of one quantity.
template <class T>
class Judge {
 public:
  Judge(std::string name, Quantity<T> quantity, std::span<const Tensor<T>> inputs,
        const std::vector<Probe<T>>& list, const Tolerances<T>& tolerances)
      : name_(std::move(name)),
        quantity_(std::move(quantity)),
        inputs_(inputs),
        list_(list),
        tolerances_(tolerances),
        why_(list.size()),
        greatest_(inputs.size(), 0) {
    const double rounding = quantity_.rounding();
    for (std::size_t i = 0; i < list.size(); ++i) {
      const double step = tolerances.step * std::max(1.0, list[i].position);
      differences_.emplace_back(Line{[this, i](double t) { return change(i, t); }, rounding,
                                     double(std::numeric_limits<T>::epsilon()), step,
                                     list[i].position});
      double& greatest = greatest_[list[i].input];
      greatest = std::max(greatest, std::abs(differences_[i].rough_slope()));
    }
  }
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  // Adds the worst row of each input. Returns the verdicts by probe.
  std::vector<Verdict> judge(const Slopes& slopes, GradientReport& report) {
    std::vector<Verdict> verdicts;
    GradientRow worst;
    for (std::size_t i = 0; i < list_.size(); ++i) {
      const GradientRow row = judge(slopes, i);
      verdicts.push_back(row.verdict);
      keep_worse(worst, row);
      if (i + 1 < list_.size() && list_[i + 1].input == list_[i].input) continue;
      report.rows.push_back(worst);
      worst = {};
    }
    return verdicts;
  }

 private:
  // NaN if the quantity has no value; why_ says why.
  double change(std::size_t i, double t) {
    try {
      return quantity_.change(list_[i].displaced(inputs_, t));
    } catch (const OutOfMemory&) {
      throw;
    } catch (const Error& error) {
      std::array<char, 16> size{};
      std::snprintf(size.data(), size.size(), "%.1e", std::abs(t));
      why_[i] =
          concat("at ", list_[i].place, t < 0 ? " - " : " + ", size.data(), ": ", error.what());
      return std::numeric_limits<double>::quiet_NaN();
    }
  }

  GradientRow judge(const Slopes& slopes, std::size_t i) {
    const double value = slopes.values[i];
    const Judgement found =
        differences_[i].judge({value, tolerances_.relative, greatest_[list_[i].input]});
    const bool seen = found.window.seen;
    GradientRow row =
        row_between(slopes.name, name_, list_[i].place, value,
                    seen ? found.window.slope : std::numeric_limits<double>::quiet_NaN());
    row.step = seen ? found.window.step : 0;
    row.estimate = found.window.error;
    row.verdict = found.verdict;
    row.note = found.note;
    if (!seen) row.note = concat("no differences", why_[i].empty() ? "" : "; ", why_[i]);
    if (seen && found.window.side != 0) {
      row.note += concat(row.note.empty() ? "" : "; ", "from one side; ", why_[i]);
    }
    return row;
  }

  std::string name_;
  Quantity<T> quantity_;
  std::span<const Tensor<T>> inputs_;
  const std::vector<Probe<T>>& list_;
  Tolerances<T> tolerances_;
  std::vector<std::string> why_;
  std::vector<double> greatest_;
  std::vector<Differences> differences_;
};

// ---- exact derivations among themselves -------------------------------------------------------

// At a corner each may have chosen another slope of those that are right. Where great terms cancel,
// each is right to within the rounding of f's magnitude; denormal slopes have few digits.
template <class T>
GradientRow exact_row(const Slopes& s, const Slopes& first, const std::vector<Probe<T>>& list,
                      double exact, double rounding, const std::vector<Verdict>& verdicts,
                      const std::vector<Verdict>& first_verdicts) {
  double greatest = 0;
  for (const double v : first.values) {
    if (std::isfinite(v)) greatest = std::max(greatest, std::abs(v));
  }
  const double allowed = exact * greatest + double(std::numeric_limits<T>::min());
  GradientRow worst;
  for (std::size_t i = 0; i < list.size(); ++i) {
    GradientRow row = row_between(s.name, first.name, list[i].place, s.values[i], first.values[i]);
    const bool corner = verdicts[i] == Verdict::kink && first_verdicts[i] == Verdict::kink;
    row.verdict = row.absolute <= allowed ? Verdict::agrees
                  : corner                ? Verdict::kink
                                          : Verdict::differs;
    if (row.verdict == Verdict::differs &&
        row.absolute <= 16 * rounding / std::max(1.0, list[i].position)) {
      row.verdict = Verdict::cannot_tell;
      row.note = "no more than rounding of f";
    }
    keep_worse(worst, row);
  }
  return worst;
}

// ---- the whole --------------------------------------------------------------------------------

template <class T>
struct Comparison {
  const ComparedFunction<T>& function;
  std::span<const Tensor<T>> inputs;
  const CompareOptions& options;
  Tolerances<T> tolerances{options};
  std::vector<Probe<T>> list = probes(inputs, options.directions, options.seed);
  InputGuard<T> guard{inputs};  // before f is called for the first time
  Tensor<T> value = function.value(function.f, inputs);
  Tensor<T> weights = random_weights<T>(value.shape(), options.seed);

  // The derivations that can be compared; rows for those that cannot.
  std::vector<Slopes> derivations(const Tensors<T>& on_tape,
                                  std::span<const NamedGradients<T>> others,
                                  GradientReport& report) {
    std::vector<Slopes> found;
    const auto add = [&](const std::string& name, const Tensors<T>& gradients) {
      if (const std::string fault = shape_fault<T>(inputs, gradients); !fault.empty()) {
        report.rows.push_back({name, "differences", "", 0, 0, 0, 0, 0, 0, Verdict::differs, fault});
        return;
      }
      Slopes s{name, {}};
      for (const Probe<T>& probe : list) s.values.push_back(probe.slope(gradients));
      found.push_back(std::move(s));
    };
    if (!on_tape.empty()) add("tape", on_tape);
    for (const NamedGradients<T>& other : others) add(other.name, other.gradients);
    Slopes forward{"forward mode", {}};
    const bool sound = attempt(forward.name, "differences", report, [&] {
      for (const Probe<T>& probe : list) {
        const Tensor<T> tangent = function.tangent(function.f, inputs, probe.direction(inputs));
        if (!(tangent.shape() == value.shape()))
          fail("f has shape ", tangent.shape(), ", without a tape ", value.shape());
        forward.values.push_back(dot(Tensors<T>{tangent}, Tensors<T>{weights}));
      }
    });
    if (sound) found.push_back(std::move(forward));
    return found;
  }

  void judge_derivations(const std::vector<Slopes>& found, GradientReport& report) {
    const auto at = [this](const Tensors<T>& x) {
      return Tensors<T>{function.value(function.f, x)};
    };
    const Quantity<T> quantity{at, {value}, {weights}};
    Judge<T> judge("differences", quantity, inputs, list, tolerances);
    std::vector<std::vector<Verdict>> verdicts;
    for (const Slopes& s : found) verdicts.push_back(judge.judge(s, report));
    for (std::size_t i = 1; i < found.size(); ++i) {
      report.rows.push_back(exact_row(found[i], found[0], list, tolerances.exact,
                                      quantity.rounding(), verdicts[i], verdicts[0]));
    }
  }

  void judge_second_order(const Tensors<T>& on_tape, GradientReport& report) {
    Random random(options.seed);
    const Tensors<T> u = normals_like(inputs, random);
    const Tensors<T> v = normals_like(inputs, random);
    const auto product = [&](const Tensors<T>& direction) {
      return function.curvature(function.f, inputs, direction, weights).gradients;
    };
    Slopes slopes{"hvp", {}};
    const bool sound = attempt(slopes.name, "differences of gradients", report, [&] {
      for (const Probe<T>& probe : list)
        slopes.values.push_back(dot(product(probe.direction(inputs)), u));
      double magnitude = 0;
      const double forth = dot(product(v), u, &magnitude);
      const double back = dot(product(u), v, &magnitude);
      GradientRow row = row_between("hvp", "transposed", "random directions", forth, back);
      row.verdict =
          row.absolute <= tolerances.exact * magnitude ? Verdict::agrees : Verdict::differs;
      report.rows.push_back(row);
    });
    if (!sound) return;
    const auto at = [this](const Tensors<T>& x) {
      Recorded<T> y = function.recorded(function.f, x, 0, weights);
      if (!(y.value.shape() == value.shape()))
        fail("f changes its shape from ", value.shape(), " to ", y.value.shape());
      return y.gradients;
    };
    Judge<T> judge("differences of gradients", Quantity<T>{at, on_tape, u}, inputs, list,
                   tolerances);
    judge.judge(slopes, report);
  }

  GradientReport report(std::span<const NamedGradients<T>> others) {
    GradientReport checks;
    const Tensors<T> on_tape = tape_gradients<T>(function, inputs, value, weights,
                                                 options.combinations, tolerances.exact, checks);
    if (GradientRow row = guard.check(); row.verdict == Verdict::differs) {
      checks.rows.push_back(row);
      return checks;
    }
    GradientReport report;
    const std::vector<Slopes> found = derivations(on_tape, others, report);
    if (list.empty()) {
      report.rows.push_back({"tape", "differences", "", 0, 0, 0, 0, 0, 0, Verdict::cannot_tell,
                             "the inputs have no elements"});
    } else {
      judge_derivations(found, report);
      if (options.second_order && !on_tape.empty()) judge_second_order(on_tape, report);
    }
    report.rows.insert(report.rows.end(), checks.rows.begin(), checks.rows.end());
    report.rows.push_back(guard.check());
    return report;
  }
};

}  // namespace

template <class T>
Tensor<T> random_weights(const Shape& shape, std::uint32_t seed) {
  return or_out_of_memory("gradient_weights", [&] {
    if (shape.size() == 1) return Tensor<T>::ones(shape);
    Random random(seed);
    return Tensor<T>::normal(shape, random);
  });
}

template <class T>
GradientReport compare(const ComparedFunction<T>& function, std::span<const Tensor<T>> inputs,
                       std::span<const NamedGradients<T>> others, const CompareOptions& options) {
  return or_out_of_memory("compare_gradients",
                          [&] { return Comparison<T>{function, inputs, options}.report(others); });
}

template GradientReport compare(const ComparedFunction<float>&, std::span<const Tensor<float>>,
                                std::span<const NamedGradients<float>>, const CompareOptions&);
template GradientReport compare(const ComparedFunction<double>&, std::span<const Tensor<double>>,
                                std::span<const NamedGradients<double>>, const CompareOptions&);
template Tensor<float> random_weights(const Shape&, std::uint32_t);
template Tensor<double> random_weights(const Shape&, std::uint32_t);

}  // namespace detail
}  // namespace nablur
