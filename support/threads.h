#pragma once
// How many threads Nablur's own work is spread over. Results do not depend on it: they are the same
// to the last bit.
//
//   set_threads(1);   // all work stays on the calling thread

#include <nablur/support/export.h>

namespace nablur {

/// The calling thread counts as one; the others are started when there is first work for them, and
/// sleep between. All cores by default. Takes effect for operators that begin afterwards, on all
/// threads. Small work is done where it is asked for. Throws Error below 1 and above 1024.
NABLUR_API void set_threads(int n);

NABLUR_API int threads();

}  // namespace nablur
