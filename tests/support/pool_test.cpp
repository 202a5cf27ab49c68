#include <gtest/gtest.h>
#include <nablur/autodiff/tensor.h>
#include <nablur/support/pool.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <thread>
#include <vector>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NABLUR_TEST_ASAN 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define NABLUR_TEST_ASAN 1
#endif
#ifdef NABLUR_TEST_ASAN
#include <sanitizer/asan_interface.h>
#endif

using namespace nablur;

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

struct Block {
  unsigned char* data;
  std::size_t size;
  unsigned char mark;
};

bool holds_its_mark(const Block& block) {
  return std::all_of(block.data, block.data + block.size,
                     [&](unsigned char c) { return c == block.mark; });
}

// Destroyed after the pool's own end of thread, because it was made before: releases and allocates
// where no cache is left.
struct Latecomer {
  Tensor<double> tensor;
  bool* survived = nullptr;
  ~Latecomer() {
    if (survived == nullptr) return;
    tensor = Tensor<double>::full({10}, 2.0) + tensor;
    *survived = tensor(9) == 3.0;
  }
};
thread_local Latecomer latecomer;

}  // namespace

TEST(Pool, AlignsEveryBlockTo64) {
  for (const std::size_t size :
       {0UL, 1UL, 63UL, 64UL, 65UL, 1000UL, 1025UL, 32768UL, 32769UL, 100000UL, 5000000UL}) {
    void* p = pool::allocate(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p) % 64, 0U) << size;
    std::memset(p, 1, size);
    pool::release(p, size);
  }
}

// Small and large blocks, at and around the edges of the size classes, held at once and given back
// in any order.
RC_GTEST_PROP(Pool, GivesBlocksThatDoNotOverlap, ()) {
  const auto sizes = *rc::gen::container<std::vector<std::size_t>>(
      rc::gen::oneOf(rc::gen::inRange<std::size_t>(0, 300), rc::gen::inRange<std::size_t>(0, 20000),
                     rc::gen::elementOf(std::vector<std::size_t>{
                         64, 1024, 1025, 1152, 1153, 32768, 32769, 65536, 73729, 147457, 300000})));
  const std::size_t before = pool::usage().in_use;
  std::vector<Block> blocks;
  std::size_t total = 0;
  for (const std::size_t size : sizes) {
    blocks.push_back({static_cast<unsigned char*>(pool::allocate(size)), size,
                      static_cast<unsigned char>(blocks.size() % 251 + 1)});
    std::fill(blocks.back().data, blocks.back().data + size, blocks.back().mark);
    total += size;
  }
  RC_ASSERT(pool::usage().in_use == before + total);
  while (!blocks.empty()) {
    const auto i = *rc::gen::inRange<std::size_t>(0, blocks.size());
    const bool intact = holds_its_mark(blocks[i]);
    pool::release(blocks[i].data, blocks[i].size);
    blocks[i] = blocks.back();
    blocks.pop_back();
    RC_ASSERT(intact);
  }
  RC_ASSERT(pool::usage().in_use == before);
}

TEST(Pool, ServesTheSameSizesAgainWithoutTheSystem) {
  const auto round = [] {
    std::vector<void*> blocks;
    for (std::size_t i = 0; i < 600; ++i) blocks.push_back(pool::allocate(i * 200));
    for (std::size_t i = 600; i-- > 0;) pool::release(blocks[i], i * 200);
  };
  round();
  const auto first = pool::usage();
  for (int i = 0; i < 5; ++i) round();
  EXPECT_EQ(pool::usage().system_calls, first.system_calls);
  EXPECT_EQ(pool::usage().held, first.held);
}

TEST(Pool, ServesALargeRequestFromAFreeBlockOfUpToTwiceTheSize) {
  pool::release(pool::allocate(40 * kMiB), 40 * kMiB);
  const auto before = pool::usage().system_calls;
  void* p = pool::allocate(30 * kMiB);
  EXPECT_EQ(pool::usage().system_calls, before);
  pool::release(p, 30 * kMiB);
  // The block has not shrunk.
  p = pool::allocate(40 * kMiB);
  EXPECT_EQ(pool::usage().system_calls, before);
  std::memset(p, 1, 40 * kMiB);
  pool::release(p, 40 * kMiB);
}

TEST(Pool, ReportsTheBytesInUseAndTheirPeak) {
  pool::reset_peak();
  const auto before = pool::usage();
  EXPECT_EQ(before.peak, before.in_use);
  void* a = pool::allocate(3 * kMiB);
  void* b = pool::allocate(100);
  EXPECT_EQ(pool::usage().in_use, before.in_use + 3 * kMiB + 100);
  pool::release(a, 3 * kMiB);
  EXPECT_EQ(pool::usage().in_use, before.in_use + 100);
  EXPECT_GE(pool::usage().peak, before.in_use + 3 * kMiB);
  EXPECT_LE(pool::usage().peak, before.in_use + 3 * kMiB + 100);
  pool::reset_peak();
  EXPECT_EQ(pool::usage().peak, before.in_use + 100);
  pool::release(b, 100);
}

TEST(Pool, SeesThePeakOfSmallBlocksTo64KiB) {
  pool::reset_peak();
  const std::size_t before = pool::usage().in_use;
  {
    std::vector<Tensor<double>> many;
    for (int i = 0; i < 1000; ++i) many.push_back(Tensor<double>::zeros({1000}));
  }
  EXPECT_GE(pool::usage().peak, before + 8000 * 1000 - (64 << 10));
}

TEST(Pool, TellsWhenTheSystemWasAsked) {
  pool::trim();
  const auto before = pool::usage();
  void* p = pool::allocate(50 * kMiB);
  EXPECT_EQ(pool::usage().system_calls, before.system_calls + 1);
  EXPECT_GE(pool::usage().held, before.held + 50 * kMiB);
  pool::release(p, 50 * kMiB);
  EXPECT_GE(pool::usage().held, before.held + 50 * kMiB);
  pool::trim();
  EXPECT_EQ(pool::usage().held, before.held);
}

TEST(Pool, ThrowsForWhatTheSystemCannotGive) {
  EXPECT_THROW(pool::allocate(std::numeric_limits<std::size_t>::max()), Error);
  EXPECT_THROW(pool::allocate(std::size_t{1} << 62), Error);
  EXPECT_THROW(pool::allocate(std::size_t{1} << 46), Error);
  EXPECT_THROW(pool::Allocator<double>().allocate(std::numeric_limits<std::size_t>::max() / 4),
               Error);
  void* p = pool::allocate(100);
  EXPECT_NE(p, nullptr);
  pool::release(p, 100);
}

TEST(Pool, ReleasesNothingGladly) {
  const auto before = pool::usage().in_use;
  pool::release(nullptr, 100);
  EXPECT_EQ(pool::usage().in_use, before);
}

TEST(Pool, TakesBackWhatAnotherThreadAllocated) {
  const auto before = pool::usage().in_use;
  std::vector<void*> blocks;
  std::thread([&] {
    for (std::size_t i = 0; i < 300; ++i) blocks.push_back(pool::allocate(i * 150));
  }).join();
  for (std::size_t i = 0; i < 300; ++i) pool::release(blocks[i], i * 150);
  EXPECT_EQ(pool::usage().in_use, before);
}

TEST(Pool, ReusesTheMemoryOfThreadsThatEnded) {
  const auto work = [] {
    std::vector<Tensor<double>> many;
    for (int i = 0; i < 2000; ++i) many.push_back(Tensor<double>::zeros({100}));
  };
  std::thread(work).join();
  const auto before = pool::usage().system_calls;
  for (int i = 0; i < 20; ++i) std::thread(work).join();
  EXPECT_LE(pool::usage().system_calls, before + 1);
}

TEST(Pool, ServesDestructorsAfterTheThreadsCacheIsGone) {
  bool survived = false;
  const auto before = pool::usage().in_use;
  std::thread([&survived] {
    latecomer.survived = &survived;
    latecomer.tensor = Tensor<double>::full({10}, 1.0);
  }).join();
  EXPECT_TRUE(survived);
  EXPECT_EQ(pool::usage().in_use, before);
}

#ifdef NABLUR_TEST_ASAN
TEST(Pool, PoisonsWhatIsFreeUnderAddressSanitizer) {
  for (const std::size_t size : {100UL, 5000UL, 100000UL}) {
    auto* p = static_cast<char*>(pool::allocate(size));
    EXPECT_EQ(__asan_region_is_poisoned(p, size), nullptr) << size;
    pool::release(p, size);
    EXPECT_TRUE(__asan_address_is_poisoned(p)) << size;
    EXPECT_TRUE(__asan_address_is_poisoned(p + size - 1)) << size;
  }
}
#endif
