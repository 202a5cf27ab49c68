// In a build for fuzzing: prints the oracles' counts when libFuzzer has finished.

#include <cstdlib>

#include "oracle.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  return std::atexit([] { nablur::fuzz::Oracle::report(); });
}
