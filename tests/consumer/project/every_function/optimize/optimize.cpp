#include <nablur/optimize/optimize.h>

#include <vector>

#include "../checks.h"

void checks::optimize() {
  plain_scalars([]<class T>() {
    Tensor<T> x = 1;
    std::vector<Tensor<T>> list = {x};
    nablur::GradientDescent<T> descent(0.5);
    expect("GradientDescent::GradientDescent", descent.velocity.empty());
    descent.step({&x}, {Tensor<T>(2)});
    expect_all("GradientDescent::step", x, {0});
    descent.step(list, std::vector<Tensor<T>>{Tensor<T>(2)});
    expect_all("GradientDescent::step", list[0], {0});
    nablur::Adam<T> adam(0.5);
    expect("Adam::Adam", adam.steps == 0);
    adam.step({&x}, {Tensor<T>(-1)});
    expect("Adam::step", x.item() > T(0.49) && x.item() < T(0.51));
    nablur::Lbfgs<T> lbfgs;
    expect("Lbfgs::Lbfgs", !lbfgs.converged);
    x = 3;
    for (int i = 0; i < 20 && !lbfgs.converged; ++i) {
      lbfgs.step({&x}, [&] {
        const T d = x.item() - T(1);
        return nablur::Evaluation<T>{d * d, {Tensor<T>(2 * d)}};
      });
    }
    expect_near("Lbfgs::step", x.item(), 1);
  });
}
