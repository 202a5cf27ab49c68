// Many iterations whose shapes change for ever, on several threads with tapes of their own. Memory
// must stay flat, and every result right.
//
//   nablur_soak [iterations] [threads]      1000000 iterations of all threads together, on 8, by
//   default; at least 100000, since
//                                           with fewer the first fifth would not have met all that
//                                           comes
//
// Prints what the pool holds and how large the process is, ten times on the way. Exits with 1 if
// the pool ever holds more than pool.h says, if either grows after the first fifth of the way by
// more than a tenth and 8 MiB, or if a result is wrong.

#include <nablur/nablur.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

using namespace nablur;

namespace {

using T = Tensor<double>;

constexpr double kMiB = 1 << 20;

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double all = 0;
  double resident = 0;
  statm >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

class Draw {
 public:
  explicit Draw(std::uint32_t seed) : random_(seed) {}
  // Uniform in the exponent, from `least` to `most`.
  std::int64_t size(double least, double most) {
    return static_cast<std::int64_t>(least * std::pow(most / least, random_.uniform()));
  }
  bool one_in(double n) { return random_.uniform() * n < 1; }

 private:
  Random random_;
};

// A vector's length, a matrix's sides, sometimes an image that is worth spreading over threads.
Shape draw_shape(Draw& draw) {
  if (draw.one_in(200)) return {draw.size(100, 400), draw.size(200, 600)};
  if (draw.one_in(3)) return {draw.size(1, 20000)};
  if (draw.one_in(3)) return {draw.size(1, 12), draw.size(1, 12), draw.size(1, 12)};
  return {draw.size(1, 100), draw.size(1, 100)};
}

constexpr std::int64_t kMost =
    500000;  // numbers that a step keeps, about: all steps come near it, whatever their shapes

// One step of an optimisation that could be. Returns whether gradients that are known come out.
bool iterate(Tape<double>& tape, Draw& draw) {
  tape.clear();
  const T start = T::full(draw_shape(draw), 0.5);
  const auto x = tape.variable(start);
  auto y = x;
  for (std::int64_t k = std::min<std::int64_t>(draw.size(1, 30), kMost / (4 * start.size())); k > 0;
       --k)
    y = tanh(y * 0.5) + x;
  auto loss = mean(square(y)) + sum(logsumexp(y, -1)) * 1e-3;
  if (draw.one_in(4)) loss = loss + mean(square(gaussian_blur(x, 1.5)));
  if (draw.one_in(50))
    loss = loss + mean(checkpoint([](const auto& v) { return exp(v) * v; }, {x}));
  const auto of_square = gradients(sum(x * x))[x];
  return std::isfinite(sum_over(gradients(loss)[x]).item()) && of_square.data()[0] == 1 &&
         of_square.data()[start.size() - 1] == 1;
}

struct Sample {
  double held = 0;
  double resident = 0;
};

class Soak {
 public:
  Soak(std::int64_t iterations, int users) : iterations_(iterations), users_(users) {}

  bool run() {
    std::vector<std::thread> users;
    for (int k = 0; k < users_; ++k)
      users.emplace_back([this, k] { use(static_cast<std::uint32_t>(k)); });
    for (int i = 1; i <= 10; ++i) watch(i);
    for (std::thread& user : users) user.join();
    if (wrong_ > 0) std::printf("FAILED: %ld results were wrong\n", wrong_.load());
    return flat_ && wrong_ == 0;
  }

 private:
  void use(std::uint32_t seed) {
    Draw draw(seed);
    Tape<double> tape;
    while (next_++ < iterations_) wrong_ += iterate(tape, draw) ? 0 : 1;
  }

  // Looks on until so many tenths are done.
  void watch(int tenths) {
    Sample most;
    while (next_ * 10 < iterations_ * tenths) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      const auto usage = pool::usage();
      most = {std::max(most.held, static_cast<double>(usage.held)),
              std::max(most.resident, resident_bytes())};
      const double bound = 4 * static_cast<double>(usage.peak) + (16 + 8 * (users_ + 2)) * kMiB;
      if (most.held > bound) fails("the pool holds more than its bound", most.held, bound);
    }
    std::printf(
        "%9lld iterations: the pool holds %6.1f MiB at most (peak in use %6.1f), the process "
        "%6.1f\n",
        static_cast<long long>(next_), most.held / kMiB,
        static_cast<double>(pool::usage().peak) / kMiB, most.resident / kMiB);
    std::fflush(stdout);
    if (tenths <= 2) {
      first_ = {std::max(first_.held, most.held), std::max(first_.resident, most.resident)};
      return;
    }
    const auto limit = [](double first) { return 1.1 * first + 8 * kMiB; };
    if (most.held > limit(first_.held))
      fails("the pool holds ever more", most.held, limit(first_.held));
    if (most.resident > limit(first_.resident))
      fails("the process grows", most.resident, limit(first_.resident));
  }

  void fails(const char* why, double found, double limit) {
    std::printf("FAILED: %s: %.1f MiB, at most %.1f were expected\n", why, found / kMiB,
                limit / kMiB);
    flat_ = false;
  }

  const std::int64_t iterations_;
  const int users_;
  std::atomic<std::int64_t> next_ = 0;
  std::atomic<long> wrong_ = 0;
  Sample first_;
  bool flat_ = true;
};

}  // namespace

int main(int argc, char** argv) {
  const long long iterations = argc > 1 ? std::atoll(argv[1]) : 1000000;
  const int users = argc > 2 ? std::atoi(argv[2]) : 8;
  if (argc > 3 || iterations < 100000 || users < 1 || users > 1000) {
    std::fprintf(stderr, "usage: nablur_soak [iterations, at least 100000] [threads, 1 to 1000]\n");
    return 2;
  }
  return Soak(iterations, users).run() ? EXIT_SUCCESS : EXIT_FAILURE;
}
