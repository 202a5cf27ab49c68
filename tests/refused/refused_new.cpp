// Under a sanitizer: operator new, and what the pool asks for under AddressSanitizer. The linker's
// --wrap, as in refusals.cpp.

#include <new>

#include "refusals.h"

long refusals::live_blocks() { return 0; }

extern "C" {
void* __real__Znwm(std::size_t size);  // operator new
void* __wrap__Znwm(std::size_t size) {
  if (refusals::refuses(refusals::Requests::system)) throw std::bad_alloc();
  return __real__Znwm(size);
}

void* __real_aligned_alloc(std::size_t alignment, std::size_t size);
void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
  return refusals::refuses(refusals::Requests::system) ? nullptr
                                                       : __real_aligned_alloc(alignment, size);
}
}
