// SPDX-License-Identifier: Apache-2.0
// The kernels between the raw heads of Q, K and V and the output of attention.
#include "engine/inference/kernel_parts.h"
#include "engine/inference/kernels.h"
#include "engine/inference/weight_layout.h"
#include "shaders/attention.h"
#include "shaders/attention_mass.h"
#include "shaders/attention_split.h"
#include "shaders/attention_tiles.h"
#include "shaders/attention_token.h"
#include "shaders/attention_weights.h"
#include "shaders/rope_qk_norm.h"
#include "shaders/rope_qk_norm_lanes.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace moescope::inference {

using namespace moescope::shaders;
using vulkan::Groups;

namespace {

constexpr uint32_t keptHeadStride = 128;    // widest head whose queries an invocation of attention keeps
constexpr uint32_t rowsOfAttention = 8;     // shaders/attention_tiles.comp
constexpr uint32_t attentionWorkgroup = 64; // shaders/common/attention_span.glsl

/** Near the golden section of `count`, and without a common divisor: multiples of it modulo `count` visit all numbers below,
 *  and any run of neighbours is spread over the whole. */
uint32_t spreadingStep(uint32_t count) {
    auto step = static_cast<uint32_t>(0.618 * count) | 1U;
    while (std::gcd(step, count) != 1) {
        ++step;
    }
    return step;
}

struct Run {
    uint32_t first = 0;
    uint32_t count = 0; ///< 0: the parts before have all
};

Run runOf(uint32_t all, Part part) {
    const uint32_t each = ceilDiv(all, part.count);
    const uint32_t first = std::min(part.index * each, all);
    return {first, std::min(each, all - first)};
}

/** What the push constants of all kernels over keys and values have. */
template <typename Push>
Push attentionPush(const AttentionShape& shape) {
    Push push{};
    push.head_count = shape.head_count;
    push.head_count_kv = shape.head_count_kv;
    push.kv_first = shape.kv_first;
    push.head_dim = shape.head_dim;
    push.head_stride = shape.head_stride;
    push.context = shape.context;
    push.out_stride = stride(shape.head_count * shape.head_dim);
    push.window = shape.window;
    push.row_words = kvRowWords(shape.kv, shape.head_dim);
    push.scale = shape.scale;
    return push;
}

RopeQkNormPush ropePush(const AttentionShape& shape, bool owner, uint32_t tokens) {
    return {.head_count = shape.head_count,
            .head_count_kv = owner ? shape.head_count_kv : 0,
            .query_first = shape.kv_first * shape.queriesEach(),
            .queries = shape.heldHeads() * shape.queriesEach(),
            .kv_first = shape.kv_first,
            .kv_heads = owner ? shape.heldHeads() : 0,
            .head_dim = shape.head_dim,
            .head_stride = shape.head_stride,
            .qkv_stride = qkvStride(shape.head_count, shape.head_count_kv, shape.head_dim),
            .context = shape.context,
            .row_words = kvRowWords(shape.kv, shape.head_dim),
            .turning_pairs = shape.rope_dimension_count / 2,
            .rope_first = shape.rope_first,
            .tokens = tokens,
            .epsilon = shape.epsilon};
}

AttentionTokenPush tokenPush(const AttentionShape& shape, bool stores) {
    auto push = attentionPush<AttentionTokenPush>(shape);
    push.turning_pairs = shape.rope_dimension_count / 2;
    push.rope_first = shape.rope_first;
    push.stores = stores;
    push.epsilon = shape.epsilon;
    return push;
}

/** Groups of query heads that workgroups take one by one: shaders/common/attention_span.glsl. */
uint32_t attentionPasses(const AttentionShape& shape) { return ceilDiv(shape.queriesEach(), Kernels::spareHeads + 1); }

/** Calls `dispatch` with the push constants of each span of positions that the context has. */
template <typename Push, typename Dispatch>
void forSpans(vulkan::CommandRecorder& recorder, const AttentionShape& shape, Push& push, Dispatch dispatch) {
    push.span_count = shape.context > Kernels::attentionSpan ? Kernels::attentionSpan : 0;
    dispatch();
    while (push.span_count != 0 && shape.context - push.span_first > push.span_count) {
        push.span_first += push.span_count;
        recorder.barrier();
        dispatch();
    }
}

/** Of shaders/common/rope_head.glsl. */
vulkan::Constants ropeConstants(const AttentionShape& shape, bool bias, uint32_t workgroup) {
    return {{workgroupId, workgroup},
            {1, static_cast<uint32_t>(shape.kv)},
            {2, static_cast<uint32_t>(shape.qk_norm)},
            {3, shape.rope_style == model::RopeStyle::Interleaved},
            {4, bias}};
}

} // namespace

void Kernels::ropeQkNorm(Recorder& recorder, const AttentionShape& shape, const Buffer& qkv, const Buffer* bias,
                         bool owner, const Buffer& rope, const Buffer* qk_weight, const Buffer& step,
                         const Buffer& q_out, const Buffer& k_cache, const Buffer& v_cache, uint32_t tokens) {
    const RopeQkNormPush push = ropePush(shape, owner, tokens);
    recorder.dispatch(pipeline(rope_qk_norm, ropeConstants(shape, bias != nullptr, m_workgroup)),
                      Groups{push.queries + 2 * push.kv_heads, tokens},
                      {qkv, orAny(bias, qkv), rope, orAny(qk_weight, qkv), step, q_out, k_cache, v_cache}, push);
}

void Kernels::ropeQkNormLanes(Recorder& recorder, const AttentionShape& shape, const Buffer& qkv, const Buffer* bias,
                              bool owner, const Buffer& rope, const Buffer* qk_weight, const Buffer& step,
                              const Buffer& q_out, const Buffer& k_cache, const Buffer& v_cache, uint32_t tokens) {
    const RopeQkNormPush push = ropePush(shape, owner, tokens);
    const uint32_t heads = push.queries + 2 * push.kv_heads;
    recorder.dispatch(pipeline(rope_qk_norm_lanes, ropeConstants(shape, bias != nullptr, m_subgroup)),
                      Groups{ceilDiv(heads * tokens, m_subgroup)},
                      {qkv, orAny(bias, qkv), rope, orAny(qk_weight, qkv), step, q_out, k_cache, v_cache}, push);
}

void Kernels::attention(Recorder& recorder, const AttentionShape& shape, const Buffer& q, const Buffer& k_cache,
                        const Buffer& v_cache, const Buffer& step, const Buffer* sinks, const Buffer& out,
                        uint32_t tokens, Part part) {
    const Run run = runOf(tokens, part);
    if (run.count == 0) {
        return;
    }
    auto push = attentionPush<AttentionPush>(shape);
    push.token_first = run.first;
    const uint32_t kept = m_device.limits().software && shape.head_stride <= keptHeadStride ? shape.head_stride / 4 : 0;
    const vulkan::Constants constants{
        {workgroupId, attentionWorkgroup}, {1, static_cast<uint32_t>(shape.kv)}, {2, kept}, {8, sinks != nullptr}};
    recorder.dispatch(pipeline(shaders::attention, constants),
                      Groups{shape.heldHeads() * attentionPasses(shape), run.count},
                      {q, k_cache, v_cache, step, orAny(sinks, q), out}, push);
}

vulkan::Constants Kernels::attentionRows(const AttentionShape& shape, bool sinks) const {
    const uint32_t vectors = shape.head_stride / 4;
    uint32_t block = std::min(m_subgroup, vectors) / 2 * 2;
    while (vectors % block != 0) {
        block -= 2;
    }
    const uint32_t octets = shape.head_stride / 8;
    const uint32_t dimLanes = std::min(m_subgroup, std::bit_ceil(octets));
    return {{workgroupId, m_subgroup},
            {1, static_cast<uint32_t>(shape.kv)},
            {subgroupId, m_subgroup},
            {7, block},
            {8, sinks},
            {9, dimLanes},
            {10, ceilDiv(octets, dimLanes)},
            {12, shape.context > attentionSpan}};
}

void Kernels::attentionToken(Recorder& recorder, const AttentionShape& shape, const Buffer& qkv, const Buffer* bias,
                             bool stores, const Buffer& rope, const Buffer* qk_weight, const Buffer& step,
                             const Buffer& q_out, const Buffer& k_cache, const Buffer& v_cache, const Buffer* sinks,
                             const Buffer& out, const Buffer& state) {
    AttentionTokenPush push = tokenPush(shape, stores);
    vulkan::Constants constants = attentionRows(shape, sinks != nullptr);
    constants.merge(ropeConstants(shape, bias != nullptr, m_subgroup));
    constants[11] = shape.queriesEach();
    forSpans(recorder, shape, push, [&] {
        recorder.dispatch(pipeline(attention_token, constants), Groups{shape.heldHeads()},
                          {qkv, orAny(bias, qkv), rope, orAny(qk_weight, qkv), step, q_out, k_cache, v_cache, q_out,
                           k_cache, v_cache, orAny(sinks, qkv), out, state},
                          push);
    });
}

void Kernels::attentionTiles(Recorder& recorder, const AttentionShape& shape, const Buffer& q, const Buffer& k_cache,
                             const Buffer& v_cache, const Buffer& step, const Buffer* sinks, const Buffer& out,
                             const Buffer& state, uint32_t tokens, Part part) {
    const uint32_t tiles = ceilDiv(tokens * shape.queriesEach(), rowsOfAttention);
    const Run run = runOf(tiles, part);
    if (run.count == 0) {
        return;
    }
    auto push = attentionPush<AttentionTilesPush>(shape);
    push.tokens = tokens;
    push.tiles = tiles;
    push.tile_first = run.first;
    push.tile_step = spreadingStep(tiles);
    forSpans(recorder, shape, push, [&] {
        recorder.dispatch(pipeline(attention_tiles, attentionRows(shape, sinks != nullptr)),
                          Groups{shape.heldHeads(), run.count},
                          {q, k_cache, v_cache, step, orAny(sinks, q), out, state}, push);
    });
}

void Kernels::attentionSplit(Recorder& recorder, const AttentionShape& shape, const Buffer& qkv, const Buffer* bias,
                             bool stores, const Buffer& rope, const Buffer* qk_weight, const Buffer& step,
                             const Buffer& k_cache, const Buffer& v_cache, const Buffer* sinks, const Buffer& partial,
                             const Buffer& counters, const Buffer& out, uint32_t splits) {
    vulkan::Constants constants = ropeConstants(shape, bias != nullptr, attentionWorkgroup);
    constants[8] = sinks != nullptr;
    recorder.dispatch(pipeline(attention_split, constants), Groups{shape.heldHeads() * attentionPasses(shape), splits},
                      {qkv, orAny(bias, qkv), rope, orAny(qk_weight, qkv), step, k_cache, v_cache, k_cache, v_cache,
                       orAny(sinks, qkv), partial, counters, out},
                      tokenPush(shape, stores));
}

void Kernels::attentionWeights(Recorder& recorder, const AttentionShape& shape, const Buffer& q, const Buffer& k_cache,
                               const Buffer& step, const Buffer* sinks, const Buffer& out, uint32_t out_stride,
                               WeightsOf some) {
    const AttentionWeightsPush push{.head_count = shape.head_count,
                                    .head_count_kv = shape.head_count_kv,
                                    .kv_first = shape.kv_first,
                                    .head_first = shape.kv_first * shape.queriesEach() + some.skipped,
                                    .out_first = some.out_row,
                                    .head_stride = shape.head_stride,
                                    .context = shape.context,
                                    .out_stride = out_stride,
                                    .window = shape.window,
                                    .row_words = kvRowWords(shape.kv, shape.head_dim),
                                    .scale = shape.scale};
    // Software drivers end loops after some 65,000 rounds: no invocation may have too many of the positions.
    const uint32_t workgroup = std::min<uint32_t>(256, m_device.limits().max_workgroup_invocations);
    const vulkan::Constants constants{
        {workgroupId, workgroup}, {1, static_cast<uint32_t>(shape.kv)}, {2, sinks != nullptr}};
    const uint32_t rest = shape.heldHeads() * shape.queriesEach() - some.skipped;
    recorder.dispatch(pipeline(attention_weights, constants), Groups{some.heads != 0 ? some.heads : rest},
                      {q, k_cache, step, orAny(sinks, q), out}, push);
}

void Kernels::attentionMass(Recorder& recorder, const Buffer& weights, uint32_t heads, uint32_t stride, uint32_t first,
                            uint32_t count, const Buffer& out, uint32_t out_first) {
    recorder.dispatch(pipeline(attention_mass, {{workgroupId, m_workgroup}}), Groups{heads}, {weights, out},
                      AttentionMassPush{.stride = stride, .first = first, .count = count, .out_first = out_first});
}

} // namespace moescope::inference
