// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/routing_log.h"
#include "ui/models/routingstatistics.h"

#include <QHash>
#include <QList>

#include <string>
#include <string_view>
#include <vector>

namespace moescope::ui {

/** One run's answer in compact memory: a token of 64 layers takes some 250 bytes, and not the 2,000 of its TokenTrace. */
class RunTrace {
public:
    RunTrace() = default;
    /** `tokens` of which those that were sampled count. */
    RunTrace(const TraceShape& shape, const QList<trace::TokenTracePtr>& tokens);

    const TraceShape& shape() const { return m_shape; }
    int size() const { return static_cast<int>(m_ids.size()); }
    bool isEmpty() const { return m_ids.empty(); }
    // 0 ≤ token < size().
    int id(int token) const { return m_ids[size_t(token)]; }
    float probability(int token) const { return m_probabilities[size_t(token)]; }
    /** Bytes: not always whole characters. */
    std::string_view text(int token) const;
    /** All tokens' bytes, one after the other. */
    const std::string& bytes() const { return m_bytes; }
    int begin(int token) const { return token == 0 ? 0 : m_ends[size_t(token) - 1]; } ///< byte of bytes()
    int end(int token) const { return m_ends[size_t(token)]; }
    /** The token that a byte of bytes() belongs to. */
    int tokenAt(int byte) const;

    /** What else could have stood in a token's place, likeliest first: id and probability. */
    struct Candidate {
        int id = 0;
        float probability = 0;
    };
    std::vector<Candidate> candidates(int token) const;
    /** Bytes of a token that occurs among the candidates or the tokens; empty for others. */
    QByteArray textOf(int id) const { return m_texts.value(id); }

    /** Whether the routing of a token was recorded. */
    bool isRouted(int token) const { return m_routed[size_t(token)]; }
    /** Rows of tokens that are not routed mean nothing. */
    const trace::RoutingLog& routing() const { return m_routing; }
    /** Of a routed token, best first. */
    int expert(int token, int layer, int choice = 0) const {
        return m_routing.expert(size_t(token), uint32_t(layer), uint32_t(choice));
    }
    float gate(int token, int layer) const { return m_routing.weight(size_t(token), uint32_t(layer)); }
    size_t bytesHeld() const;

private:
    void addRouting(const trace::RouterTrace& router);

    TraceShape m_shape;
    std::vector<int> m_ids;
    std::vector<float> m_probabilities;
    std::vector<int> m_ends;
    std::string m_bytes;
    std::vector<Candidate> m_candidates;
    std::vector<int> m_candidateEnds;
    QHash<int, QByteArray> m_texts;
    trace::RoutingLog m_routing;
    std::vector<bool> m_routed;
};

} // namespace moescope::ui
