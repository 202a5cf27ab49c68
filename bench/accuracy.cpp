// How many units in the last place the elementwise functions and their slopes are off, on every
// instruction set of this machine, against MPFR with 256 bits. Prints docs/accuracy.md.
//
//   accuracy [points for each function, scalar and instruction set: 200000]

#include <mpfr.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <nablur/nablur.h>

namespace {

using namespace nablur;

// ---- numbers of 256 bits ----------------------------------------------------------------------

class Big {
 public:
  Big() { mpfr_init2(x_, 256); }
  Big(double number) : Big() { mpfr_set_d(x_, number, MPFR_RNDN); }
  Big(const Big& other) : Big() { mpfr_set(x_, other.x_, MPFR_RNDN); }
  Big& operator=(const Big& other) {
    mpfr_set(x_, other.x_, MPFR_RNDN);
    return *this;
  }
  ~Big() { mpfr_clear(x_); }

  using One = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);
  using Two = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);
  static Big of(One f, const Big& a) {
    Big y;
    f(y.x_, a.x_, MPFR_RNDN);
    return y;
  }
  static Big of(Two f, const Big& a, const Big& b) {
    Big y;
    f(y.x_, a.x_, b.x_, MPFR_RNDN);
    return y;
  }
  friend Big operator+(const Big& a, const Big& b) { return of(mpfr_add, a, b); }
  friend Big operator-(const Big& a, const Big& b) { return of(mpfr_sub, a, b); }
  friend Big operator*(const Big& a, const Big& b) { return of(mpfr_mul, a, b); }
  friend Big operator/(const Big& a, const Big& b) { return of(mpfr_div, a, b); }
  friend Big operator-(const Big& a) { return Big(0) - a; }

  template <class T>
  T rounded() const {
    return sizeof(T) == sizeof(float) ? static_cast<T>(mpfr_get_flt(x_, MPFR_RNDN))
                                      : static_cast<T>(mpfr_get_d(x_, MPFR_RNDN));
  }
  Big times_power_of_two(long n) const {
    Big y;
    mpfr_mul_2si(y.x_, x_, n, MPFR_RNDN);
    return y;
  }

 private:
  mpfr_t x_;
};

// |got − want| in units of the last place of T at `want`, that of denormals included; infinite if
// just one of them is NaN or rounds to an infinity.
template <class T>
double ulps(T got, const Big& want) {
  using Limits = std::numeric_limits<T>;
  const T nearest = want.rounded<T>();
  if (std::isnan(got) || std::isnan(nearest))
    return std::isnan(got) && std::isnan(nearest) ? 0 : INFINITY;
  if (std::isinf(got) || std::isinf(nearest)) return got == nearest ? 0 : INFINITY;
  const int exponent = nearest == 0 ? Limits::min_exponent - 1
                                    : std::max(std::ilogb(nearest), Limits::min_exponent - 1);
  const Big difference = Big(static_cast<double>(got)) - want;
  return std::abs(
      difference.times_power_of_two(Limits::digits - 1 - exponent).template rounded<double>());
}

// ---- the functions ----------------------------------------------------------------------------

template <class T>
struct Function {
  using Values = std::function<Variable<T>(const Variable<T>&, const Variable<T>&)>;
  using Formula = std::function<Big(const Big&, const Big&)>;
  std::string name;
  std::string range;  // of points: "all", "positive", "above −1" or "pairs", a > 0 with any b
  Values value;
  Formula right;
  std::vector<Formula> slopes = {};  // by a, and by b if there is one
};

Big exp_of(const Big& x) { return Big::of(mpfr_exp, x); }
Big bell(const Big& x) {
  const Big t = exp_of(-Big::of(mpfr_abs, x));
  return t / ((1 + t) * (1 + t));
}
Big logistic(const Big& x) { return 1 / (1 + exp_of(-x)); }
Big gaussian(const Big& x) {
  static const Big factor = 2 / Big::of(mpfr_sqrt, 4 * Big::of(mpfr_atan, Big(1)));
  return factor * exp_of(-(x * x));
}

template <class T>
std::vector<Function<T>> functions() {
  using V = const Variable<T>&;
  using B = const Big&;
  const auto plain = [](Big::One f) { return [f](B x, B) { return Big::of(f, x); }; };
  const auto exponential = plain(mpfr_exp);
  const auto cosine = plain(mpfr_cos);
  return {
      {"exp", "all", [](V x, V) { return exp(x); }, exponential, {exponential}},
      {"expm1", "all", [](V x, V) { return expm1(x); }, plain(mpfr_expm1), {exponential}},
      {"log", "positive", [](V x, V) { return log(x); }, plain(mpfr_log), {[](B x, B) {
         return 1 / x;
       }}},
      {"log1p", "above −1", [](V x, V) { return log1p(x); }, plain(mpfr_log1p), {[](B x, B) {
         return 1 / (1 + x);
       }}},
      {"sqrt", "positive", [](V x, V) { return sqrt(x); }, plain(mpfr_sqrt), {[](B x, B) {
         return 1 / (2 * Big::of(mpfr_sqrt, x));
       }}},
      {"reciprocal",
       "all",
       [](V x, V) { return reciprocal(x); },
       [](B x, B) { return 1 / x; },
       {[](B x, B) { return -(1 / (x * x)); }}},
      {"sin", "all", [](V x, V) { return sin(x); }, plain(mpfr_sin), {cosine}},
      {"cos", "all", [](V x, V) { return cos(x); }, cosine, {[](B x, B) {
         return -Big::of(mpfr_sin, x);
       }}},
      {"tanh", "all", [](V x, V) { return tanh(x); }, plain(mpfr_tanh), {[](B x, B) {
         return 4 * bell(2 * x);
       }}},
      {"sigmoid",
       "all",
       [](V x, V) { return sigmoid(x); },
       [](B x, B) { return logistic(x); },
       {[](B x, B) { return bell(x); }}},
      {"softplus",
       "all",
       [](V x, V) { return softplus(x); },
       [](B x, B) {
         const Big top = Big::of(mpfr_max, x, Big(0));
         return top + Big::of(mpfr_log1p, exp_of(x - top - top));
       },
       {[](B x, B) { return logistic(x); }}},
      {"erf", "all", [](V x, V) { return erf(x); }, plain(mpfr_erf), {[](B x, B) {
         return gaussian(x);
       }}},
      {"divide",
       "pairs",
       [](V a, V b) { return a / b; },
       [](B a, B b) { return a / b; },
       {[](B, B b) { return 1 / b; }, [](B a, B b) { return -(a / (b * b)); }}},
      {"pow",
       "pairs",
       [](V a, V b) { return pow(a, b); },
       [](B a, B b) { return Big::of(mpfr_pow, a, b); },
       {[](B a, B b) { return b * Big::of(mpfr_pow, a, b - 1); },
        [](B a, B b) { return Big::of(mpfr_pow, a, b) * Big::of(mpfr_log, a); }}},
  };
}

// ---- points -----------------------------------------------------------------------------------

// A third each of all bit patterns, of numbers about 1, and of numbers up to where e^x overflows.
template <class T>
std::vector<T> points(std::int64_t count, const std::string& range, std::uint32_t seed) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  std::mt19937_64 random(seed);
  const T far = std::log(std::numeric_limits<T>::max()) * T(1.05);
  std::uniform_real_distribution<T> near_one(T(-4), T(4));
  std::uniform_real_distribution<T> wide(-far, far);
  std::vector<T> x;
  while (static_cast<std::int64_t>(x.size()) < count) {
    const std::size_t kind = x.size() % 3;
    T v = kind == 0   ? std::bit_cast<T>(static_cast<Bits>(random()))
          : kind == 1 ? near_one(random)
                      : wide(random);
    if (std::isnan(v)) continue;
    if (range == "positive") v = std::abs(v);
    if (range == "above −1" && v <= -1) continue;
    x.push_back(v);
  }
  return x;
}

// a over all magnitudes with an exponent that leaves a^b within range, for two thirds.
template <class T>
void make_pairs(std::vector<T>& a, std::vector<T>& b) {
  const T range = std::log(std::numeric_limits<T>::max());
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = std::abs(a[i]);
    if (i % 3 != 0 && a[i] > 0 && a[i] != 1)
      b[i] *= std::min(T(1), range / std::abs(std::log(a[i])) / 4);
  }
}

// ---- the table --------------------------------------------------------------------------------

struct Worst {
  double ulps = 0;
  double at = 0;
};

template <class T>
Worst worst(const Tensor<T>& got, const std::vector<Big>& want, const std::vector<T>& a) {
  Worst w;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double error = ulps(got.data()[i], want[i]);
    if (!(error <= w.ulps)) w = {error, static_cast<double>(a[i])};
  }
  return w;
}

template <class T>
void print_table(std::int64_t count, const char* scalar) {
  std::printf("\n## %s\n\n| function | |", scalar);
  for (const std::string& target : simd_targets()) std::printf(" %s |", target.c_str());
  std::printf("\n|---|---|");
  for (std::size_t k = 0; k < simd_targets().size(); ++k) std::printf("---|");
  std::printf("\n");
  std::uint32_t seed = 0;
  for (const Function<T>& f : functions<T>()) {
    std::vector<T> a = points<T>(count, f.range, ++seed);
    std::vector<T> b = points<T>(count, "all", ++seed);
    if (f.range == "pairs") make_pairs(a, b);
    const Shape shape{count};
    const Tensor<T> x0(shape, a);
    const Tensor<T> x1(shape, b);
    for (std::size_t row = 0; row <= f.slopes.size(); ++row) {
      const auto& formula = row == 0 ? f.right : f.slopes[row - 1];
      std::vector<Big> want;
      for (std::size_t i = 0; i < a.size(); ++i)
        want.push_back(formula(static_cast<double>(a[i]), static_cast<double>(b[i])));
      std::printf("| %s | %s |", row == 0 ? ('`' + f.name + '`').c_str() : "",
                  row == 0               ? "value"
                  : f.slopes.size() == 1 ? "slope"
                  : row == 1             ? "by a"
                                         : "by b");
      for (const std::string& target : simd_targets()) {
        set_simd_target(target);
        Tape<T> tape;
        const auto va = tape.variable(x0);
        const auto vb = tape.variable(x1);
        const auto y = f.value(va, vb);
        Tensor<T> got = y.value();
        if (row > 0) got = gradients(y, Tensor<T>::ones(shape))[row == 1 ? va : vb];
        const Worst w = worst(got, want, a);
        std::printf(" %.2f at %.3g |", w.ulps, w.at);
      }
      std::printf("\n");
      std::fflush(stdout);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t count = argc > 1 ? std::atoll(argv[1]) : 200000;
  std::printf(
      "# How accurate the elementwise functions are\n\n"
      "The largest error found, in units in the last place (0.5 is a correctly rounded result), "
      "and\n"
      "its argument; ∞ is a NaN or an infinity where a number is right, or the other way round. "
      "%lld\n"
      "points each, over the whole range, against MPFR with 256 bits; `bench/accuracy` prints "
      "this\n"
      "page. PLAIN is the C library's functions. `+ - *`, `square`, `abs`, `relu`, `clamp`,\n"
      "`maximum` and `minimum` and their slopes round once.\n",
      static_cast<long long>(count));
  print_table<double>(count, "double");
  print_table<float>(count, "float");
}
