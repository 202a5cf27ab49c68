#include <dlfcn.h>

#include <atomic>

#include <nablur/support/detail/process.h>

#ifdef __GLIBC__
#include <link.h>
#endif

namespace nablur::detail {
namespace {

#ifdef __GLIBC__
bool pin() noexcept {
  static const char anchor = 0;
  Dl_info info;
  void* found = nullptr;
  if (dladdr1(&anchor, &info, &found, RTLD_DL_LINKMAP) == 0) return true;
  const char* const name = static_cast<const link_map*>(found)->l_name;
  if (*name == '\0') return true;  // the program itself
  return dlopen(name, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE) != nullptr;
}
#else
bool pin() noexcept { return true; }  // musl, for one, unloads nothing
#endif

}  // namespace

bool stay_loaded() noexcept {
  static constinit std::atomic<bool> pinned = false;
  if (!pinned.load(std::memory_order_relaxed)) pinned.store(pin(), std::memory_order_relaxed);
  return pinned.load(std::memory_order_relaxed);
}

namespace {

// As early as possible: while a library is being loaded, dlopen waits for nobody.
[[maybe_unused]] const bool loaded_to_stay = stay_loaded();

}  // namespace

}  // namespace nablur::detail
