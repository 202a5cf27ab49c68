// Random programs over all operators. Each step either throws nablur::Error and leaves the tape as
// it was, or gives what a second, plain implementation of NumPy's rules predicts; the gradients are
// those that the chain rule makes of the steps' own.

#include <algorithm>

#include "graph/run.h"
#include "oracle.h"

namespace {

using namespace nablur;
using namespace nablur::fuzz;

Oracle pool_empty("the pool has everything back", 500);

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool once = [] {
    set_threads(1);
    const Tape<double> slots[4];  // the places of tapes are recycled, but never given back
    return true;
  }();
  static_cast<void>(once);
  const std::size_t before = pool::usage().in_use;
  {
    Run run(Bytes(data, std::min<std::size_t>(size, 512)));
    run.record();
    run.check_gradients();
    run.check_steps();
  }
  const std::size_t after = pool::usage().in_use;
  pool_empty.expect(after == before, "in use: ", before, " bytes before, ", after, " after");
  return 0;
}
