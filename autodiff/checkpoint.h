#pragma once
// Saves memory for time: intermediate results of a function are not kept, but computed again in the sweep.
//
//   const auto y = checkpoint([](const auto& x) { return tanh(exp(x)); }, {x});

#include <array>

#include <nablur/autodiff/derivatives.h>

namespace nablur {

/// f(inputs…), recorded as one node that keeps the inputs alone. f is copied onto the tape and called again in each sweep: it
/// must give the same result. Throws if f's result depends on a variable on a tape that is not among its inputs.
template <class F, class T, std::size_t N>
Variable<T> checkpoint(const F& f, const Variable<T> (&inputs)[N]) {
  const auto values = detail::array_of<N>([&](std::size_t i) { return inputs[i].value(); });
  const Variable<T>* on_tape = inputs;
  while (on_tape->is_constant() && on_tape + 1 < inputs + N) ++on_tape;
  const Variable<T> y = detail::composed("checkpoint", *on_tape, [&] {
    const Variable<T> result = detail::call_with<N>(f, [&](std::size_t i) { return Variable<T>(values[i]); });
    if (!result.is_constant()) fail("checkpoint: the function uses a variable that is not among its inputs");
    return result;
  });
  return record("checkpoint", y.value(), std::span<const Variable<T>>(inputs), [f, values](const Tensor<T>& g, Adjoints<T>& d) {
    Tape<T> tape;
    const auto x =
        detail::array_of<N>([&](std::size_t i) { return d.wants(i) ? tape.variable(values[i]) : Variable<T>(values[i]); });
    const auto dx = gradients(detail::call_with<N>(
                                  f, [&](std::size_t i) -> const auto& { return x[i]; }),
                              g);
    for (std::size_t i = 0; i < N; ++i) {
      if (d.wants(i)) d.add(i, dx[x[i]]);
    }
  });
}
template <class F, class T>
Variable<T> checkpoint(const F& f, const Variable<T>& x) {
  return checkpoint(f, {x});
}

}  // namespace nablur
