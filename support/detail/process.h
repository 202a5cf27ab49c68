#pragma once
// Private: how the library stays sound in a process that forks and that closes libraries.

#include <pthread.h>

#include <mutex>

namespace nablur::detail {

/// Keeps the library that holds this code in memory until the process ends, whoever calls dlclose.
/// Returns false if the system has no memory for that just now; a later call tries again.
///
/// What must be called first: starting a thread, and leaving a function of ours to be called at a
/// thread's end. Unloading could not be made safe, since pthread_key_delete does not wait for a
/// thread that is about to make that call. The C++ runtime does count such threads, but its
/// registration (a thread_local object with a destructor) ends the process if memory is refused.
bool stay_loaded() noexcept;

inline void do_nothing() {}

/// From now on fork() waits until nobody holds `mutex`, so that a child finds whole what it guards,
/// and unlocked. `in_child` is called there before the mutex is unlocked. To be called once for
/// each mutex, when the library is loaded. Of two such mutexes no thread may wait for one while it
/// holds the other. Returns whether the system granted it.
template <std::mutex& mutex, void (*in_child)() = do_nothing>
bool hold_over_fork() noexcept {
  return pthread_atfork([] { mutex.lock(); }, [] { mutex.unlock(); },
                        [] {
                          in_child();
                          mutex.unlock();
                        }) == 0;
}

}  // namespace nablur::detail
