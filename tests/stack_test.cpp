// Deep graphs need no deep stack. Run under `ulimit -s 256`; the tests also measure the stack
// themselves.

#include <gtest/gtest.h>
#include <nablur/autodiff/gradients.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <utility>

using namespace nablur;

namespace {

using V = Variable<double>;
using T = Tensor<double>;

constexpr int kNodes = 1000000;
constexpr std::uintptr_t kFewFrames = 16 << 10;  // one for each node would be at least 16 MB

// The span of stack addresses at which it was called.
class StackSpan {
 public:
  void see() noexcept {
    const char here = 0;
    const auto at = reinterpret_cast<std::uintptr_t>(&here);
    low_ = std::min(low_, at);
    high_ = std::max(high_, at);
  }
  std::uintptr_t size() const { return high_ - low_; }

 private:
  std::uintptr_t low_ = UINTPTR_MAX;
  std::uintptr_t high_ = 0;
};

// A pullback that sees the stack when it is called and when it is destroyed.
struct Probe {
  Probe(StackSpan* when_called, StackSpan* when_destroyed)
      : called(when_called), destroyed(when_destroyed) {}
  Probe(Probe&& other) noexcept
      : called(other.called), destroyed(std::exchange(other.destroyed, nullptr)) {}
  Probe& operator=(Probe&&) = delete;
  ~Probe() {
    if (destroyed != nullptr) destroyed->see();
  }
  T operator()(const T& g) const {
    called->see();
    return g;
  }
  StackSpan* called;
  StackSpan* destroyed;
};

// Each call looks at an array of the one above, so that no compiler can make a loop of it; a frame
// takes 64 bytes or more.
[[gnu::noinline]] int descend(int depth, const volatile int* above, StackSpan& span) {
  volatile int frame[16];
  frame[0] = *above + 1;
  span.see();
  return depth == 0 ? frame[0] : descend(depth - 1, frame, span);
}

}  // namespace

TEST(Stack, IsSeenToGrowWithARecursion) {
  StackSpan span;
  const volatile int start = 0;
  EXPECT_EQ(descend(500, &start, span), 501);
  EXPECT_GT(span.size(), kFewFrames);
}

TEST(Stack, StaysFlatForAMillionNodesRecordedReversedAndCleared) {
  Tape<double> tape;
  for (int round = 0; round < 2; ++round) {
    const V x = tape.variable(1.0);
    V y = x;
    for (int i = 0; i < kNodes; ++i) y = y * (1 + 1e-6);
    EXPECT_EQ(tape.size(), kNodes + 1);
    // (1 + 10^−6)^(10^6); a million roundings of at most half an ulp each
    EXPECT_NEAR(gradients(y)[x].item(), std::exp(1e6 * std::log1p(1e-6)), 3 * 1e6 * 1.2e-16);
    tape.clear();
  }
}

TEST(Stack, StaysFlatWhereATapeOfAMillionNodesIsDestroyed) {
  auto tape = std::make_unique<Tape<double>>();
  V y = tape->variable(T{1.0, 2.0});
  for (int i = 0; i < kNodes; ++i) y = sin(y);
  tape.reset();
  EXPECT_EQ(y.size(), 2);
}

TEST(Stack, IsNoDeeperForTheLastPullbackThanForTheFirst) {
  StackSpan called;
  StackSpan destroyed;
  {
    Tape<double> tape;
    const V x = tape.variable(1.0);
    V y = x;
    for (int i = 0; i < kNodes; ++i)
      y = record("probe", y.value(), {{y, Probe(&called, &destroyed)}});
    EXPECT_EQ(gradients(y, {x})[x].item(), 1);
    EXPECT_EQ(gradients(y)[x].item(), 1);
    tape.clear();
    y = tape.variable(1.0);
    for (int i = 0; i < kNodes; ++i)
      y = record("probe", y.value(), {{y, Probe(&called, &destroyed)}});
  }
  EXPECT_LT(called.size(), kFewFrames);
  EXPECT_LT(destroyed.size(), kFewFrames);
}
