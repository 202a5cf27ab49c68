// malloc and its relatives, for all that the C and C++ libraries ask for: exceptions, strings, what
// belongs to a thread.

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstring>

#include "refusals.h"

namespace {

std::atomic<long> live = 0;

// Before each block, so that free knows those that count.
struct alignas(16) Mark {
  std::uint64_t number;
};
constexpr std::uint64_t kMark = 0x9e3779b97f4a7c15;

bool refuses() { return refusals::refuses(refusals::Requests::system); }

void* marked(void* p) {
  if (p == nullptr) return nullptr;
  ++live;
  static_cast<Mark*>(p)->number = kMark;
  return static_cast<Mark*>(p) + 1;
}

}  // namespace

long refusals::live_blocks() { return live; }

// glibc's own names for what stands behind malloc and its relatives.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t n, std::size_t size);
void* __libc_realloc(void* p, std::size_t size);
void* __libc_memalign(std::size_t align, std::size_t size);
void __libc_free(void* p);

void* malloc(std::size_t size) {
  if (!refuses() && size <= SIZE_MAX - sizeof(Mark))
    return marked(__libc_malloc(size + sizeof(Mark)));
  errno = ENOMEM;
  return nullptr;
}
void free(void* p) {
  if (p == nullptr) return;
  Mark* const mark = static_cast<Mark*>(p) - 1;
  if (mark->number != kMark) return __libc_free(p);
  mark->number = 0;
  --live;
  __libc_free(mark);
}
void* calloc(std::size_t n, std::size_t size) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(n, size, &bytes)) return nullptr;
  void* const p = malloc(bytes);
  if (p != nullptr) std::memset(p, 0, bytes);
  return p;
}
void* realloc(void* p, std::size_t size) {
  if (p == nullptr) return malloc(size);
  Mark* const mark = static_cast<Mark*>(p) - 1;
  if (refuses()) return nullptr;
  if (mark->number != kMark) return __libc_realloc(p, size);
  void* const moved = __libc_realloc(mark, size + sizeof(Mark));
  return moved == nullptr ? nullptr : static_cast<Mark*>(moved) + 1;
}
int posix_memalign(void** p, std::size_t align, std::size_t size) {
  void* const block = refuses() ? nullptr : __libc_memalign(align, size);
  if (block == nullptr) return ENOMEM;
  *p = block;
  return 0;
}

// The linker's --wrap, as in refusals.cpp.
void* __real_mmap(void* address, std::size_t size, int protection, int flags, int file,
                  off_t offset);
void* __wrap_mmap(void* address, std::size_t size, int protection, int flags, int file,
                  off_t offset) {
  if (!refuses()) return __real_mmap(address, size, protection, flags, file, offset);
  errno = ENOMEM;
  return MAP_FAILED;
}

int __real_pthread_key_create(pthread_key_t* key, void (*at_thread_end)(void*));
int __wrap_pthread_key_create(pthread_key_t* key, void (*at_thread_end)(void*)) {
  return refuses() ? EAGAIN : __real_pthread_key_create(key, at_thread_end);
}

int __real_pthread_setspecific(pthread_key_t key, const void* value);
int __wrap_pthread_setspecific(pthread_key_t key, const void* value) {
  return refuses() ? ENOMEM : __real_pthread_setspecific(key, value);
}
}
