#include <ostream>

#include <nablur/autodiff/tensor.h>

namespace nablur {
namespace {

template <class T>
constexpr const char* kName = "";
template <>
constexpr const char* kName<float> = "float";
template <>
constexpr const char* kName<double> = "double";
template <>
constexpr const char* kName<Dual<float>> = "Dual<float>";
template <>
constexpr const char* kName<Dual<double>> = "Dual<double>";
template <>
constexpr const char* kName<bool> = "bool";
template <>
constexpr const char* kName<std::int64_t> = "int64";

template <class N>
void print_number(std::string& text, const N& x) {
  detail::append_any(text, x);
}
void print_number(std::string& text, bool x) { text += x ? "true" : "false"; }
template <class N>
void print_number(std::string& text, const Dual<N>& x) {
  text += detail::concat(x.value, "+", x.tangent, "ε");
}

constexpr std::int64_t kEdge = 3;  // numbers printed at each end of a long axis

template <class T>
void print_axis(std::string& text, const Shape& shape, std::int64_t axis, const T* data,
                std::int64_t stride) {
  if (axis == shape.rank()) return print_number(text, *data);
  const std::int64_t n = shape[axis];
  const std::int64_t inner = n > 0 ? stride / n : 0;
  text += '[';
  for (std::int64_t i = 0; i < n; ++i) {
    if (i > 0) text += ", ";
    if (n > 2 * kEdge && i == kEdge) {
      text += "…, ";
      i = n - kEdge;
    }
    print_axis(text, shape, axis + 1, data + i * inner, inner);
  }
  text += ']';
}

}  // namespace

template <class T>
std::ostream& detail::print(std::ostream& out, const char* kind, const Tensor<T>& x) {
  const std::string text = or_out_of_memory("print", [&] {
    std::string words = concat(kind, "<", kName<T>, ">", x.shape(), " ");
    // The brackets of an empty array may be more than anybody has memory for.
    if (x.size() == 0) {
      words += "[]";
    } else {
      print_axis(words, x.shape(), 0, x.data(), x.size());
    }
    return words;
  });
  return out << text;
}

template std::ostream& detail::print(std::ostream&, const char*, const Tensor<float>&);
template std::ostream& detail::print(std::ostream&, const char*, const Tensor<double>&);
template std::ostream& detail::print(std::ostream&, const char*, const Tensor<Dual<float>>&);
template std::ostream& detail::print(std::ostream&, const char*, const Tensor<Dual<double>>&);
template std::ostream& detail::print(std::ostream&, const char*, const Tensor<bool>&);
template std::ostream& detail::print(std::ostream&, const char*, const Tensor<std::int64_t>&);

}  // namespace nablur
