// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/tracemodel.h"

namespace moescope::ui {

/** Tokens by layer and expert, and what their shares are measured against: an even spread, or another answer of the same
 *  model. */
struct Measure {
    RoutingStatistics counts;
    RoutingStatistics baseline; ///< without tokens: an even spread

    /** `token` matters in Scope::Token alone. `run`: the answer to measure against, −1: none; it is not counted itself,
     *  and where there is nothing to compare it with the spread is even. */
    static Measure of(const TraceModel& trace, Scope scope, int token, qint64 run);

    bool isUniform() const { return baseline.n() == 0; }
    /** Share ÷ share in the baseline: infinite where only the baseline has none, 0 where there are no tokens. */
    double ratio(int layer, int expert) const;
    /** At 95 %: against an even spread by the binomial interval; against an answer as if the tokens of both were dealt
     *  out to them anew (Fisher's exact test of two shares with the mid-p correction). */
    bool isOutsideChance(int layer, int expert) const;
};

/** Answers that the one in view can be measured against, by number. */
QList<qint64> baselineRuns(const TraceModel& trace);
/** Place of an answer among those of its model in the conversation, from 1; 0: it is none of them. */
int answerNumber(const TraceModel& trace, qint64 run);
/** "answer 3", or "other version" of the answer in view. */
QString baselineName(const TraceModel& trace, qint64 run);

} // namespace moescope::ui
