// SPDX-License-Identifier: Apache-2.0
// Kernels of a batch: matrix × matrix, and the sort by expert before them.
#include "engine/inference/kernels.h"

#include "engine/inference/kernel_parts.h"
#include "engine/inference/kernel_variants.h"
#include "engine/inference/weight_layout.h"
#include "shaders/moe_combine.h"
#include "shaders/moe_sort.h"

#include <algorithm>

namespace moescope::inference {

using namespace moescope::shaders;
using vulkan::Binding;
using vulkan::Groups;

namespace {

// Ids of specialisation constants of shaders/common/block.glsl …
constexpr uint32_t blockTokensId = 7;
constexpr uint32_t tokensEachId = 8;
// … and block_coopmat.glsl.
constexpr uint32_t matrixMId = 8;
constexpr uint32_t matrixNId = 9;
constexpr uint32_t matrixKId = 10;
constexpr uint32_t tokenSubgroupsId = 11;
constexpr uint32_t subgroupsOfBlock = 4;
constexpr uint32_t rowGroups = 16; // of invocations of a block

// Bytes into what moe_sort leaves.
constexpr uint64_t downGrid = 3 * sizeof(uint32_t);
constexpr uint64_t tallGrids = 6 * sizeof(uint32_t);

} // namespace

Kernels::TileHeights Kernels::tileHeights() const {
    if (m_texels) {
        return {leastTileTokens, 0};
    }
    return coopmat() ? TileHeights{16, 64} : TileHeights{leastTileTokens, 32};
}

uint32_t Kernels::heightFor(uint32_t tokens) const {
    const TileHeights heights = tileHeights();
    return tokens > heights.tall / 2 && heights.tall != 0 ? heights.tall : heights.low;
}

uint32_t Kernels::firstLowTile(uint32_t pairs) const {
    const uint32_t tall = tileHeights().tall;
    return tall == 0 ? 0 : 2 * pairs / tall; // each has more than half of its height
}

uint32_t Kernels::tileGroups(uint32_t rows, uint32_t matrices) const {
    return ceilDiv(rows, m_texels ? m_subgroup * texelRows / matrices : blockRows);
}

const vulkan::ComputePipeline& Kernels::tilePipeline(const WeightVariants& variants, gguf::TensorType type,
                                                     vulkan::Constants constants, uint32_t tokens) {
    if (m_texels) {
        constants[workgroupId] = m_subgroup;
        return pipeline(variants, type, std::move(constants));
    }
    constants[blockTokensId] = tokens;
    const vulkan::Shader* shader = coopmat() ? coopmatVariantOf(variants, type) : nullptr;
    if (shader != nullptr) {
        constants[workgroupId] = subgroupsOfBlock * m_subgroup;
        constants[subgroupId] = m_subgroup;
        constants[matrixMId] = m_matrix.m;
        constants[matrixNId] = m_matrix.n;
        constants[matrixKId] = m_matrix.k;
        constants[tokenSubgroupsId] = tokens >= 2 * lowestBlock ? 2 : 1;
        return pipeline(*shader, std::move(constants));
    }
    const uint32_t workgroup = std::max(m_workgroup, 2 * tokens); // at most eight tokens each: sums stay in registers
    constants[workgroupId] = workgroup;
    constants[tokensEachId] = tokens * rowGroups / workgroup;
    shader = m_integerDot ? integerDotVariantOf(variants, type) : nullptr;
    return shader != nullptr ? pipeline(*shader, std::move(constants)) : pipeline(variants, type, std::move(constants));
}

void Kernels::matmul(Recorder& recorder, const Matrix& w, const Buffer& x, const Buffer& y, uint32_t tokens,
                     const MatmulOptions& options) {
    const uint32_t rows = options.w_rows != 0 ? options.w_rows : w.rows - options.w_first;
    const MatmulPush push{.tokens = tokens,
                          .rows = rows,
                          .width = w.width,
                          .row_words = w.row_words,
                          .in_stride = stride(w.width),
                          .out_stride = options.y_stride != 0 ? options.y_stride : stride(w.rows),
                          .out_first = options.y_first + options.w_first,
                          .scale = options.scale};
    const vulkan::Constants constants{{3, options.accumulate}, {4, options.bias != nullptr}};
    const uint32_t height = heightFor(tokens);
    const uint64_t rowBytes = uint64_t{w.row_words} * 16;
    const Binding bias = options.bias != nullptr ? Binding{*options.bias, uint64_t{options.w_first} * sizeof(float),
                                                           uint64_t{rows} * sizeof(float)}
                                                 : Binding{x};
    recorder.dispatch(
        tilePipeline(matmulVariants(), w.type, constants, height), Groups{tileGroups(rows), ceilDiv(tokens, height)},
        {{*w.buffer, options.w_first * rowBytes, ceilDiv(rows, w.group) * w.group * rowBytes}, x, bias, y}, push);
}

void Kernels::moeSort(Recorder& recorder, const ExpertsShape& shape, const Buffer& experts, const SortOutputs& out,
                      uint32_t tokens, uint32_t gate_up_rows, uint32_t down_rows) {
    const uint32_t pairs = tokens * shape.expert_used_count;
    const MoeSortPush push{.pairs = pairs,
                           .expert_count = shape.expert_count,
                           .low_tokens = tileHeights().low,
                           .tall_tokens = tileHeights().tall,
                           .low_first = firstLowTile(pairs),
                           .gate_up_groups = tileGroups(gate_up_rows, 2),
                           .down_groups = tileGroups(down_rows)};
    recorder.dispatch(pipeline(moe_sort, {{workgroupId, sortWorkers}}), Groups{1},
                      {experts, out.counts, out.order, out.tiles, out.grids}, push);
}

uint32_t Kernels::rowsOfPart(uint32_t rows, uint32_t parts) const {
    const uint32_t unit = m_texels ? m_subgroup * texelRows : blockRows;
    return ceilDiv(ceilDiv(rows, parts), unit) * unit;
}

void Kernels::ffnGateUpTiles(Recorder& recorder, const GateUp& w, const SortOutputs* sort, const ExpertsShape& shape,
                             const Buffer& x, const Buffer& h, uint32_t tokens, Part part,
                             const Buffer* shared_weights) {
    const uint32_t rows = rowsOfPart(w.gate.rows, part.count);
    if (part.index * rows >= w.gate.rows) {
        return;
    }
    const uint32_t used = sort != nullptr ? shape.expert_used_count : 1;
    FfnTilesPush push{.pairs = tokens * used,
                      .rows = w.gate.rows,
                      .row_first = part.index * rows,
                      .width = w.gate.width,
                      .row_words = w.gate.row_words,
                      .in_stride = stride(w.gate.width),
                      .out_stride = stride(w.gate.rows),
                      .expert_used_count = used,
                      .tile_first = 0};
    const vulkan::Constants constants{{2, sort != nullptr},
                                      {3, w.gate_bias != nullptr},
                                      {4, shared_weights != nullptr},
                                      {activationId, static_cast<uint32_t>(shape.activation)}};
    const Buffer& tiles = sort != nullptr ? sort->tiles : x;
    const Buffer& order = sort != nullptr ? sort->order : x;
    const std::initializer_list<vulkan::Binding> bindings{*w.gate.buffer,
                                                          *w.up.buffer,
                                                          tiles,
                                                          order,
                                                          x,
                                                          orAny(w.gate_bias, x),
                                                          orAny(w.up_bias, x),
                                                          orAny(shared_weights, x),
                                                          h};
    const auto kernel = [&](uint32_t height) -> const vulkan::ComputePipeline& {
        return tilePipeline(ffnGateUpTilesVariants(), w.gate.type, constants, height);
    };
    if (sort == nullptr) {
        const uint32_t height = heightFor(tokens);
        const uint32_t groups = tileGroups(std::min(rows, w.gate.rows - push.row_first), 2);
        recorder.dispatch(kernel(height), Groups{groups, ceilDiv(tokens, height)}, bindings, push);
        return;
    }
    if (tileHeights().tall != 0) {
        recorder.dispatchIndirect(kernel(tileHeights().tall), sort->grids, tallGrids, bindings, push);
    }
    push.tile_first = firstLowTile(push.pairs);
    recorder.dispatchIndirect(kernel(tileHeights().low), sort->grids, 0, bindings, push);
}

void Kernels::ffnDownTiles(Recorder& recorder, const Matrix& down, const Buffer* bias, const SortOutputs& sort,
                           const ExpertsShape& shape, const Buffer& h, const Buffer& pair_out, uint32_t tokens,
                           Part part) {
    const uint32_t rows = rowsOfPart(down.rows, part.count);
    if (part.index * rows >= down.rows) {
        return;
    }
    FfnTilesPush push{.pairs = tokens * shape.expert_used_count,
                      .rows = down.rows,
                      .row_first = part.index * rows,
                      .width = down.width,
                      .row_words = down.row_words,
                      .in_stride = stride(down.width),
                      .out_stride = stride(down.rows),
                      .expert_used_count = shape.expert_used_count,
                      .tile_first = 0};
    const std::initializer_list<vulkan::Binding> bindings{*down.buffer,   sort.tiles, sort.order, h,
                                                          orAny(bias, h), pair_out};
    const auto kernel = [&](uint32_t height) -> const vulkan::ComputePipeline& {
        return tilePipeline(ffnDownTilesVariants(), down.type, {{2, bias != nullptr}}, height);
    };
    if (tileHeights().tall != 0) {
        recorder.dispatchIndirect(kernel(tileHeights().tall), sort.grids, tallGrids + downGrid, bindings, push);
    }
    push.tile_first = firstLowTile(push.pairs);
    recorder.dispatchIndirect(kernel(tileHeights().low), sort.grids, downGrid, bindings, push);
}

void Kernels::moeCombine(Recorder& recorder, const ExpertsShape& shape, const Buffer& expert_weights,
                         const Buffer& pair_out, const Buffer& x, uint32_t width, uint32_t tokens, float scale) {
    const MoeCombinePush push{.width = width,
                              .stride = stride(width),
                              .pair_stride = stride(width),
                              .expert_used_count = shape.expert_used_count,
                              .scale = scale};
    recorder.dispatch(pipeline(moe_combine, {{workgroupId, m_workgroup}}), Groups{ceilDiv(width, m_workgroup), tokens},
                      {expert_weights, pair_out, x}, push);
}

} // namespace moescope::inference
