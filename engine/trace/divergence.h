// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace moescope::trace {

/** What an intervention does to a model's prediction of one token that was written. Probabilities are softmax over the
 *  vocabulary of the raw logits, padding rows left out. */
struct TokenDivergence {
    /** Kullback–Leibler divergence of the what-if's prediction Q from the base's P: Σ P log₂(P / Q), ≥ 0. */
    double kl_bits = 0;
    double base_probability = 0; ///< of the token that was written
    double what_if_probability = 0;
};

} // namespace moescope::trace
