#include <nablur/support/threads.h>

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include <nablur/support/detail/parallel.h>
#include <nablur/support/detail/process.h>
#include <nablur/support/error.h>

namespace nablur {
namespace {

// A call of run_tasks, on its caller's stack.
struct Job {
  void (*run)(void*, std::int64_t, int);
  void* context;
  std::int64_t count;
  int slots;
  std::atomic<std::int64_t> next_task = 0;
  std::atomic<int> helpers = 0;  // workers that are at it; changed with the mutex held
  int next_slot = 1;             // the caller has 0
  Job* next = nullptr;           // of the open ones

  void work(int slot) {
    for (std::int64_t task; (task = next_task.fetch_add(1, std::memory_order_relaxed)) < count;)
      run(context, task, slot);
  }
};

// Looks at `done` for some microseconds: to wait so long costs less than to sleep and be woken.
template <class Done>
bool spin_until(const Done& done) {
  for (int i = 0; i < 2000; ++i) {
    if (done()) return true;
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
  }
  return false;
}

constinit std::mutex mutex;

// The threads beside the callers. Nothing of this is destroyed or joined when the program ends:
// static objects may still blur. Nothing holds a state of the system's that a child of fork() could
// not use: that is why the waiting is done on atomics.
class Workers {
 public:
  // What a call may count on, itself included. All cores by default.
  int threads() noexcept {
    int n = threads_.load(std::memory_order_relaxed);
    if (n != 0) return n;
    const auto cores = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, kMost));
    return threads_.compare_exchange_strong(n, cores, std::memory_order_relaxed) ? cores : n;
  }

  void set_threads(int n) noexcept {
    const std::lock_guard lock(mutex);
    threads_.store(n, std::memory_order_relaxed);
    calls_until_retry_ = 0;
    wake(running_ - (n - 1));  // those too many end
  }

  // Offers a job to the workers, and starts those that are missing. False if there are none at all.
  bool open(Job& job, int helpers) noexcept {
    const bool may_start = detail::stay_loaded();
    const std::lock_guard lock(mutex);
    if (may_start) start(threads() - 1);
    if (running_ == 0) return false;
    Job** last = &jobs_;
    while (*last != nullptr) last = &(*last)->next;
    *last = &job;
    wake(helpers);
    return true;
  }

  // Waits until nobody but the caller knows the job.
  void close(Job& job) noexcept {
    {
      const std::lock_guard lock(mutex);
      remove(job);
    }
    const auto is_left = [&job] { return job.helpers.load(std::memory_order_acquire) == 0; };
    while (!spin_until(is_left)) {
      const int seen = left_.load(std::memory_order_acquire);
      if (!is_left()) left_.wait(seen, std::memory_order_acquire);
    }
  }

  // In a child of fork(), which has the memory of the workers and of other callers, but not them.
  void forget_all() noexcept {
    running_ = 0;
    calls_until_retry_ = 0;
    jobs_ = nullptr;
  }

 private:
  static constexpr unsigned kMost = 1024;
  static constexpr int kCallsUntilRetry = 1000;

  void wake(int workers) noexcept {
    if (workers <= 0) return;
    news_.fetch_add(1, std::memory_order_release);
    for (int i = 0; i < workers; ++i) news_.notify_one();
  }

  void remove(const Job& job) noexcept {
    Job** link = &jobs_;
    while (*link != nullptr && *link != &job) link = &(*link)->next;
    if (*link != nullptr) *link = job.next;
  }

  // A thread that the system refuses is asked for again after some calls more: that costs as much
  // as a small job.
  void start(int wanted) noexcept {
    if (running_ >= wanted || (calls_until_retry_ > 0 && --calls_until_retry_ > 0)) return;
    while (running_ < wanted && start_one()) ++running_;
    if (running_ < wanted) calls_until_retry_ = kCallsUntilRetry;
  }

  // Signals sent to the process are for the program's own threads; those that an instruction raises
  // have to be taken here.
  bool start_one() noexcept {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    for (const int its_own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPROF})
      sigdelset(&all, its_own);
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    const int error = pthread_create(
        &thread, &attributes, [](void* workers) { return static_cast<Workers*>(workers)->serve(); },
        this);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attributes);
    return error == 0;
  }

  // The life of a worker.
  void* serve() noexcept {
    std::unique_lock lock(mutex);
    while (running_ < threads()) {
      if (jobs_ != nullptr) {
        help(*jobs_, lock);
        continue;
      }
      const unsigned seen = news_.load(std::memory_order_relaxed);
      lock.unlock();
      if (!spin_until([&] { return news_.load(std::memory_order_relaxed) != seen; }))
        news_.wait(seen, std::memory_order_relaxed);
      lock.lock();
    }
    --running_;
    return nullptr;
  }

  void help(Job& job, std::unique_lock<std::mutex>& lock) noexcept {
    const int slot = job.next_slot++;
    if (job.next_slot == job.slots) remove(job);
    job.helpers.fetch_add(1, std::memory_order_relaxed);
    lock.unlock();
    job.work(slot);
    lock.lock();
    remove(job);  // no task is left in it
    if (job.helpers.fetch_sub(1, std::memory_order_release) == 1) {
      left_.fetch_add(1, std::memory_order_release);  // the job may be gone from here on
      left_.notify_all();
    }
  }

  std::atomic<int> threads_ = 0;  // 0: not asked for yet
  // With the mutex held:
  Job* jobs_ = nullptr;  // that have a slot left; the oldest first
  int running_ = 0;
  int calls_until_retry_ = 0;
  // Counts that are waited on: jobs opened, jobs that their last helper left.
  std::atomic<unsigned> news_ = 0;
  std::atomic<int> left_ = 0;
};
constinit Workers workers;

void forget_workers() { workers.forget_all(); }
[[maybe_unused]] const bool over_fork = detail::hold_over_fork<mutex, forget_workers>();

}  // namespace

void set_threads(int n) {
  if (n < 1 || n > 1024) fail("set_threads: expected 1 to 1024 threads, got ", n);
  workers.set_threads(n);
}

int threads() { return workers.threads(); }

namespace detail {

void run_tasks(std::int64_t count, int slots, void (*run)(void*, std::int64_t, int),
               void* context) {
  const auto useful = static_cast<int>(std::min<std::int64_t>({count, slots, threads()}));
  Job job{run, context, count, useful};
  const bool shared = useful > 1 && workers.open(job, useful - 1);
  job.work(0);
  if (shared) workers.close(job);
}

}  // namespace detail
}  // namespace nablur
