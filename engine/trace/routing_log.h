// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/token_trace.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace moescope::trace {

/** Sizes of the routers of a run. Layers are the MoE layers in order. */
struct RoutingShape {
    uint32_t layers = 0;
    uint32_t experts = 0; ///< routed experts of a layer, at most 65,536
    uint32_t used = 0;    ///< of them for each token, top-k

    /** Choices of a token. */
    size_t choices() const { return size_t{layers} * used; }
    bool operator==(const RoutingShape&) const = default;
};

/** Which experts a run chose and with which weight, in compact memory: an expert id takes ⌈log₂ experts⌉ bits and a
 *  weight 8 bits, so that 128K tokens of 64 layers with one of 16 experts take 12.6 MB, of 32 layers with 8 of 64 experts
 *  58.7 MB. Of a layer the choices stand as in RouterTrace, best first.
 *
 *  Weights are linear from 0 to `weightLimit()`, with an error of at most weightLimit() ÷ 510; 0 and the limit are
 *  exact. Appending a token costs O(layers × top-k), reading one as much, reading one choice O(1). What was appended is
 *  never moved: no more is held than is used but for a last block. */
class RoutingLog {
public:
    RoutingLog() = default;
    /** `weightLimit`: the largest weight there can be, where a model scales its weights; positive and finite. Throws
     *  std::logic_error on a shape without layers or experts, or with more used than there are. */
    explicit RoutingLog(const RoutingShape& shape, float weightLimit = 1.0F);

    const RoutingShape& shape() const { return m_shape; }
    float weightLimit() const { return m_limit; }
    size_t tokens() const { return m_tokens; }
    /** Bytes held for the tokens. */
    size_t bytesHeld() const;

    /** Throws std::logic_error unless the trace has this shape, its ids are in range and its weights within the limit. */
    void append(const RouterTrace& router);
    /** The same of plain arrays [layers][used]. */
    void append(std::span<const uint16_t> experts, std::span<const float> weights);

    /** Forgets the tokens from `count` on. */
    void truncate(size_t count);

    // 0 ≤ token < tokens(), 0 ≤ layer < layers, 0 ≤ choice < used.
    uint16_t expert(size_t token, uint32_t layer, uint32_t choice = 0) const;
    float weight(size_t token, uint32_t layer, uint32_t choice = 0) const;
    /** A whole token into arrays [layers][used]. */
    void read(size_t token, std::span<uint16_t> experts, std::span<float> weights) const;

    /** Everything as one stretch of bytes, little-endian: "MRL1", u32 layers, experts, used, f32 weight limit, u64
     *  tokens; then for each token its ids, the lowest bit first, up to a whole byte, and its weights, a byte each. */
    std::vector<uint8_t> toBytes() const;
    /** Bytes of toBytes() of a log with so many tokens. */
    size_t bytesFor(size_t tokens) const;
    /** Throws Error{trace.routing_damaged} unless `bytes` are such a stretch, whole and with ids in range. */
    static RoutingLog fromBytes(std::span<const uint8_t> bytes);

private:
    size_t rowBytes() const { return m_idBytes + m_shape.choices(); }
    size_t rowsPerBlock() const;
    const uint8_t* row(size_t token) const;
    uint8_t* addRow();
    uint16_t idAt(const uint8_t* row, size_t choice) const;
    void requireToken(size_t token) const;

    RoutingShape m_shape;
    float m_limit = 1.0F;
    uint32_t m_idBits = 0;
    size_t m_idBytes = 0; ///< of a token's ids
    size_t m_tokens = 0;
    std::vector<std::unique_ptr<uint8_t[]>> m_blocks;
};

} // namespace moescope::trace
