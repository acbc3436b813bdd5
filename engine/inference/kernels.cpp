// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kernels.h"

#include "engine/inference/kernel_variants.h"
#include "engine/inference/weight_layout.h"
#include "shaders/attention.h"
#include "shaders/attention_reduce.h"
#include "shaders/moe_combine.h"
#include "shaders/moe_router.h"
#include "shaders/moe_sort.h"
#include "shaders/rms_norm.h"
#include "shaders/rope_qk_norm.h"

#include <algorithm>
#include <cmath>

namespace moescope::inference {

using namespace moescope::shaders;
using vulkan::Groups;

namespace {

// Ids of specialisation constants, as in the shaders.
constexpr uint32_t workgroupId = 0;
constexpr uint32_t lanesId = 1;
constexpr uint32_t keptHeadStride = 128; // widest head whose queries an invocation of attention keeps
constexpr uint32_t rowsOfMatvec = 4;     // shaders/common/matvec.glsl
constexpr uint32_t rowsOfTile = 4;       // shaders/common/tile.glsl

constexpr uint32_t ceilDiv(uint32_t a, uint32_t b) { return (a + b - 1) / b; }

AttentionPush attentionPush(const AttentionShape& shape, uint32_t splits) {
    return {.head_count = shape.head_count,
            .head_count_kv = shape.head_count_kv,
            .head_dim = shape.head_dim,
            .head_stride = shape.head_stride,
            .context = shape.context,
            .out_stride = stride(shape.head_count * shape.head_dim),
            .splits = splits,
            .scale = 1.0F / std::sqrt(static_cast<float>(shape.head_dim))};
}

} // namespace

Kernels::Kernels(vulkan::Device& device) : m_device(device) {
    m_workgroup = std::max<uint32_t>(64, device.limits().subgroup_size);
    // A software driver runs a subgroup's invocations one after the other: a reduction there costs more than it saves.
    m_lanes = device.limits().software ? 1 : std::min<uint32_t>(device.limits().subgroup_size, 32);
    // There, a small matrix must still be work for more than one core: 256 rows are four workgroups. Measured on two.
    m_matvecWorkgroup = device.limits().software ? 16 : m_workgroup;
}

Kernels::~Kernels() = default;

const vulkan::ComputePipeline& Kernels::pipeline(const vulkan::Shader& shader, vulkan::Constants constants) {
    auto& made = m_pipelines[{shader.words.data(), constants}];
    if (!made) {
        made = std::make_unique<vulkan::ComputePipeline>(m_device, shader, constants);
    }
    return *made;
}

void Kernels::embed(Recorder& recorder, const Matrix& table, const Buffer& token_ids, const Buffer& x,
                    uint32_t tokens) {
    const EmbedPush push{.width = table.width, .row_words = table.row_words, .out_stride = stride(table.width)};
    recorder.dispatch(pipeline(variantOf(embedVariants(), table.type), {{workgroupId, 32}}), Groups{tokens},
                      {*table.buffer, token_ids, x}, push);
}

void Kernels::rmsNorm(Recorder& recorder, const Buffer& x, const Buffer& weight, const Buffer& y, uint32_t width,
                      float epsilon, uint32_t tokens) {
    const RmsNormPush push{.width = width, .in_stride = stride(width), .out_stride = stride(width), .epsilon = epsilon};
    recorder.dispatch(pipeline(rms_norm, {{workgroupId, m_workgroup}}), Groups{tokens}, {x, weight, y}, push);
}

void Kernels::matvec(Recorder& recorder, const Matrix& w, const Buffer& x, const Buffer& y,
                     const MatvecOptions& options) {
    const MatvecPush push{.rows = w.rows,
                          .width = w.width,
                          .row_words = w.row_words,
                          .out_first = options.y_first,
                          .epsilon = options.epsilon};
    const vulkan::Constants constants{
        {workgroupId, m_matvecWorkgroup}, {lanesId, m_lanes}, {2, options.norm != nullptr}, {3, options.accumulate}};
    const uint64_t rowBytes = uint64_t{stride(w.width)} * sizeof(float);
    recorder.dispatch(
        pipeline(variantOf(matvecVariants(), w.type), constants),
        Groups{ceilDiv(w.rows, m_matvecWorkgroup / m_lanes * rowsOfMatvec)},
        {*w.buffer, {x, options.x_row * rowBytes, rowBytes}, options.norm != nullptr ? *options.norm : x, y}, push);
}

void Kernels::matmul(Recorder& recorder, const Matrix& w, const Buffer& x, const Buffer& y, uint32_t tokens,
                     const MatmulOptions& options) {
    const MatmulPush push{.tokens = tokens,
                          .rows = w.rows,
                          .width = w.width,
                          .row_words = w.row_words,
                          .in_stride = stride(w.width),
                          .out_stride = options.y_stride != 0 ? options.y_stride : stride(w.rows),
                          .out_first = options.y_first};
    recorder.dispatch(
        pipeline(variantOf(matmulVariants(), w.type), {{workgroupId, m_workgroup}, {3, options.accumulate}}),
        Groups{ceilDiv(w.rows, m_workgroup * rowsOfTile), ceilDiv(tokens, tileTokens)}, {*w.buffer, x, y}, push);
}

void Kernels::ropeQkNorm(Recorder& recorder, const AttentionShape& shape, const Buffer& qkv, bool owner,
                         const Buffer& rope, const Buffer& qk_weight, const Buffer& step, const Buffer& q_out,
                         const Buffer& k_cache, const Buffer& v_cache, uint32_t tokens) {
    const RopeQkNormPush push{.head_count = shape.head_count,
                              .head_count_kv = owner ? shape.head_count_kv : 0,
                              .head_dim = shape.head_dim,
                              .head_stride = shape.head_stride,
                              .qkv_stride = qkvStride(shape.head_count, shape.head_count_kv, shape.head_dim),
                              .context = shape.context,
                              .epsilon = shape.epsilon};
    const uint32_t heads = shape.head_count + 2 * push.head_count_kv;
    recorder.dispatch(pipeline(rope_qk_norm, {{workgroupId, m_workgroup}, {1, shape.kv_f16}, {2, shape.qk_norm}}),
                      Groups{heads, tokens}, {qkv, rope, qk_weight, step, q_out, k_cache, v_cache}, push);
}

void Kernels::attention(Recorder& recorder, const AttentionShape& shape, const Buffer& q, const Buffer& k_cache,
                        const Buffer& v_cache, const Buffer& step, const Buffer& out, const Buffer& partial,
                        uint32_t tokens, uint32_t splits) {
    const AttentionPush push = attentionPush(shape, splits);
    const uint32_t passes = ceilDiv(shape.head_count / shape.head_count_kv, spareHeads + 1);
    const uint32_t kept = m_device.limits().software && shape.head_stride <= keptHeadStride ? shape.head_stride / 4 : 0;
    recorder.dispatch(pipeline(shaders::attention, {{workgroupId, 64}, {1, shape.kv_f16}, {2, kept}}),
                      Groups{shape.head_count_kv * passes, tokens, splits}, {q, k_cache, v_cache, step, out, partial},
                      push);
}

void Kernels::attentionReduce(Recorder& recorder, const AttentionShape& shape, const Buffer& partial, const Buffer& out,
                              uint32_t tokens, uint32_t splits) {
    const AttentionPush push = attentionPush(shape, splits);
    recorder.dispatch(pipeline(attention_reduce, {{workgroupId, m_workgroup}}), Groups{shape.head_count, tokens},
                      {partial, out}, push);
}

void Kernels::moeRouter(Recorder& recorder, const Matrix& router, const ExpertsShape& shape, const Buffer& x,
                        const Buffer& norm, float epsilon, const Buffer& step, const RouterOutputs& out, uint32_t layer,
                        uint32_t batch, uint32_t tokens) {
    const MoeRouterPush push{.width = router.width,
                             .stride = stride(router.width),
                             .expert_count = shape.expert_count,
                             .expert_used_count = shape.expert_used_count,
                             .row_words = router.row_words,
                             .layer = layer,
                             .batch = batch,
                             .norm_weights = shape.norm_weights,
                             .epsilon = epsilon};
    recorder.dispatch(pipeline(moe_router, {{workgroupId, m_workgroup}}), Groups{tokens},
                      {x, norm, *router.buffer, step, out.normed, out.experts, out.expert_weights, out.log, out.probs},
                      push);
}

void Kernels::ffnGateUp(Recorder& recorder, const Matrix& gate, const Matrix& up, const Buffer* experts,
                        const Buffer& x, const Buffer& h, uint32_t slots) {
    const FfnGateUpPush push{
        .rows = gate.rows, .width = gate.width, .row_words = gate.row_words, .out_stride = stride(gate.rows)};
    const vulkan::Constants constants{{workgroupId, m_matvecWorkgroup}, {lanesId, m_lanes}, {2, experts != nullptr}};
    recorder.dispatch(pipeline(variantOf(ffnGateUpVariants(), gate.type), constants),
                      Groups{ceilDiv(gate.rows, m_matvecWorkgroup / m_lanes * rowsOfMatvec), slots},
                      {*gate.buffer, *up.buffer, experts != nullptr ? *experts : x, x, h}, push);
}

void Kernels::ffnDown(Recorder& recorder, const Matrix* routed, const Matrix* shared, const Buffer& experts,
                      const Buffer& expert_weights, const Buffer& h, const Buffer& h_shared, const Buffer& x,
                      uint32_t slots) {
    const Matrix& any = routed != nullptr ? *routed : *shared;
    const FfnDownPush push{.rows = any.rows,
                           .expert_used_count = routed != nullptr ? slots : 0,
                           .expert_width = routed != nullptr ? routed->width : 0,
                           .expert_row_words = routed != nullptr ? routed->row_words : 0,
                           .expert_stride = routed != nullptr ? stride(routed->width) : 0,
                           .shared_width = shared != nullptr ? shared->width : 0,
                           .shared_row_words = shared != nullptr ? shared->row_words : 0};
    recorder.dispatch(
        pipeline(variantOf(ffnDownVariants(), any.type), {{workgroupId, m_matvecWorkgroup}, {lanesId, m_lanes}}),
        Groups{ceilDiv(any.rows, m_matvecWorkgroup / m_lanes * rowsOfMatvec)},
        {*any.buffer, shared != nullptr ? *shared->buffer : *any.buffer, experts, expert_weights, h, h_shared, x},
        push);
}

void Kernels::moeSort(Recorder& recorder, const ExpertsShape& shape, const Buffer& experts, const SortOutputs& out,
                      uint32_t tokens, uint32_t gate_up_rows, uint32_t down_rows) {
    const MoeSortPush push{.pairs = tokens * shape.expert_used_count,
                           .expert_count = shape.expert_count,
                           .tile_tokens = tileTokens,
                           .gate_up_groups = ceilDiv(gate_up_rows, m_workgroup * rowsOfTile),
                           .down_groups = ceilDiv(down_rows, m_workgroup * rowsOfTile)};
    recorder.dispatch(pipeline(moe_sort, {{workgroupId, sortWorkers}}), Groups{1},
                      {experts, out.counts, out.order, out.tiles, out.grids}, push);
}

void Kernels::ffnGateUpTiles(Recorder& recorder, const Matrix& gate, const Matrix& up, const SortOutputs* sort,
                             const ExpertsShape& shape, const Buffer& x, const Buffer& h, uint32_t tokens) {
    const uint32_t used = sort != nullptr ? shape.expert_used_count : 1;
    const FfnTilesPush push{.pairs = tokens * used,
                            .rows = gate.rows,
                            .width = gate.width,
                            .row_words = gate.row_words,
                            .in_stride = stride(gate.width),
                            .out_stride = stride(gate.rows),
                            .expert_used_count = used};
    const vulkan::ComputePipeline& kernel =
        pipeline(variantOf(ffnGateUpTilesVariants(), gate.type), {{workgroupId, m_workgroup}, {2, sort != nullptr}});
    if (sort != nullptr) {
        recorder.dispatchIndirect(kernel, sort->grids, 0, {*gate.buffer, *up.buffer, sort->tiles, sort->order, x, h},
                                  push);
    } else {
        recorder.dispatch(kernel, Groups{ceilDiv(gate.rows, m_workgroup * rowsOfTile), ceilDiv(tokens, tileTokens)},
                          {*gate.buffer, *up.buffer, x, x, x, h}, push);
    }
}

void Kernels::ffnDownTiles(Recorder& recorder, const Matrix& down, const SortOutputs& sort, const ExpertsShape& shape,
                           const Buffer& h, const Buffer& pair_out, uint32_t tokens) {
    const FfnTilesPush push{.pairs = tokens * shape.expert_used_count,
                            .rows = down.rows,
                            .width = down.width,
                            .row_words = down.row_words,
                            .in_stride = stride(down.width),
                            .out_stride = stride(down.rows),
                            .expert_used_count = shape.expert_used_count};
    recorder.dispatchIndirect(pipeline(variantOf(ffnDownTilesVariants(), down.type), {{workgroupId, m_workgroup}}),
                              sort.grids, 3 * sizeof(uint32_t), {*down.buffer, sort.tiles, sort.order, h, pair_out},
                              push);
}

void Kernels::moeCombine(Recorder& recorder, const ExpertsShape& shape, const Buffer& expert_weights,
                         const Buffer& pair_out, const Buffer& x, uint32_t width, uint32_t tokens) {
    const MoeCombinePush push{.width = width,
                              .stride = stride(width),
                              .pair_stride = stride(width),
                              .expert_used_count = shape.expert_used_count};
    recorder.dispatch(pipeline(moe_combine, {{workgroupId, m_workgroup}}), Groups{ceilDiv(width, m_workgroup), tokens},
                      {expert_weights, pair_out, x}, push);
}

} // namespace moescope::inference
