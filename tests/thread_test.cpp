// Threads with tapes of their own, and tensors that cross between them. Meant to run under
// ThreadSanitizer too.

#include <gtest/gtest.h>
#include <nablur/nablur.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

using namespace nablur;

namespace {

using V = Variable<double>;
using T = Tensor<double>;

constexpr std::size_t kThreads = 4;

void in_threads(const std::function<void(std::size_t)>& work) {
  std::vector<std::thread> threads;
  for (std::size_t k = 0; k < kThreads; ++k) threads.emplace_back(work, k);
  for (std::thread& thread : threads) thread.join();
}

// A few steps of the search for the scale of a blur; every number of the way is returned.
std::vector<double> recover(std::uint32_t seed, int steps) {
  Random random(seed);
  const T signal = T::normal({60}, random);
  const T smoothed = gaussian_blur(signal, 2.0).value();
  std::vector<double> trace;
  Tape<double> tape;
  T s = 0.0;
  for (int i = 0; i < steps; ++i) {
    tape.clear();
    const V param = tape.variable(s);
    const V loss = 0.5 * sum(square(gaussian_blur(signal, sigma_from_param(param)) - smoothed));
    s -= 0.1 * gradients(loss)[param];
    trace.push_back(loss.item());
    trace.push_back(s.item());
  }
  return trace;
}

// Takes in turn the kinds of operator that share work or memory.
double mixture(const T& data, double scale) {
  Tape<double> tape;
  const V x = tape.variable(data);
  const V square_matrix = matmul(x, transpose(x));
  const V joined = concatenate({slice(square_matrix, {{1, 3}}), square_matrix * scale}, 0);
  const V loss =
      logsumexp(joined) + mean(checkpoint([](const auto& v) { return tanh(v) * v; }, {x}));
  return loss.item() + sum_over(gradients(loss)[x]).item();
}

}  // namespace

TEST(Threads, WithTapesOfTheirOwnFindWhatOneThreadFinds) {
  std::array<std::vector<double>, kThreads> found;
  in_threads([&](std::size_t k) { found[k] = recover(static_cast<std::uint32_t>(k), 20); });
  for (std::size_t k = 0; k < kThreads; ++k)
    EXPECT_EQ(found[k], recover(static_cast<std::uint32_t>(k), 20)) << "thread " << k;
}

TEST(Threads, ReadOneTensorTogether) {
  const T data = T::linspace(-1, 1, 20).reshaped({4, 5});
  std::array<double, kThreads> found{};
  in_threads([&](std::size_t k) {
    for (int i = 0; i < 20; ++i) found[k] = mixture(data, static_cast<double>(k));
  });
  for (std::size_t k = 0; k < kThreads; ++k)
    EXPECT_EQ(found[k], mixture(data, static_cast<double>(k)));
}

TEST(Threads, WriteToCopiesOfOneTensorWithoutSeeingEachOther) {
  const T shared = T::arange(1000);
  std::array<double, kThreads> found{};
  in_threads([&](std::size_t k) {
    for (int i = 0; i < 50; ++i) {
      T mine = shared;
      T row = shared.rows(500, 501);
      mine.mutable_data()[0] = static_cast<double>(k);
      mine += static_cast<double>(i);
      row += 1.0;
      found[k] = mine(0) + mine(999) + row(0);
    }
  });
  for (std::size_t k = 0; k < kThreads; ++k)
    EXPECT_EQ(found[k], static_cast<double>(k) + 49 + 999 + 49 + 501);
  EXPECT_EQ(shared(0), 0);
  EXPECT_EQ(shared(999), 999);
}

// Each tensor is made in one thread, and let go in another, small ones and large ones.
TEST(Threads, LetGoOfTensorsThatOthersMade) {
  const auto before = pool::usage().in_use;
  {
    std::array<std::vector<T>, kThreads> made;
    for (int round = 0; round < 5; ++round) {
      in_threads([&](std::size_t k) {
        for (std::int64_t i = 0; i < 200; ++i)
          made[k].push_back(T::full({i * i % 8000}, static_cast<double>(k)));
      });
      in_threads([&](std::size_t k) {
        std::vector<T>& others = made[(k + 1) % kThreads];
        for (const T& t : others) {
          for (const double x : t) ASSERT_EQ(x, static_cast<double>((k + 1) % kThreads));
        }
        others.clear();
      });
    }
  }
  EXPECT_EQ(pool::usage().in_use, before);
}

TEST(Threads, DestroyTheOwnerOfWrappedMemoryOnceAndAfterTheLastLook) {
  for (int round = 0; round < 20; ++round) {
    auto memory = std::make_shared<std::vector<double>>(1000, 1.0);
    const std::weak_ptr<std::vector<double>> watch = memory;
    const double* numbers = memory->data();
    std::optional<T> wrapped = T::wrap(numbers, {1000}, std::move(memory));
    std::array<T, kThreads> copies;
    copies.fill(*wrapped);
    wrapped.reset();
    std::array<double, kThreads> sums{};
    in_threads([&](std::size_t k) {
      const T mine = std::move(copies[k]);
      sums[k] = sum_over(mine.rows(0, 500)).item();
    });
    EXPECT_TRUE(watch.expired());
    for (const double s : sums) EXPECT_EQ(s, 500);
  }
}

// Tapes take the places of those that ended; a variable of one that is gone must notice, whatever
// others do there.
TEST(Threads, RefuseAVariableOfATapeThatIsGoneWhileOthersTakeItsPlace) {
  std::optional<Tape<double>> tape(std::in_place);
  const V old = tape->variable(1.0);
  tape.reset();
  std::atomic<bool> done{false};
  std::thread busy([&] {
    while (!done) {
      Tape<double> own;
      const V x = own.variable(2.0);
      static_cast<void>(gradients(x * x));
      own.clear();
    }
  });
  for (int i = 0; i < 2000; ++i) EXPECT_THROW(old * 2.0, Error);
  done = true;
  busy.join();
  EXPECT_EQ(old.item(), 1);
}

TEST(Threads, AskForUsageAndTrimWhileOthersWork) {
  std::atomic<std::size_t> running{kThreads};
  std::thread asking([&] {
    while (running > 0) {
      pool::reset_peak();
      pool::trim();
      static_cast<void>(pool::usage());
    }
  });
  std::array<double, kThreads> found{};
  in_threads([&](std::size_t k) {
    for (std::int64_t i = 0; i < 50; ++i)
      found[k] += sum_over(T::ones({20000 + i * 100}) + T(1.0)).item();
    --running;
  });
  asking.join();
  for (const double s : found) EXPECT_EQ(s, 2 * (50 * 20000 + 100 * 49 * 50 / 2));
}
