// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/routing_log.h"
#include "engine/trace/token_trace.h"

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::inference {

/** How the tokens that the KV cache holds were routed, where that was recorded: what is reused of them keeps its routing. Weights
 *  are kept as trace::RoutingLog keeps them, to 1 ÷ 510. While nothing is recorded a token takes a bit. */
class CachedRouting {
public:
    CachedRouting() = default;
    /** Of a model without routed experts: none. */
    explicit CachedRouting(const trace::RoutingShape& shape);

    uint32_t tokens() const { return static_cast<uint32_t>(m_recorded.size()); }
    size_t bytesHeld() const { return m_log.bytesHeld(); }
    /** The next token's; an empty one, or one of another shape: it was not recorded. */
    void append(const trace::RouterTrace& router);
    void appendUnrecorded(uint32_t count) { resize(tokens() + count); }
    /** As bytesOf() gave them, of so many tokens; the first `count` of them. Bytes that are no such routing: none was
     *  recorded. */
    void append(std::span<const uint8_t> bytes, uint32_t count);
    /** Forgets the tokens from `count` on; more than there are: adds some that were not recorded. */
    void resize(uint32_t count);

    bool isRecorded(uint32_t token) const { return m_recorded[token]; }
    /** Of a token that was recorded: experts and weights alone. */
    trace::RouterTrace read(uint32_t token) const;
    /** trace::RoutingLog::toBytes() of these tokens; empty if one of them was not recorded. */
    std::vector<uint8_t> bytesOf(uint32_t first, uint32_t count) const;
    /** That bytesOf() so many tokens takes at most. */
    size_t bytesFor(uint32_t count) const { return m_shape.layers == 0 ? 0 : m_log.bytesFor(count); }

private:
    void record(std::span<const uint16_t> experts, std::span<const float> weights);

    trace::RoutingShape m_shape;
    trace::RoutingLog
        m_log; ///< up to the last token that was recorded; those before that were not have a row all the same
    std::vector<bool> m_recorded;
    std::vector<uint16_t> m_experts; ///< of one token, reused
    std::vector<float> m_weights;
};

} // namespace moescope::inference
