#pragma once
// Private: how the library stays sound in a process that forks and that closes libraries.

#include <pthread.h>

#include <mutex>

namespace nablur::detail {

/// Keeps the library that holds this code in memory until the process ends, whoever calls dlclose.
/// Returns false if the system has no memory for that just now; a later call tries again.
///
/// Must be called before a thread is started and before a function of ours is registered to run at
/// a thread's end. Unloading cannot be made safe: pthread_key_delete does not wait for a thread
/// that is about to run that function. The C++ runtime does count such threads, but its
/// registration (a thread_local object with a destructor) ends the process if memory is refused.
bool stay_loaded() noexcept;

inline void do_nothing() {}

/// From now on fork() waits until nobody holds `mutex`, so that the child finds it unlocked and
/// what it guards consistent. `in_child` is called in the child before the mutex is unlocked. Call
/// it once for each mutex, when the library is loaded. No thread may hold two such mutexes at once.
/// Returns false if the system refused.
template <std::mutex& mutex, void (*in_child)() = do_nothing>
bool hold_over_fork() noexcept {
  return pthread_atfork([] { mutex.lock(); }, [] { mutex.unlock(); },
                        [] {
                          in_child();
                          mutex.unlock();
                        }) == 0;
}

}  // namespace nablur::detail
