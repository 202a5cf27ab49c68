// Children of fork(): they have the caller's thread alone, and must blur, on threads of their own,
// and end.

#include <gtest/gtest.h>
#include <nablur/nablur.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "../ops/separable_helpers.h"
#include "../sanitizers.h"

using namespace nablur;
using namespace nablur::separable_test;

namespace {

const Case kCase = {{405, 333}, {0, 1}, {2.0, 3.0}, 9, Border::mirror};

bool same(const Blurred<float>& a, const Blurred<float>& b) {
  return same_bits(a.y, b.y) && same_bits(a.dx, b.dx) && same_bits(a.d_sigma, b.d_sigma);
}

// Blurs forward and backward, with tapes of its own, and small tensors in all that the pool does.
bool works(const Tensor<float>& x, const Blurred<float>& wanted) {
  for (int i = 0; i < 3; ++i) {
    if (!same(blur(x, x, kCase), wanted)) return false;
  }
  std::vector<Tensor<double>> many;
  for (std::int64_t i = 0; i < 2000; ++i) many.push_back(Tensor<double>::full({i}, 1.0));
  return sum_over(many.back()).item() == 1999;
}

// The exit status of a child that runs `child` and then ends as programs end. One that hangs is
// ended by an alarm.
template <class F>
int status_of_child(const F& child, bool leaves_threads_behind) {
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(60);
    const int status = child() ? 0 : 1;
    // What the parent's other threads held is no longer reachable here, which LeakSanitizer takes
    // for leaks.
    if (kAddressSanitizer && leaves_threads_behind) _exit(status);
    std::exit(status);
  }
  int status = -1;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  return status;
}

class Fork : public testing::Test {
 protected:
  void SetUp() override {
    if (kThreadSanitizer)
      GTEST_SKIP() << "ThreadSanitizer does not let a child of several threads start any";
    // clang 14's allocator is not held over a fork. A thread that is just starting frees memory,
    // and if that is when the process forks, the child waits for it for ever (seen once in ten
    // runs).
    if (kAddressSanitizer)
      GTEST_SKIP() << "AddressSanitizer's own allocator may be locked in the child";
  }
  const ThreadsGuard guard_{4};
  const Tensor<float> x_ = noise<float>(kCase.shape, 1);
  const Blurred<float> wanted_ = blur(x_, x_, kCase);
};

TEST_F(Fork, LeavesAChildThatBlursAndExits) {
  for (int round = 0; round < 30; ++round) {
    EXPECT_EQ(status_of_child([this] { return works(x_, wanted_); }, false), 0) << round;
  }
  EXPECT_TRUE(works(x_, wanted_));
}

TEST_F(Fork, LeavesAChildThatExitsAtOnce) {
  for (int round = 0; round < 30; ++round)
    EXPECT_EQ(status_of_child([] { return true; }, false), 0) << round;
}

TEST_F(Fork, LeavesAChildThatMayForkInTurn) {
  const auto grandchild = [this] { return works(x_, wanted_); };
  const auto child = [&] {
    return works(x_, wanted_) && status_of_child(grandchild, false) == 0 && works(x_, wanted_);
  };
  EXPECT_EQ(status_of_child(child, false), 0);
}

TEST_F(Fork, LeavesAChildOfAThreadThatBlursAndExits) {
  int status = -1;
  std::thread([&] {
    status = status_of_child([this] { return works(x_, wanted_); }, true);
  }).join();
  EXPECT_EQ(status, 0);
}

// The other threads hold the pool's lock, the tapes' and the workers' as often as they can.
TEST_F(Fork, LeavesAChildThatBlursWhateverOtherThreadsWereAt) {
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> others;
  others.emplace_back([&] {
    while (!done) wrong += works(x_, wanted_) ? 0 : 1;
  });
  others.emplace_back([&] {
    while (!done) {
      Tape<double> tape;
      const auto v = tape.variable(1.0);
      wrong += gradients(v * v)[v].item() == 2 ? 0 : 1;
    }
  });
  others.emplace_back([&] {
    while (!done) {
      pool::release(pool::allocate(50000), 50000);
      static_cast<void>(pool::usage());
    }
  });
  others.emplace_back([&] {
    for (int n = 1; !done; n = n % 5 + 1) {
      set_threads(n);
      static_cast<void>(blur(x_, x_, kCase));
    }
  });
  for (int round = 0; round < 40; ++round) {
    EXPECT_EQ(status_of_child([this] { return works(x_, wanted_); }, true), 0) << round;
  }
  done = true;
  for (std::thread& other : others) other.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
