// Private: all elementwise operators.
#if defined(NABLUR_OPS_DETAIL_OPERATORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_OPERATORS_INL_H_
#undef NABLUR_OPS_DETAIL_OPERATORS_INL_H_
#else
#define NABLUR_OPS_DETAIL_OPERATORS_INL_H_
#endif

#include <nablur/ops/detail/arithmetic-inl.h>
#include <nablur/ops/detail/elementwise-inl.h>
#include <nablur/ops/detail/reduce-inl.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE::operators {

/// Their order is that of an instruction set's table of loops.
using Operators =
    OperatorList<Add, Subtract, Multiply, Divide, Negative, Power, Maximum, Minimum, Exp, Log,
                 Expm1, Log1p, Sqrt, Square, Reciprocal, Abs, Sin, Cos, Tanh, Sigmoid, Softplus,
                 Relu, Erf, Clamp, Logaddexp, ExpBelow, TimesSoftmax>;

}  // namespace nablur::detail::HWY_NAMESPACE::operators
HWY_AFTER_NAMESPACE();

#endif
