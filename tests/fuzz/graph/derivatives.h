#pragma once
// The derivatives of one step, found in several ways that must agree: reverse mode, forward mode,
// central differences; and the same of second derivatives.

#include "../bytes.h"
#include "program.h"

namespace nablur::fuzz {

/// ⟨w, Jv⟩ = ⟨Jᵀw, v⟩ for random w and v, by forward and reverse mode.
template <class T>
void check_forward_against_reverse(const Step& step, std::span<const Tensor<T>> operands,
                                   Noise& noise);

/// Both against central differences, and the Hessian-vector product against those of the gradient
/// and for symmetry.
void check_against_differences(const Step& step, std::span<const Tensor<double>> operands,
                               Noise& noise);

/// max and min share the gradient among the elements that tie, equally.
void check_ties(const Step& step, const Tensor<double>& x, Noise& noise);

}  // namespace nablur::fuzz
