#include <nablur/ops/detail/separable.h>

#include <algorithm>
#include <utility>

#include <nablur/ops/detail/sweep_axis.h>
#include <nablur/support/detail/parallel.h>
#include <nablur/support/threads.h>

namespace nablur::detail {

namespace {

constexpr std::int64_t kMostRadius =
    1 << 16;  // beyond it the plain loop is used, because scratch grows with the radius

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// An image filtered along the axes so far, with h in place of w along one of them or none.
template <class T>
struct Stream {
  const T* data;
  std::int64_t derived;  // -1: along none
};

template <class T>
class Sweep {
 public:
  // The sums of products with x are left with the axes.
  Sweep(Pooled<SweepAxis<T>>& axes, const Kernels<T>& kernels, std::int64_t size, bool want_sigma)
      : axes_(axes), k_(kernels), want_sigma_(want_sigma) {
    std::int64_t taps = 0;
    for (const SweepAxis<T>& axis : axes)
      taps += axis.filter.radius + 12;  // all other work costs as much as so many taps
    slots_ = size * taps < kSmall ? 1 : threads();
    bytes_ = size * static_cast<std::int64_t>(sizeof(T));
  }

  // Filters `outer` arrays side by side along the axes from `level` on. x and out may be null.
  void run(std::size_t level, std::int64_t outer, std::span<const Stream<T>> streams, const T* x,
           T* out) {
    const SweepAxis<T>& axis = axes_[level];
    const std::size_t left = axes_.size() - level;
    if (left > 2 || (left == 2 && axes_[level + 1].inner >= k_.lanes)) {
      by_blocks(level, outer, streams, x, out);
      return;
    }
    for (const Stream<T>& stream : streams) {
      const bool is_u = stream.derived < 0;
      if (left == 2) {
        plane(level, outer, stream, x, is_u ? out : nullptr);
      } else if (axis.inner >= k_.lanes) {
        rows(level, outer, stream, x, is_u ? out : nullptr);
      } else if (axis.inner == 1 && outer < std::max<std::int64_t>(2, k_.lanes / 4)) {
        lines(level, outer, stream, x, is_u ? out : nullptr);
      } else {
        columns(level, outer, stream, x, is_u ? out : nullptr);
      }
    }
  }

 private:
  static constexpr std::int64_t kSmall =
      1 << 22;  // taps: some tens of microseconds, not worth waking anyone
  static constexpr std::int64_t kNear = 1 << 21;  // bytes that a core's own caches may hold
  static constexpr std::int64_t kFar = 1 << 23;   // and those that all cores share
  static constexpr std::int64_t kRows = 80;       // of a strip
  static constexpr std::int64_t kStack = 512;     // numbers of scratch that need not be asked for
  static constexpr std::int64_t kBlock = 10;      // slices that are held at a time
  static constexpr std::int64_t kChunk =
      4096;  // numbers of a row, or samples of a line, in one task

  // The planes of an array and their strips: each task is one.
  struct Grid {
    std::int64_t outer = 1;
    std::int64_t outer_step = 0;
    std::int64_t middle = 1;
    std::int64_t middle_step = 0;
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::int64_t chunk = 0;  // of the numbers in a row; 0: whole rows
  };

  AxisFilter<T> filter_for(std::size_t level, const Stream<T>& stream) const {
    return stream.derived < 0 && want_sigma_ ? axes_[level].filter : axes_[level].plain();
  }

  // The outputs of the last plane: the result of u is stored in out, that of an e only summed.
  Plane<T> last_plane(const Stream<T>& stream, const T* x, T* out) const {
    Plane<T> plane;
    plane.in = stream.data;
    plane.out = out;
    plane.x = want_sigma_ ? x : nullptr;
    plane.sum_result = stream.derived >= 0;
    plane.fetch = bytes_ >= kNear;
    plane.stream = true;
    return plane;
  }

  void plane(std::size_t level, std::int64_t outer, const Stream<T>& stream, const T* x, T* out) {
    const SweepAxis<T>& v = axes_[level];
    const SweepAxis<T>& h = axes_[level + 1];
    Plane<T> plane = last_plane(stream, x, out);
    plane.across = filter_for(level, stream);
    plane.along = filter_for(level + 1, stream);
    plane.inner = h.inner;
    plane.pitch = v.inner;
    const std::int64_t width = h.filter.n * h.inner;
    const StripSums sums =
        strips(plane, {outer, v.filter.n * v.inner, v.inner / width, width, 0, v.filter.n});
    add(stream, sums, level, level + 1);
  }

  void rows(std::size_t level, std::int64_t outer, const Stream<T>& stream, const T* x, T* out) {
    const SweepAxis<T>& v = axes_[level];
    Plane<T> plane = last_plane(stream, x, out);
    plane.across = filter_for(level, stream);
    plane.inner = v.inner;
    plane.pitch = v.inner;
    add(stream, strips(plane, {outer, v.filter.n * v.inner, 1, 0, 0, v.filter.n, kChunk}), level,
        level);
  }

  // Lines side by side are the rows of a plane that nothing filters across.
  void columns(std::size_t level, std::int64_t outer, const Stream<T>& stream, const T* x, T* out) {
    static constexpr T one[] = {T(1)};
    const SweepAxis<T>& h = axes_[level];
    Plane<T> plane = last_plane(stream, x, out);
    plane.across = {outer, 0, one};
    plane.along = filter_for(level, stream);
    plane.inner = h.inner;
    plane.pitch = h.filter.n * h.inner;
    add(stream, strips(plane, {1, 0, 1, 0, 0, outer}), level, level);
  }

  void lines(std::size_t level, std::int64_t outer, const Stream<T>& stream, const T* x, T* out) {
    Line<T> line;
    line.along = filter_for(level, stream);
    line.sum_result = stream.derived >= 0;
    const std::int64_t n = line.along.n;
    const std::int64_t samples = std::min(n, std::max(kChunk, 4 * line.along.radius));
    const std::int64_t pieces = ceil_div(n, samples);
    add(stream,
        tasks(outer * pieces, k_.line_scratch(line, samples),
              [&](std::int64_t task, T* scratch) {
                Line<T> mine = line;
                const std::int64_t at = task / pieces * n;
                mine.in = stream.data + at;
                mine.out = out == nullptr ? nullptr : out + at;
                mine.x = want_sigma_ ? x + at : nullptr;
                const std::int64_t first = task % pieces * samples;
                return k_.line(mine, first, std::min(n, first + samples), scratch);
              }),
        level, level);
  }

  // A block of slices is filtered along this axis into memory of its own, and goes on from there
  // while it is in the caches.
  void by_blocks(std::size_t level, std::int64_t outer, std::span<const Stream<T>> streams,
                 const T* x, T* out) {
    const SweepAxis<T>& v = axes_[level];
    const std::int64_t slice = v.inner;
    const std::int64_t block = std::min(v.filter.n, v.filter.radius <= 10 ? kBlock : 3 * kBlock);
    const std::size_t images = streams.size() + (want_sigma_ ? 1 : 0);
    auto scratch = Tensor<T>::empty(Shape{static_cast<std::int64_t>(images), block * slice});
    Pooled<Stream<T>> next;
    next.reserve(images);
    const std::int64_t arrays =
        slice / (axes_[level + 1].filter.n * axes_[level + 1].inner);  // in a slice
    for (std::int64_t o = 0; o < outer; ++o) {
      for (std::int64_t first = 0; first < v.filter.n; first += block) {
        const std::int64_t last = std::min(v.filter.n, first + block);
        next.clear();
        T* to = scratch.mutable_data();
        for (const Stream<T>& stream : streams) {
          Plane<T> plane;
          plane.across = filter_for(level, stream);
          plane.inner = slice;
          plane.pitch = slice;
          plane.in = stream.data + o * v.filter.n * slice;
          plane.out = to;
          plane.out_row = first;
          next.push_back({std::exchange(to, to + block * slice), stream.derived});
          if (plane.across.h != nullptr) {
            plane.out_e = to;
            next.push_back(
                {std::exchange(to, to + block * slice), static_cast<std::int64_t>(level)});
          }
          strips(plane, {1, 0, 1, 0, first, last, kChunk});
        }
        const std::int64_t at = (o * v.filter.n + first) * slice;
        run(level + 1, (last - first) * arrays, next, x == nullptr ? x : x + at,
            out == nullptr ? out : out + at);
      }
    }
  }

  // Runs the strips of all planes of the grid, of which `plane` is the first.
  StripSums strips(Plane<T> plane, const Grid& grid) {
    const std::int64_t height = grid.last - grid.first;
    const std::int64_t most =
        plane.across.radius > 16 ? 2 * kRows : kRows;  // a strip reads 2 R rows beside its own
    const std::int64_t strips =
        height <= most ? 1 : ceil_div(height, 2 * most) * 2;  // two threads get as many each
    const std::int64_t strip = std::min(height, ceil_div(ceil_div(height, strips), 16) * 16);
    const std::int64_t per_plane = ceil_div(height, strip);
    const std::int64_t chunks = grid.chunk == 0 ? 1 : ceil_div(plane.inner, grid.chunk);
    const std::int64_t width = chunks == 1 ? plane.inner : grid.chunk;
    plane.stream = plane.stream && is_worth_streaming(plane, grid);
    Plane<T> widest = plane;
    if (chunks > 1) widest.inner = width;
    const std::int64_t scratch = k_.strip_scratch(widest, strip);
    return tasks(grid.outer * grid.middle * chunks * per_plane, scratch,
                 [&](std::int64_t task, T* memory) {
                   const std::int64_t first = grid.first + task % per_plane * strip;
                   const std::int64_t column = task / per_plane % chunks * width;
                   const std::int64_t where = task / per_plane / chunks;
                   const std::int64_t at = where / grid.middle * grid.outer_step +
                                           where % grid.middle * grid.middle_step + column;
                   Plane<T> mine = plane;
                   if (chunks > 1) mine.inner = std::min(width, plane.inner - column);
                   mine.in += at;
                   if (mine.out != nullptr) mine.out += at;
                   if (mine.out_e != nullptr) mine.out_e += at;
                   if (mine.x != nullptr) mine.x += at;
                   return k_.strip(mine, first, std::min(grid.last, first + strip), memory);
                 });
  }

  // Non-temporal stores pay for images larger than the caches, and if the pitch (a multiple of
  // about 4 KiB) maps the sixteen rows that are written side by side to one set of the nearest
  // cache. They need rows that begin at a multiple of 64 bytes.
  bool is_worth_streaming(const Plane<T>& plane, const Grid& grid) const {
    constexpr auto size = static_cast<std::int64_t>(sizeof(T));
    const auto is_whole = [](std::int64_t numbers) { return numbers * size % 64 == 0; };
    const bool collides = bytes_ >= kNear && plane.pitch * size % 4096 == 0;
    return (bytes_ >= kFar || collides) && is_whole(plane.pitch) && is_whole(grid.outer_step) &&
           is_whole(grid.middle_step) && reinterpret_cast<std::uintptr_t>(plane.out) % 64 == 0;
  }

  // run(task, scratch) for each, and the sum of what they return, in an order that depends on their
  // number alone.
  template <class F>
  StripSums tasks(std::int64_t count, std::int64_t scratch_size, const F& run) {
    const int slots = static_cast<int>(std::min<std::int64_t>(slots_, count));
    const std::int64_t stride = ceil_div(scratch_size, 64) * 64;
    alignas(64) T small[kStack];
    Tensor<T> large;
    if (slots * stride > kStack) large = Tensor<T>::empty(Shape{slots, stride});
    T* const memory = slots * stride > kStack ? large.mutable_data() : small;
    if (!want_sigma_) {
      for_each_task(count, slots,
                    [&](std::int64_t task, int slot) { run(task, memory + slot * stride); });
      return {};
    }
    if (count == 1) return run(0, memory);
    Pooled<StripSums> sums(static_cast<std::size_t>(count));
    for_each_task(count, slots, [&](std::int64_t task, int slot) {
      sums[static_cast<std::size_t>(task)] = run(task, memory + slot * stride);
    });
    for (std::size_t width = 1; width < sums.size(); width *= 2) {
      for (std::size_t i = 0; i + width < sums.size(); i += 2 * width) {
        sums[i].result += sums[i + width].result;
        sums[i].across += sums[i + width].across;
        sums[i].along += sums[i + width].along;
      }
    }
    return sums.front();
  }

  void add(const Stream<T>& stream, const StripSums& sums, std::size_t across, std::size_t along) {
    if (!want_sigma_) return;
    if (stream.derived >= 0) {
      axes_[static_cast<std::size_t>(stream.derived)].sum += sums.result;
    } else {
      axes_[across].sum += sums.across;
      axes_[along].sum += sums.along;
    }
  }

  Pooled<SweepAxis<T>>& axes_;
  const Kernels<T>& k_;
  const bool want_sigma_;
  int slots_;
  std::int64_t bytes_;
};

}  // namespace

template <class T>
const Kernels<T>* sweep_kernels(std::span<const AxisTaps<T>> axes) {
  for (const AxisTaps<T>& axis : axes) {
    if (static_cast<std::int64_t>(axis.taps->w.size()) > kMostRadius) return nullptr;
  }
  return kernels<T>();
}

template <class T>
Tensor<T> sweep(const Kernels<T>& kernels, const Tensor<T>& x, std::span<const AxisTaps<T>> axes,
                Border border) {
  Pooled<SweepAxis<T>> live = live_axes(x.shape(), axes, border, false);
  if (live.empty() || x.size() == 0) return x;
  auto y = Tensor<T>::empty(x.shape());
  const Stream<T> image{x.data(), -1};
  Sweep<T>(live, kernels, x.size(), false)
      .run(0, live[0].outer, {&image, 1}, nullptr, y.mutable_data());
  return y;
}

template <class T>
SeparableGradients<T> sweep_backward(const Kernels<T>& kernels, const Tensor<T>& g,
                                     const Tensor<T>& x, std::span<const AxisTaps<T>> axes,
                                     Border border, bool want_dx, bool want_sigma) {
  SeparableGradients<T> gradients;
  if (want_sigma) gradients.d_sigma.assign(axes.size(), T(0));
  Pooled<SweepAxis<T>> live = live_axes(g.shape(), axes, border, true);
  if (live.empty() || g.size() == 0) {
    if (want_dx) gradients.dx = g;
    return gradients;
  }
  if (want_dx) gradients.dx = Tensor<T>::empty(g.shape());
  const Stream<T> image{g.data(), -1};
  Sweep<T>(live, kernels, g.size(), want_sigma)
      .run(0, live[0].outer, {&image, 1}, want_sigma ? x.data() : nullptr,
           want_dx ? gradients.dx.mutable_data() : nullptr);
  for (std::size_t i = 0; want_sigma && i < live.size(); ++i) {
    gradients.d_sigma[live[i].entry] = static_cast<T>(live[i].sum);
  }
  return gradients;
}

template const Kernels<float>* sweep_kernels(std::span<const AxisTaps<float>>);
template const Kernels<double>* sweep_kernels(std::span<const AxisTaps<double>>);
template Tensor<float> sweep(const Kernels<float>&, const Tensor<float>&,
                             std::span<const AxisTaps<float>>, Border);
template Tensor<double> sweep(const Kernels<double>&, const Tensor<double>&,
                              std::span<const AxisTaps<double>>, Border);
template SeparableGradients<float> sweep_backward(const Kernels<float>&, const Tensor<float>&,
                                                  const Tensor<float>&,
                                                  std::span<const AxisTaps<float>>, Border, bool,
                                                  bool);
template SeparableGradients<double> sweep_backward(const Kernels<double>&, const Tensor<double>&,
                                                   const Tensor<double>&,
                                                   std::span<const AxisTaps<double>>, Border, bool,
                                                   bool);

}  // namespace nablur::detail
