// A small graph: built, differentiated, drawn.

#include <cmath>
#include <iostream>

#include <nablur/nablur.h>

using namespace nablur;

int main() {
  // [graph]
  Tape<double> tape;
  const auto x = tape.variable(2.0);
  const auto y = tape.variable(3.0);
  const auto z = x * y + sin(x);
  const auto dz = gradients(z);
  std::cout << "z     = " << z.item() << "\n"       // 2·3 + sin 2
            << "dz/dx = " << dz[x].item() << "\n"   // y + cos x
            << "dz/dy = " << dz[y].item() << "\n";  // x
  // [/graph]
  std::cout << "\nthe graph, for `dot -Tsvg`:\n" << to_dot(tape);

  const bool right = std::abs(z.item() - (6 + std::sin(2.0))) < 1e-15 &&
                     std::abs(dz[x].item() - (3 + std::cos(2.0))) < 1e-15 && dz[y].item() == 2.0;
  if (!right) std::cerr << "scalar_graph: the gradient is wrong\n";
  return right ? 0 : 1;
}
