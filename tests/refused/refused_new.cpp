// Under a sanitizer: operator new, which stands for all that the C++ library asks for.

#include <cstdlib>
#include <new>

#include "refusals.h"

long refusals::live_blocks() { return 0; }

void* operator new(std::size_t size) {
  void* const p = refusals::refuses(refusals::Requests::system) ? nullptr : std::malloc(size);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
