#include <nablur/autodiff/compare_gradients.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ostream>

#include <nablur/autodiff/random.h>

namespace nablur {
namespace detail {
namespace {

template <class T>
struct Defaults {
  double relative = sizeof(T) == 8 ? 1e-7 : 5e-3;
  double exact = sizeof(T) == 8 ? 1e-11 : 1e-4;
  double step = sizeof(T) == 8 ? 1e-2 : 1e-1;

  explicit Defaults(const CompareOptions& options) {
    if (options.relative > 0) relative = options.relative;
    if (options.exact > 0) exact = options.exact;
    if (options.step > 0) step = options.step;
  }
};

template <class T>
using Tensors = std::vector<Tensor<T>>;

// A direction in the space of all inputs, along which every derivation is asked for its slope.
template <class T>
struct Probe {
  std::string place;
  Tensors<T> v;
  double scale;  // of the step
  std::size_t input;
};

std::string element_name(std::size_t input, const Shape& shape, std::int64_t flat) {
  std::string index;
  for (std::int64_t axis = shape.rank(); axis-- > 0;) {
    index = concat(flat % shape[axis], index.empty() ? "" : ", ", index);
    flat /= shape[axis];
  }
  return concat("x", input, shape.rank() > 0 ? "[" + index + "]" : "");
}

template <class T>
std::vector<Probe<T>> probes(std::span<const Tensor<T>> inputs, const CompareOptions& options) {
  Tensors<T> zeros;
  for (const Tensor<T>& x : inputs) zeros.push_back(Tensor<T>::zeros(x.shape()));
  std::vector<Probe<T>> list;
  if (options.directions > 0) {
    double greatest = 1;
    for (const Tensor<T>& x : inputs) {
      for (const T& c : x) greatest = std::max(greatest, std::abs(static_cast<double>(c)));
    }
    Random random(options.seed);
    for (std::int64_t k = 0; k < options.directions; ++k) {
      Probe<T> probe{concat("direction ", k), {}, greatest, 0};
      double norm2 = 0;
      for (const Tensor<T>& x : inputs) {
        probe.v.push_back(Tensor<T>::normal(x.shape(), random));
        for (const T& c : probe.v.back()) norm2 += static_cast<double>(c) * static_cast<double>(c);
      }
      for (Tensor<T>& v : probe.v) v = v / Tensor<T>(std::sqrt(std::max(norm2, 1e-300)));
      list.push_back(std::move(probe));
    }
    return list;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (std::int64_t j = 0; j < inputs[i].size(); ++j) {
      Probe<T> probe{element_name(i, inputs[i].shape(), j), zeros, std::max(1.0, std::abs(double(inputs[i].data()[j]))), i};
      probe.v[i] = unit<T>(inputs[i].shape(), j);
      list.push_back(std::move(probe));
    }
  }
  return list;
}

struct Numeric {
  double value = std::numeric_limits<double>::quiet_NaN();
  double estimate = std::numeric_limits<double>::infinity();
  double step = 0;
};

template <class T>
double displaced(const ComparedFunction<T>& function, std::span<const Tensor<T>> x, const Probe<T>& probe, double h,
                 const Tensor<T>& weights) {
  Tensors<T> moved;
  for (std::size_t i = 0; i < x.size(); ++i) moved.push_back(x[i] + probe.v[i] * Tensor<T>(h));
  try {
    return static_cast<double>(function.value(function.f, moved, weights));
  } catch (const Error&) {
    return std::numeric_limits<double>::quiet_NaN();
  }
}

// Central differences at steps h, h/2, h/4, … and their extrapolation; the entry with the least estimated error wins. Steps that
// leave f's domain give no value and are left out.
template <class T>
Numeric ridders(const ComparedFunction<T>& function, std::span<const Tensor<T>> x, const Probe<T>& probe, double step,
                const Tensor<T>& weights) {
  constexpr std::size_t kLevels = 8;
  Numeric best;
  std::array<double, kLevels> row{};
  std::size_t depth = 0;
  for (std::size_t level = 0; level < kLevels; ++level) {
    const double h = step * probe.scale / static_cast<double>(std::size_t{1} << level);
    const double plus = displaced(function, x, probe, h, weights);
    const double minus = displaced(function, x, probe, -h, weights);
    double next = (plus - minus) / (2 * h);
    if (!std::isfinite(next)) continue;
    double factor = 4;  // even powers of h are removed one by one
    for (std::size_t k = 0; k < depth; ++k, factor *= 4) {
      const double extrapolated = (factor * next - row[k]) / (factor - 1);
      const double estimate = std::max(std::abs(extrapolated - next), std::abs(extrapolated - row[k]));
      if (estimate < best.estimate) best = {extrapolated, estimate, h};
      row[k] = next;
      next = extrapolated;
    }
    row[depth++] = next;
  }
  return best;
}

template <class T>
double slope(const Tensors<T>& gradients, const Probe<T>& probe) {
  double total = 0;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    for (std::int64_t j = 0; j < gradients[i].size(); ++j) {
      const auto v = static_cast<double>(probe.v[i].data()[j]);
      if (v != 0) total += v * static_cast<double>(gradients[i].data()[j]);
    }
  }
  return total;
}

// Keeps the worse of two rows; a NaN is worst.
void keep_worse(GradientRow& row, const GradientRow& other, double excess, double& worst) {
  if (!(excess <= worst)) {
    worst = std::isnan(excess) ? std::numeric_limits<double>::infinity() : excess;
    row = other;
  }
}

struct Slopes {
  std::string name;
  std::vector<double> values;  // by probe
};

GradientRow difference(const std::string& name, const std::string& against, const std::string& place, double a, double b) {
  const double absolute = std::abs(a - b);
  const double magnitude = std::max(std::abs(a), std::abs(b));
  return {name, against, place, a, b, absolute, magnitude > 0 ? absolute / magnitude : absolute, 0, 0, false, ""};
}

template <class T>
std::string shape_fault(std::span<const Tensor<T>> inputs, const Tensors<T>& gradients) {
  if (gradients.size() != inputs.size()) return concat(gradients.size(), " gradients for ", inputs.size(), " inputs");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!(gradients[i].shape() == inputs[i].shape())) {
      return concat("x", i, " has shape ", inputs[i].shape(), ", its gradient ", gradients[i].shape());
    }
  }
  return "";
}

// Rows for one set of slopes: against central differences for each input, and against the first exact derivation.
class Judge {
 public:
  Judge(std::vector<Numeric> numeric, double relative, double exact, double noise)
      : numeric_(std::move(numeric)), relative_(relative), exact_(exact), noise_(noise) {}

  template <class T>
  void against_differences(const Slopes& s, const std::vector<Probe<T>>& list, GradientReport& report) const {
    for (std::size_t begin = 0; begin < list.size();) {
      std::size_t end = begin;
      double worst = -1;
      GradientRow row;
      for (; end < list.size() && list[end].input == list[begin].input; ++end) {
        const Numeric& n = numeric_[end];
        GradientRow here = difference(s.name, "differences", list[end].place, s.values[end], n.value);
        here.step = n.step;
        here.estimate = n.estimate;
        // Rounding of f alone moves a difference quotient by about |f| ε / h.
        const double allowed =
            relative_ * std::max(std::abs(here.value), std::abs(here.reference)) + noise_ / std::max(n.step, 1e-300);
        here.agrees = std::isfinite(here.absolute) && here.absolute <= allowed;
        if (n.step == 0) here.note = "no central difference inside the domain";
        keep_worse(row, here, here.absolute / allowed, worst);
      }
      report.rows.push_back(row);
      begin = end;
    }
  }

  template <class T>
  void against_exact(const Slopes& s, const Slopes& first, const std::vector<Probe<T>>& list, GradientReport& report) const {
    double greatest = 0;
    for (const double v : first.values) greatest = std::max(greatest, std::abs(v));
    double worst = -1;
    GradientRow row;
    for (std::size_t i = 0; i < list.size(); ++i) {
      GradientRow here = difference(s.name, first.name, list[i].place, s.values[i], first.values[i]);
      here.agrees = std::isfinite(here.absolute) && here.absolute <= exact_ * greatest;
      keep_worse(row, here, here.absolute, worst);
    }
    if (!list.empty()) report.rows.push_back(row);
  }

 private:
  std::vector<Numeric> numeric_;
  double relative_;
  double exact_;
  double noise_;
};

}  // namespace

template <class T>
Tensor<T> random_weights(const Shape& shape, std::uint32_t seed) {
  if (shape.size() == 1) return Tensor<T>::ones(shape);
  Random random(seed);
  return Tensor<T>::normal(shape, random);
}

template <class T>
GradientReport compare(const ComparedFunction<T>& function, std::span<const Tensor<T>> inputs,
                       std::span<const NamedGradients<T>> derivations, const Tensor<T>& weights, const CompareOptions& options) {
  const Defaults<T> defaults(options);
  const std::vector<Probe<T>> list = probes(inputs, options);
  const auto f0 = std::abs(static_cast<double>(function.value(function.f, inputs, weights)));
  std::vector<Numeric> numeric;
  for (const Probe<T>& probe : list) numeric.push_back(ridders(function, inputs, probe, defaults.step, weights));
  const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
  const Judge judge(std::move(numeric), defaults.relative, defaults.exact, 8 * epsilon * std::max(f0, 1e-3));

  GradientReport report;
  std::vector<Slopes> slopes;
  for (const NamedGradients<T>& d : derivations) {
    if (const std::string fault = shape_fault<T>(inputs, d.gradients); !fault.empty()) {
      GradientRow row;
      row.derivation = d.name;
      row.note = fault;
      report.rows.push_back(row);
      continue;
    }
    Slopes s{d.name, {}};
    for (const Probe<T>& probe : list) s.values.push_back(slope(d.gradients, probe));
    slopes.push_back(std::move(s));
  }
  Slopes forward{"forward mode", {}};
  for (const Probe<T>& p : list) {
    forward.values.push_back(static_cast<double>(function.forward(function.f, inputs, p.v, weights)));
  }
  slopes.push_back(std::move(forward));
  for (const Slopes& s : slopes) judge.against_differences(s, list, report);
  for (std::size_t i = 1; i < slopes.size(); ++i) judge.against_exact(slopes[i], slopes[0], list, report);
  return report;
}

template GradientReport compare(const ComparedFunction<float>&, std::span<const Tensor<float>>,
                                std::span<const NamedGradients<float>>, const Tensor<float>&, const CompareOptions&);
template GradientReport compare(const ComparedFunction<double>&, std::span<const Tensor<double>>,
                                std::span<const NamedGradients<double>>, const Tensor<double>&, const CompareOptions&);
template Tensor<float> random_weights(const Shape&, std::uint32_t);
template Tensor<double> random_weights(const Shape&, std::uint32_t);

}  // namespace detail

bool GradientReport::agrees() const noexcept {
  return !rows.empty() && std::all_of(rows.begin(), rows.end(), [](const GradientRow& row) { return row.agrees; });
}

std::ostream& operator<<(std::ostream& out, const GradientReport& report) {
  const auto line = [&out](const auto*... cells) {
    char text[256];
    std::snprintf(text, sizeof text, "%-14.14s %-12.12s %-14.14s %22s %22s %9s %9s %9s  %s\n", cells...);
    out << text;
  };
  const auto number = [](const char* format, double x) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), format, x);
    return text;
  };
  line("derivation", "against", "worst at", "value", "reference", "absolute", "relative", "step", "verdict");
  for (const GradientRow& r : report.rows) {
    const std::string verdict = (r.agrees ? "agrees" : "DIFFERS") + (r.note.empty() ? "" : ": " + r.note);
    line(r.derivation.c_str(), r.against.c_str(), r.place.c_str(), number("%.15g", r.value).data(),
         number("%.15g", r.reference).data(), number("%.1e", r.absolute).data(), number("%.1e", r.relative).data(),
         number("%.1e", r.step).data(), verdict.c_str());
  }
  return out;
}

}  // namespace nablur
