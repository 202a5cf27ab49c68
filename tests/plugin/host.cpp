// Opens and closes a library that uses Nablur, whose path is in NABLUR_PLUGIN. Whatever threads
// used it, and whenever they end, no code may run that is no longer in memory.

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <latch>
#include <thread>
#include <vector>

#include "../sanitizers.h"
#include "plugin.h"

namespace {

class Plugin {
 public:
  Plugin() : library_(dlopen(std::getenv("NABLUR_PLUGIN"), RTLD_NOW | RTLD_LOCAL)) {
    if (library_ == nullptr) {
      ADD_FAILURE() << dlerror();
      std::abort();
    }
    find(blur, "plugin_blur");
    find(small, "plugin_small");
    find(held, "plugin_held");
  }
  ~Plugin() { close(); }
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  void close() {
    if (library_ == nullptr) return;
    EXPECT_EQ(dlclose(library_), 0);
    library_ = nullptr;
  }

  decltype(&plugin_blur) blur = nullptr;
  decltype(&plugin_small) small = nullptr;
  decltype(&plugin_held) held = nullptr;

 private:
  template <class F>
  void find(F& function, const char* name) {
    function = reinterpret_cast<F>(dlsym(library_, name));
    ASSERT_NE(function, nullptr) << name;
  }
  void* library_;
};

TEST(ClosedLibrary, WasUsedByTheMainThread) {
  double first = 0;
  std::size_t held = 0;
  for (int round = 0; round < 20; ++round) {
    const Plugin plugin;
    const double number = plugin.blur(1 + round % 4);
    plugin.small();
    if (round == 0) first = number;
    if (round <= 4) held = plugin.held();
    EXPECT_EQ(number, first) << round;
    EXPECT_LE(plugin.held(), held) << "memory is lost in round " << round;
  }
}

TEST(ClosedLibrary, WasUsedByThreadsThatLiveOn) {
  for (int round = 0; round < 10; ++round) {
    constexpr int kThreads = 4;
    std::latch used(kThreads);
    std::latch closed(1);
    std::vector<std::thread> threads;
    Plugin plugin;
    for (int k = 0; k < kThreads; ++k) {
      threads.emplace_back([&] {
        plugin.small();
        plugin.blur(3);
        used.count_down();
        closed.wait();
      });
    }
    used.wait();
    plugin.close();
    closed.count_down();
    for (std::thread& thread : threads) thread.join();
  }
}

TEST(ClosedLibrary, WasUsedByThreadsThatEndJustThen) {
  for (int round = 0; round < 300; ++round) {
    constexpr int kThreads = 3;
    std::latch used(kThreads);
    std::vector<std::thread> threads;
    Plugin plugin;
    for (int k = 0; k < kThreads; ++k) {
      threads.emplace_back([&, round] {
        plugin.small();
        used.count_down();
        for (volatile int i = 0; i < 2000 * round;) i = i + 1;  // a little later each time
      });
    }
    used.wait();
    plugin.close();
    for (std::thread& thread : threads) thread.join();
  }
}

TEST(ClosedLibrary, IsOpenedAgainByAThreadThatUsedItBefore) {
  std::thread([] {
    double first = 0;
    for (int round = 0; round < 10; ++round) {
      const Plugin plugin;
      const double number = plugin.blur(2) + plugin.small();
      if (round == 0) first = number;
      EXPECT_EQ(number, first) << round;
    }
  }).join();
}

TEST(ClosedLibrary, LeavesAChildOfForkThatEnds) {
  if (nablur::kThreadSanitizer)
    GTEST_SKIP() << "ThreadSanitizer does not let a child of several threads start any";
  double number = 0;
  {
    const Plugin plugin;
    number = plugin.blur(3);
  }
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(60);
    const bool same = Plugin().blur(3) == number;
    std::exit(same ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
}

}  // namespace
