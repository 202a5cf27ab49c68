#include <nablur/autodiff/threads.h>

#include <unsupported/Eigen/CXX11/ThreadPool>

#include <array>
#include <atomic>
#include <latch>
#include <memory>
#include <mutex>
#include <thread>

#include <nablur/autodiff/detail/parallel.h>
#include <nablur/autodiff/error.h>

namespace nablur {

namespace {

// A call of run_tasks. Workers that were asked may look at it after the call has ended: it is free for the next one when nobody
// holds it any more.
struct Job {
  void (*run)(void*, std::int64_t, int);
  void* context;
  std::int64_t count;
  std::atomic<std::int64_t> next;
  std::atomic<std::int64_t> done;
  std::atomic<int> slot;
  std::atomic<int> holders = 0;

  // Takes tasks until there are none.
  void work() {
    const int my_slot = slot.fetch_add(1, std::memory_order_relaxed);
    std::int64_t mine = 0;
    for (std::int64_t task; (task = next.fetch_add(1, std::memory_order_relaxed)) < count; ++mine) run(context, task, my_slot);
    if (mine > 0 && done.fetch_add(mine, std::memory_order_acq_rel) + mine == count) done.notify_all();
    holders.fetch_sub(1, std::memory_order_release);
  }
};

// The workers, started when first needed. Callers share their ownership, so that a pool that was replaced lives until the last
// of its work is done.
class Workers {
 public:
  Workers() : threads_(static_cast<int>(std::max(1U, std::thread::hardware_concurrency()))) {}
  ~Workers() { gone_ = true; }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void set_threads(int n) { threads_ = n; }
  int threads() const { return threads_; }

  // Null where the program is ending, or the system has no more threads.
  std::shared_ptr<Eigen::ThreadPool> pool() {
    const std::lock_guard lock(mutex_);
    const int wanted = threads_ - 1;
    if (gone_ || wanted < 1) return nullptr;
    if (pool_ == nullptr || pool_->NumThreads() != wanted) pool_ = start(wanted);
    return pool_;
  }

  // Null where all are in use: as many calls are at work as nobody has cores for.
  Job* claim(int holders) {
    for (Job& job : jobs_) {
      int nobody = 0;
      if (job.holders.compare_exchange_strong(nobody, holders, std::memory_order_acquire)) return &job;
    }
    return nullptr;
  }

 private:
  // Every worker has run when this returns: what it asks of the system, it asks for now.
  static std::shared_ptr<Eigen::ThreadPool> start(int n) try {
    auto pool = std::make_shared<Eigen::ThreadPool>(n);
    const auto running = std::make_shared<std::latch>(n + 1);
    for (int i = 0; i < n; ++i) pool->Schedule([running] { running->arrive_and_wait(); });
    running->arrive_and_wait();
    return pool;
  } catch (const std::exception&) {
    return nullptr;
  }

  std::mutex mutex_;
  std::shared_ptr<Eigen::ThreadPool> pool_;
  std::array<Job, 64> jobs_;
  std::atomic<int> threads_;
  std::atomic<bool> gone_ = false;
};

Workers& workers() {
  static Workers the_workers;
  return the_workers;
}

}  // namespace

void set_threads(int n) {
  if (n < 1 || n > 1024) fail("set_threads: expected 1 to 1024 threads, got ", n);
  workers().set_threads(n);
}

int threads() { return workers().threads(); }

namespace detail {

void run_tasks(std::int64_t count, int slots, void (*run)(void*, std::int64_t, int), void* context) {
  const std::shared_ptr<Eigen::ThreadPool> pool = count > 1 && slots > 1 ? workers().pool() : nullptr;
  const int helpers = pool == nullptr ? 0 : static_cast<int>(std::min<std::int64_t>({count - 1, slots - 1, pool->NumThreads()}));
  Job* const job = helpers == 0 ? nullptr : workers().claim(helpers + 2);
  if (job == nullptr) {
    for (std::int64_t task = 0; task < count; ++task) run(context, task, 0);
    return;
  }
  job->run = run;
  job->context = context;
  job->count = count;
  job->next.store(0, std::memory_order_relaxed);
  job->done.store(0, std::memory_order_relaxed);
  job->slot.store(0, std::memory_order_relaxed);
  for (int i = 0; i < helpers; ++i) pool->Schedule([job] { job->work(); });  // small enough to be held without an allocation
  job->work();
  for (std::int64_t done; (done = job->done.load(std::memory_order_acquire)) < count;) job->done.wait(done);
  job->holders.fetch_sub(1, std::memory_order_release);
}

}  // namespace detail

}  // namespace nablur
