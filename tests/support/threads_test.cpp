// How many threads there are, and that no result depends on it. Meant to run under ThreadSanitizer
// too.

#include <nablur/support/threads.h>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <thread>

#include "../messages.h"
#include "../ops/separable_helpers.h"

using namespace nablur;
using namespace nablur::separable_test;

namespace {

// Work in several strips, planes, chunks, pieces of a line, rows of lines, and blocks of slices;
// all of it large enough to be spread.
const std::vector<Case> kCases = {
    {{405, 333}, {0, 1}, {2.0, 3.0}, 9, Border::mirror},
    {{9, 180, 70}, {1, 2}, {2.0, 3.0}, 9, Border::symmetric},
    {{33, 9000}, {0}, {3.0}, 9, Border::zero},
    {{250007}, {0}, {3.0}, 9, Border::replicate},
    {{9001, 35}, {1}, {3.0}, 9, Border::circular},
    {{20, 65, 64}, {0, 1, 2}, {2.0, 3.0, 1.0}, 9, Border::replicate},
    {{210, 130, 3}, {0, 1}, {2.0}, 20, Border::circular, true},
};

template <class T>
::testing::AssertionResult same(const Blurred<T>& a, const Blurred<T>& b) {
  if (!same_bits(a.y, b.y)) return ::testing::AssertionFailure() << "y differs";
  if (!same_bits(a.dx, b.dx)) return ::testing::AssertionFailure() << "dx differs";
  if (!same_bits(a.d_sigma, b.d_sigma)) return ::testing::AssertionFailure() << "dsigma differs";
  return ::testing::AssertionSuccess();
}

TEST(SetThreads, TakesFrom1To1024AndRefusesTheRest) {
  const ThreadsGuard guard;
  for (const int n : {1, 2, 7, 1024}) {
    set_threads(n);
    EXPECT_EQ(threads(), n);
  }
  set_threads(3);
  for (const int n : {0, -1, 1025, 100000, std::numeric_limits<int>::min()}) {
    expect_message("set_threads", {std::to_string(n)}, [n] { set_threads(n); });
    EXPECT_EQ(threads(), 3) << n;
  }
}

TEST(SetThreads, IsAllCoresByDefault) {
  EXPECT_EQ(threads(), static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
}

TEST(SetThreads, HoldsForAllThreads) {
  const ThreadsGuard guard(3);
  int seen = 0;
  std::thread([&seen] {
    seen = threads();
    set_threads(5);
  }).join();
  EXPECT_EQ(seen, 3);
  EXPECT_EQ(threads(), 5);
}

TEST(SetThreads, StartsThreadsForLargeWorkOnly) {
  const std::filesystem::path tasks = "/proc/self/task";
  if (!std::filesystem::exists(tasks))
    GTEST_SKIP() << "this system does not list a process's threads";
  const auto count = [&tasks] {
    return std::distance(std::filesystem::directory_iterator(tasks),
                         std::filesystem::directory_iterator());
  };
  const auto large = noise<float>({500, 400}, 1);
  const ThreadsGuard guard(2);
  static_cast<void>(gaussian_blur(large, 3.0f));
  const auto with_two = count();
  set_threads(6);
  static_cast<void>(gaussian_blur(noise<float>({30, 30}, 1), 3.0f));
  EXPECT_LE(count(), with_two);
  static_cast<void>(gaussian_blur(large, 3.0f));
  EXPECT_GE(count(), with_two + 4);
}

template <class T>
class BlurOnThreads : public testing::Test {};
TYPED_TEST_SUITE(BlurOnThreads, Scalars, ScalarNames);

// Several rounds each, since it is chance who takes which task.
TYPED_TEST(BlurOnThreads, HasTheSameBitsForEveryNumberOfThreads) {
  using T = TypeParam;
  for (const Case& c : kCases) {
    const auto x = noise<T>(c.shape, 1);
    const auto g = noise<T>(c.shape, 2);
    const auto on = [&](int n) {
      const ThreadsGuard guard(n);
      return blur(x, g, c);
    };
    const Blurred<T> alone = on(1);
    for (const int n : {2, 3, 8}) {
      for (int round = 0; round < 6; ++round)
        EXPECT_TRUE(same(on(n), alone)) << c.name() << ", " << n << " threads";
    }
  }
}

// The plain loop is the referee: it has no threads.
TYPED_TEST(BlurOnThreads, AgreesWithThePlainLoopForWorkThatIsSpread) {
  using T = TypeParam;
  for (const Case& c : kCases) {
    const auto x = noise<T>(c.shape, 1);
    const auto g = noise<T>(c.shape, 2);
    const auto on = [&](const std::string& target) {
      const TargetGuard target_guard(target);
      const ThreadsGuard threads_guard(4);
      return blur(x, g, c);
    };
    const Blurred<T> plain = on("PLAIN");
    const auto values = [](const Tensor<T>& t) { return Numbers(t.begin(), t.end()); };
    const Numbers scale(static_cast<std::size_t>(c.shape.size()),
                        5);  // more than any number of the images, and so more than Σ|w||x|
    for (const std::string& target : simd_targets()) {
      const Blurred<T> found = on(target);
      expect_within(found.y, {values(plain.y), scale}, 2 * ulps_of(c),
                    "y of " + c.name() + ", " + target);
      expect_within(found.dx, {values(plain.dx), scale}, 2 * ulps_of(c),
                    "dx of " + c.name() + ", " + target);
    }
  }
}

TEST(BlurOnThreads, IsSafeForSeveralUsersWhileTheNumberOfThreadsChanges) {
  const ThreadsGuard guard;
  constexpr std::size_t kUsers = 4;
  std::array<Blurred<double>, kUsers> alone;
  std::array<Tensor<double>, kUsers> images;
  set_threads(1);
  for (std::size_t k = 0; k < kUsers; ++k) {
    images[k] = noise<double>(kCases[k].shape, static_cast<std::uint32_t>(k));
    alone[k] = blur(images[k], images[k], kCases[k]);
  }
  std::atomic<std::size_t> running = kUsers;
  std::array<int, kUsers> wrong{};
  std::vector<std::thread> users;
  for (std::size_t k = 0; k < kUsers; ++k) {
    users.emplace_back([&, k] {
      for (int round = 0; round < 30; ++round)
        wrong[k] += same(blur(images[k], images[k], kCases[k]), alone[k]) ? 0 : 1;
      --running;
    });
  }
  for (int n = 1; running > 0; n = n % 5 + 1) {
    set_threads(n);
    std::this_thread::yield();
  }
  for (std::thread& user : users) user.join();
  for (std::size_t k = 0; k < kUsers; ++k) EXPECT_EQ(wrong[k], 0) << kCases[k].name();
}

TEST(BlurOnThreads, IsSafeForSeveralUsersOfOneImage) {
  const ThreadsGuard guard(3);
  const Case& c = kCases[0];
  const auto x = noise<float>(c.shape, 1);
  const Blurred<float> wanted = blur(x, x, c);
  std::array<int, 4> wrong{};
  std::vector<std::thread> users;
  for (std::size_t k = 0; k < wrong.size(); ++k) {
    users.emplace_back([&, k] {
      for (int round = 0; round < 5; ++round) wrong[k] += same(blur(x, x, c), wanted) ? 0 : 1;
    });
  }
  for (std::thread& user : users) user.join();
  for (const int n : wrong) EXPECT_EQ(n, 0);
}

// Whoever asked is gone as soon as the result is there, with the memory that the thread had cached.
TEST(BlurOnThreads, ServesThreadsThatEndRightAfter) {
  const ThreadsGuard guard(4);
  const Case& c = kCases[0];
  const auto x = noise<float>(c.shape, 1);
  const Blurred<float> wanted = blur(x, x, c);
  for (int i = 0; i < 20; ++i) {
    Blurred<float> found;
    std::thread([&] { found = blur(x, x, c); }).join();
    EXPECT_TRUE(same(found, wanted)) << "thread " << i;
  }
}

TEST(BlurOnThreads, ServesAPullbackThatBlursItself) {
  const ThreadsGuard guard(3);
  const Case& c = kCases[0];
  const auto x = noise<double>(c.shape, 1);
  const auto g = noise<double>(c.shape, 2);
  const auto twice = [&c](const Tensor<double>& t) {
    return gaussian_blur(gaussian_blur(t, c.sigma<double>(), c.options()), c.sigma<double>(),
                         c.options())
        .value();
  };
  Tape<double> tape;
  const auto vx = tape.variable(x);
  const auto y = gaussian_blur(record("own", x, {{vx, twice}}), c.sigma<double>(), c.options());
  const auto dx = gradients(y, g)[vx];
  EXPECT_TRUE(same_bits(dx, twice(blur(x, g, c).dx)));
}

}  // namespace
