#include <nablur/autodiff/tape.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include <nablur/autodiff/detail/process.h>

namespace nablur {
namespace {

using detail::TapeSlot;

// Slots are never freed, so that a variable of a tape long gone can still compare its epoch.
constinit std::mutex slot_mutex;
[[maybe_unused]] const bool over_fork = detail::hold_over_fork<slot_mutex>();
constinit TapeSlot* free_slots = nullptr;

std::uint64_t epoch_of(const TapeSlot& slot) { return __atomic_load_n(&slot.epoch, __ATOMIC_RELAXED); }
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

template <class T>
T worst_of(const T& x) {
  return x;
}
template <class T>
T worst_of(const Dual<T>& x) {
  return std::isfinite(x.value) ? x.tangent : x.value;
}

}  // namespace

template <class T>
typename Tape<T>::Recording* Tape<T>::Recording::make() {
  return ::new (pool::allocate(sizeof(Recording))) Recording;
}

template <class T>
void Tape<T>::Recording::destroy() noexcept {
  this->~Recording();
  pool::release(this, sizeof(Recording));
}

// Last to first: the pool then hands out the memory of the next recording in the order in which this one used it.
template <class T>
void Tape<T>::Recording::destroy_nodes(std::size_t kept, const detail::Arena::Mark& mark) noexcept {
  for (; nodes.size() > kept; nodes.pop_back()) destroy_pullbacks(nodes.back().inputs, nodes.back().joint);
  arena.rewind(mark);
}

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
  if (recording_->sweeps > 0) {
    recording_->orphaned = true;
  } else {
    recording_->destroy();
  }
  next_epoch(*slot_);
  give_slot(slot_);
}

template <class T>
void Tape<T>::clear() {
  if (recording_->sweeps > 0) fail("clear: a sweep over this tape is still running");
  recording_->destroy_nodes();
  next_epoch(*slot_);
}

template <class T>
typename Tape<T>::Mark Tape<T>::mark(const char* name, const Variable<T>& x) {
  if (x.is_constant()) return {};
  Tape* const tape = tape_of(name, x);
  return {tape, tape->recording_->nodes.size(), tape->recording_->arena.mark()};
}

template <class T>
void Tape<T>::forget_after(const Mark& mark) noexcept {
  if (mark.tape != nullptr) mark.tape->recording_->destroy_nodes(mark.nodes, mark.arena);
}

template <class T>
const typename Tape<T>::Node& Tape<T>::node(std::int64_t i) const {
  if (i < 0 || i >= size()) fail("node: the tape has ", size(), " nodes, and none at ", i);
  return recording_->nodes[static_cast<std::size_t>(i)];
}

template <class T>
void Tape<T>::destroy_pullbacks(std::span<Edge> inputs, const detail::PullbackRef<T>& joint) noexcept {
  if (joint.type != nullptr) joint.type->destroy(joint.object);
  for (std::size_t i = inputs.size(); i-- > 0;) {
    if (const auto& p = inputs[i].pullback; p.type != nullptr) p.type->destroy(p.object);
  }
}

template <class T>
Variable<T> Tape<T>::variable(Tensor<T> value) {
  return push("variable", std::move(value), {}, {});
}

template <class T>
Tape<T>* Tape<T>::tape_of(const char* op, const Variable<T>& variable) {
  if (epoch_of(*variable.slot_) != variable.epoch_) {
    fail(op, ": a variable of shape ", variable.shape(), " belongs to a tape that was cleared or destroyed");
  }
  return static_cast<Tape*>(variable.slot_->tape);
}

template <class T>
Tape<T>* Tape<T>::common_tape(const char* name, std::span<const Input<T>> inputs) {
  Tape* tape = nullptr;
  for (const Input<T>& input : inputs) {
    if (input.variable_->is_constant()) continue;
    Tape* its = tape_of(name, *input.variable_);
    if (tape != nullptr && its != tape) fail(name, ": its inputs are variables of two different tapes");
    tape = its;
  }
  return tape;
}

template <class T>
Variable<T> Tape<T>::record(const char* name, Tensor<T> value, std::span<const Input<T>> inputs, detail::PullbackRef<T> joint) {
  Tape* tape = common_tape(name, inputs);
  if (tape == nullptr) return Variable<T>(std::move(value));
  return tape->push(name, std::move(value), inputs, joint);
}

template <class T>
Variable<T> Tape<T>::push(const char* name, Tensor<T>&& value, std::span<const Input<T>> inputs, detail::PullbackRef<T> joint) {
  Recording& r = *recording_;
  if (r.sweeps > 0) fail(name, ": recorded while a sweep over its tape is running");
  if (r.nodes.size() >= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) fail(name, ": the tape is full");
  if (r.check_finite) require_finite("the value of", name, value);
  const auto mark = r.arena.mark();
  const std::span<Edge> edges = store(name, inputs, joint);
  try {
    r.nodes.emplace_back(name, value.shape(), edges, joint);
  } catch (...) {
    destroy_pullbacks(edges, joint);
    r.arena.rewind(mark);
    throw;
  }
  const auto index = static_cast<std::int32_t>(r.nodes.size() - 1);
  return Variable<T>(std::move(value), slot_, epoch_of(*slot_), index, inputs.empty());
}

// Moves the pullbacks into the arena, behind the list of edges, and makes `joint` the one there. Without a joint pullback
// constants are left out. Where one cannot be moved, those already there are destroyed again and the arena is as before.
template <class T>
std::span<typename Tape<T>::Edge> Tape<T>::store(const char* name, std::span<const Input<T>> inputs,
                                                 detail::PullbackRef<T>& joint) {
  if (inputs.empty()) return {};
  detail::Arena& arena = recording_->arena;
  const auto mark = arena.mark();
  const auto move_in = [&arena](const detail::PullbackRef<T>& from) {
    void* to = arena.allocate(from.type->size, from.type->align);
    from.type->construct(to, from.object);
    return detail::PullbackRef<T>{from.type, to};
  };
  auto* edges = static_cast<Edge*>(arena.allocate(inputs.size() * sizeof(Edge), alignof(Edge)));
  std::size_t count = 0;
  try {
    for (const Input<T>& input : inputs) {
      const bool constant = input.variable_->is_constant();
      const auto position = static_cast<std::int32_t>(&input - inputs.data());
      if (joint.type != nullptr) {
        ::new (edges + count++) Edge{constant ? -1 : input.variable_->index_, position, {}};
      } else if (!constant) {
        if (input.pullback_.type == nullptr) fail(name, ": input ", position, " has no pullback");
        const detail::PullbackRef<T> pullback = move_in(input.pullback_);
        ::new (edges + count++) Edge{input.variable_->index_, position, pullback};
      }
    }
    if (joint.type != nullptr) joint = move_in(joint);
  } catch (...) {
    destroy_pullbacks({edges, count}, {});
    arena.rewind(mark);
    throw;
  }
  return {edges, count};
}

template <class T>
void Tape<T>::require_finite(const char* what, const char* name, const Tensor<T>& numbers) {
  using std::isfinite;
  for (const T& x : numbers) {
    if (isfinite(x)) continue;
    fail("check_finite: ", what, " ", name, ", of shape ", numbers.shape(), ", has ", worst_of(x), " at element ",
         &x - numbers.data());
  }
}

template class Tape<float>;
template class Tape<double>;
template class Tape<Dual<float>>;
template class Tape<Dual<double>>;

}  // namespace nablur
