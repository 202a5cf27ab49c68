#include "plugin.h"

#include <nablur/nablur.h>

using namespace nablur;

#define EXPORTED __attribute__((visibility("default")))

EXPORTED double plugin_blur(int threads) {
  set_threads(threads);
  Tape<double> tape;
  const auto x = tape.variable(Tensor<double>::linspace(0, 1, 400 * 300).reshaped({400, 300}));
  const auto sigma = tape.variable(2.0);
  const auto loss = sum(square(gaussian_blur(x, sigma)));
  return loss.item() + gradients(loss)[sigma].item();
}

EXPORTED double plugin_small() {
  Tape<double> tape;
  const auto x = tape.variable(Tensor<double>::ones({20}));
  return gradients(sum(tanh(x) * x))[x](7);
}

EXPORTED std::size_t plugin_held() { return pool::usage().held; }
