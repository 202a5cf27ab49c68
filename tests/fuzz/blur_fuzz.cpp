// Random blurs: every instruction set against the plain loop and that against the definition;
// value, adjoint, gradients by the image and by σ, alone and together; where NaN may reach; where
// the numbers lie and how many threads there are, which must not matter.

#include "blur/blurred.h"
#include "oracle.h"

namespace {

using namespace nablur;
using namespace nablur::fuzz;

Oracle value_near("the value is the plain loop's", 500);
Oracle dx_near("dL/dx is the plain loop's", 500);
Oracle dsigma_near("dL/dsigma is the plain loop's", 400);
Oracle defined("the plain loop is the definition in long double", 50);
Oracle adjoint("<blur(x), g> = <x, dL/dx>", 500);
Oracle alone("by x or by sigma alone the gradient is the same", 100);
Oracle layouts("where the numbers lie does not matter", 100);
Oracle rows_apart("rows that are not blurred together may be blurred apart", 20);
Oracle contained("NaN and infinity stay within R", 100);
Oracle forward_mode("forward mode agrees", 50);
Oracle differences("dL/dsigma is a central difference", 20);
Oracle threads_agree("one thread and two give the same bits", 1);
Oracle pool_empty("the pool has everything back", 500);

// Compares element by element with a scale for each, or one for all.
template <class T, class Want, class Scale>
void expect_near(Oracle& oracle, const char* what, const Tensor<T>& found, const Want& want,
                 const Scale& scale, const BlurCase& c) {
  const long double allowed = limit<T>(c);
  for (std::int64_t i = 0; i < found.size(); ++i) {
    const long double error =
        std::fabs(static_cast<long double>(found.data()[i]) - static_cast<long double>(want(i)));
    oracle.expect(
        error <= allowed * static_cast<long double>(scale(i)) +
                     1e4L * static_cast<long double>(std::numeric_limits<T>::denorm_min()),
        what, " element ", i, ": ", found.data()[i], " instead of ", static_cast<double>(want(i)),
        ": ", [&] { return c.describe(); });
  }
}

// One run's tensors, and what they are held against.
template <class T>
struct Run {
  const BlurCase& c;
  Tensor<T> x;
  Tensor<T> g;
  Blurred<T> plain;
  Blurred<T> scale;  // Σ|w||x| and Σ|w||g|
  Blurred<T> fast;
  std::vector<long double> sigma_scale;  // Σ|h||x||g|, by σ, at most

  Run(const BlurCase& blur_case, Noise& noise)
      : c(blur_case),
        x(random_numbers<T>(c.shape(), noise)),
        g(random_numbers<T>(c.shape(), noise)) {
    plain = blur_on("PLAIN", x, g, c);
    scale = blur_on("PLAIN", absolute(x), absolute(g), c);
    fast = blur_on(c.target.c_str(), laid_out(x, c), laid_out(g, c), c);
    long double largest = 0;
    long double sum = 0;
    for (const T v : x) largest = std::max<long double>(largest, std::fabs(v));
    for (const T v : g) sum += std::fabs(static_cast<long double>(v));
    sigma_scale.assign(c.sigmas.size(), 0);
    for (std::size_t k = 0; k < c.axes.size(); ++k)
      sigma_scale[c.shared ? 0 : k] += slope_sum<T>(c, k) * largest * sum;
  }

  void check_fast() const {
    const auto of = [](const Tensor<T>& t) { return [&t](std::int64_t i) { return t.data()[i]; }; };
    expect_near(value_near, "y", fast.y, of(plain.y), of(scale.y), c);
    expect_near(dx_near, "dx", fast.dx, of(plain.dx), of(scale.dx), c);
    expect_near(
        dsigma_near, "dsigma", fast.dsigma, of(plain.dsigma),
        [this](std::int64_t i) { return sigma_scale[static_cast<std::size_t>(i)]; }, c);
    const long double forward = dot(fast.y, g);
    const long double backward = dot(x, fast.dx);
    const long double size = dot(scale.y, absolute(g));
    adjoint.expect(std::fabs(forward - backward) <= 2 * limit<T>(c) * size + 1e-30L,
                   static_cast<double>(forward), " and ", static_cast<double>(backward), ": ",
                   [&] { return c.describe(); });
  }

  void check_alone() const {
    const Blurred<T> by_image = blur(x, g, c, By::image);
    const Blurred<T> by_sigma = blur(x, g, c, By::sigma);
    alone.expect(same_bits(by_image.dx, fast.dx), "dx: ", [&] { return c.describe(); });
    alone.expect(same_bits(by_sigma.dsigma, fast.dsigma), "dsigma: ", [&] { return c.describe(); });
    alone.expect(same_bits(by_image.y, fast.y) && same_bits(by_sigma.y, fast.y),
                 "y: ", [&] { return c.describe(); });
  }

  void check_layout() const {
    const Blurred<T> own = blur(x, g, c);
    layouts.expect(same_bits(own.y, fast.y) && same_bits(own.dx, fast.dx) &&
                       same_bits(own.dsigma, fast.dsigma),
                   [&] { return c.describe(); });
    if (std::find(c.axes.begin(), c.axes.end(), 0) != c.axes.end() || c.sizes[0] < 2)
      return rows_apart.skip();
    BlurCase part = c;
    part.sizes[0] -= 1;
    const Blurred<T> rest = blur(x.rows(1, c.sizes[0]), g.rows(1, c.sizes[0]), part);
    rows_apart.expect(same_bits(rest.y, fast.y.rows(1, c.sizes[0])) &&
                          same_bits(rest.dx, fast.dx.rows(1, c.sizes[0])),
                      [&] { return c.describe(); });
  }

  void check_definition() const;
  void check_containment(Noise& noise) const;
  void check_forward_mode(Noise& noise) const;
  void check_differences() const;
};

// ---- the definition ---------------------------------------------------------------------------

template <class T>
void Run<T>::check_definition() const {
  using reference::Numbers;
  const Tensor<T> size_x = absolute(x);
  const Tensor<T> size_g = absolute(g);
  Numbers y(x.begin(), x.end());
  Numbers dx(g.begin(), g.end());
  Numbers y_scale(size_x.begin(), size_x.end());
  Numbers dx_scale(size_g.begin(), size_g.end());
  for (std::size_t k = 0; k < c.axes.size(); ++k) {
    const auto s = static_cast<T>(c.sigma_of(k));
    if (s == 0) continue;
    const auto w = reference::taps(s, c.radius_of<T>(k)).w;
    const auto lines = lines_of(c, static_cast<std::size_t>(c.axes[k]));
    y = reference::filter(y, lines, w, c.border);
    dx = reference::filter_transposed(dx, lines, w, c.border);
    y_scale = reference::filter(y_scale, lines, uncertain(w, s), c.border);
    dx_scale = reference::filter_transposed(dx_scale, lines, uncertain(w, s), c.border);
  }
  const auto of = [](const Numbers& n) {
    return [&n](std::int64_t i) { return n[static_cast<std::size_t>(i)]; };
  };
  expect_near(defined, "y", plain.y, of(y), of(y_scale), c);
  expect_near(defined, "dx", plain.dx, of(dx), of(dx_scale), c);
}

// ---- where NaN may reach ----------------------------------------------------------------------

// Whether output i of an axis looks at sample j.
bool looks_at(std::int64_t i, std::int64_t j, std::int64_t n, std::int64_t radius, Border border) {
  for (std::int64_t d = -radius; d <= radius; ++d) {
    if (reference::sample_at(i + d, n, border) == j) return true;
  }
  return false;
}

std::vector<std::int64_t> indices_of(std::int64_t flat, const std::vector<std::int64_t>& sizes) {
  std::vector<std::int64_t> at(sizes.size());
  for (std::size_t axis = sizes.size(); axis-- > 0; flat /= sizes[axis])
    at[axis] = flat % sizes[axis];
  return at;
}

// An element that is no number is put into x, and into g: all results beyond its reach keep their
// bits.
template <class T>
void Run<T>::check_containment(Noise& noise) const {
  if (x.size() == 0) return contained.skip();
  const auto place = static_cast<std::int64_t>(noise.bits() % static_cast<std::uint64_t>(x.size()));
  const auto centre = indices_of(place, c.sizes);
  Tensor<T> spoilt_x = x;
  Tensor<T> spoilt_g = g;
  spoilt_x.mutable_data()[place] = noise.bits() % 2 == 0 ? std::numeric_limits<T>::quiet_NaN()
                                                         : std::numeric_limits<T>::infinity();
  spoilt_g.mutable_data()[place] = std::numeric_limits<T>::quiet_NaN();
  const Blurred<T> spoilt = blur(spoilt_x, spoilt_g, c);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const auto at = indices_of(i, c.sizes);
    bool value_may = true;
    bool gradient_may = true;
    for (std::size_t axis = 0; axis < at.size(); ++axis) {
      const auto found = std::find(c.axes.begin(), c.axes.end(), static_cast<std::int64_t>(axis));
      const std::int64_t radius =
          found == c.axes.end() ? 0
                                : c.radius_of<T>(static_cast<std::size_t>(found - c.axes.begin()));
      value_may = value_may && looks_at(at[axis], centre[axis], c.sizes[axis], radius, c.border);
      gradient_may =
          gradient_may && looks_at(centre[axis], at[axis], c.sizes[axis], radius, c.border);
    }
    const auto kept = [i](const Tensor<T>& a, const Tensor<T>& b) {
      return std::memcmp(a.data() + i, b.data() + i, sizeof(T)) == 0;
    };
    contained.expect(value_may || kept(spoilt.y, fast.y), "y at element ", i, " from ", place, ": ",
                     [&] { return c.describe(); });
    contained.expect(gradient_may || kept(spoilt.dx, fast.dx), "dx at element ", i, " from ", place,
                     ": ", [&] { return c.describe(); });
  }
}

// ---- other derivations of the gradients -------------------------------------------------------

template <class T>
void Run<T>::check_forward_mode(Noise& noise) const {
  auto vx = Tensor<T>::empty(x.shape());
  for (T *to = vx.mutable_data(), *end = to + vx.size(); to != end; ++to)
    *to = static_cast<T>(noise.weight());
  const Tensor<T> sigma = c.sigma<T>();
  auto vs = Tensor<T>::empty(sigma.shape());
  for (T *to = vs.mutable_data(), *end = to + vs.size(); to != end; ++to)
    *to = static_cast<T>(noise.weight());
  const auto y = gaussian_blur(make_dual(x, vx), make_dual(sigma, vs), c.options()).value();
  const long double forward = dot(tangent_of(y), g);
  const long double backward = dot(fast.dx, vx) + dot(fast.dsigma, vs);
  long double size = 2 * dot(scale.dx, Tensor<T>::ones(x.shape()));
  for (const long double s : sigma_scale) size += 2 * s;
  forward_mode.expect(std::fabs(forward - backward) <= 8 * limit<T>(c) * size + 1e-30L,
                      static_cast<double>(forward), " and ", static_cast<double>(backward), ": ",
                      [&] { return c.describe(); });
}

// By all σ at once; R as it is.
template <class T>
void Run<T>::check_differences() const {
  BlurCase moved = c;
  long double exact = 0;
  long double size = 0;
  for (std::size_t k = 0; k < c.axes.size(); ++k) {
    if (!(c.sigma_of(k) >= 0.3 && c.sigma_of(k) < 50) ||
        (!c.radius && c.radius_of<T>(k) != c.radius_of<T>(0)))
      return differences.skip();
  }
  if (c.axes.empty()) return differences.skip();
  moved.radius = c.radius_of<T>(0);
  for (std::int64_t i = 0; i < fast.dsigma.size(); ++i) {
    exact += static_cast<long double>(fast.dsigma.data()[i]);
    size += sigma_scale[static_cast<std::size_t>(i)];
  }
  long double d[2];
  for (int i = 0; i < 2; ++i) {
    const double h = 1e-3 / (1 << i);
    long double ends[2];
    for (int side = 0; side < 2; ++side) {
      for (std::size_t k = 0; k < c.sigmas.size(); ++k)
        moved.sigmas[k] = c.sigmas[k] + (side == 0 ? h : -h);
      ends[side] = dot(gaussian_blur(x, moved.template sigma<T>(), moved.options()).value(), g);
    }
    d[i] = (ends[0] - ends[1]) / (2 * static_cast<long double>(h));
  }
  const long double noise = 1e4L * limit<T>(c) * dot(scale.y, absolute(g));
  differences.expect(std::fabs((4 * d[1] - d[0]) / 3 - exact) <= noise + 1e-7L * size,
                     static_cast<double>(exact), ", differences say ", static_cast<double>(d[1]),
                     ": ", [&] { return c.describe(); });
}

// ---- a run ------------------------------------------------------------------------------------

template <class T>
void run(const BlurCase& c, std::int64_t choice) {
  Noise noise(c.seed);
  const Run<T> r(c, noise);
  r.check_fast();
  switch (choice % 8) {
    case 0:
      return r.check_alone();
    case 1:
      return r.check_layout();
    case 2:
    case 3:
      return r.check_containment(noise);
    case 4:
      return r.check_definition();
    case 5:
      return r.check_forward_mode(noise);
    case 6:
      return std::is_same_v<T, double> ? r.check_differences() : r.check_definition();
    default:
      return;
  }
}

template <class T>
void run_on_threads(const BlurCase& c) {
  Noise noise(c.seed);
  const auto x = random_numbers<T>(c.shape(), noise);
  const auto g = random_numbers<T>(c.shape(), noise);
  const Blurred<T> one = blur_on(c.target.c_str(), x, g, c);
  set_threads(2);
  const Blurred<T> two = blur(x, g, c);
  set_threads(1);
  threads_agree.expect(
      same_bits(one.y, two.y) && same_bits(one.dx, two.dx) && same_bits(one.dsigma, two.dsigma),
      [&] { return c.describe(); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool once = [] {
    set_threads(1);
    const Tape<double> slots[2];  // the places of tapes are recycled, but never given back
    return true;
  }();
  static_cast<void>(once);
  const std::size_t before = pool::usage().in_use;
  Bytes bytes(data, size);
  const std::int64_t choice = bytes.byte();
  const bool is_float = bytes.one_in(2);
  // One input in 512, whatever a fuzzer prefers: it takes long. Threads have counts of their own,
  // which the pool does not see at once.
  std::int64_t hash = 0;
  for (std::size_t i = 0; i < size; ++i)
    hash = static_cast<std::int64_t>(Noise(hash ^ data[i]).bits());
  if (hash % 512 == 7) {
    const BlurCase c = large_blur_case(bytes);
    is_float ? run_on_threads<float>(c) : run_on_threads<double>(c);
    return 0;
  }
  {
    const BlurCase c = read_blur_case(bytes);
    is_float ? run<float>(c, choice) : run<double>(c, choice);
  }
  const std::size_t after = pool::usage().in_use;
  pool_empty.expect(after == before, "in use: ", before, " bytes before, ", after, " after");
  return 0;
}
