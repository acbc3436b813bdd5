// SPDX-License-Identifier: Apache-2.0
#include "ui/models/expertprofile.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace moescope::ui {

namespace {

constexpr int neighbours = 5; ///< tokens of an example on each side

ExpertProfile::Lift liftOf(const QString& name, int routed, int all, int matched, const ExpertProfile& profile) {
    const double expected = double(all) * profile.tokens / profile.n;
    return {name,
            routed,
            all,
            matched,
            expected > 0 ? routed / expected : 0,
            ChanceInterval::ofOverlap(profile.n, all, profile.tokens)};
}

QString labels(const TraceModel& trace, qint64 run, int first, int end) {
    QString text;
    for (int token = std::max(0, first); token < std::min(end, trace.tokenCount(run)); ++token) {
        text += tokenLabel(trace.token(run, token).text);
    }
    return text;
}

} // namespace

bool ExpertProfiler::update(const TraceModel& trace, Scope scope, int layer, int expert) {
    const TraceShape& shape = trace.shape();
    const bool possible = layer >= 0 && layer < shape.layers && expert >= 0 && expert < shape.experts;
    const int wantedLayer = possible ? layer : -1;
    const int wanted = possible ? expert : -1;
    const bool other = wantedLayer != m_profile.layer || wanted != m_profile.expert;
    const bool elsewhere = m_feed.restart(trace, scope);
    const bool again = elsewhere || other;
    if (again) {
        if (elsewhere) {
            m_words.clear(); // another model has other words for these ids
        }
        m_feed.rewind();
        m_feed.restart(trace, scope);
        clear();
        m_profile.gate_end = 1;
        m_profile.layer = wantedLayer;
        m_profile.expert = wanted;
    }
    if (!possible) {
        return again;
    }
    const int counted = m_feed.read(trace, [&](qint64 run, int token) { add(trace, run, token); });
    m_counted += counted;
    if (m_most > m_profile.gate_end) { // wider bins, all anew
        const double end = std::exp2(std::ceil(std::log2(m_most)));
        clear();
        m_profile.gate_end = end;
        m_feed.rewind();
        m_feed.restart(trace, scope);
        m_counted += m_feed.read(trace, [&](qint64 run, int token) { add(trace, run, token); });
    }
    if (again || counted > 0) {
        summarize(trace);
    }
    return again || counted > 0;
}

void ExpertProfiler::clear() {
    for (Word& word : m_words) {
        word.all = 0;
        word.routed = 0;
        word.matched = 0;
    }
    m_classTokens.assign(size_t(tokenClasses().size()), 0);
    m_classRouted.assign(size_t(tokenClasses().size()), 0);
    m_classMatched.assign(size_t(tokenClasses().size()), 0);
    m_best.clear();
    m_mass = 0;
    m_most = 0;
    ExpertProfile fresh;
    fresh.layer = m_profile.layer;
    fresh.expert = m_profile.expert;
    m_profile = fresh;
}

void ExpertProfiler::add(const TraceModel& trace, qint64 run, int token) {
    const trace::TokenTrace& at = trace.token(run, token);
    auto word = m_words.find(at.token);
    if (word == m_words.end()) {
        word = m_words.insert(at.token, {tokenLabel(at.text), tokenClassRow(tokenClass(at.text)), 0, 0, 0});
    }
    ++m_profile.n;
    ++word->all;
    ++m_classTokens[size_t(word->row)];
    const trace::RouterTrace& router = *trace.router(run, token);
    const size_t first = size_t(m_profile.layer) * router.expert_used_count;
    for (size_t entry = first; entry < first + router.expert_used_count; ++entry) {
        if (router.experts[entry] != m_profile.expert) {
            continue;
        }
        const double gate = std::isfinite(router.weights[entry]) ? double(router.weights[entry]) : 0;
        const bool matches = trace.filter().matches(at, token, m_profile.layer, int(entry - first));
        ++m_profile.tokens;
        ++word->routed;
        ++m_classRouted[size_t(word->row)];
        word->matched += int(matches);
        m_classMatched[size_t(word->row)] += int(matches);
        m_mass += gate;
        m_most = std::max(m_most, gate);
        const double place = std::clamp(gate / m_profile.gate_end, 0.0, 1.0) * ExpertProfile::gateBins;
        const size_t bin = std::min(size_t(place), m_profile.gates.size() - 1);
        ++m_profile.gates[bin];
        m_profile.gates_matched[bin] += int(matches);
        const auto after =
            std::find_if(m_best.begin(), m_best.end(), [gate](const Place& other) { return other.gate < gate; });
        m_best.insert(after, {run, token, gate, matches});
        if (m_best.size() > size_t(ExpertProfile::mostExamples)) {
            m_best.pop_back();
        }
        break;
    }
}

void ExpertProfiler::summarize(const TraceModel& trace) {
    ExpertProfile& profile = m_profile;
    const double uniform = trace.shape().uniformShare();
    profile.chance = ChanceInterval::of(profile.n, uniform);
    profile.share = profile.n > 0 ? double(profile.tokens) / profile.n : 0;
    profile.over_uniform = uniform > 0 ? profile.share / uniform : 0;
    profile.mean_gate = profile.tokens > 0 ? m_mass / profile.tokens : 0;
    profile.top_tokens.clear();
    profile.classes.clear();
    profile.examples.clear();
    if (profile.tokens == 0) {
        return;
    }
    QList<QPair<int, ExpertProfile::Lift>> tokens;
    for (auto word = m_words.constBegin(); word != m_words.constEnd(); ++word) {
        // More often than by its share, without a division.
        if (word->all >= ExpertProfile::leastCount &&
            qint64(word->routed) * profile.n > qint64(word->all) * profile.tokens) {
            tokens.append({word.key(), liftOf(word->name, word->routed, word->all, word->matched, profile)});
        }
    }
    std::sort(tokens.begin(), tokens.end(), [](const auto& a, const auto& b) {
        const auto rank = [](const auto& at) {
            return std::tuple(!at.second.isOutsideChance(), -at.second.lift, -at.second.routed, at.first);
        };
        return rank(a) < rank(b);
    });
    for (const auto& token : tokens.mid(0, ExpertProfile::mostTokens)) {
        profile.top_tokens.append(token.second);
    }
    for (int row = 0; row < tokenClasses().size(); ++row) {
        if (m_classTokens[size_t(row)] > 0) {
            profile.classes.append(liftOf(tokenClassName(tokenClasses().at(row)), m_classRouted[size_t(row)],
                                          m_classTokens[size_t(row)], m_classMatched[size_t(row)], profile));
        }
    }
    for (const Place& place : m_best) {
        profile.examples.append({place.run, place.token, place.gate, place.matches,
                                 labels(trace, place.run, place.token - neighbours, place.token),
                                 tokenLabel(trace.token(place.run, place.token).text),
                                 labels(trace, place.run, place.token + 1, place.token + 1 + neighbours)});
    }
}

} // namespace moescope::ui
