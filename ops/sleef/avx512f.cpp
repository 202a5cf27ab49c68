// Compiled for this instruction set as a whole (CMakeLists.txt); see detail/sleef_set.h.
#define NABLUR_SET avx512f
#define NABLUR_DOUBLES(f) Sleef_##f##d8_u10avx512f
#define NABLUR_FLOATS(f) Sleef_##f##f16_u10avx512f

#include <sleef.h>

namespace {
using Doubles = __m512d;
using Floats = __m512;
}  // namespace

#include <nablur/ops/detail/sleef_set.h>
