#include "refusals.h"

#include <errno.h>
#include <nablur/autodiff/error.h>
#include <pthread.h>
#include <sys/mman.h>

#include <atomic>

namespace refusals {
namespace {

std::atomic<bool> counting = false;
std::atomic<long> made = 0;
std::atomic<long> refused = 0;
std::atomic<Requests> counted = Requests::all;
std::atomic<bool> refuses_all_after = false;

}  // namespace

void start(long n, Requests requests, bool all_after) {
  made = 0;
  refused = n;
  counted = requests;
  refuses_all_after = all_after;
  counting = true;
}

long stop() {
  counting = false;
  return made;
}

bool refuses(Requests kind) {
  if (!counting || kind > counted) return false;
  const long number = ++made;
  return refused > 0 && (number == refused || (refuses_all_after && number > refused));
}

}  // namespace refusals

using refusals::refuses;
using refusals::Requests;

// The linker's --wrap calls these instead, and gives the true functions the other name.
extern "C" {
void* __real__ZN6nablur4pool8allocateEm(std::size_t bytes);  // nablur::pool::allocate
void* __wrap__ZN6nablur4pool8allocateEm(std::size_t bytes) {
  if (refuses(Requests::all)) throw nablur::OutOfMemory("pool", bytes);
  return __real__ZN6nablur4pool8allocateEm(bytes);
}

void* __real_aligned_alloc(std::size_t alignment, std::size_t size);
void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
  return refuses(Requests::system) ? nullptr : __real_aligned_alloc(alignment, size);
}

void* __real_mmap(void* address, std::size_t size, int protection, int flags, int file, off_t offset);
void* __wrap_mmap(void* address, std::size_t size, int protection, int flags, int file, off_t offset) {
  if (!refuses(Requests::system)) return __real_mmap(address, size, protection, flags, file, offset);
  errno = ENOMEM;
  return MAP_FAILED;
}

int __real_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*function)(void*), void* argument);
int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*function)(void*), void* argument) {
  return refuses(Requests::threads) ? EAGAIN : __real_pthread_create(thread, attributes, function, argument);
}

int __real_pthread_key_create(pthread_key_t* key, void (*at_thread_end)(void*));
int __wrap_pthread_key_create(pthread_key_t* key, void (*at_thread_end)(void*)) {
  return refuses(Requests::system) ? EAGAIN : __real_pthread_key_create(key, at_thread_end);
}

int __real_pthread_setspecific(pthread_key_t key, const void* value);
int __wrap_pthread_setspecific(pthread_key_t key, const void* value) {
  return refuses(Requests::system) ? ENOMEM : __real_pthread_setspecific(key, value);
}
}
