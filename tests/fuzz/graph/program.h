#pragma once
// A program of the graph fuzzer: leaves (variables and constants) and steps, each of which applies
// one operator to values that came before. It says nothing about scalar types: the same program
// runs on float, double and their Duals.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <nablur/nablur.h>

namespace nablur::fuzz {

// In families; the first and last of each are named below.
enum class Op : std::uint8_t {
  // of one operand, elementwise
  exp,
  log,
  expm1,
  log1p,
  sqrt,
  square,
  abs,
  sin,
  cos,
  tanh,
  sigmoid,
  softplus,
  relu,
  erf,
  reciprocal,
  negate,
  clamp,             // numbers: low, high
  sigma_from_param,  // numbers: min_sigma, shift
  custom_cube,
  // of two, elementwise
  add,
  subtract,
  multiply,
  divide,
  pow,
  maximum,
  minimum,
  logaddexp,
  add_in_place,
  subtract_in_place,
  multiply_in_place,
  divide_in_place,
  custom_product,
  // where(a > b, a, c) and its like
  where_greater,
  where_less,
  where_equal,
  // integers: axes; flag: keepdims
  sum,
  mean,
  max,
  min,
  logsumexp,
  // integers: sizes, axes
  reshape,
  transpose,
  flip,
  broadcast_to,
  slice,       // integers: begin, end, step of each leading axis
  slice_axis,  // the same of one axis
  pad,         // integers: before, after of each axis; numbers: the value
  take,        // integers: indices; shape: theirs
  squeeze,
  expand_dims,
  swapaxes,    // integers: the two axes
  roll,        // integers: the shift
  tile,        // integers: counts
  tril,        // integers: the diagonal
  triu,        // likewise
  select,      // integers: the index
  split,       // integers: sizes; the last part is the result
  index_add,   // of x and the source; as take
  pad_border,  // as pad, by the border
  concatenate,
  stack,
  // products
  matmul,
  convolve,
  gaussian_kernel,
  gaussian_blur,
  // of none; numbers: first, last, step
  arange,
  linspace,
};
inline constexpr int kOps = static_cast<int>(Op::linspace) + 1;

inline bool is_unary(Op op) { return op <= Op::custom_cube; }
inline bool is_binary(Op op) { return op >= Op::add && op <= Op::custom_product; }
inline bool is_where(Op op) { return op >= Op::where_greater && op <= Op::where_equal; }
inline bool is_reduction(Op op) { return op >= Op::sum && op <= Op::logsumexp; }
inline bool is_movement(Op op) { return op >= Op::reshape && op <= Op::stack; }

const char* name_of(Op op);

/// One operator with all that it takes beside its operands.
struct Step {
  Op op = Op::exp;
  std::vector<std::size_t> operands;  ///< places in the program, at most 3
  std::vector<std::int64_t> integers;
  std::vector<std::int64_t> shape;
  std::int64_t axis = 0;
  bool all_axes = false;  ///< of those that take axes: `integers` says which otherwise, and no
                          ///< integers mean no axes
  bool flag = false;
  bool checkpointed = false;
  double numbers[3] = {0, 0, 0};
  Border border = Border::zero;
  std::optional<std::int64_t> radius;
};

/// A variable to differentiate by, or a constant.
struct Leaf {
  Tensor<double> value;
  bool constant = false;
};

}  // namespace nablur::fuzz
