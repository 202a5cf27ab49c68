// Compiled for this instruction set as a whole (CMakeLists.txt); see detail/sleef_set.h.
#define NABLUR_SET sse2
#define NABLUR_DOUBLES(f) Sleef_##f##d2_u10sse2
#define NABLUR_FLOATS(f) Sleef_##f##f4_u10sse2

#include <sleef.h>

namespace {
using Doubles = __m128d;
using Floats = __m128;
}  // namespace

#include <nablur/ops/detail/sleef_set.h>
