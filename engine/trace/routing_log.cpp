// SPDX-License-Identifier: Apache-2.0
#include "engine/trace/routing_log.h"

#include "engine/trace/error.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace moescope::trace {
namespace {

constexpr char magic[] = {'M', 'R', 'L', '1'};
constexpr size_t headBytes = sizeof(magic) + 4 * sizeof(uint32_t) + sizeof(uint64_t);
constexpr size_t blockBytes = size_t{256} << 10;
constexpr uint32_t mostExperts = 65536;
constexpr uint32_t mostLayers = 4096;
constexpr float steps = 255.0F;

bool isShape(const RoutingShape& shape) {
    return shape.layers > 0 && shape.layers <= mostLayers && shape.experts > 0 && shape.experts <= mostExperts &&
           shape.used > 0 && shape.used <= shape.experts;
}

bool isLimit(float limit) { return std::isfinite(limit) && limit > 0; }

[[noreturn]] void failDamaged(const char* detail) {
    throw Error("trace.routing_damaged", "This routing cannot be read: {detail}.", {{"detail", detail}});
}

template <typename T>
uint8_t* put(uint8_t* out, T value) {
    for (size_t i = 0; i < sizeof(T); ++i) {
        *out++ = static_cast<uint8_t>(value >> (8 * i));
    }
    return out;
}

template <typename T>
T take(std::span<const uint8_t>& bytes) {
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i) {
        value |= static_cast<T>(T{bytes[i]} << (8 * i));
    }
    bytes = bytes.subspan(sizeof(T));
    return value;
}

} // namespace

RoutingLog::RoutingLog(const RoutingShape& shape, float weightLimit) : m_shape(shape), m_limit(weightLimit) {
    if (!isShape(shape) || !isLimit(weightLimit)) {
        throw std::logic_error("a routing log of no shape");
    }
    m_idBits = static_cast<uint32_t>(std::bit_width(shape.experts - 1));
    m_idBytes = (shape.choices() * m_idBits + 7) / 8;
}

size_t RoutingLog::rowsPerBlock() const { return std::max<size_t>(blockBytes / rowBytes(), 1); }

size_t RoutingLog::bytesHeld() const {
    return m_tokens == 0 ? 0 : m_blocks.size() * rowsPerBlock() * rowBytes() + m_blocks.capacity() * sizeof(void*);
}

const uint8_t* RoutingLog::row(size_t token) const {
    const size_t rows = rowsPerBlock();
    return m_blocks[token / rows].get() + token % rows * rowBytes();
}

uint8_t* RoutingLog::addRow() {
    const size_t rows = rowsPerBlock();
    if (m_tokens == m_blocks.size() * rows) {
        m_blocks.push_back(std::make_unique<uint8_t[]>(rows * rowBytes())); // zeros
    }
    return m_blocks.back().get() + m_tokens % rows * rowBytes();
}

void RoutingLog::append(const RouterTrace& router) {
    if (RoutingShape{router.moe_layers, router.expert_count, router.expert_used_count} != m_shape) {
        throw std::logic_error("a router trace of another shape than its log");
    }
    append(router.experts, router.weights);
}

void RoutingLog::append(std::span<const uint16_t> experts, std::span<const float> weights) {
    const auto isId = [this](uint16_t id) { return id < m_shape.experts; };
    const auto isWeight = [this](float weight) { return weight >= 0 && weight <= m_limit; };
    if (m_shape.layers == 0 || experts.size() != m_shape.choices() || weights.size() != m_shape.choices() ||
        !std::all_of(experts.begin(), experts.end(), isId) || !std::all_of(weights.begin(), weights.end(), isWeight)) {
        throw std::logic_error("routing that its log cannot hold");
    }
    uint8_t* const out = addRow();
    uint32_t pending = 0; // fewer than 8 bits, and those of an id
    uint32_t bits = 0;
    uint8_t* at = out;
    for (const uint16_t id : experts) {
        pending |= uint32_t{id} << bits;
        bits += m_idBits;
        for (; bits >= 8; bits -= 8) {
            *at++ = static_cast<uint8_t>(pending);
            pending >>= 8;
        }
    }
    if (bits > 0) {
        *at = static_cast<uint8_t>(pending);
    }
    std::transform(weights.begin(), weights.end(), out + m_idBytes,
                   [this](float weight) { return static_cast<uint8_t>(std::lround(weight / m_limit * steps)); });
    ++m_tokens;
}

void RoutingLog::truncate(size_t count) {
    m_tokens = std::min(m_tokens, count);
    m_blocks.resize((m_tokens + rowsPerBlock() - 1) / rowsPerBlock());
}

void RoutingLog::requireToken(size_t token) const {
    if (token >= m_tokens) {
        throw std::logic_error("a token that the routing log does not have");
    }
}

uint16_t RoutingLog::idAt(const uint8_t* row, size_t choice) const {
    const size_t first = choice * m_idBits;
    uint32_t value = 0;
    for (size_t byte = first / 8, shift = 0; byte * 8 < first + m_idBits; ++byte, shift += 8) {
        value |= uint32_t{row[byte]} << shift; // at most three bytes: 16 bits that begin within one
    }
    return static_cast<uint16_t>((value >> first % 8) & ((1U << m_idBits) - 1));
}

uint16_t RoutingLog::expert(size_t token, uint32_t layer, uint32_t choice) const {
    requireToken(token);
    return idAt(row(token), size_t{layer} * m_shape.used + choice);
}

float RoutingLog::weight(size_t token, uint32_t layer, uint32_t choice) const {
    requireToken(token);
    return static_cast<float>(row(token)[m_idBytes + size_t{layer} * m_shape.used + choice]) / steps * m_limit;
}

void RoutingLog::read(size_t token, std::span<uint16_t> experts, std::span<float> weights) const {
    requireToken(token);
    if (experts.size() != m_shape.choices() || weights.size() != m_shape.choices()) {
        throw std::logic_error("arrays of another shape than the routing log");
    }
    const uint8_t* const from = row(token);
    for (size_t i = 0; i < experts.size(); ++i) {
        experts[i] = idAt(from, i);
        weights[i] = static_cast<float>(from[m_idBytes + i]) / steps * m_limit;
    }
}

size_t RoutingLog::bytesFor(size_t tokens) const { return headBytes + tokens * rowBytes(); }

std::vector<uint8_t> RoutingLog::toBytes() const {
    std::vector<uint8_t> bytes(bytesFor(m_tokens));
    std::memcpy(bytes.data(), magic, sizeof(magic));
    uint8_t* out = put(bytes.data() + sizeof(magic), m_shape.layers);
    out = put(out, m_shape.experts);
    out = put(out, m_shape.used);
    out = put(out, std::bit_cast<uint32_t>(m_limit));
    out = put(out, static_cast<uint64_t>(m_tokens));
    for (size_t first = 0, rows = 0; first < m_tokens; first += rows) {
        rows = std::min(rowsPerBlock(), m_tokens - first);
        std::memcpy(out, row(first), rows * rowBytes());
        out += rows * rowBytes();
    }
    return bytes;
}

RoutingLog RoutingLog::fromBytes(std::span<const uint8_t> bytes) {
    if (bytes.size() < headBytes || std::memcmp(bytes.data(), magic, sizeof(magic)) != 0) {
        failDamaged("it does not begin like one");
    }
    bytes = bytes.subspan(sizeof(magic));
    RoutingShape shape;
    shape.layers = take<uint32_t>(bytes);
    shape.experts = take<uint32_t>(bytes);
    shape.used = take<uint32_t>(bytes);
    const auto limit = std::bit_cast<float>(take<uint32_t>(bytes));
    const auto tokens = take<uint64_t>(bytes);
    if (!isShape(shape) || !isLimit(limit)) {
        failDamaged("its numbers are out of range");
    }
    RoutingLog log(shape, limit);
    if (tokens != bytes.size() / log.rowBytes() || bytes.size() % log.rowBytes() != 0) {
        failDamaged("it is not as long as it says");
    }
    // Where the bits can say no more than there are experts, every id is one.
    const bool checked = !std::has_single_bit(shape.experts);
    const size_t rows = log.rowsPerBlock();
    for (size_t first = 0; first < tokens; first += rows) {
        const size_t count = std::min<size_t>(rows, tokens - first);
        log.m_blocks.push_back(std::make_unique<uint8_t[]>(rows * log.rowBytes()));
        std::memcpy(log.m_blocks.back().get(), bytes.data() + first * log.rowBytes(), count * log.rowBytes());
        log.m_tokens += count;
    }
    for (size_t token = 0; checked && token < tokens; ++token) {
        const uint8_t* const from = log.row(token);
        for (size_t i = 0; i < shape.choices(); ++i) {
            if (log.idAt(from, i) >= shape.experts) {
                failDamaged("it names an expert that does not exist");
            }
        }
    }
    return log;
}

} // namespace moescope::trace
