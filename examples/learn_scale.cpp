// Learns how much a signal was blurred, by gradient descent on the scale of a Gaussian blur.
// [learn]
#include <iostream>

#include <nablur/nablur.h>

using namespace nablur;

int main() {
  Random random(1337);
  const auto signal = Tensor<double>::normal({100}, random);
  const auto smoothed = gaussian_blur(signal, 3.0);  // what was observed: find the 3

  Tape<double> tape;
  Tensor<double> s = 0.0;  // any number; sigma_from_param makes a scale of it
  for (int i = 0; i < 100; ++i) {
    tape.clear();
    const auto param = tape.variable(s);
    const auto blurred = gaussian_blur(signal, sigma_from_param(param));
    const auto loss = 0.5 * sum(square(blurred - smoothed));
    s -= 0.1 * gradients(loss)[param];
  }
  const double sigma = sigma_from_param(s).item();
  std::cout << "sigma = " << sigma << "\n";  // 2.99989
  return sigma > 2.99 && sigma < 3.01 ? 0 : 1;
}
// [/learn]
