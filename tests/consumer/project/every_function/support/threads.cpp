#include <nablur/support/threads.h>

#include "../checks.h"

void checks::threads() {
  const int before = nablur::threads();
  expect("threads", before >= 1);
  nablur::set_threads(3);
  expect("set_threads", nablur::threads() == 3);
  nablur::set_threads(before);
}
