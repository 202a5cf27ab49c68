#pragma once
// How many threads Nablur spreads its own work over: filters, elementwise operators, sums,
// transpositions and matrix products of large arrays. Results do not depend on it: they are the
// same to the last bit.
//
//   set_threads(1);   // all work stays on the calling thread

#include <nablur/support/export.h>

namespace nablur {

/// Sets the number of threads, the calling one included; by default as many as there are cores.
/// Worker threads are started when there is work for them, and sleep otherwise. Takes effect for
/// operators that begin afterwards. Small work stays on the calling thread. Throws Error below 1
/// and above 1024.
NABLUR_API void set_threads(int n);

NABLUR_API int threads();

}  // namespace nablur
