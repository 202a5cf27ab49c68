// The loops of the elementwise operators, compiled for each instruction set; simd.cpp chooses among
// them.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE <nablur/ops/detail/all_loops-inl.h>
#include <hwy/foreach_target.h>  // before highway.h

#include <hwy/highway.h>

#include <nablur/ops/detail/all_loops-inl.h>
