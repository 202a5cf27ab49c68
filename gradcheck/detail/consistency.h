#pragma once
// What must come out the same whichever way f is asked, judged without differences: f without and
// with a tape, once more, with some inputs as constants; and the inputs themselves.

#include <string>
#include <vector>

#include <nablur/gradcheck/compared_function.h>
#include <nablur/gradcheck/gradient_report.h>

namespace nablur::detail {

/// One number against another, its verdict left open. Equal numbers have no error, infinite ones
/// and NaN included.
GradientRow row_between(const std::string& derivation, const std::string& against,
                        const std::string& place, double a, double b);

/// Keeps the worse of two rows: by verdict, then by error; NaN is worst. `row` may be empty
/// (without a derivation).
void keep_worse(GradientRow& row, const GradientRow& other);

/// "" if there is a gradient of each input's shape.
template <class T>
std::string shape_fault(std::span<const Tensor<T>> inputs, const std::vector<Tensor<T>>& gradients);

/// Does the work. If it throws an Error (no OutOfMemory: that passes), adds a row that differs and
/// returns false.
template <class Work>
bool attempt(const std::string& derivation, const std::string& against, GradientReport& report,
             const Work& work) {
  try {
    work();
    return true;
  } catch (const OutOfMemory&) {
    throw;
  } catch (const Error& error) {
    report.rows.push_back(
        {derivation, against, "", 0, 0, 0, 0, 0, 0, Verdict::differs, error.what()});
    return false;
  }
}

/// Holds the inputs against a copy made at the start.
template <class T>
class InputGuard {
 public:
  explicit InputGuard(std::span<const Tensor<T>> inputs);
  /// A row: "inputs" against "before", equal in every bit or not.
  GradientRow check() const;

 private:
  std::span<const Tensor<T>> inputs_;
  std::vector<Tensor<T>> before_;
};

/// Adds the rows "value again", "value on tape", "tape again", and for up to `combinations` inputs
/// one for each choice of them on the tape, "tape of x1", whose gradients must be those with all on
/// the tape to within `exact`. Returns the tape's gradients; none if they cannot be had.
template <class T>
std::vector<Tensor<T>> tape_gradients(const ComparedFunction<T>& function,
                                      std::span<const Tensor<T>> inputs, const Tensor<T>& value,
                                      const Tensor<T>& weights, std::int64_t combinations,
                                      double exact, GradientReport& report);

}  // namespace nablur::detail
