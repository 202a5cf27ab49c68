#include <nablur/autodiff/gradients.h>

#include <vector>

#include <nablur/ops/arithmetic.h>

#include "../checks.h"

void checks::gradients_of() {
  every_scalar([]<class T>() {
    Tape<T> tape;
    const auto x = tape.variable(T(3));
    const auto h = x * x;
    const auto y = h * 2;
    const std::vector<Variable<T>> named = {h, x};
    expect_all("gradients", nablur::gradients(y)[x], {12});
    expect_all("gradients", nablur::gradients(y, {h})[h], {2});
    expect_all("gradients", nablur::gradients(y, named)[x], {12});
    expect_all("gradients", nablur::gradients(y, T(10))[x], {120});
    expect_all("gradients", nablur::gradients(y, T(10), {h})[h], {20});
    expect_all("Gradients::compute", nablur::Gradients<T>::compute(y, nullptr, nullptr)[x], {12});
    expect("Gradients::operator[]",
           throws<nablur::Error>([&] { static_cast<void>(nablur::gradients(y)[h]); }));
  });
}
