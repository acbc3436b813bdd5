// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/timeline.h"

#include <QHash>
#include <QList>
#include <QObject>
#include <QString>

namespace moescope::ui {

/** The timed steps of answers, by message id. Of an answer the newest decode steps and the first micro-batches are kept,
 *  and of answers those that were timed last, as many as have room. */
class StepTimelines : public QObject {
    Q_OBJECT
public:
    static constexpr qsizetype kDecodeKept = 256;    ///< of an answer
    static constexpr qsizetype kPrefillKept = 256;   ///< of an answer
    static constexpr qsizetype kSpansKept = 2 << 20; ///< of all answers but the one timed last: 48 MiB

    using QObject::QObject;

    struct Steps {
        QList<trace::StepTimelinePtr> prefill;
        QList<trace::StepTimelinePtr> decode;
        trace::StepTimelinePtr recorded; ///< one that was made on demand and belongs to no token; null: none
        int dropped = 0;                 ///< decode steps and micro-batches that are no longer kept

        qsizetype spans() const;
        bool isEmpty() const { return prefill.isEmpty() && decode.isEmpty() && recorded == nullptr; }
        /** The decode step of the token at this position of the context; null: it was not timed, or not kept. */
        trace::StepTimelinePtr at(quint32 position) const;
    };

    void append(qint64 run, const QList<trace::StepTimelinePtr>& steps);
    void record(qint64 run, const trace::StepTimelinePtr& step);
    /** All that is known of an answer, as it was kept elsewhere. */
    void setRun(qint64 run, const QList<trace::StepTimelinePtr>& steps);

    /** Empty for an unknown answer. */
    const Steps& of(qint64 run) const;

signals:
    void changed(qint64 run);

private:
    Steps& stepsOf(qint64 run);
    /** Lets the answers go that were timed first, until the others fit. */
    void makeRoom();

    QHash<qint64, Steps> m_runs;
    QList<qint64> m_order; ///< timed last at the end
};

/** µs of a step by what ran on the device; with `idle` they add up to the step. */
struct StepShares {
    double kinds[trace::kernelKindCount] = {};
    double idle = 0; ///< no kernel ran
    double total = 0;

    static StepShares of(const trace::StepTimeline& step);
    double kernels() const { return total - idle; }
    /** Of the step, 0…1. */
    double part(double us) const { return total > 0 ? us / total : 0; }
};

/** A layer of the timeline as the whole of it is told of: µs in all lanes of kernels, 0 where the step has none. */
double layerUs(const trace::StepTimeline& step, int layer);

/** "Layer", "GPU", "Host". */
QString laneName(trace::Lane lane);
/** "norm + QKV", "waits for fence", "L5". */
QString spanName(const trace::TimelineSpan& span);
/** One word or two, for a narrow box; may be the long name. */
QString shortSpanName(const trace::TimelineSpan& span);
/** "attention"; of a model without experts their rows are those of the feed-forward. */
QString kindName(trace::KernelKind kind, bool experts);
/** Index of the colours of experts that a kind borrows; −1: the neutral one of the shared expert. */
int kindColor(trace::KernelKind kind);
/** "4.90 ms", three figures. */
QString msText(double us);

} // namespace moescope::ui
