// Compiled for this instruction set as a whole (CMakeLists.txt); see detail/sleef_set.h.
#define NABLUR_SET advsimd
#define NABLUR_DOUBLES(f) Sleef_##f##d2_u10advsimd
#define NABLUR_FLOATS(f) Sleef_##f##f4_u10advsimd

#include <sleef.h>

namespace {
using Doubles = float64x2_t;
using Floats = float32x4_t;
}  // namespace

#include <nablur/ops/detail/sleef_set.h>
