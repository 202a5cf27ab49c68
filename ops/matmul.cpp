#include <nablur/ops/matmul.h>

#include <algorithm>

#include <nablur/autodiff/detail/walk.h>
#include <nablur/autodiff/sum.h>
#include <nablur/ops/detail/sweep.h>
#include <nablur/support/detail/parallel.h>

// Eigen under a name of our own: a program that links a static libnablur may compile Eigen with
// other alignment and vector settings, and the linker would keep only one copy of each of its
// functions.
#define Eigen nablur_eigen
#include <Eigen/Core>

namespace nablur::compiled {

using detail::IntList;
using detail::Matrix;

namespace {

constexpr std::int64_t kTerms =
    1024;  // of an inner product; longer ones are halves added to halves

// Eigen sizes its blocks by the caches of the machine, and with them the order of its sums: ours
// are the same everywhere. It would also take its work space from the heap at every call; here it
// comes from the pool.
template <class T>
class Workspace : public Eigen::internal::level3_blocking<T, T> {
 public:
  Workspace(std::int64_t m, std::int64_t n, std::int64_t k) {
    this->m_mc = std::min<std::int64_t>(m, 512);
    this->m_nc = std::min<std::int64_t>(n, 256);
    this->m_kc = std::min<std::int64_t>(k, 512);
    a_ = Tensor<T>::empty(Shape{this->m_mc * this->m_kc});
    b_ = Tensor<T>::empty(Shape{this->m_kc * this->m_nc});
    this->m_blockA = a_.mutable_data();
    this->m_blockB = b_.mutable_data();
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

 private:
  Tensor<T> a_;
  Tensor<T> b_;
};

// out = a·b, row-major and zero before, in portable C++: for the target PLAIN, and the referee of
// the kernels. Eigen's kernel writes column-major: outᵀ = bᵀ·aᵀ.
template <class T, bool a_transposed, bool b_transposed>
void multiply_plainly(const Matrix<T>& a, const Matrix<T>& b, T* out) {
  using Eigen::ColMajor;
  using Eigen::RowMajor;
  using Kernel = Eigen::internal::general_matrix_matrix_product<
      Eigen::Index, T, b_transposed ? RowMajor : ColMajor, false, T,
      a_transposed ? RowMajor : ColMajor, false, ColMajor, 1>;
  Workspace<T> workspace(b.columns, a.rows, a.columns);
  Kernel::run(b.columns, a.rows, a.columns, b.data, b.stride, a.data, a.stride, out, 1, b.columns,
              T(1), workspace);
}

// out = a·x for a vector x
template <class T>
void multiply_vector(const Matrix<T>& a, const T* x, T* out) {
  using Stored = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;
  using Rows = Eigen::Map<const Stored, 0, Eigen::OuterStride<>>;
  const Eigen::Map<const Vector> from(x, a.columns);
  Eigen::Map<Vector> to(out, a.rows);
  if (a.transposed) {
    to.noalias() =
        Rows(a.data, a.columns, a.rows, Eigen::OuterStride<>(a.stride)).transpose() * from;
  } else {
    to.noalias() = Rows(a.data, a.rows, a.columns, Eigen::OuterStride<>(a.stride)) * from;
  }
}

// The kernels that a product runs on, and their scratch, which serves all its batches and parts.
template <class T>
class Multiplier {
 public:
  Multiplier(const Matrix<T>& a, const Matrix<T>& b) {
    const bool vectors = a.rows == 1 || b.columns == 1;  // they go another way
    if (kernels_ == nullptr || vectors) return;
    const double terms = static_cast<double>(a.rows) * static_cast<double>(a.columns) *
                         static_cast<double>(b.columns);
    const std::int64_t slots =
        terms < kSmall ? 1 : std::min<std::int64_t>(threads(), a.rows / kRows);
    rows_ = slots <= 1 ? a.rows : ((a.rows - 1) / slots / kRows + 1) * kRows;
    slots_ = static_cast<int>((a.rows - 1) / rows_ + 1);
    size_ = (kernels_->gemm.scratch(a, b) + kAligned - 1) / kAligned * kAligned;
    scratch_ = Tensor<T>::empty(Shape{slots_ * size_});
  }

  bool has_kernels() const { return kernels_ != nullptr; }

  // out = a·b: some rows of it by each thread, which changes no bit of them.
  void multiply(const Matrix<T>& a, const Matrix<T>& b, T* out) {
    T* const scratch = scratch_.mutable_data();
    if (slots_ == 1) return kernels_->gemm.multiply(a, b, out, scratch);
    detail::for_each_task(slots_, slots_, [&](std::int64_t task, int slot) {
      const std::int64_t begin = task * rows_;
      kernels_->gemm.multiply(a.some_rows(begin, std::min(a.rows, begin + rows_)), b,
                              out + begin * b.columns, scratch + slot * size_);
    });
  }

 private:
  static constexpr double kSmall = 1 << 20;  // terms, below which one thread does
  static constexpr std::int64_t kRows = 24;  // that are worth a thread
  static constexpr std::int64_t kAligned =
      128;  // elements: two cache lines, and the kernels' 64 bytes

  const detail::Kernels<T>* kernels_ = detail::kernels<T>();
  std::int64_t rows_ = 0;  // of a task
  int slots_ = 1;
  std::int64_t size_ = 0;  // of a slot's scratch
  Tensor<T> scratch_;
};

// out = a·b for inner products of at most kTerms terms
template <class T>
void multiply_some(const Matrix<T>& a, const Matrix<T>& b, T* out, Multiplier<T>& multiplier) {
  if (b.columns == 1) return multiply_vector(a, b.data, out);
  if (a.rows == 1) return multiply_vector(b.flipped(), a.data, out);
  if (multiplier.has_kernels()) return multiplier.multiply(a, b, out);
  std::fill_n(out, a.rows * b.columns, T(0));
  if (a.transposed) {
    b.transposed ? multiply_plainly<T, true, true>(a, b, out)
                 : multiply_plainly<T, true, false>(a, b, out);
  } else {
    b.transposed ? multiply_plainly<T, false, true>(a, b, out)
                 : multiply_plainly<T, false, false>(a, b, out);
  }
}

// out = a·b; `scratch` has room for pairwise_levels(a.columns, kTerms) matrices like out.
template <class T>
void multiply(const Matrix<T>& a, const Matrix<T>& b, T* out, T* scratch,
              Multiplier<T>& multiplier) {
  detail::pairwise_rows(0, a.columns, kTerms, a.rows * b.columns, out, scratch,
                        [&](std::int64_t begin, std::int64_t end, T* to) {
                          multiply_some(a.some_columns(begin, end), b.some_rows(begin, end), to,
                                        multiplier);
                        });
}

// a or b of a batched product: shape (…, rows, columns)
template <class T>
struct Factor {
  Tensor<T> values;
  bool transposed = false;
  std::int64_t rows() const { return values.shape()[transposed ? -1 : -2]; }
  std::int64_t columns() const { return values.shape()[transposed ? -2 : -1]; }
  Shape batch() const { return Shape(std::span(values.shape().begin(), values.shape().end() - 2)); }
  Matrix<T> at(std::int64_t i) const {
    return {values.data() + i * rows() * columns(), rows(), columns(), values.shape()[-1],
            transposed};
  }
};

template <class T>
Tensor<T> product(const Factor<T>& a, const Factor<T>& b) {
  const Shape batch = broadcast("matmul", a.batch(), b.batch());
  IntList sizes(batch.rank() + 2, a.rows());
  std::copy(batch.begin(), batch.end(), sizes.begin());
  sizes.end()[-1] = b.columns();
  const Shape shape(sizes);
  if (shape.size() == 0 || a.columns() == 0) return Tensor<T>::zeros(shape);
  auto out = Tensor<T>::empty(shape);
  T* to = out.mutable_data();
  auto scratch =
      Tensor<T>::empty(Shape{detail::pairwise_levels(a.columns(), kTerms), a.rows() * b.columns()});
  T* const between = scratch.mutable_data();
  Multiplier<T> multiplier(a.at(0), b.at(0));
  const auto strides_a = detail::broadcast_strides(a.batch(), batch);
  const auto strides_b = detail::broadcast_strides(b.batch(), batch);
  detail::Walk<2>(batch, {strides_a, strides_b})
      .for_each_line([&](std::int64_t n, const auto& offset, const auto& stride) {
        for (std::int64_t i = 0; i < n; ++i, to += a.rows() * b.columns()) {
          multiply(a.at(offset[0] + i * stride[0]), b.at(offset[1] + i * stride[1]), to, between,
                   multiplier);
        }
      });
  return out;
}

// (A + A'ε)(B + B'ε) = AB + (A'B + AB')ε: three real products
template <class T>
Tensor<Dual<T>> product(const Factor<Dual<T>>& a, const Factor<Dual<T>>& b) {
  const Factor<T> a0{a.values.template cast<T>(), a.transposed};
  const Factor<T> b0{b.values.template cast<T>(), b.transposed};
  const Factor<T> a1{tangent_of(a.values), a.transposed};
  const Factor<T> b1{tangent_of(b.values), b.transposed};
  // A constant has no tangent: 0·∞ must not make a NaN of it (nor cost a product).
  const auto is_zero = [](const Tensor<T>& t) {
    return std::all_of(t.begin(), t.end(), [](T v) { return v == T(0); });
  };
  const Tensor<T> value = product(a0, b0);
  Tensor<T> tangent = Tensor<T>::zeros(value.shape());
  if (!is_zero(a1.values)) tangent += product(a1, b0);
  if (!is_zero(b1.values)) tangent += product(a0, b1);
  return make_dual(value, tangent);
}

template <class T>
Tensor<T> as_matrix(const Tensor<T>& x, bool row) {
  if (x.rank() != 1) return x;
  return x.reshaped(row ? Shape{1, x.size()} : Shape{x.size(), 1});
}

}  // namespace

// y = ab: ∂L/∂a = g bᵀ, ∂L/∂b = aᵀ g
template <class T>
Variable<T> Matmul<T>::matmul(const Variable<T>& a, const Variable<T>& b) {
  if (a.rank() == 0 || b.rank() == 0)
    fail("matmul: shapes ", a.shape(), " and ", b.shape(), " need at least one axis each");
  const Factor<T> left{as_matrix(a.value(), true)};
  const Factor<T> right{as_matrix(b.value(), false)};
  if (left.columns() != right.rows()) {
    fail("matmul: shapes ", a.shape(), " and ", b.shape(), " have inner sizes ", left.columns(),
         " and ", right.rows());
  }
  if (const Shape m = left.batch(), n = right.batch(); !broadcasts(m, n)) {
    fail("matmul: shapes ", a.shape(), " and ", b.shape(), " have batches ", m, " and ", n,
         " that do not broadcast");
  }
  const Tensor<T> y = product(left, right);
  IntList sizes(y.rank() - (a.rank() == 1) - (b.rank() == 1), 0);
  const std::int64_t* end = y.shape().end() - 2;
  std::int64_t* at = std::copy(y.shape().begin(), end, sizes.begin());
  if (a.rank() != 1) *at++ = end[0];
  if (b.rank() != 1) *at++ = end[1];
  const Shape shape(sizes);
  // If g has no elements, the product would be zeros of the whole batch, which may be huge if it
  // was stretched.
  const auto to_left = [right, full = y.shape(), seen = left.values.shape(),
                        own = a.shape()](const Tensor<T>& g) {
    if (g.size() == 0) return Tensor<T>::zeros(own);
    return sum_to(product(Factor<T>{g.reshaped(full)}, Factor<T>{right.values, true}), seen)
        .reshaped(own);
  };
  const auto to_right = [left, full = y.shape(), seen = right.values.shape(),
                         own = b.shape()](const Tensor<T>& g) {
    if (g.size() == 0) return Tensor<T>::zeros(own);
    return sum_to(product(Factor<T>{left.values, true}, Factor<T>{g.reshaped(full)}), seen)
        .reshaped(own);
  };
  return record("matmul", y.reshaped(shape), {{a, to_left}, {b, to_right}});
}

template struct Matmul<float>;
template struct Matmul<double>;
template struct Matmul<Dual<float>>;
template struct Matmul<Dual<double>>;

}  // namespace nablur::compiled
