#pragma once
// Private: what a tape holds.

#include <nablur/autodiff/detail/composed.h>
#include <nablur/autodiff/tape.h>
#include <nablur/support/detail/arena.h>

namespace nablur {

/// Where a tape is found, for as long as its epoch is the one that a variable remembers. Slots are
/// recycled and never freed: a variable may ask after its tape is gone.
struct detail::TapeSlot {
  std::uint64_t epoch = 0;
  void* tape = nullptr;
  TapeSlot* next = nullptr;  // while it is free
};

/// What a reverse pass walks over. It outlives its tape if a pullback destroys that one: the last
/// pass then deletes it.
template <class T>
struct Tape<T>::Recording {
  pool::Vector<Node> nodes;
  detail::Arena arena;  // edges and pullbacks
  int passes = 0;       // running; while they do, nothing may be recorded or cleared
  bool check_finite = false;
  bool orphaned = false;

  ~Recording() { destroy_nodes(); }
  static Recording* make();
  /// The recording of the tape that x is on. Throws in the name of `op` if that was cleared or
  /// destroyed.
  static Recording* of(const char* op, const Variable<T>& x) { return tape_of(op, x)->recording_; }
  void destroy() noexcept;

  /// The edges to the inputs, with their pullbacks moved into the arena; `joint` then refers to the
  /// one there.
  std::span<Edge> store(const char* name, std::span<const Input<T>> inputs,
                        detail::PullbackRef<T>& joint);
  /// All nodes but the first `kept`.
  void destroy_nodes(std::size_t kept = 0, const detail::Arena::Mark& mark = {}) noexcept;

  /// Throws in the name of check_finite if an element is not finite.
  static void require_finite(const char* what, const char* name, const Tensor<T>& x);
};

}  // namespace nablur
