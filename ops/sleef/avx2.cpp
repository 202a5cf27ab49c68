// Compiled for this instruction set as a whole (CMakeLists.txt); see detail/sleef_set.h.
#define NABLUR_SET avx2
#define NABLUR_DOUBLES(f) Sleef_##f##d4_u10avx2
#define NABLUR_FLOATS(f) Sleef_##f##f8_u10avx2

#include <sleef.h>

namespace {
using Doubles = __m256d;
using Floats = __m256;
}  // namespace

#include <nablur/ops/detail/sleef_set.h>
