// Counts every call to the system's allocator, and shows that a loop needs none from its second
// iteration on.

#include <errno.h>
#include <gtest/gtest.h>
#include <nablur/nablur.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace {

std::atomic<long> calls{0};
std::atomic<bool> counting{false};

void count() {
  if (counting.load(std::memory_order_relaxed)) calls.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

// glibc's own names for what stands behind malloc and its relatives.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t n, std::size_t size);
void* __libc_realloc(void* p, std::size_t size);
void* __libc_memalign(std::size_t align, std::size_t size);
void __libc_free(void* p);

void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}
void* calloc(std::size_t n, std::size_t size) {
  count();
  return __libc_calloc(n, size);
}
void* realloc(void* p, std::size_t size) {
  count();
  return __libc_realloc(p, size);
}
void* aligned_alloc(std::size_t align, std::size_t size) {
  count();
  return __libc_memalign(align, size);
}
int posix_memalign(void** p, std::size_t align, std::size_t size) {
  count();
  *p = __libc_memalign(align, size);
  return *p == nullptr ? ENOMEM : 0;
}
void free(void* p) {
  if (p != nullptr) count();
  __libc_free(p);
}
void* mmap(void* address, std::size_t size, int protection, int flags, int file,
           off_t offset) noexcept {
  count();
  return reinterpret_cast<void*>(syscall(SYS_mmap, address, size, protection, flags, file, offset));
}
}

namespace {

using namespace nablur;
using V = Variable<double>;
using T = Tensor<double>;

template <class F>
long calls_of(const F& f) {
  calls = 0;
  counting = true;
  f();
  counting = false;
  return calls;
}

// Calls of each iteration; the list itself is made before the first.
template <class F>
std::vector<long> calls_by_iteration(std::size_t iterations, const F& step) {
  std::vector<long> list(iterations);
  for (long& n : list) n = calls_of(step);
  return list;
}

void expect_none_from_the_second_on(const std::vector<long>& list) {
  for (std::size_t i = 1; i < list.size(); ++i) EXPECT_EQ(list[i], 0) << "in iteration " << i;
}

// A pointer that the compiler must believe is used.
void keep(void* p) { asm volatile("" : : "g"(p) : "memory"); }

}  // namespace

TEST(Allocations, AreCountedWhateverTheirName) {
  void* p = nullptr;
  EXPECT_EQ(calls_of([&] { keep(p = std::malloc(100)); }), 1);
  EXPECT_EQ(calls_of([&] { keep(p = std::realloc(p, 1000)); }), 1);
  EXPECT_EQ(calls_of([&] { std::free(p); }), 1);
  EXPECT_EQ(calls_of([&] { keep(p = std::calloc(10, 10)); }), 1);
  EXPECT_EQ(calls_of([&] { std::free(p); }), 1);
  EXPECT_EQ(calls_of([&] { keep(p = std::aligned_alloc(64, 128)); }), 1);
  EXPECT_EQ(calls_of([&] { std::free(p); }), 1);
  EXPECT_EQ(calls_of([&] { EXPECT_EQ(posix_memalign(&p, 64, 128), 0); }), 1);
  EXPECT_EQ(calls_of([&] { std::free(p); }), 1);
  EXPECT_EQ(calls_of([&] { keep(p = ::operator new(100)); }), 1);
  EXPECT_EQ(calls_of([&] { ::operator delete(p); }), 1);
  EXPECT_EQ(
      calls_of([&] { p = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }), 1);
  EXPECT_NE(p, MAP_FAILED);
  EXPECT_EQ(munmap(p, 4096), 0);
  EXPECT_EQ(calls_of([] {}), 0);
}

// A loop that allocates is caught: this one's tensor grows by more than the pool's free blocks can
// serve.
TEST(Allocations, OfThePoolAreCountedToo) {
  pool::trim();
  std::int64_t n = 1 << 14;
  const auto list = calls_by_iteration(5, [&] { T::zeros({n *= 3}); });
  for (const long c : list) EXPECT_GT(c, 0);
  EXPECT_EQ(calls_of([&] { T::zeros({n}); }), 0);
  pool::trim();
}

TEST(Allocations, OfAClosureOnTheHeapAreSeenInALoop) {
  Tape<double> tape;
  const auto list = calls_by_iteration(5, [&] {
    tape.clear();
    const V x = tape.variable(1.0);
    const auto heavy = std::make_shared<double>(2.0);
    gradients(record("own", x.value(), {{x, [heavy](const T& g) { return g * *heavy; }}}));
  });
  for (const long c : list) EXPECT_GE(c, 1);
}

TEST(Allocations, AreNoneInTheNotebooksLoop) {
  Random random(1337);
  const T signal = T::normal({100}, random);
  const T smoothed = gaussian_blur(signal, 3.0).value();
  Tape<double> tape;
  T s = 0.0;
  double sigma = 0;
  std::int64_t first_radius = 0;
  pool::trim();
  const auto list = calls_by_iteration(100, [&] {
    tape.clear();
    const V param = tape.variable(s);
    const V scale = sigma_from_param(param);
    const V loss = 0.5 * sum(square(gaussian_blur(signal, scale) - smoothed));
    s -= 0.1 * gradients(loss)[param];
    sigma = scale.item();
    if (first_radius == 0) first_radius = gaussian_radius(sigma);
  });
  EXPECT_LT(first_radius, gaussian_radius(sigma)) << "the radius drifts on the way";
  EXPECT_NEAR(sigma, 3, 0.01);
  EXPECT_GT(list[0], 0);
  expect_none_from_the_second_on(list);
}

TEST(Allocations, AreNoneInALoopOfManyOperators) {
  Random random(1);
  const T data = T::normal({64, 32}, random);
  T weights = T::normal({32, 16}, random);
  Tape<double> tape;
  expect_none_from_the_second_on(calls_by_iteration(20, [&] {
    tape.clear();
    const V w = tape.variable(weights);
    const V h = tanh(matmul(data, w) + 0.1);
    const V joined =
        concatenate({slice(h, {{0, 10}}), slice(h, {{5, 60, 2}, {0, 16}}), max(h, 0, true)}, 0);
    const V loss = mean(square(joined)) + logsumexp(h) + sum(transpose(h) * 0.01) +
                   sum(mean(h, {0, -1}, true));
    const auto d = gradients(loss, {w, h});
    weights -= 0.1 * d[w];
  }));
}

TEST(Allocations, AreNoneWhereTheTapeIsMadeAnewEachTime) {
  T x = T::linspace(-1, 1, 5000);
  double loss = 0;
  expect_none_from_the_second_on(calls_by_iteration(20, [&] {
    Tape<double> tape;
    const V v = tape.variable(x);
    V y = v;
    for (int i = 0; i < 200; ++i) y = y * 0.99 + 0.01;
    const V total = sum(square(y)) + sum(checkpoint([](const auto& u) { return exp(u); }, {v}));
    x -= 0.01 * gradients(total)[v];
    loss = total.item();
  }));
  EXPECT_GT(loss, 0);
}

TEST(Allocations, AreNoneForLargeImagesWhoseSizesDrift) {
  const T image = T::ones({300, 200});
  double sigma = 3;
  expect_none_from_the_second_on(calls_by_iteration(10, [&] {
    Tape<double> tape;
    const V s = tape.variable(sigma);
    const V loss = sum(square(gaussian_blur(image, s)));
    sigma -= 0.1 + 1e-9 * gradients(loss)[s].item();
  }));
}
