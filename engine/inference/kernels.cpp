// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kernels.h"

#include "engine/inference/kernel_parts.h"
#include "engine/inference/kernel_variants.h"
#include "engine/inference/weight_layout.h"
#include "engine/trace/error.h"
#include "shaders/fma_speed.h"
#include "shaders/moe_router.h"
#include "shaders/moe_router_texels.h"
#include "shaders/rms_norm.h"

#include <algorithm>
#include <tuple>

namespace moescope::inference {

using namespace moescope::shaders;
using vulkan::Groups;

namespace {

// Ids of specialisation constants, as in the shaders.
constexpr uint32_t lanesId = 1;
constexpr uint32_t rowsId = 7;

/** The size of cooperative matrices that the kernels take: one that divides their blocks; zeros: the device has none. */
vulkan::MatrixShape matrixShape(const vulkan::Limits& limits) {
    vulkan::MatrixShape best;
    for (const vulkan::MatrixShape& shape : limits.matrix_shapes) {
        const bool fits = shape.m != 0 && shape.n != 0 && shape.k != 0 && lowestBlock % shape.m == 0 &&
                          lowestBlock % shape.n == 0 && blockStep % shape.k == 0 && shape.k % 4 == 0;
        const auto worth = [](const vulkan::MatrixShape& one) {
            return std::tuple(one.m * one.n, one.k == 16, one.k); // k of 16 is what every GPU has
        };
        if (fits && worth(shape) > worth(best)) {
            best = shape;
        }
    }
    return best;
}

void checkTexels(const vulkan::Device& device) {
    const uint32_t size = device.limits().subgroup_size;
    if (!device.limits().software) {
        throw trace::Error("variant.device",
                           "The variant “texels” is for drivers that compute on the CPU, which see at once what they "
                           "wrote; {device} is a GPU.",
                           {{"device", device.info().name}});
    }
    if (size > mostGroupedRows) {
        throw trace::Error(
            "variant.device",
            "The variant “texels” is for subgroups of at most {most} invocations; those of {device} have {size}.",
            {{"most", std::to_string(mostGroupedRows)},
             {"device", device.info().name},
             {"size", std::to_string(size)}});
    }
}

void checkIntegerDot(const vulkan::Device& device) {
    if (!device.limits().integer_dot) {
        throw trace::Error("variant.device", "The variant “integer_dot” needs integer dot products; {device} has none.",
                           {{"device", device.info().name}});
    }
}

void checkCoopmat(const vulkan::Device& device) {
    if (!builtWithCoopmat()) {
        throw trace::Error("variant.build",
                           "The variant “coopmat” is no part of this build: it had no glslang of version 13 "
                           "or later.");
    }
    if (matrixShape(device.limits()).m == 0) {
        throw trace::Error(
            "variant.device",
            "The variant “coopmat” needs cooperative matrices of f16 with sums of f32 and pinned subgroups; "
            "{device} has none that fit.",
            {{"device", device.info().name}});
    }
}

/** The ways to multiply a batch of which each excludes the others. */
struct Multipliers {
    bool texels = false;
    bool integer_dot = false;
    bool coopmat = false;
};

Multipliers chooseMultipliers(const vulkan::Device& device, const Variants& variants) {
    checkExclusive(variants);
    const struct {
        const std::optional<bool>& wish;
        void (*check)(const vulkan::Device&);
    } all[] = {
        {variants.texels, checkTexels}, {variants.integer_dot, checkIntegerDot}, {variants.coopmat, checkCoopmat}};
    bool asked = false;
    for (const auto& one : all) {
        if (one.wish.value_or(false)) {
            one.check(device);
            asked = true;
        }
    }
    const vulkan::Limits& limits = device.limits();
    const auto chosen = [&](const std::optional<bool>& wish, bool fits) { return wish.value_or(!asked && fits); };
    Multipliers multipliers;
    multipliers.texels = chosen(variants.texels, limits.software && limits.subgroup_size <= mostGroupedRows);
    const bool open = !multipliers.texels && !limits.software;
    multipliers.coopmat = chosen(variants.coopmat, open && builtWithCoopmat() && matrixShape(limits).m != 0);
    multipliers.integer_dot = chosen(variants.integer_dot, open && !multipliers.coopmat && limits.fast_integer_dot);
    return multipliers;
}

} // namespace

Kernels::Kernels(vulkan::Device& device, const Variants& variants) : m_device(device) {
    const vulkan::Limits& limits = device.limits();
    const Multipliers multipliers = chooseMultipliers(device, variants);
    m_subgroup = limits.subgroup_size;
    m_texels = multipliers.texels;
    m_integerDot = multipliers.integer_dot;
    if (multipliers.coopmat) {
        m_matrix = matrixShape(limits);
    }
    m_workgroup = std::max<uint32_t>(64, m_subgroup);
    // Where a subgroup's invocations run one after the other, a reduction costs more than it saves, and a small matrix must
    // still be work for more than one core: 256 rows are four workgroups. Measured on two.
    m_matvec = m_texels ? MatvecCut{.workgroup = m_subgroup, .lanes = 1, .rows = texelRows} : defaultCut(limits);
}

Kernels::~Kernels() = default;

std::string Kernels::variantText() const {
    std::string text = m_texels ? "texels" : "buffers";
    if (!m_texels) {
        text.append(", ").append(std::to_string(m_matvec.lanes)).append(" lanes a row of ");
        text.append(std::to_string(m_matvec.workgroup));
    }
    if (coopmat()) {
        text.append(", matrices of ").append(std::to_string(m_matrix.m)).append(" × ");
        text.append(std::to_string(m_matrix.n)).append(" × ").append(std::to_string(m_matrix.k));
    } else if (m_integerDot) {
        text += ", integer dot products";
    }
    return text.append(", subgroups of ").append(std::to_string(m_subgroup));
}

void Kernels::cutMatvec(const MatvecCut& cut) {
    if (!m_texels) {
        m_matvec = cut;
    }
}

uint32_t Kernels::matvecGroups(uint32_t rows) const {
    return ceilDiv(rows, m_matvec.workgroup / m_matvec.lanes * m_matvec.rows);
}

const vulkan::ComputePipeline& Kernels::pipeline(const vulkan::Shader& shader, vulkan::Constants constants) {
    auto& made = m_pipelines[{shader.words.data(), constants}];
    if (!made) {
        made = std::make_unique<vulkan::ComputePipeline>(m_device, shader, constants);
        m_named.push_back(made.get());
    }
    return *made;
}

const vulkan::ComputePipeline& Kernels::pipeline(const WeightVariants& variants, gguf::TensorType type,
                                                 vulkan::Constants constants) {
    if (m_texels) {
        constants[subgroupId] = m_subgroup;
    } else if (constants.contains(lanesId)) {
        constants[lanesId] = m_matvec.lanes;
        constants[rowsId] = m_matvec.rows;
    }
    return pipeline(variantOf(variants, type, m_texels), std::move(constants));
}

void Kernels::fmaSpeed(Recorder& recorder, const Buffer& out, uint32_t groups, uint32_t rounds, float factor) {
    recorder.dispatch(pipeline(fma_speed, {{workgroupId, m_workgroup}}), Groups{groups}, {out},
                      FmaSpeedPush{.rounds = rounds, .factor = factor});
}

void Kernels::embed(Recorder& recorder, const Matrix& table, const Buffer& token_ids, const Buffer& x, uint32_t tokens,
                    float scale) {
    const EmbedPush push{
        .width = table.width, .row_words = table.row_words, .out_stride = stride(table.width), .scale = scale};
    recorder.dispatch(pipeline(embedVariants(), table.type, {{workgroupId, 32}}), Groups{tokens},
                      {*table.buffer, token_ids, x}, push);
}

void Kernels::rmsNorm(Recorder& recorder, const Buffer& x, const Buffer& weight, const Buffer& y, uint32_t width,
                      float epsilon, uint32_t tokens, bool accumulate) {
    const RmsNormPush push{.width = width, .in_stride = stride(width), .out_stride = stride(width), .epsilon = epsilon};
    recorder.dispatch(pipeline(rms_norm, {{workgroupId, m_workgroup}, {1, accumulate}}), Groups{tokens}, {x, weight, y},
                      push);
}

void Kernels::matvec(Recorder& recorder, const Matrix& w, const Buffer& x, const Buffer& y,
                     const MatvecOptions& options) {
    const MatvecPush push{.rows = w.rows,
                          .width = w.width,
                          .row_words = w.row_words,
                          .out_first = options.y_first,
                          .epsilon = options.epsilon,
                          .scale = options.scale};
    const vulkan::Constants constants{{workgroupId, m_matvec.workgroup},
                                      {lanesId, m_matvec.lanes},
                                      {2, options.norm != nullptr},
                                      {3, options.accumulate},
                                      {4, options.bias != nullptr}};
    const uint64_t rowBytes = uint64_t{stride(w.width)} * sizeof(float);
    recorder.dispatch(
        pipeline(matvecVariants(), w.type, constants), Groups{matvecGroups(w.rows)},
        {*w.buffer, {x, options.x_row * rowBytes, rowBytes}, orAny(options.norm, x), orAny(options.bias, x), y}, push);
}

void Kernels::moeRouter(Recorder& recorder, const Matrix& router, const Buffer* bias, const Buffer* rules,
                        const ExpertsShape& shape, const Buffer& x, const Buffer& norm, float epsilon,
                        const Buffer& step, const RouterOutputs& out, uint32_t layer, uint32_t batch, uint32_t tokens,
                        bool given) {
    const MoeRouterPush push{.width = router.width,
                             .stride = stride(router.width),
                             .expert_count = shape.expert_count,
                             .expert_used_count = shape.expert_used_count,
                             .row_words = router.row_words,
                             .layer = layer,
                             .batch = batch,
                             .norm_weights = shape.norm_weights,
                             .logits_stride = stride(router.rows),
                             .epsilon = epsilon};
    const uint32_t workgroup = m_texels && given ? m_subgroup : m_workgroup;
    const vulkan::Constants constants{
        {workgroupId, workgroup}, {1, bias != nullptr}, {2, router.rows > shape.expert_count},
        {3, rules != nullptr},    {4, given},           {subgroupId, m_subgroup}};
    const uint32_t parts = m_texels || given ? 1 : ceilDiv(router.rows, workgroup / m_subgroup);
    recorder.dispatch(pipeline(m_texels ? moe_router_texels : moe_router, constants), Groups{tokens, parts},
                      {x, norm, *router.buffer, orAny(bias, norm), orAny(rules, norm), step, out.normed, out.experts,
                       out.expert_weights, out.shared_weights, out.log, out.probs, out.logits, out.counters},
                      push);
}

void Kernels::ffnGateUp(Recorder& recorder, const GateUp& w, const ExpertsShape& shape, const Buffer* experts,
                        const Buffer& x, const Buffer& h, uint32_t slots, const Buffer* norm, float epsilon) {
    const FfnGateUpPush push{.rows = w.gate.rows,
                             .width = w.gate.width,
                             .row_words = w.gate.row_words,
                             .out_stride = stride(w.gate.rows),
                             .epsilon = epsilon};
    const vulkan::Constants constants{{workgroupId, m_matvec.workgroup},
                                      {lanesId, m_matvec.lanes},
                                      {2, experts != nullptr},
                                      {3, w.gate_bias != nullptr},
                                      {4, norm != nullptr},
                                      {activationId, static_cast<uint32_t>(shape.activation)}};
    recorder.dispatch(pipeline(ffnGateUpVariants(), w.gate.type, constants), Groups{matvecGroups(w.gate.rows), slots},
                      {*w.gate.buffer, *w.up.buffer, orAny(experts, x), x, orAny(w.gate_bias, x), orAny(w.up_bias, x),
                       orAny(norm, x), h},
                      push);
}

void Kernels::ffnDown(Recorder& recorder, const Matrix* routed, const Buffer* bias, const Matrix* shared,
                      const Buffer& experts, const Buffer& expert_weights, const Buffer& h, const Buffer& h_shared,
                      const Buffer& x, uint32_t slots, float scale, const Buffer* shared_weight) {
    const Matrix& any = routed != nullptr ? *routed : *shared;
    const FfnDownPush push{.rows = any.rows,
                           .expert_used_count = routed != nullptr ? slots : 0,
                           .expert_width = routed != nullptr ? routed->width : 0,
                           .expert_row_words = routed != nullptr ? routed->row_words : 0,
                           .expert_stride = routed != nullptr ? stride(routed->width) : 0,
                           .shared_width = shared != nullptr ? shared->width : 0,
                           .shared_row_words = shared != nullptr ? shared->row_words : 0,
                           .scale = scale};
    const vulkan::Constants constants{{workgroupId, m_matvec.workgroup},
                                      {lanesId, m_matvec.lanes},
                                      {2, bias != nullptr},
                                      {3, shared_weight != nullptr}};
    recorder.dispatch(pipeline(ffnDownVariants(), any.type, constants), Groups{matvecGroups(any.rows)},
                      {*any.buffer, shared != nullptr ? *shared->buffer : *any.buffer, experts, expert_weights, h,
                       h_shared, orAny(bias, h), x, orAny(shared_weight, h)},
                      push);
}

} // namespace moescope::inference
