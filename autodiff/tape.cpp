#include <nablur/autodiff/tape.h>

#include <cmath>
#include <limits>
#include <mutex>

#include <nablur/autodiff/detail/recording.h>
#include <nablur/support/detail/process.h>

namespace nablur {

using detail::PullbackRef;
using detail::TapeSlot;

// ---- finding a variable's tape ----------------------------------------------------------------

namespace {

// Slots are never freed, so that a variable of a tape long gone can still compare its epoch.
constinit std::mutex slot_mutex;
[[maybe_unused]] const bool over_fork = detail::hold_over_fork<slot_mutex>();
constinit TapeSlot* free_slots = nullptr;

std::uint64_t epoch_of(const TapeSlot& slot) {
  return __atomic_load_n(&slot.epoch, __ATOMIC_RELAXED);
}
void next_epoch(TapeSlot& slot) { __atomic_fetch_add(&slot.epoch, 1, __ATOMIC_RELAXED); }

TapeSlot* take_slot(void* tape) {
  TapeSlot* slot = nullptr;
  {
    const std::lock_guard lock(slot_mutex);
    slot = free_slots;
    if (slot != nullptr) free_slots = slot->next;
  }
  if (slot == nullptr) slot = ::new (pool::allocate(sizeof(TapeSlot))) TapeSlot;
  slot->tape = tape;
  return slot;
}

void give_slot(TapeSlot* slot) noexcept {
  const std::lock_guard lock(slot_mutex);
  slot->next = free_slots;
  free_slots = slot;
}

}  // namespace

template <class T>
Tape<T>* Tape<T>::tape_of(const char* op, const Variable<T>& variable) {
  if (epoch_of(*variable.slot_) != variable.epoch_) {
    fail(op, ": a variable of shape ", variable.shape(),
         " belongs to a tape that was cleared or destroyed");
  }
  return static_cast<Tape*>(variable.slot_->tape);
}

template <class T>
Tape<T>* Tape<T>::common_tape(const char* name, std::span<const Input<T>> inputs) {
  Tape* tape = nullptr;
  for (const Input<T>& input : inputs) {
    if (input.variable_->is_constant()) continue;
    Tape* const its = tape_of(name, *input.variable_);
    if (tape != nullptr && its != tape) {
      fail(name, ": its inputs are variables of two different tapes");
    }
    tape = its;
  }
  return tape;
}

// ---- a tape's life ----------------------------------------------------------------------------

template <class T>
Tape<T>::Tape() : recording_(Recording::make()) {
  try {
    slot_ = take_slot(this);
  } catch (...) {
    recording_->destroy();
    throw;
  }
}

template <class T>
Tape<T>::~Tape() {
  if (recording_->passes > 0) {
    recording_->orphaned = true;
  } else {
    recording_->destroy();
  }
  next_epoch(*slot_);
  give_slot(slot_);
}

template <class T>
void Tape<T>::clear() {
  if (recording_->passes > 0) fail("clear: a reverse pass over this tape is still running");
  recording_->destroy_nodes();
  next_epoch(*slot_);
}

template <class T>
std::int64_t Tape<T>::size() const noexcept {
  return static_cast<std::int64_t>(recording_->nodes.size());
}

template <class T>
void Tape<T>::check_finite(bool on) noexcept {
  recording_->check_finite = on;
}

template <class T>
const typename Tape<T>::Node& Tape<T>::node(std::int64_t i) const {
  if (i < 0 || i >= size()) fail("node: the tape has ", size(), " nodes, and none at ", i);
  return recording_->nodes[static_cast<std::size_t>(i)];
}

// ---- recording --------------------------------------------------------------------------------

template <class T>
Variable<T> Tape<T>::variable(Tensor<T> value) {
  return push("variable", std::move(value), {}, {});
}

template <class T>
Variable<T> Tape<T>::record(const char* name, Tensor<T> value, std::span<const Input<T>> inputs,
                            PullbackRef<T> joint) {
  Tape* const tape = common_tape(name, inputs);
  if (tape == nullptr) return Variable<T>(std::move(value));
  return tape->push(name, std::move(value), inputs, joint);
}

template <class T>
Variable<T> Tape<T>::push(const char* name, Tensor<T>&& value, std::span<const Input<T>> inputs,
                          PullbackRef<T> joint) {
  Recording& r = *recording_;
  if (r.passes > 0) fail(name, ": recorded while a reverse pass over its tape is running");
  if (r.nodes.size() >= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    fail(name, ": the tape is full");
  }
  if (r.check_finite) Recording::require_finite("the value of", name, value);
  const auto mark = r.arena.mark();
  const std::span<Edge> edges = r.store(name, inputs, joint);
  try {
    r.nodes.emplace_back(name, value.shape(), edges, joint);
  } catch (...) {
    joint.destroy();
    for (const Edge& edge : edges) edge.pullback.destroy();
    r.arena.rewind(mark);
    throw;
  }
  const auto index = static_cast<std::int32_t>(r.nodes.size() - 1);
  return Variable<T>(std::move(value), slot_, epoch_of(*slot_), index, inputs.empty());
}

// Without a joint pullback constants are left out. If one cannot be moved, those already there are
// destroyed again and the arena is as before.
template <class T>
std::span<typename Tape<T>::Edge> Tape<T>::Recording::store(const char* name,
                                                            std::span<const Input<T>> inputs,
                                                            PullbackRef<T>& joint) {
  if (inputs.empty()) return {};
  const auto mark = arena.mark();
  const auto move_in = [this](const PullbackRef<T>& from) {
    void* const to = arena.allocate(from.type->size, from.type->align);
    from.type->construct(to, from.object);
    return PullbackRef<T>{from.type, to};
  };
  auto* const edges =
      static_cast<Edge*>(arena.allocate(inputs.size() * sizeof(Edge), alignof(Edge)));
  std::size_t count = 0;
  try {
    for (const Input<T>& input : inputs) {
      const bool constant = input.variable_->is_constant();
      const auto position = static_cast<std::int32_t>(&input - inputs.data());
      if (joint) {
        ::new (edges + count++) Edge{constant ? -1 : input.variable_->index_, position, {}};
      } else if (!constant) {
        if (!input.pullback_) fail(name, ": input ", position, " has no pullback");
        const PullbackRef<T> pullback = move_in(input.pullback_);
        ::new (edges + count++) Edge{input.variable_->index_, position, pullback};
      }
    }
    if (joint) joint = move_in(joint);
  } catch (...) {
    for (std::size_t i = count; i-- > 0;) edges[i].pullback.destroy();
    arena.rewind(mark);
    throw;
  }
  return {edges, count};
}

// ---- forgetting -------------------------------------------------------------------------------

// Last to first: the pool then hands out the memory of the next recording in the order in which
// this one used it.
template <class T>
void Tape<T>::Recording::destroy_nodes(std::size_t kept, const detail::Arena::Mark& mark) noexcept {
  for (; nodes.size() > kept; nodes.pop_back()) {
    const Node& node = nodes.back();
    node.joint.destroy();
    for (std::size_t i = node.inputs.size(); i-- > 0;) node.inputs[i].pullback.destroy();
  }
  arena.rewind(mark);
}

template <class T>
typename Tape<T>::Recording* Tape<T>::Recording::make() {
  return ::new (pool::allocate(sizeof(Recording))) Recording;
}

template <class T>
void Tape<T>::Recording::destroy() noexcept {
  this->~Recording();
  pool::release(this, sizeof(Recording));
}

template <class T>
detail::TapeMark<T>::TapeMark(const char* op, const Variable<T>& x) {
  if (x.is_constant()) return;
  recording = Tape<T>::Recording::of(op, x);
  nodes = recording->nodes.size();
  arena = recording->arena.mark();
}

template <class T>
void detail::TapeMark<T>::forget_what_follows() const noexcept {
  if (recording != nullptr) recording->destroy_nodes(nodes, arena);
}

// ---- check_finite -----------------------------------------------------------------------------

namespace {

template <class T>
T worst_part(const T& x) {
  return x;
}
template <class T>
T worst_part(const Dual<T>& x) {
  return std::isfinite(x.value) ? x.tangent : x.value;
}

}  // namespace

template <class T>
void Tape<T>::Recording::require_finite(const char* what, const char* name, const Tensor<T>& x) {
  using std::isfinite;
  for (const T& element : x) {
    if (isfinite(element)) continue;
    fail("check_finite: ", what, " ", name, ", of shape ", x.shape(), ", has ", worst_part(element),
         " at element ", &element - x.data());
  }
}

template class Tape<float>;
template class Tape<double>;
template class Tape<Dual<float>>;
template class Tape<Dual<double>>;
template struct detail::TapeMark<float>;
template struct detail::TapeMark<double>;
template struct detail::TapeMark<Dual<float>>;
template struct detail::TapeMark<Dual<double>>;

}  // namespace nablur
