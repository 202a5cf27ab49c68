#pragma once
// Saves memory for time: the intermediate results of a function are not kept, but computed again in
// the reverse pass.
//
//   const auto y = checkpoint([](const auto& x) { return tanh(exp(x)); }, {x});

#include <nablur/autodiff/derivatives.h>
#include <nablur/autodiff/detail/composed.h>

namespace nablur {

/// f(inputs…), recorded as one node that keeps only the inputs. f is copied onto the tape and
/// called again in each reverse pass: it must give the same result. Throws if f's result depends on
/// a variable on a tape that is not among its inputs.
template <class F, class T, std::size_t N>
Variable<T> checkpoint(const F& f, const Variable<T> (&inputs)[N]) {
  const auto values = detail::each_of(inputs, [](const Variable<T>& x) { return x.value(); });
  const Variable<T>* on_tape = inputs;
  while (on_tape->is_constant() && on_tape + 1 < inputs + N) ++on_tape;
  const Variable<T> y = detail::composed("checkpoint", *on_tape, [&] {
    const auto constants =
        detail::each_of(values, [](const Tensor<T>& x) { return Variable<T>(x); });
    const Variable<T> result = detail::call(f, constants);
    if (!result.is_constant()) {
      fail("checkpoint: the function uses a variable that is not among its inputs");
    }
    return result;
  });
  return record("checkpoint", y.value(), std::span<const Variable<T>>(inputs),
                [f, values](const Tensor<T>& g, Adjoints<T>& d) {
                  Tape<T> tape;
                  std::size_t i = 0;
                  const auto x = detail::each_of(values, [&](const Tensor<T>& value) {
                    return d.wants(i++) ? tape.variable(value) : Variable<T>(value);
                  });
                  const auto dx = gradients(Variable<T>(detail::call(f, x)), g);
                  for (i = 0; i < N; ++i) {
                    if (d.wants(i)) d.add(i, dx[x[i]]);
                  }
                });
}
template <class F, class T>
Variable<T> checkpoint(const F& f, const Variable<T>& x) {
  return checkpoint(f, {x});
}

}  // namespace nablur
