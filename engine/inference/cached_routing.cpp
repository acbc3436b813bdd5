// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/cached_routing.h"

#include "engine/trace/error.h"

#include <algorithm>

namespace moescope::inference {

using trace::RouterTrace;
using trace::RoutingLog;

namespace {

constexpr uint32_t tokensOfLog = 256;

} // namespace

RoutingLog& CachedRouting::logOf(uint32_t token) {
    if (token / tokensOfLog == m_logs.size()) {
        m_logs.emplace_back(m_shape);
    }
    return m_logs[token / tokensOfLog];
}

void CachedRouting::append(const RouterTrace& router) {
    const bool fits = m_shape.layers > 0 && router.moe_layers == m_shape.layers &&
                      router.expert_count == m_shape.experts && router.expert_used_count == m_shape.used &&
                      router.experts.size() == m_shape.choices();
    if (!fits) {
        appendUnrecorded(1);
        return;
    }
    m_weights.assign(router.weights.begin(), router.weights.end());
    for (float& weight : m_weights) {
        weight = std::clamp(weight, 0.0F, 1.0F);
    }
    logOf(tokens()).append(router.experts, m_weights);
    m_recorded.push_back(true);
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
            logOf(tokens()).append(m_experts, m_weights);
            m_recorded.push_back(true);
        }
    } catch (const trace::Error&) {
        appendUnrecorded(count);
    }
}

void CachedRouting::resize(uint32_t count) {
    if (m_shape.layers == 0) {
        m_recorded.resize(count);
        return;
    }
    m_experts.assign(m_shape.choices(), 0);
    m_weights.assign(m_shape.choices(), 0.0F);
    while (tokens() < count) {
        logOf(tokens()).append(m_experts, m_weights);
        m_recorded.push_back(false);
    }
    if (tokens() == count) {
        return;
    }
    m_recorded.resize(count);
    m_logs.resize((count + tokensOfLog - 1) / tokensOfLog);
    if (const uint32_t left = count % tokensOfLog; left != 0) { // rows of a log cannot be taken away
        RoutingLog kept(m_shape);
        for (uint32_t token = 0; token < left; ++token) {
            m_logs.back().read(token, m_experts, m_weights);
            kept.append(m_experts, m_weights);
        }
        m_logs.back() = std::move(kept);
    }
}

RouterTrace CachedRouting::read(uint32_t token) const {
    RouterTrace router;
    router.moe_layers = m_shape.layers;
    router.expert_count = m_shape.experts;
    router.expert_used_count = m_shape.used;
    router.experts.resize(m_shape.choices());
    router.weights.resize(m_shape.choices());
    m_logs[token / tokensOfLog].read(token % tokensOfLog, router.experts, router.weights);
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
