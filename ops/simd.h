#pragma once
// Which instruction set the Gaussian blur, matmul, convolve and the elementwise operators of float
// and double run on. The library holds kernels for several and takes the best that the machine has;
// results differ between them in the last digits. Choose one that all your machines have to get the
// same results on all of them (but for the blur's taps, which depend on the C library's exp, and
// for functions that another version of SLEEF computes).
//
//   simd_targets()           // with AVX-512: {"AVX3", "AVX2", "SSE4", "SSSE3", "PLAIN"}
//   set_simd_target("AVX2")

#include <string>
#include <string_view>
#include <vector>

#include <nablur/support/export.h>

namespace nablur {

/// What this machine can run, best first, by Highway's names; the last is always "PLAIN", the
/// generic loop in portable C++.
NABLUR_API std::vector<std::string> simd_targets();

/// The instruction set in use: the best one, unless set_simd_target chose another.
NABLUR_API std::string simd_target();

/// Takes effect for operators (and their pullbacks) that begin afterwards, on all threads. Throws
/// Error for a name that simd_targets() does not list.
NABLUR_API void set_simd_target(std::string_view name);

}  // namespace nablur
