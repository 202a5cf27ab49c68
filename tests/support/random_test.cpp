#include <gtest/gtest.h>
#include <nablur/autodiff/tensor.h>
#include <nablur/support/random.h>

#include <array>
#include <cmath>
#include <cstdint>

using namespace nablur;

namespace {

// MT19937 as M. Matsumoto and T. Nishimura published it (mt19937ar.c, 2002), word for word in C++.
class ReferenceTwister {
 public:
  explicit ReferenceTwister(std::uint32_t seed) {
    state_[0] = seed;
    for (std::uint32_t i = 1; i < 624; ++i)
      state_[i] = 1812433253U * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
  }
  std::uint32_t next() {
    if (at_ == 624) renew();
    std::uint32_t y = state_[at_++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680U;
    y ^= (y << 15) & 0xefc60000U;
    return y ^ (y >> 18);
  }

 private:
  void renew() {
    for (std::size_t k = 0; k < 624; ++k) {
      const std::uint32_t y = (state_[k] & 0x80000000U) | (state_[(k + 1) % 624] & 0x7fffffffU);
      state_[k] = state_[(k + 397) % 624] ^ (y >> 1) ^ ((y & 1U) != 0 ? 0x9908b0dfU : 0U);
    }
    at_ = 0;
  }
  std::array<std::uint32_t, 624> state_{};
  std::size_t at_ = 624;
};

}  // namespace

TEST(Random, UniformIsTheReferenceTwisterWith53Bits) {
  for (const std::uint32_t seed : {0U, 1U, 1337U, 5489U, 0xffffffffU}) {
    Random random(seed);
    ReferenceTwister twister(seed);
    for (int i = 0; i < 2000; ++i) {
      const double high = twister.next() >> 5;
      const double low = twister.next() >> 6;
      ASSERT_EQ(random.uniform(), (high * 67108864.0 + low) / 9007199254740992.0)
          << "seed " << seed << ", number " << i;
    }
  }
}

// The C++ standard fixes output 10 000 of seed 5489: 4123659995. It makes the low bits of number 5
// 000.
TEST(Random, ReachesTheStandardsTenThousandthOutput) {
  Random random(5489);
  double last = 0;
  for (int i = 0; i < 5000; ++i) last = random.uniform();
  EXPECT_EQ(std::fmod(last * 9007199254740992.0, 67108864.0),
            static_cast<double>(4123659995U >> 6));
}

// numpy.random.seed(seed); numpy.random.rand(3)
TEST(Random, UniformIsNumPys) {
  Random zero(0);
  EXPECT_EQ(zero.uniform(), 0.5488135039273248);
  EXPECT_EQ(zero.uniform(), 0.7151893663724195);
  EXPECT_EQ(zero.uniform(), 0.6027633760716439);
  Random last(4294967295U);
  EXPECT_EQ(last.uniform(), 0.0976320289940138);
}

// numpy.random.seed(42); numpy.random.randn(4), to the last bits that two mathematics libraries may
// differ by
TEST(Random, NormalIsNumPys) {
  Random random(42);
  for (const double x :
       {0.4967141530112327, -0.13826430117118466, 0.6476885381006925, 1.5230298564080254}) {
    EXPECT_NEAR(random.normal(), x, 1e-15);
  }
}

// numpy.random.seed(7); randn(), rand(), randn(), randn()
TEST(Random, KeepsTheSecondNormalAcrossAUniform) {
  Random random(7);
  EXPECT_NEAR(random.normal(), 1.690525703800356, 1e-15);
  EXPECT_EQ(random.uniform(), 0.9779895119966027);
  EXPECT_NEAR(random.normal(), -0.4659373705408328, 1e-15);
  EXPECT_NEAR(random.normal(), 0.09316606097975175, 1e-15);
}

// numpy.random.seed(1337); numpy.random.randn(100): the notebook's signal, its first and its last
// numbers
TEST(Random, DrawsTheNotebooksSignal) {
  Random random(1337);
  const auto signal = Tensor<double>::normal({100}, random);
  const double first[] = {-0.7031873098624105, -0.49028236278771464, -0.3218143296501526,
                          -1.7550787171239868, 0.20666447021383047,  -2.011264572814634};
  for (std::int64_t i = 0; i < 6; ++i) EXPECT_NEAR(signal(i), first[i], 1e-15);
  EXPECT_NEAR(signal(97), 0.330358651195845, 1e-15);
  EXPECT_NEAR(signal(98), -0.5425151791589167, 1e-15);
  EXPECT_NEAR(signal(99), -1.0520285666194797, 1e-15);
}

TEST(Random, FillsTensorsInRowMajorOrder) {
  Random one(3);
  Random other(3);
  const auto t = Tensor<float>::uniform({2, 3}, one);
  for (std::int64_t i = 0; i < 2; ++i) {
    for (std::int64_t j = 0; j < 3; ++j) EXPECT_EQ(t(i, j), static_cast<float>(other.uniform()));
  }
}

// Of 10^5 numbers the mean lies within 5 standard errors of 1/2, and each tenth of the interval
// gets its share.
TEST(Random, SpreadsUniformNumbersOverTheUnitInterval) {
  Random random(11);
  std::array<int, 10> counts{};
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    const double x = random.uniform();
    ASSERT_GE(x, 0);
    ASSERT_LT(x, 1);
    sum += x;
    ++counts[static_cast<std::size_t>(10 * x)];
  }
  EXPECT_NEAR(sum / 1e5, 0.5, 5 * std::sqrt(1.0 / 12 / 1e5));
  for (const int count : counts) EXPECT_NEAR(count, 10000, 5 * std::sqrt(1e5 * 0.1 * 0.9));
}
