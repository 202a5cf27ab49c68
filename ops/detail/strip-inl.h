// Private, compiled once for each instruction set: a strip of rows of a plane, filtered along both
// axes on its way through.
//
//   plane ──gather──▶ panel ──fold──▶ u, e ──transpose──▶ band ──fold──▶ tile ──transpose──▶ plane
//
// In the panel a vector holds neighbours in a row, in band and tile neighbours in a column: both
// filters run from vector to vector, by the same `Fold`.
#if defined(NABLUR_OPS_DETAIL_STRIP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_STRIP_INL_H_
#undef NABLUR_OPS_DETAIL_STRIP_INL_H_
#else
#define NABLUR_OPS_DETAIL_STRIP_INL_H_
#endif

#include <hwy/cache_control.h>

#include <nablur/ops/detail/band-inl.h>
#include <nablur/ops/detail/dot-inl.h>
#include <nablur/ops/detail/panel-inl.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE {

// Layout. A strip is `rows_` rows of the plane, cut into groups of L rows (L lanes). In the panel a
// vector is L neighbouring columns of one row. In a band, one for each group, a vector is one pixel
// of the group's L rows; pixels follow one another. So across rows and along rows the same Fold
// runs from vector to vector.
//
// A round (of `pixels_` pixels) gathers and filters across the rows what the next pixels along the
// row will read, transposes it into the bands, filters along the row tile by tile, and transposes
// the tiles back. The bands keep only the last 2·radius pixels from one round to the next (Shift).
// Invariant at the start of a round: the bands hold pixels base_ … made_ − 1, and those beyond the
// left end at first.
//
// Trap: an image with h in place of w (e) is never stored. It is multiplied by x as the tile leaves
// the last Fold, because writing and reading it again would cost more than the arithmetic.
template <class T>
class Strip {
 public:
  Strip(const Plane<T>& plane, std::int64_t first, std::int64_t last, T* scratch)
      : p_(plane),
        first_(first),
        rows_(last - first),
        groups_((rows_ + L - 1) / L),
        pixels_(Pixels(plane)),
        panel_(plane, first, last, WantsU(plane), plane.across.h != nullptr, scratch) {
    const auto take = [&](std::int64_t pixels, std::int64_t count) {
      return Columns<T>{std::exchange(scratch, scratch + count * p_.inner * pixels * L), p_.inner,
                        pixels};
    };
    band_u_ = take(Capacity(plane), groups_);
    band_e_ = take(Capacity(plane), groups_);
    for (Columns<T>* tile : {&tile_w_, &tile_h_, &tile_e_, &tile_x_})
      *tile = take(kTile + kSlack, 1);
  }

  static std::int64_t ScratchSize(const Plane<T>& plane, std::int64_t rows) {
    const std::int64_t bands = 2 * ((rows + L - 1) / L) * Capacity(plane);
    return Panel<T>::Size(plane, rows) + plane.inner * L * (bands + 4 * (kTile + kSlack));
  }

  StripSums Run() {
    const std::int64_t n = p_.along.n;
    const std::int64_t radius = p_.along.radius;
    base_ = -radius;
    std::int64_t beyond = n;
    for (std::int64_t done = 0; done < n;) {
      // Pixels done … target − 1 come out of this round; for them the bands must reach `radius`
      // pixels further.
      const std::int64_t target = std::min(n, done + pixels_);
      // Whole vectors if more are to come, so that loads stay aligned.
      const std::int64_t next = std::min(n, (target + radius + L - 1) / L * L);
      if (p_.fetch) Prefetch(next, target);
      if (next > made_) Produce(made_, next, made_);
      made_ = next;
      // The left end needs pixels of the image (which are there now), the right end those that the
      // border takes from there, so both come after Produce. `beyond` is how far the right end is
      // filled: near it, a row may need more than one round.
      if (done == 0) ProduceBeyond(-radius, 0);
      if (target + radius > beyond)
        ProduceBeyond(std::exchange(beyond, target + radius), target + radius);
      for (std::int64_t g = 0; g < groups_; ++g) {
        for (std::int64_t i = done; i < target; i += kTile)
          Along(g, i, std::min(target, i + kTile));
      }
      done = target;
      Shift(target - radius, beyond > n ? beyond : made_);
    }
    if (p_.stream) hwy::FlushStream();
    return {result_.Total(), across_.Total(), along_.Total()};
  }

 private:
  static constexpr std::int64_t L = kLanes<T>;
  // Pixels that are filtered along the row before they are turned back: a multiple of Fold's plain
  // block (10), and few enough for four tiles (of 5 KiB at most) to stay in the first cache.
  static constexpr std::int64_t kTile = 80;
  // A tile of a row that starts on a line of 64 bytes starts on one too: streaming stores need
  // their vectors aligned.
  static_assert(kTile * sizeof(T) % 64 == 0 && L * sizeof(T) <= 64);

  // FoldAll calls it between its blocks.
  struct Fetch {
    Prefetcher<T> in;
    Prefetcher<T> x;
    HWY_INLINE void operator()() {
      in();
      x();
    }
  };

  static bool WantsResult(const Plane<T>& p) { return p.out != nullptr || p.sum_result; }
  static bool WantsU(const Plane<T>& p) { return WantsResult(p) || p.along.h != nullptr; }
  // Of a round: 240, a multiple of the tile, measured; fewer if a pixel has several elements.
  static std::int64_t Pixels(const Plane<T>& p) {
    return std::min(p.along.n, std::max(kTile, 240 / p.inner / kTile * kTile));
  }
  // Of a band: a round, what the filter reaches on both sides, up to a vector that `next` was
  // rounded up by, and what a last block of Fold reads past the end.
  static std::int64_t Capacity(const Plane<T>& p) {
    return Pixels(p) + 2 * p.along.radius + L + kSlack;
  }

  // What the next round will read: pixels from `begin` on of the image, and from begin_x on of x.
  void Prefetch(std::int64_t begin, std::int64_t begin_x) {
    const auto end = [this](std::int64_t pixel) {
      return std::min(p_.along.n, pixel + pixels_) * p_.inner;
    };
    const std::int64_t first = std::max<std::int64_t>(0, first_ - p_.across.radius);
    const std::int64_t last = std::min(p_.across.n, first_ + rows_ + p_.across.radius);
    const std::int64_t calls = pixels_ * p_.inner * groups_ * 2 / kPlainBlock;
    fetch_.in.Start(p_.in + first * p_.pitch, p_.pitch, last - first, begin * p_.inner, end(begin),
                    calls);
    if (p_.x != nullptr)
      fetch_.x.Start(p_.x + first_ * p_.pitch, p_.pitch, rows_, begin_x * p_.inner, end(begin_x),
                     calls);
  }

  bool wants_e() const { return p_.across.h != nullptr; }

  // The band of group g: those of a kind lie one behind the other.
  Columns<T> Band(const Columns<T>& first, std::int64_t g) const {
    return {first.At(0, 0) + g * first.channels * first.capacity * L, first.channels,
            first.capacity};
  }

  // f(band of u or e)
  template <class F>
  void ForBands(const F& f) {
    for (std::int64_t g = 0; g < groups_; ++g) {
      if (panel_.u() != nullptr) f(Band(band_u_, g));
      if (panel_.e() != nullptr) f(Band(band_e_, g));
    }
  }

  // Filters pixels from … from + end − begin − 1 across the rows and puts them into the bands as
  // pixels begin … end − 1.
  void Produce(std::int64_t begin, std::int64_t end, std::int64_t from) {
    const std::int64_t all = (end - begin) * p_.inner;
    for (std::int64_t done = 0; done < all; done += panel_.columns()) {
      const std::int64_t count = std::min(panel_.columns(), all - done);
      panel_.Gather(from * p_.inner + done, count);
      for (std::int64_t q = 0; q < count; q += L) {
        panel_.Across(q / L, fetch_);
        PutIntoBands((begin - base_) * p_.inner + done + q, std::min(L, count - q));
      }
    }
    if (!p_.along.mirror_adjoint) return;
    // The end pixels go in doubled (ends-inl.h); ProduceBeyond copies them doubled.
    for (const std::int64_t end_pixel : {std::int64_t{0}, p_.along.n - 1}) {
      if (begin <= end_pixel && end_pixel < end)
        ForPixel(end_pixel, [](T* v) { Scale(hn::ScalableTag<T>(), v, T(2)); });
    }
  }

  // `count` columns, from the panel's rows.
  void PutIntoBands(std::int64_t column, std::int64_t count) {
    for (std::int64_t g = 0; g < groups_; ++g) {
      const auto put = [&](const T* rows, const Columns<T>& band) {
        if (rows != nullptr) band.Put(LoadAll<T, kSide<T>>(rows + g * L * L, L), column, count);
      };
      put(panel_.u(), Band(band_u_, g));
      put(panel_.e(), Band(band_e_, g));
    }
  }

  // f(vector) for pixel i of every band.
  template <class F>
  void ForPixel(std::int64_t i, const F& f) {
    ForBands([&](const Columns<T>& band) {
      for (std::int64_t c = 0; c < p_.inner; ++c) f(band.At(c, i - base_));
    });
  }

  // Fills pixels begin … end − 1, which lie beyond an end of the row: with zeros, with copies of
  // pixels in the bands, or with pixels filtered anew from the plane. The last happens only under
  // the circular border, whose pixels are neighbours in the plane too.
  void ProduceBeyond(std::int64_t begin, std::int64_t end) {
    const hn::ScalableTag<T> d;
    const auto source = [&](std::int64_t i) {
      return border_index(i, p_.along.n, p_.along.border);
    };
    // Neither zero nor in the bands any more (or yet).
    const auto is_far = [&](std::int64_t i) {
      return source(i) >= 0 && (source(i) < base_ || source(i) >= made_);
    };
    for (std::int64_t i = begin; i < end;) {
      if (is_far(i)) {
        const std::int64_t run = i;
        while (i < end && is_far(i) && source(i) == source(run) + i - run) ++i;
        Produce(run, i, source(run));
        continue;
      }
      const std::int64_t step = (source(i) - i) * L;
      ForPixel(i,
               [&](T* v) { hn::Store(source(i) < 0 ? hn::Zero(d) : hn::Load(d, v + step), d, v); });
      ++i;
    }
  }

  // Forgets the pixels before `base`; those up to `end` move to the front. The ranges may overlap.
  void Shift(std::int64_t base, std::int64_t end) {
    const auto size = static_cast<std::size_t>((end - base) * L) * sizeof(T);
    ForBands([&](const Columns<T>& band) {
      for (std::int64_t c = 0; c < p_.inner; ++c)
        std::memmove(band.At(c, 0), band.At(c, base - base_), size);
    });
    base_ = base;
  }

  // Pixels begin … end − 1 of a group, filtered along the row into the tiles, then written to the
  // result, multiplied by x for the sums, or both. From u come the result (w along) and the e of
  // this axis (h along), in one Fold; from the panel's e comes, with w along, the e of the other
  // axis.
  void Along(std::int64_t g, std::int64_t begin, std::int64_t end) {
    const AxisFilter<T>& f = p_.along;
    for (std::int64_t c = 0; c < p_.inner; ++c) {
      const auto fold = [&](const Columns<T>& band, T* to_w, T* to_h) {
        const T* const in = band.At(c, begin - base_);
        FoldAll(in, f.w, f.h, f.radius, end - begin, to_w, to_h, fetch_);
        FinishEnds(hn::ScalableTag<T>(), f, begin, end, in, to_w, to_h);
      };
      T* const result = WantsResult(p_) ? tile_w_.At(c, 0) : nullptr;
      T* const along = f.h != nullptr ? tile_h_.At(c, 0) : nullptr;
      if (panel_.u() != nullptr) fold(Band(band_u_, g), result, along);
      if (wants_e()) fold(Band(band_e_, g), tile_e_.At(c, 0), nullptr);
    }
    const std::int64_t row = first_ + g * L;
    const std::int64_t at = row * p_.pitch + begin * p_.inner;
    const std::int64_t rows = std::min(L, first_ + rows_ - row);
    if (p_.out != nullptr) Write(p_.out + at - p_.out_row * p_.pitch, rows, end - begin);
    if (p_.x != nullptr) Sum(p_.x + at, rows, end - begin);
  }

  // A tile, turned back square by square.
  void Write(T* to, std::int64_t rows, std::int64_t pixels) const {
    for (std::int64_t q = 0; q < pixels * p_.inner; q += L) {
      const std::int64_t count = std::min(L, pixels * p_.inner - q);
      WriteSquare<T>(tile_w_.Get(q, count), to + q, p_.pitch, rows, count, p_.stream);
    }
  }

  // x is turned into the tiles' layout instead of the tiles into x's: one transpose serves up to
  // three sums, and none of the three images is stored. Rows of the group that the image does not
  // have are zeros in x and, since Panel::Across put them there, in the tiles.
  void Sum(const T* x, std::int64_t rows, std::int64_t pixels) {
    for (std::int64_t q = 0; q < pixels * p_.inner; q += L) {
      const std::int64_t count = std::min(L, pixels * p_.inner - q);
      tile_x_.Put(ReadSquare(x + q, p_.pitch, rows, count), q, count);
    }
    for (std::int64_t c = 0; c < p_.inner; ++c) {
      if (p_.sum_result) result_.Add(tile_w_.At(c, 0), tile_x_.At(c, 0), pixels);
      if (wants_e()) across_.Add(tile_e_.At(c, 0), tile_x_.At(c, 0), pixels);
      if (p_.along.h != nullptr) along_.Add(tile_h_.At(c, 0), tile_x_.At(c, 0), pixels);
    }
  }

  const Plane<T>& p_;
  const std::int64_t first_;
  const std::int64_t rows_;
  const std::int64_t groups_;
  const std::int64_t pixels_;
  Panel<T> panel_;
  Fetch fetch_;
  Columns<T> band_u_;
  Columns<T> band_e_;
  Columns<T> tile_w_;
  Columns<T> tile_h_;
  Columns<T> tile_e_;
  Columns<T> tile_x_;
  std::int64_t base_ = 0;  // the pixel with which the bands begin
  std::int64_t made_ = 0;  // pixels before this one have been produced
  Dot<T> result_;
  Dot<T> across_;
  Dot<T> along_;
};

}  // namespace nablur::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
