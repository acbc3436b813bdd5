// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/cached_routing.h"

#include "engine/trace/error.h"

#include <algorithm>
#include <cmath>

namespace moescope::inference {

using trace::RouterTrace;
using trace::RoutingLog;

CachedRouting::CachedRouting(const trace::RoutingShape& shape) : m_shape(shape) {
    if (shape.layers > 0) {
        m_log = RoutingLog(shape);
    }
}

void CachedRouting::record(std::span<const uint16_t> experts, std::span<const float> weights) {
    const std::vector<uint16_t> none(m_shape.choices(), 0);
    const std::vector<float> nothing(m_shape.choices(), 0.0F);
    while (m_log.tokens() < tokens()) {
        m_log.append(none, nothing);
    }
    m_log.append(experts, weights);
    m_recorded.push_back(true);
}

void CachedRouting::append(const RouterTrace& router) {
    const bool fits =
        m_shape.layers > 0 && router.moe_layers == m_shape.layers && router.expert_count == m_shape.experts &&
        router.expert_used_count == m_shape.used && router.experts.size() == m_shape.choices() &&
        std::all_of(router.weights.begin(), router.weights.end(), [](float w) { return std::isfinite(w); });
    if (!fits) {
        appendUnrecorded(1);
        return;
    }
    m_weights.assign(router.weights.begin(), router.weights.end());
    for (float& weight : m_weights) {
        weight = std::clamp(weight, 0.0F, 1.0F);
    }
    record(router.experts, m_weights);
}

void CachedRouting::append(std::span<const uint8_t> bytes, uint32_t count) {
    try {
        const RoutingLog log = bytes.empty() ? RoutingLog() : RoutingLog::fromBytes(bytes);
        if (m_shape.layers == 0 || !(log.shape() == m_shape) || log.tokens() < count || log.weightLimit() != 1.0F) {
            appendUnrecorded(count);
            return;
        }
        m_experts.resize(m_shape.choices());
        m_weights.resize(m_shape.choices());
        for (uint32_t token = 0; token < count; ++token) {
            log.read(token, m_experts, m_weights);
            record(m_experts, m_weights);
        }
    } catch (const trace::Error&) {
        appendUnrecorded(count);
    }
}

void CachedRouting::resize(uint32_t count) {
    m_recorded.resize(count, false);
    if (m_shape.layers > 0) {
        m_log.truncate(count);
    }
}

RouterTrace CachedRouting::read(uint32_t token) const {
    RouterTrace router;
    router.moe_layers = m_shape.layers;
    router.expert_count = m_shape.experts;
    router.expert_used_count = m_shape.used;
    router.experts.resize(m_shape.choices());
    router.weights.resize(m_shape.choices());
    m_log.read(token, router.experts, router.weights);
    return router;
}

std::vector<uint8_t> CachedRouting::bytesOf(uint32_t first, uint32_t count) const {
    const auto begin = m_recorded.begin() + first;
    if (m_shape.layers == 0 || !std::all_of(begin, begin + count, [](bool recorded) { return recorded; })) {
        return {};
    }
    RoutingLog log(m_shape);
    for (uint32_t token = first; token < first + count; ++token) {
        const RouterTrace router = read(token);
        log.append(router.experts, router.weights);
    }
    return log.toBytes();
}

} // namespace moescope::inference
