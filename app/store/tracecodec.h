// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/store/values.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

namespace moescope::store {

/** A stretch of tokens as one blob. */
struct TraceChunk {
    int tokens = 0;
    QByteArray data;
};

/** Usually one chunk; more where the shape of the routers changes, or beyond 16 MiB.
 *
 *  A chunk, all little-endian: "MTR1", 64 bits FNV-1a of the rest, qCompress of
 *    u16 version = 3, u8 wide (expert ids take 2 bytes), u8 0,
 *    u32 tokens, moe_layers, expert_count, expert_used_count,
 *    then for each token i32 id, u32 position, u8 flags (1 generated, 2 router, 4 all probabilities, 8 candidates,
 *      16 choices only),
 *      f32 probability, u32 length of text, text,
 *      and with flag 8 u16 count, then for each candidate i32 id, f32 probability, f32 sampled, u32 length of text, text,
 *    then for each token with flag 2 and not 16, [moe_layers][expert_used_count] experts, f16 weights, f16 chosen_probs,
 *      [moe_layers] runner_up, f16 runner_up_prob, and with flag 4 [moe_layers][expert_count] f16 probs,
 *    then, if there are tokens with flag 16, u32 bytes and a trace::RoutingLog of them.
 *
 *  Tokens of a prompt keep their choices only: 128K tokens of 64 layers with one of 16 experts take less than 16 MB, of
 *  32 layers with 8 of 64 less than 64 MB. Version 1 has no flag 8 and version 2 no flag 16; they are read too.
 *
 *  Throws store.invalid if a router's vectors do not have the sizes of its shape, or a token has more than 65,535
 *  candidates. */
QList<TraceChunk> encodeTraces(const TokenTraces& tokens);

/** Throws store.trace_damaged; reads nothing outside `data` whatever it holds. */
TokenTraces decodeTraces(const QByteArray& data);

} // namespace moescope::store
