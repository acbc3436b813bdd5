// SPDX-License-Identifier: Apache-2.0
#include "ui/models/runtrace.h"

#include <QFloat16>

#include <algorithm>
#include <cmath>

namespace moescope::ui {

RunTrace::RunTrace(const TraceShape& shape, const QList<trace::TokenTracePtr>& tokens) : m_shape(shape) {
    if (!shape.isDense()) {
        m_routing = trace::RoutingLog({uint32_t(shape.layers), uint32_t(shape.experts), uint32_t(shape.used)});
    }
    for (const trace::TokenTracePtr& token : tokens) {
        if (!token->generated) {
            continue;
        }
        m_ids.push_back(token->token);
        m_probabilities.push_back(token->probability);
        m_bytes += token->text;
        m_ends.push_back(static_cast<int>(m_bytes.size()));
        m_texts.insert(token->token, QByteArray::fromStdString(token->text));
        for (const trace::TokenCandidate& candidate : token->candidates) {
            m_candidates.push_back({candidate.token, candidate.probability});
            m_texts.insert(candidate.token, QByteArray::fromStdString(candidate.text));
        }
        m_candidateEnds.push_back(static_cast<int>(m_candidates.size()));
        addRouting(token->router);
    }
}

void RunTrace::addRouting(const trace::RouterTrace& router) {
    if (m_shape.isDense()) {
        m_routed.push_back(false);
        return;
    }
    const bool fits = m_shape.fitsChoices(router) && std::all_of(router.weights.begin(), router.weights.end(),
                                                                 [](float w) { return std::isfinite(w); });
    std::vector<uint16_t> experts(m_routing.shape().choices(), 0);
    std::vector<float> weights(experts.size(), 0.0F);
    if (fits) {
        experts.assign(router.experts.begin(), router.experts.end());
        // Kept answers have halves: one reads the same as it arrives and when it comes back from the disk.
        std::transform(router.weights.begin(), router.weights.end(), weights.begin(),
                       [](float weight) { return static_cast<float>(qfloat16(std::clamp(weight, 0.0F, 1.0F))); });
    }
    m_routing.append(experts, weights);
    m_routed.push_back(fits);
}

std::string_view RunTrace::text(int token) const {
    return std::string_view(m_bytes).substr(size_t(begin(token)), size_t(end(token) - begin(token)));
}

int RunTrace::tokenAt(int byte) const {
    return static_cast<int>(std::upper_bound(m_ends.begin(), m_ends.end(), byte) - m_ends.begin());
}

std::vector<RunTrace::Candidate> RunTrace::candidates(int token) const {
    const int first = token == 0 ? 0 : m_candidateEnds[size_t(token) - 1];
    return {m_candidates.begin() + first, m_candidates.begin() + m_candidateEnds[size_t(token)]};
}

size_t RunTrace::bytesHeld() const {
    return m_ids.capacity() * sizeof(int) + m_probabilities.capacity() * sizeof(float) +
           m_ends.capacity() * sizeof(int) + m_bytes.capacity() + m_candidates.capacity() * sizeof(Candidate) +
           m_candidateEnds.capacity() * sizeof(int) + m_routing.bytesHeld();
}

} // namespace moescope::ui
