// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/tokenclasses.h"

#include <array>

namespace moescope::ui {

/** What is measured of one expert: the tokens of a scope that were routed to it. */
struct ExpertProfile {
    static constexpr int gateBins = 20;

    /** Tokens of a kind against independence: as if the layer's choices were dealt out to the tokens anew. */
    struct Lift {
        QString name;
        int routed = 0;  ///< of this kind, to the expert
        int all = 0;     ///< of this kind
        int matched = 0; ///< of `routed`, those that the filter leaves
        double lift = 0;
        ChanceInterval chance; ///< of `routed`
        bool isOutsideChance() const { return !chance.contains(routed); }
        bool isFilteredOut() const { return routed > 0 && matched == 0; }
    };
    /** A token with its neighbours, as charts show text. */
    struct Example {
        qint64 run = -1;
        int token = -1;
        double gate = 0;
        bool matches = true; ///< the filter
        QString before;
        QString text;
        QString after;
    };

    int layer = -1;
    int expert = -1;
    int n = 0;             ///< tokens of the scope
    int tokens = 0;        ///< of them routed to it
    ChanceInterval chance; ///< of `tokens`, under an even spread
    double share = 0;      ///< 0…1
    double over_uniform = 0;
    double mean_gate = 0;
    std::array<int, gateBins> gates{}; ///< tokens by gate weight, evenly from 0 to gate_end; its end is in the last one
    std::array<int, gateBins> gates_matched{}; ///< of them those that the filter leaves
    double gate_end = 1;                       ///< 1, or a power of two above where a model scales its weights
    QList<Lift>
        top_tokens;      ///< at least `leastCount` times in the scope and lift above 1; outside chance first, then by
                         ///< lift, at most `mostTokens`
    QList<Lift> classes; ///< those that occur, as in tokenClasses()
    QList<Example> examples; ///< the largest gates first, at most `mostExamples`

    static constexpr int leastCount = 3;
    static constexpr int mostTokens = 10;
    static constexpr int mostExamples = 8;

    bool isOutsideChance() const { return !chance.contains(tokens); }
    bool isValid() const { return expert >= 0; }
};

/** Keeps a profile up to date while an answer grows. */
class ExpertProfiler {
public:
    /** Counts the tokens that are not counted yet; all of them where scope, layer or expert is another. True if anything
     *  changed. */
    bool update(const TraceModel& trace, Scope scope, int layer, int expert);
    const ExpertProfile& profile() const { return m_profile; }
    /** Tokens counted in all, however often anew. */
    int counted() const { return m_counted; }

private:
    struct Word { ///< a token of the vocabulary
        QString name;
        int row = 0; ///< of its class
        int all = 0;
        int routed = 0;
        int matched = 0;
    };
    struct Place {
        qint64 run = -1;
        int token = -1;
        double gate = 0;
        bool matches = true;
    };

    void clear();
    void add(const TraceModel& trace, qint64 run, int token);
    void summarize(const TraceModel& trace);

    TokenFeed m_feed;
    QHash<int, Word> m_words; ///< by id
    std::vector<int> m_classTokens;
    std::vector<int> m_classRouted;
    std::vector<int> m_classMatched;
    std::vector<Place> m_best; ///< largest gates first
    double m_mass = 0;
    double m_most = 0; ///< largest weight
    int m_counted = 0;
    ExpertProfile m_profile;
};

} // namespace moescope::ui
