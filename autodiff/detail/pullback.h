#pragma once
// How the tape keeps closures of any type: what a pullback is once its type is no longer known.

#include <cstddef>
#include <new>
#include <type_traits>

#include <nablur/autodiff/tensor.h>

namespace nablur {

template <class T>
class NABLUR_API Adjoints;

namespace detail {

// What can be done with a pullback. One of `pull` and `pull_joint` is set.
template <class T>
struct PullbackType {
  std::size_t size;
  std::size_t align;
  void (*construct)(void* to, void* from);
  void (*destroy)(void* pullback) noexcept;
  Tensor<T> (*pull)(void* pullback, const Tensor<T>& g);
  void (*pull_joint)(void* pullback, const Tensor<T>& g, Adjoints<T>& d);
};

// F is deduced from an argument F&&: a reference type is copied from, any other moved from.
template <class T, class F, bool joint>
constexpr PullbackType<T> pullback_type() {
  using Object = std::remove_cvref_t<F>;
  static_assert(alignof(Object) <= 64, "record: a pullback asks for more alignment than 64 bytes");
  PullbackType<T> type{sizeof(Object), alignof(Object), nullptr, nullptr, nullptr, nullptr};
  type.construct = [](void* to, void* from) {
    ::new (to) Object(static_cast<F&&>(*static_cast<std::remove_reference_t<F>*>(from)));
  };
  type.destroy = [](void* pullback) noexcept { static_cast<Object*>(pullback)->~Object(); };
  if constexpr (joint) {
    type.pull_joint = [](void* pullback, const Tensor<T>& g, Adjoints<T>& d) {
      (*static_cast<Object*>(pullback))(g, d);
    };
  } else {
    type.pull = [](void* pullback, const Tensor<T>& g) -> Tensor<T> {
      return (*static_cast<Object*>(pullback))(g);
    };
  }
  return type;
}
template <class T, class F, bool joint>
inline constexpr PullbackType<T> kPullbackType = pullback_type<T, F, joint>();

// A pullback of any type, wherever it is stored.
template <class T>
struct PullbackRef {
  const PullbackType<T>* type = nullptr;
  void* object = nullptr;

  template <bool joint, class F>
  static PullbackRef to(F&& f) {
    return {&kPullbackType<T, F, joint>, const_cast<void*>(static_cast<const void*>(&f))};
  }
  explicit operator bool() const noexcept { return type != nullptr; }
  Tensor<T> pull(const Tensor<T>& g) const { return type->pull(object, g); }
  void pull(const Tensor<T>& g, Adjoints<T>& d) const { type->pull_joint(object, g, d); }
  void destroy() const noexcept {
    if (type != nullptr) type->destroy(object);
  }
};

// The name of an operator must outlive the tape: only a literal will do.
class Name {
 public:
  consteval Name(const char* literal) : text_(literal) {}
  constexpr operator const char*() const noexcept { return text_; }

 private:
  const char* text_;
};

}  // namespace detail
}  // namespace nablur
