#pragma once
// Runs one step of a program on the library, on any scalar.

#include "program.h"

namespace nablur::fuzz {

template <class T>
using Operands = std::span<const Variable<T>>;

// x³, with a pullback of its own.
template <class T>
Variable<T> custom_cube(const Variable<T>& x) {
  const Tensor<T> v = x.value();
  return record("custom_cube", v * v * v,
                {{x, [v](const Tensor<T>& g) { return g * Tensor<T>(3) * v * v; }}});
}

// ab, with one pullback for both, which adds in place if it can.
template <class T>
Variable<T> custom_product(const Variable<T>& a, const Variable<T>& b) {
  const Tensor<T> u = a.value();
  const Tensor<T> v = b.value();
  return record("custom_product", u * v, {a, b}, [u, v](const Tensor<T>& g, Adjoints<T>& d) {
    if (d.wants(0) && u.shape() == g.shape()) {
      d.accumulator(0) += g * v;
    } else {
      d.add(0, g * v);
    }
    d.add(1, g * u);
  });
}

template <class T>
Variable<T> apply_unary(const Step& s, const Variable<T>& x) {
  switch (s.op) {
    case Op::exp:
      return exp(x);
    case Op::log:
      return log(x);
    case Op::expm1:
      return expm1(x);
    case Op::log1p:
      return log1p(x);
    case Op::sqrt:
      return sqrt(x);
    case Op::square:
      return square(x);
    case Op::abs:
      return abs(x);
    case Op::sin:
      return sin(x);
    case Op::cos:
      return cos(x);
    case Op::tanh:
      return tanh(x);
    case Op::sigmoid:
      return sigmoid(x);
    case Op::softplus:
      return softplus(x);
    case Op::relu:
      return relu(x);
    case Op::erf:
      return erf(x);
    case Op::reciprocal:
      return reciprocal(x);
    case Op::negate:
      return -x;
    case Op::clamp:
      return clamp(x, s.numbers[0], s.numbers[1]);
    case Op::sigma_from_param:
      return sigma_from_param(x, s.numbers[0], s.numbers[1]);
    default:
      return custom_cube(x);
  }
}

template <class T>
Variable<T> apply_binary(const Step& s, const Variable<T>& a, const Variable<T>& b) {
  Variable<T> y = a;
  switch (s.op) {
    case Op::add:
      return a + b;
    case Op::subtract:
      return a - b;
    case Op::multiply:
      return a * b;
    case Op::divide:
      return a / b;
    case Op::pow:
      return pow(a, b);
    case Op::maximum:
      return maximum(a, b);
    case Op::minimum:
      return minimum(a, b);
    case Op::logaddexp:
      return logaddexp(a, b);
    case Op::add_in_place:
      return y += b;
    case Op::subtract_in_place:
      return y -= b;
    case Op::multiply_in_place:
      return y *= b;
    case Op::divide_in_place:
      return y /= b;
    default:
      return custom_product(a, b);
  }
}

template <class T>
Variable<T> apply_where(const Step& s, const Variable<T>& a, const Variable<T>& b,
                        const Variable<T>& c) {
  switch (s.op) {
    case Op::where_greater:
      return where(greater(a, b), a, c);
    case Op::where_less:
      return where(less(a, b), a, c);
    default:
      return where(equal(a, b), a, c);
  }
}

inline Axes axes_of(const Step& s) {
  return s.all_axes ? Axes() : Axes(std::span<const std::int64_t>(s.integers));
}

template <class T>
Variable<T> apply_reduction(const Step& s, const Variable<T>& x) {
  const Axes axes = axes_of(s);
  switch (s.op) {
    case Op::sum:
      return sum(x, axes, s.flag);
    case Op::mean:
      return mean(x, axes, s.flag);
    case Op::max:
      return max(x, axes, s.flag);
    case Op::min:
      return min(x, axes, s.flag);
    default:
      return logsumexp(x, axes, s.flag);
  }
}

inline std::vector<Range> ranges_of(const Step& s) {
  std::vector<Range> ranges;
  for (std::size_t i = 0; i + 2 < s.integers.size(); i += 3) {
    ranges.push_back({s.integers[i], s.integers[i + 1], s.integers[i + 2]});
  }
  return ranges;
}

inline std::vector<Padding> paddings_of(const Step& s) {
  std::vector<Padding> paddings;
  for (std::size_t i = 0; i + 1 < s.integers.size(); i += 2)
    paddings.push_back({s.integers[i], s.integers[i + 1]});
  return paddings;
}

template <class T>
Variable<T> apply_movement(const Step& s, Operands<T> in) {
  const Variable<T>& x = in[0];
  const std::span<const std::int64_t> integers(s.integers);
  switch (s.op) {
    case Op::reshape:
      return compiled::Reshape<T>::reshape(x, detail::IntList(integers));
    case Op::transpose:
      return transpose(x, axes_of(s));
    case Op::flip:
      return flip(x, axes_of(s));
    case Op::broadcast_to:
      return broadcast_to(x, Shape(integers));
    case Op::slice:
      return slice(x, std::span<const Range>(ranges_of(s)));
    case Op::slice_axis:
      return slice(x, s.axis, ranges_of(s)[0]);
    case Op::pad:
      return pad(x, paddings_of(s), s.numbers[0]);
    case Op::take:
      return take(x, Tensor<std::int64_t>(Shape(s.shape), integers), s.axis);
    case Op::squeeze:
      return squeeze(x, axes_of(s));
    case Op::expand_dims:
      return expand_dims(x, axes_of(s));
    case Op::swapaxes:
      return swapaxes(x, integers[0], integers[1]);
    case Op::roll:
      return roll(x, integers[0], s.axis);
    case Op::tile:
      return tile(x, integers);
    case Op::tril:
      return tril(x, integers[0]);
    case Op::triu:
      return triu(x, integers[0]);
    case Op::select:
      return select(x, integers[0], s.axis);
    case Op::split:
      return split(x, integers, s.axis).back();
    case Op::index_add:
      return index_add(x, Tensor<std::int64_t>(Shape(s.shape), integers), in[1], s.axis);
    case Op::pad_border:
      return pad(x, paddings_of(s), s.border);
    case Op::concatenate:
      return concatenate(std::vector<Variable<T>>(in.begin(), in.end()), s.axis);
    default:
      return stack(std::vector<Variable<T>>(in.begin(), in.end()), s.axis);
  }
}

template <class T>
Variable<T> apply_product(const Step& s, Operands<T> in) {
  switch (s.op) {
    case Op::matmul:
      return matmul(in[0], in[1]);
    case Op::convolve:
      return convolve(in[0], in[1], s.axis, s.border);
    case Op::gaussian_kernel:
      return gaussian_kernel(in[0], s.radius);
    case Op::gaussian_blur:
      return gaussian_blur(
          in[0], in[1],
          {.axes = axes_of(s), .truncate = s.numbers[0], .radius = s.radius, .border = s.border});
    case Op::arange:
      return Tensor<T>::arange(s.numbers[0], s.numbers[1], s.numbers[2]);
    default:
      return Tensor<T>::linspace(s.numbers[0], s.numbers[1], s.axis);
  }
}

/// The step's operator, never in a checkpoint.
template <class T>
Variable<T> apply_directly(const Step& s, Operands<T> in) {
  if (is_unary(s.op)) return apply_unary(s, in[0]);
  if (is_binary(s.op)) return apply_binary(s, in[0], in[1]);
  if (is_where(s.op)) return apply_where(s, in[0], in[1], in[2]);
  if (is_reduction(s.op)) return apply_reduction(s, in[0]);
  if (is_movement(s.op)) return apply_movement(s, in);
  return apply_product(s, in);
}

/// The step as the program has it. `s` must live until the tape is cleared.
template <class T>
Variable<T> apply(const Step& s, Operands<T> in) {
  if (!s.checkpointed) return apply_directly(s, in);
  const auto inner = [step = &s](const auto&... x) {
    const Variable<T> list[] = {x...};
    return apply_directly<T>(*step, list);
  };
  switch (in.size()) {
    case 0:
      return apply_directly(s, in);
    case 1:
      return checkpoint(inner, {in[0]});
    case 2:
      return checkpoint(inner, {in[0], in[1]});
    default:
      return checkpoint(inner, {in[0], in[1], in[2]});
  }
}

}  // namespace nablur::fuzz
