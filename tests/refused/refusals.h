#pragma once
// Refuses memory and threads to the library, as a machine does that has no more.

#include <cstddef>

namespace refusals {

/// Which requests are counted and may be refused.
enum class Requests {
  threads,
  system,  ///< also those for memory and for what belongs to a thread
  all,     ///< also those for blocks of the pool, which it may have without the system
};

/// Counts the requests of all threads from now on, and refuses the n-th (from 1; none for 0) and,
/// if `all_after`, those after it.
void start(long n, Requests requests, bool all_after);
/// Ends that. Returns how many requests were made.
long stop();

/// How many blocks of malloc and its like have not been freed; 0 under a sanitizer. The pool's own
/// blocks do not count.
long live_blocks();

// For those who take the requests: whether this one is to be refused.
bool refuses(Requests kind);

}  // namespace refusals
