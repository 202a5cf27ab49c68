// The operators of Tensor: arithmetic, comparisons, and logic of masks.

#include <nablur/autodiff/tensor.h>

#include <nablur/autodiff/detail/map.h>

namespace nablur::detail {
namespace {

// Integers wrap nowhere: what does not fit is an error.
std::int64_t combine_integers(char op, std::int64_t x, std::int64_t y) {
  std::int64_t z = 0;
  const bool fits = op == '+'   ? !__builtin_add_overflow(x, y, &z)
                    : op == '-' ? !__builtin_sub_overflow(x, y, &z)
                    : op == '*' ? !__builtin_mul_overflow(x, y, &z)
                                : y != 0 && !(y == -1 && __builtin_sub_overflow(0, x, &z));
  if (!fits) fail("tensor: ", x, " ", std::string_view(&op, 1), " ", y, " is not a 64-bit integer");
  return op == '/' ? x / y : z;
}

// visit(the function of two elements that `op` stands for)
template <class T, class Visit>
auto with_function(char op, const Visit& visit) {
  if constexpr (std::is_same_v<T, bool>) {
    fail("tensor: bool has no ", std::string_view(&op, 1));
    return visit([](bool x, bool) { return x; });
  } else if constexpr (std::is_integral_v<T>) {
    return visit([op](T x, T y) { return combine_integers(op, x, y); });
  } else {
    switch (op) {
      case '+':
        return visit([](const T& x, const T& y) { return x + y; });
      case '-':
        return visit([](const T& x, const T& y) { return x - y; });
      case '*':
        return visit([](const T& x, const T& y) { return x * y; });
      default:
        return visit([](const T& x, const T& y) { return x / y; });
    }
  }
}

const char* name_of(char op) {
  switch (op) {
    case '+':
      return "add";
    case '-':
      return "subtract";
    case '*':
      return "multiply";
    case '/':
      return "divide";
    case '>':
      return "greater";
    case '<':
      return "less";
    case 'L':
      return "less_equal";
    case 'G':
      return "greater_equal";
    case '=':
      return "equal";
    case '!':
      return "not_equal";
    case '&':
      return "and";
    default:
      return "or";
  }
}

}  // namespace

template <class T>
Tensor<T> TensorOperators<T>::combine(char op, const Tensor<T>& a, const Tensor<T>& b) {
  const Shape shape = broadcast(name_of(op), a.shape(), b.shape());
  return with_function<T>(op, [&](const auto& f) { return map<T>(shape, f, a, b); });
}

template <class T>
void TensorOperators<T>::combine_into(char op, Tensor<T>& a, const Tensor<T>& b) {
  const bool alike = a.shape() == b.shape();
  if (!alike && !broadcasts_to(b.shape(), a.shape())) {
    fail(name_of(op), ": shape ", b.shape(), " does not broadcast to ", a.shape(),
         ", which stays with ", std::string_view(&op, 1), "=");
  }
  // Integers may turn out not to fit half-way.
  if (!a.is_sole_owner() || !(alike || b.size() == 1) || std::is_integral_v<T>) {
    a = combine(op, a, b);
    return;
  }
  if (a.size() == 0) return;
  T* const out = a.mutable_data();
  with_function<T>(op, [&](const auto& f) {
    map_line(a.size(), out, {1, alike ? 1 : 0}, f, static_cast<const T*>(out), b.data());
  });
}

template <class T>
Tensor<bool> TensorOperators<T>::compare(char op, const Tensor<T>& a, const Tensor<T>& b) {
  const Shape shape = broadcast(name_of(op), a.shape(), b.shape());
  const auto with = [&](const auto& f) { return map<bool>(shape, f, a, b); };
  switch (op) {
    case '>':
      return with([](const T& x, const T& y) { return x > y; });
    case '<':
      return with([](const T& x, const T& y) { return x < y; });
    case 'L':
      return with([](const T& x, const T& y) { return x <= y; });
    case 'G':
      return with([](const T& x, const T& y) { return x >= y; });
    case '=':
      return with([](const T& x, const T& y) { return x == y; });
    case '!':
      return with([](const T& x, const T& y) { return !(x == y); });
    case '&':
      return with([](const T& x, const T& y) { return x != T(0) && y != T(0); });
    default:
      return with([](const T& x, const T& y) { return x != T(0) || y != T(0); });
  }
}

template struct TensorOperators<float>;
template struct TensorOperators<double>;
template struct TensorOperators<Dual<float>>;
template struct TensorOperators<Dual<double>>;
template struct TensorOperators<bool>;
template struct TensorOperators<std::int64_t>;

}  // namespace nablur::detail
