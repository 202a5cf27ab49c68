#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include <nablur/gradcheck/detail/consistency.h>
#include <nablur/gradcheck/detail/probes.h>

namespace nablur::detail {

GradientRow row_between(const std::string& derivation, const std::string& against,
                        const std::string& place, double a, double b) {
  const double absolute = a == b || (std::isnan(a) && std::isnan(b)) ? 0 : std::abs(a - b);
  const double magnitude = std::max(std::abs(a), std::abs(b));
  const double relative = absolute > 0 && std::isfinite(absolute) ? absolute / magnitude : absolute;
  return {derivation, against, place, a, b, absolute, relative, 0, 0, Verdict::cannot_tell, ""};
}

void keep_worse(GradientRow& row, const GradientRow& other) {
  const auto severity = [](const GradientRow& r) {
    switch (r.verdict) {
      case Verdict::differs:
        return 3;
      case Verdict::cannot_tell:
        return 2;
      case Verdict::kink:
        return 1;
      case Verdict::agrees:
        break;
    }
    return 0;
  };
  const auto error = [](const GradientRow& r) {
    return std::isnan(r.absolute) ? std::numeric_limits<double>::infinity() : r.absolute;
  };
  const bool worse = severity(other) != severity(row) ? severity(other) > severity(row)
                                                      : error(other) > error(row);
  if (row.derivation.empty() || worse) row = other;
}

template <class T>
std::string shape_fault(std::span<const Tensor<T>> inputs,
                        const std::vector<Tensor<T>>& gradients) {
  if (gradients.size() != inputs.size())
    return concat(gradients.size(), " gradients for ", inputs.size(), " inputs");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!(gradients[i].shape() == inputs[i].shape())) {
      return concat("x", i, " has shape ", inputs[i].shape(), ", its gradient ",
                    gradients[i].shape());
    }
  }
  return "";
}

namespace {

// The row of two tensors that must be equal bit by bit: at the first element that is not.
template <class T>
GradientRow bits_between(const std::string& derivation, const std::string& against,
                         const std::string& name, const Tensor<T>& a, const Tensor<T>& b) {
  GradientRow row{derivation, against, "", 0, 0, 0, 0, 0, 0, Verdict::differs, ""};
  if (!(a.shape() == b.shape())) {
    row.note = concat(name, " has shape ", a.shape(), " and ", b.shape());
    return row;
  }
  for (std::int64_t i = 0; i < a.size(); ++i) {
    if (std::memcmp(a.data() + i, b.data() + i, sizeof(T)) == 0) continue;
    row = row_between(derivation, against, element_name(name, a.shape(), i), double(a.data()[i]),
                      double(b.data()[i]));
    row.verdict = Verdict::differs;
    row.note = "not the same bits";
    return row;
  }
  row.verdict = Verdict::agrees;
  return row;
}

template <class T>
GradientRow bits_between(const std::string& derivation, const std::string& against,
                         const Tensors<T>& a, std::span<const Tensor<T>> b) {
  GradientRow row;
  for (std::size_t i = 0; i < b.size(); ++i)
    keep_worse(row, bits_between(derivation, against, concat("x", i), a[i], b[i]));
  return row;
}

// The gradients with some inputs as constants against those with none.
template <class T>
GradientRow row_of_choice(const std::string& name, const Tensors<T>& found, const Tensors<T>& all,
                          std::uint64_t constants, double exact) {
  GradientRow row;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if ((constants >> i & 1) != 0) continue;
    double greatest = 0;
    for (const T& g : all[i]) {
      if (std::isfinite(g)) greatest = std::max(greatest, std::abs(double(g)));
    }
    const double allowed =
        exact * greatest +
        double(std::numeric_limits<T>::min());  // denormal slopes have few digits
    for (std::int64_t k = 0; k < all[i].size(); ++k) {
      const double a = double(found[i].data()[k]);
      const double b = double(all[i].data()[k]);
      GradientRow here =
          row_between(name, "tape", element_name(concat("x", i), all[i].shape(), k), a, b);
      here.verdict = here.absolute <= allowed ? Verdict::agrees : Verdict::differs;
      keep_worse(row, here);
    }
  }
  return row;
}

// "tape of x0, x2"
std::string name_of_choice(std::size_t inputs, std::uint64_t constants) {
  std::string list;
  for (std::size_t i = 0; i < inputs; ++i) {
    if ((constants >> i & 1) == 0) list += concat(list.empty() ? "tape of x" : ", x", i);
  }
  return list;
}

}  // namespace

template <class T>
InputGuard<T>::InputGuard(std::span<const Tensor<T>> inputs) : inputs_(inputs) {
  for (const Tensor<T>& x : inputs) before_.emplace_back(x.shape(), x.values());
}

template <class T>
GradientRow InputGuard<T>::check() const {
  GradientRow row =
      bits_between<T>("inputs", "before", Tensors<T>(inputs_.begin(), inputs_.end()), before_);
  if (row.verdict == Verdict::differs)
    row.note = "f or a pullback wrote into its input; nothing else is compared";
  return row;
}

template <class T>
std::vector<Tensor<T>> tape_gradients(const ComparedFunction<T>& function,
                                      std::span<const Tensor<T>> inputs, const Tensor<T>& value,
                                      const Tensor<T>& weights, std::int64_t combinations,
                                      double exact, GradientReport& report) {
  const auto record = [&](const std::string& name, std::uint64_t constants, Recorded<T>& to) {
    return attempt(name, "tape", report,
                   [&] { to = function.recorded(function.f, inputs, constants, weights); });
  };
  attempt("value again", "value", report, [&] {
    report.rows.push_back(
        bits_between<T>("value again", "value", "f", function.value(function.f, inputs), value));
  });
  Recorded<T> first;
  if (!record("tape", 0, first)) return {};
  report.rows.push_back(bits_between<T>("value on tape", "value", "f", first.value, value));
  if (!(first.value.shape() == value.shape())) return {};
  if (Recorded<T> second; record("tape again", 0, second)) {
    GradientRow row = bits_between<T>("tape again", "tape", "f", second.value, first.value);
    if (row.verdict == Verdict::agrees)
      row = bits_between<T>("tape again", "tape", second.gradients, first.gradients);
    report.rows.push_back(row);
  }
  const auto n = static_cast<std::int64_t>(inputs.size());
  const std::uint64_t choices =
      n <= std::min<std::int64_t>(combinations, 30) ? std::uint64_t{1} << n : 0;
  for (std::uint64_t constants = 1; constants + 1 < choices; ++constants) {
    const std::string name = name_of_choice(inputs.size(), constants);
    Recorded<T> some;
    if (!record(name, constants, some)) continue;
    GradientRow row = bits_between<T>(name, "tape", "f", some.value, value);
    if (row.verdict == Verdict::agrees)
      row = row_of_choice(name, some.gradients, first.gradients, constants, exact);
    if (!row.derivation.empty()) report.rows.push_back(row);
  }
  return first.gradients;
}

template std::string shape_fault(std::span<const Tensor<float>>, const std::vector<Tensor<float>>&);
template std::string shape_fault(std::span<const Tensor<double>>,
                                 const std::vector<Tensor<double>>&);
template class InputGuard<float>;
template class InputGuard<double>;
template Tensors<float> tape_gradients(const ComparedFunction<float>&,
                                       std::span<const Tensor<float>>, const Tensor<float>&,
                                       const Tensor<float>&, std::int64_t, double, GradientReport&);
template Tensors<double> tape_gradients(const ComparedFunction<double>&,
                                        std::span<const Tensor<double>>, const Tensor<double>&,
                                        const Tensor<double>&, std::int64_t, double,
                                        GradientReport&);

}  // namespace nablur::detail
