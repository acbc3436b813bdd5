// SPDX-License-Identifier: Apache-2.0
#include "ui/models/measure.h"

#include <QCoreApplication>

#include <limits>

namespace moescope::ui {

Measure Measure::of(const TraceModel& trace, Scope scope, int token, qint64 run) {
    Measure measure;
    if (!baselineRuns(trace).contains(run)) {
        measure.counts = trace.statistics(scope, token);
        return measure;
    }
    measure.baseline = trace.runStatistics(run);
    if (scope != Scope::Chat) {
        measure.counts = trace.statistics(scope, token);
        return measure;
    }
    measure.counts = RoutingStatistics(trace.shape());
    for (const qint64 other : trace.runs(Scope::Chat)) {
        if (other != run) {
            measure.counts.add(trace.runStatistics(other));
        }
    }
    return measure;
}

double Measure::ratio(int layer, int expert) const {
    if (isUniform()) {
        return counts.overUniform(layer, expert);
    }
    const double share = counts.share(layer, expert);
    const double before = baseline.share(layer, expert);
    return before > 0 ? share / before : share > 0 ? std::numeric_limits<double>::infinity() : 0;
}

bool Measure::isOutsideChance(int layer, int expert) const {
    if (isUniform()) {
        return counts.isOutsideChance(layer, expert);
    }
    const int tokens = counts.tokens(layer, expert);
    return !ChanceInterval::ofOverlap(counts.n() + baseline.n(), tokens + baseline.tokens(layer, expert), counts.n())
                .contains(tokens);
}

QList<qint64> baselineRuns(const TraceModel& trace) {
    QList<qint64> runs;
    for (const qint64 run : trace.answers()) {
        if (run != trace.current() && trace.runStatistics(run).n() > 0) {
            runs.append(run);
        }
    }
    return runs;
}

int answerNumber(const TraceModel& trace, qint64 run) { return static_cast<int>(trace.answers().indexOf(run)) + 1; }

QString baselineName(const TraceModel& trace, qint64 run) {
    return trace.isOtherVersion(run)
               ? QCoreApplication::translate("Measure", "other version")
               : QCoreApplication::translate("Measure", "answer %1").arg(answerNumber(trace, run));
}

} // namespace moescope::ui
