#include "refusals.h"

#include <errno.h>
#include <nablur/support/error.h>
#include <pthread.h>

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

int __real_pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                          void* (*function)(void*), void* argument);
int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                          void* (*function)(void*), void* argument) {
  return refuses(Requests::threads) ? EAGAIN
                                    : __real_pthread_create(thread, attributes, function, argument);
}
}
