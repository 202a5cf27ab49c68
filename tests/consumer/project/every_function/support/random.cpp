#include <nablur/support/random.h>

#include "../checks.h"

// numpy.random.seed(0), then rand() or randn()
void checks::random() {
  nablur::Random numbers(0);
  expect_near("Random::uniform", numbers.uniform(), 0.5488135039273248);
  nablur::Random again(0);
  expect_near("Random::normal", again.normal(), 1.764052345967664);
  expect("Random::Random", nablur::Random(1).uniform() != nablur::Random(2).uniform());
}
