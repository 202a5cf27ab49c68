#include <nablur/autodiff/threads.h>

#include <unsupported/Eigen/CXX11/ThreadPool>

#include <atomic>
#include <memory>
#include <mutex>
#include <new>
#include <thread>

#include <nablur/autodiff/detail/parallel.h>
#include <nablur/autodiff/error.h>
#include <nablur/autodiff/pool.h>

namespace nablur {

namespace {

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
    if (pool_ == nullptr || pool_->NumThreads() != wanted) {
      pool_.reset();
      try {
        pool_ = std::make_shared<Eigen::ThreadPool>(wanted);
      } catch (const std::exception&) {
        return nullptr;
      }
    }
    return pool_;
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<Eigen::ThreadPool> pool_;
  std::atomic<int> threads_;
  std::atomic<bool> gone_ = false;
};

Workers& workers() {
  static Workers the_workers;
  return the_workers;
}

// A call of run_tasks. It lives until the last worker that was asked has looked at it, which may be after the call.
struct Job {
  void (*run)(void*, std::int64_t, int);
  void* context;
  std::int64_t count;
  std::atomic<std::int64_t> next = 0;
  std::atomic<std::int64_t> done = 0;
  std::atomic<int> slot = 0;
  std::atomic<int> holders;

  // Takes tasks until there are none.
  void work() {
    const int my_slot = slot.fetch_add(1, std::memory_order_relaxed);
    std::int64_t mine = 0;
    for (std::int64_t task; (task = next.fetch_add(1, std::memory_order_relaxed)) < count; ++mine) run(context, task, my_slot);
    if (mine > 0 && done.fetch_add(mine, std::memory_order_acq_rel) + mine == count) done.notify_all();
  }

  void release() {
    if (holders.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    this->~Job();
    pool::release(this, sizeof(Job));
  }
};

}  // namespace

void set_threads(int n) {
  if (n < 1 || n > 1024) fail("set_threads: expected 1 to 1024 threads, got ", n);
  workers().set_threads(n);
}

int threads() { return workers().threads(); }

namespace detail {

void run_tasks(std::int64_t count, int slots, void (*run)(void*, std::int64_t, int), void* context) {
  const std::shared_ptr<Eigen::ThreadPool> pool = count > 1 && slots > 1 ? workers().pool() : nullptr;
  if (pool == nullptr) {
    for (std::int64_t task = 0; task < count; ++task) run(context, task, 0);
    return;
  }
  const int helpers = static_cast<int>(std::min<std::int64_t>({count - 1, slots - 1, pool->NumThreads()}));
  Job* const job = new (pool::allocate(sizeof(Job))) Job{run, context, count, 0, 0, 0, helpers + 1};
  for (int i = 0; i < helpers; ++i) {
    pool->Schedule([job] {  // small enough to be held without an allocation
      job->work();
      job->release();
    });
  }
  job->work();
  for (std::int64_t done; (done = job->done.load(std::memory_order_acquire)) < count;) job->done.wait(done);
  job->release();
}

}  // namespace detail

}  // namespace nablur
