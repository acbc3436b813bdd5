// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/exchange/capturejson.h"

namespace moescope::exchange {

// The tokens of a capture as arrays of NumPy, one a file, little-endian. T: tokens, L: MoE layers, K: experts used,
// E: experts, C: candidates of all tokens together.
//
//   token_ids.npy                 i4 [T]
//   token_positions.npy           i4 [T]        in the context, from 0
//   token_flags.npy               u1 [T]        1 generated, 2 routing recorded, 4 all probabilities recorded,
//                                               8 neither probabilities nor runners-up, which are 0
//   candidate_ends.npy            i4 [T]        in the following four; these five are absent where C is 0
//   candidate_ids.npy             i4 [C]        what could have stood there, the likeliest first
//   candidate_probabilities.npy   f4 [C, 2]     of the raw logits, and with which it could be sampled
//   candidate_text_ends.npy       i4 [C]        in candidate_texts.bin, in bytes
//   candidate_texts.bin
//   token_probabilities.npy       f4 [T]        0 of prompt tokens
//   token_text_ends.npy           i4 [T]        in token_texts.bin, in bytes
//   token_texts.bin                             the tokens' bytes; not always whole UTF-8 characters
//   routed_experts.npy            i4 [T, L, K]  −1 where no routing was recorded; the exchange format of SGLang and vLLM
//   router_weights.npy            f [T, L, K]   as multiplied onto the expert's output
//   chosen_probabilities.npy      f [T, L, K]   of the softmax over all experts
//   runner_up.npy                 i4 [T, L]     where K < E; −1 where none was recorded
//   runner_up_probabilities.npy   f [T, L]      where K < E
//   expert_probabilities.npy      f [T, L, E]   where some were recorded; 0 of the other tokens
//
// f is f2 where that loses nothing, as with what the store keeps, else f4. The last six are absent where L is 0.

/** Throws Error{exchange.shapes} if tokens were routed by models of different sizes. */
TokenCounts countsOf(const store::TokenTraces& tokens);

void addTokens(ZipWriter& zip, const store::TokenTraces& tokens, const TokenCounts& counts);

QStringList tokenMembers();

/** Takes the members out of `members` as it reads them. Throws Error{exchange.missing}, exchange.damaged. */
store::TokenTraces takeTokens(QHash<QString, QByteArray>& members, const TokenCounts& counts, const Source& source);

/** The experts alone, [T, L, K], as a whole .npy file. */
QByteArray routedExperts(const store::TokenTraces& tokens, const TokenCounts& counts);

} // namespace moescope::exchange
