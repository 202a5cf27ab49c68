#include "checks.h"

int main() {
  checks::error();
  checks::pool();
  checks::threads();
  checks::shape();
  checks::dual();
  checks::random();
  checks::tensor();
  checks::eigen();
  checks::sum();
  checks::variable();
  checks::tape();
  checks::to_dot();
  checks::gradients_of();
  checks::derivatives();
  checks::checkpoint();
  checks::gradient_report();
  checks::compare_gradients();
  checks::arithmetic();
  checks::elementwise();
  checks::reduce();
  checks::reshape();
  checks::indexing();
  checks::joining();
  checks::optimize();
  checks::npy();
  checks::matmul();
  checks::border();
  checks::convolve();
  checks::gaussian_kernel();
  checks::gaussian_blur();
  checks::simd();
  return checks::failures == 0 ? 0 : 1;
}
