#include <nablur/autodiff/to_dot.h>

#include "../checks.h"

void checks::to_dot() {
  every_scalar([]<class T>() {
    Tape<T> tape;
    static_cast<void>(tape.variable(Tensor<T>::zeros({2, 3})));
    expect("to_dot", nablur::to_dot(tape).find("(2, 3)") != std::string::npos);
  });
}
