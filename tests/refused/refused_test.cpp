// Each request for memory or a thread is refused once: what leaves is an OutOfMemory or the right
// result, nothing is lost, and what comes afterwards is as if nothing had happened.

#include <gtest/gtest.h>
#include <nablur/nablur.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iterator>
#include <new>
#include <optional>
#include <string>
#include <thread>

#include "../sanitizers.h"
#include "refusals.h"
#include "scenarios.h"

using namespace nablur;
using namespace nablur::refused_test;
using refusals::Requests;

namespace {

enum class Outcome { result, out_of_memory, wrong_exception };

struct Trial {
  Outcome outcome = Outcome::result;
  Numbers numbers;
  long requests = 0;
};

// Runs it while the n-th request (and those after it) are refused.
void run(Trial& trial, const Scenario& scenario, long n, Requests requests, bool all_after) {
  trial = Trial{};
  refusals::start(n, requests, all_after);
  try {
    scenario.run(trial.numbers);
  } catch (const OutOfMemory&) {
    trial.outcome = Outcome::out_of_memory;
  } catch (...) {
    trial.outcome = Outcome::wrong_exception;
  }
  trial.requests = refusals::stop();
}

// Null if the n-th refusal was borne well, or what is wrong. `in_use` is what the pool has handed
// out after an undisturbed run.
const char* judge(const Scenario& scenario, const Numbers& wanted, std::size_t in_use, long n,
                  Requests requests, bool all_after, long& made) {
  static Trial found;
  run(found, scenario, n, requests, all_after);
  made = found.requests;
  if (found.outcome == Outcome::wrong_exception) return "another exception than OutOfMemory left";
  if (found.outcome == Outcome::result && !(found.numbers == wanted)) return "the result is wrong";
  if (pool::usage().in_use > in_use) return "blocks of the pool are lost";
  run(found, scenario, 0, requests, false);
  if (found.outcome != Outcome::result) return "the next run failed, though nothing was refused";
  if (!(found.numbers == wanted)) return "the next run's result is wrong";
  if (pool::usage().in_use != in_use) return "the next run lost blocks of the pool";
  return nullptr;
}

class Refused : public testing::TestWithParam<Scenario> {
 protected:
  // Every request, those for blocks of the pool too, in a process where all is warm.
  void refuse_every_request(bool all_after) {
    static Trial undisturbed;
    for (int i = 0; i < 3; ++i) run(undisturbed, GetParam(), 0, Requests::all, false);
    ASSERT_EQ(undisturbed.outcome, Outcome::result);
    ASSERT_GT(undisturbed.requests, 0);
    const long live = refusals::live_blocks();
    const std::size_t in_use = pool::usage().in_use;
    long made = 1;
    for (long n = 1; made >= n - 1; ++n) {  // until a run ends before its n-th request
      const char* const complaint =
          judge(GetParam(), undisturbed.numbers, in_use, n, Requests::all, all_after, made);
      ASSERT_TRUE(complaint == nullptr) << complaint << ", after request " << n << " of " << made;
      ASSERT_EQ(refusals::live_blocks(), live)
          << "memory outside the pool is lost after request " << n << " of " << made;
    }
  }

  // Every request to the system in a process where nothing has been used yet: each is a child of
  // this one.
  void refuse_every_first_request(bool all_after) {
    struct Shared {
      Numbers wanted;
      std::size_t in_use;  // what lives on after a first run: the tapes' slots
      long made;
    };
    void* const memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    auto* const shared = ::new (memory) Shared{};
    const auto in_child = [](const auto& f) {
      const pid_t pid = fork();
      if (pid == 0) {
        alarm(60);
        _exit(f());
      }
      int status = -1;
      waitpid(pid, &status, 0);
      return status;
    };
    ASSERT_EQ(in_child([&] {
                static Trial first;
                run(first, GetParam(), 0, Requests::system, false);
                shared->wanted = first.numbers;
                shared->in_use = pool::usage().in_use;
                shared->made = first.requests;
                return first.outcome == Outcome::result ? 0 : 1;
              }),
              0);
    for (long n = 1; shared->made >= n - 1; ++n) {
      const int status = in_child([&] {
        const char* const complaint = judge(GetParam(), shared->wanted, shared->in_use, n,
                                            Requests::system, all_after, shared->made);
        if (complaint != nullptr) dprintf(STDERR_FILENO, "%s: %s\n", GetParam().name, complaint);
        return complaint == nullptr ? 0 : 1;
      });
      ASSERT_EQ(status, 0) << "request " << n << " of " << shared->made;
    }
    munmap(memory, sizeof(Shared));
  }
};

// Recording on a tape that holds something, under refusals. T is what the operators are given.
template <class Operator>
void expect_the_tape_as_before(const char* name, const Operator& op) {
  const auto start = Tensor<double>::linspace(0.1, 1, 12).reshaped({3, 4});
  {
    const Tape<double> slots_for_two[2];
  }  // which tapes find here from now on
  const std::size_t in_use = pool::usage().in_use;
  std::optional<Tensor<double>> wanted;
  {
    Tape<double> tape;
    const auto x = tape.variable(start);
    const auto y = exp(x) * 0.5;
    long made = 1;
    for (long n = 1; made >= n - 1; ++n) {
      const auto size = tape.size();
      bool refused = false;
      refusals::start(n, Requests::all, n % 2 == 0);
      try {
        static_cast<void>(op(y));
      } catch (const OutOfMemory&) {
        refused = true;
      }
      made = refusals::stop();
      ASSERT_TRUE(!refused || tape.size() == size) << name << ", request " << n;
      const auto d = gradients(sum(square(y)) + sum(op(y)))[x];
      if (!wanted) wanted = d;
      for (std::int64_t i = 0; i < d.size(); ++i)
        ASSERT_EQ(d.data()[i], wanted->data()[i]) << name << ", request " << n;
    }
    EXPECT_GT(made, 0) << name;
  }
  wanted.reset();
  EXPECT_EQ(pool::usage().in_use, in_use) << name;
}

TEST(RefusedOnATape, LeavesTheTapeAsItWas) {
  const auto other = Tensor<double>::linspace(1, 2, 4);
  const std::array deep = {std::int64_t{1}, std::int64_t{3}, std::int64_t{1},
                           std::int64_t{2}, std::int64_t{1}, std::int64_t{2}};
  expect_the_tape_as_before("tanh", [](const auto& y) { return tanh(y); });
  expect_the_tape_as_before("divide", [&](const auto& y) { return y / other; });
  expect_the_tape_as_before("concatenate", [](const auto& y) { return concatenate({y, y, y}, 1); });
  expect_the_tape_as_before(
      "take", [](const auto& y) { return take(y, Tensor<std::int64_t>{2, 0, 1, 1}, 1); });
  expect_the_tape_as_before("gaussian_blur", [](const auto& y) { return gaussian_blur(y, 1.5); });
  expect_the_tape_as_before("checkpoint", [](const auto& y) {
    return checkpoint([](const auto& a) { return a * a; }, {y});
  });
  expect_the_tape_as_before("reshape", [&](const auto& y) { return reshape(y, Shape(deep)); });
}

// The list of nodes and the arena grow while one operator after the other is recorded.
TEST(RefusedOnATape, LeavesALongTapeAsItWas) {
  Tape<double> tape;
  auto y = tape.variable(1.0);
  for (int i = 0; i < 20000; ++i) {
    const auto size = tape.size();
    const auto before = y;
    for (long n = 1; tape.size() == size; ++n) {
      refusals::start(n, Requests::all, false);
      try {
        y = before + 1.0;
      } catch (const OutOfMemory&) {
        ASSERT_EQ(tape.size(), size);
      }
      refusals::stop();
    }
    ASSERT_EQ(tape.size(), size + 1);
  }
  EXPECT_EQ(y.item(), 20001);
}

// A thread that is refused what its cache needs does without one, and so leaves nothing behind when
// it ends.
TEST(RefusedCaches, AreDoneWithout) {
  const auto work = [] {
    std::array<Tensor<double>, 50> many;
    for (Tensor<double>& tensor : many) tensor = Tensor<double>::ones({3});
    many.fill({});
  };
  std::thread(work).join();  // what it needs is there from now on
  const std::size_t held = pool::usage().held;
  bool refused = false;
  for (int i = 0; i < 100; ++i) {
    std::thread([&] {
      refusals::start(1, Requests::system, true);
      try {
        work();
      } catch (const OutOfMemory&) {
        refused = true;
      }
      refusals::stop();
    }).join();
    ASSERT_FALSE(refused) << "thread " << i << " misses blocks that another one kept";
  }
  EXPECT_EQ(pool::usage().held, held);
}

#ifdef __linux__
std::ptrdiff_t threads_of_this_process() {
  namespace fs = std::filesystem;
  return std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator());
}

const std::ptrdiff_t threads_at_start = threads_of_this_process();

// Counts the threads that blurs on four threads start while the n-th of them, and those after it,
// are refused.
std::ptrdiff_t started_with_refusal(const Tensor<float>& x, long n) {
  const auto before = threads_of_this_process();
  refusals::start(n, Requests::threads, true);
  const auto y = gaussian_blur(x, 3.0f).value();
  refusals::stop();
  EXPECT_GT(y(7, 7), 0);
  return threads_of_this_process() - before;
}

TEST(RefusedThreads, AreDoneWithoutAndAskedForAgain) {
  if (kThreadSanitizer)
    GTEST_SKIP() << "ThreadSanitizer has a thread of its own, which begins at some time";
  const auto x = Tensor<float>::ones({500, 400});
  set_threads(1);
  while (threads_of_this_process() > threads_at_start)
    std::this_thread::yield();  // those of other tests end
  set_threads(4);
  EXPECT_EQ(started_with_refusal(x, 1), 0) << "none is granted";
  EXPECT_EQ(started_with_refusal(x, 0), 0) << "the next call does not ask";
  set_threads(4);
  EXPECT_EQ(started_with_refusal(x, 2), 1) << "set_threads lets the next call ask; one is granted";
  const auto before = threads_of_this_process();
  for (int i = 0; i < 1000; ++i) static_cast<void>(gaussian_blur(x, 1.0f));
  EXPECT_EQ(threads_of_this_process(), before + 2)
      << "a thousand calls later the other two are asked for";
}
#endif

TEST_P(Refused, OneRequestIsBorne) { refuse_every_request(false); }
TEST_P(Refused, OneRequestAndAllAfterItAreBorne) { refuse_every_request(true); }
// ctest gives each test a process of its own.
TEST_P(Refused, OneRequestOfAFreshProcessIsBorne) {
  if (pool::usage().held > 0) GTEST_SKIP() << "the pool is in use: to be run alone";
  refuse_every_first_request(false);
}
TEST_P(Refused, OneRequestOfAFreshProcessAndAllAfterItAreBorne) {
  if (pool::usage().held > 0) GTEST_SKIP() << "the pool is in use: to be run alone";
  refuse_every_first_request(true);
}

INSTANTIATE_TEST_SUITE_P(, Refused, testing::ValuesIn(scenarios().begin(), scenarios().end()),
                         [](const auto& scenario) { return std::string(scenario.param.name); });

}  // namespace
