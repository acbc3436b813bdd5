// SPDX-License-Identifier: Apache-2.0
#include "ui/models/steptimelines.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace moescope::ui {

using trace::KernelKind;
using trace::StepPart;

namespace {

QString words(const char* text) { return QCoreApplication::translate("StepTimelines", text); }

} // namespace

trace::StepTimelinePtr StepTimelines::Steps::at(quint32 position) const {
    const auto found =
        std::lower_bound(decode.cbegin(), decode.cend(), position,
                         [](const trace::StepTimelinePtr& step, quint32 wanted) { return step->position < wanted; });
    return found != decode.cend() && (*found)->position == position ? *found : nullptr;
}

qsizetype StepTimelines::Steps::spans() const {
    qsizetype count = recorded != nullptr ? static_cast<qsizetype>(recorded->spans.size()) : 0;
    for (const QList<trace::StepTimelinePtr>* steps : {&prefill, &decode}) {
        for (const trace::StepTimelinePtr& step : *steps) {
            count += static_cast<qsizetype>(step->spans.size());
        }
    }
    return count;
}

void StepTimelines::append(qint64 run, const QList<trace::StepTimelinePtr>& steps) {
    if (steps.isEmpty()) {
        return;
    }
    Steps& kept = stepsOf(run);
    for (const trace::StepTimelinePtr& step : steps) {
        if (step->kind == trace::StepKind::Decode) {
            // An answer that is made again counts from where it begins.
            while (!kept.decode.isEmpty() && kept.decode.last()->position >= step->position) {
                kept.decode.removeLast();
            }
            kept.decode.append(step);
            if (kept.decode.size() > kDecodeKept) {
                kept.decode.removeFirst();
                ++kept.dropped;
            }
        } else if (kept.prefill.size() < kPrefillKept) {
            kept.prefill.append(step);
        } else {
            ++kept.dropped;
        }
    }
    emit changed(run);
}

void StepTimelines::record(qint64 run, const trace::StepTimelinePtr& step) {
    stepsOf(run).recorded = step;
    emit changed(run);
}

void StepTimelines::setRun(qint64 run, const QList<trace::StepTimelinePtr>& steps) {
    stepsOf(run) = {};
    append(run, steps);
    if (steps.isEmpty()) {
        emit changed(run);
    }
}

StepTimelines::Steps& StepTimelines::stepsOf(qint64 run) {
    if (m_order.isEmpty() || m_order.last() != run) {
        m_order.removeOne(run);
        m_order.append(run);
        makeRoom();
    }
    return m_runs[run];
}

void StepTimelines::makeRoom() {
    qsizetype spans = 0;
    for (qsizetype at = m_order.size() - 2; at >= 0; --at) {
        spans += m_runs.constFind(m_order.at(at))->spans();
        if (spans > kSpansKept) {
            for (; at >= 0; --at) {
                m_runs.remove(m_order.takeAt(at));
            }
        }
    }
}

const StepTimelines::Steps& StepTimelines::of(qint64 run) const {
    static const Steps none;
    const auto found = m_runs.constFind(run);
    return found != m_runs.cend() ? *found : none;
}

StepShares StepShares::of(const trace::StepTimeline& step) {
    StepShares shares;
    shares.total = step.total_us;
    shares.idle = step.total_us;
    for (const trace::TimelineSpan& span : step.spans) {
        const auto kind = trace::kernelKind(span.part);
        if (span.lane == trace::Lane::Gpu && kind) {
            shares.kinds[static_cast<size_t>(*kind)] += span.duration_us;
            shares.idle -= span.duration_us;
        }
    }
    return shares;
}

double layerUs(const trace::StepTimeline& step, int layer) {
    double us = 0;
    for (const trace::TimelineSpan& span : step.spans) {
        us += span.lane == trace::Lane::Layer && span.layer == layer ? span.duration_us : 0;
    }
    return us;
}

QString laneName(trace::Lane lane) {
    switch (lane) {
    case trace::Lane::Layer: return words(QT_TRANSLATE_NOOP("StepTimelines", "Layer"));
    case trace::Lane::Gpu: return words(QT_TRANSLATE_NOOP("StepTimelines", "GPU"));
    case trace::Lane::Host: return words(QT_TRANSLATE_NOOP("StepTimelines", "Host"));
    }
    return {};
}

QString spanName(const trace::TimelineSpan& span) {
    if (span.lane == trace::Lane::Layer) {
        return span.layer >= 0                ? QStringLiteral("L%1").arg(span.layer)
               : span.part == StepPart::Embed ? words(QT_TRANSLATE_NOOP("StepTimelines", "Embed"))
                                              : words(QT_TRANSLATE_NOOP("StepTimelines", "Head"));
    }
    switch (span.part) {
    case StepPart::Embed: return words(QT_TRANSLATE_NOOP("StepTimelines", "embed"));
    case StepPart::Qkv: return words(QT_TRANSLATE_NOOP("StepTimelines", "norm + QKV"));
    case StepPart::Rope: return words(QT_TRANSLATE_NOOP("StepTimelines", "RoPE + QK norm + KV store"));
    case StepPart::Attention: return words(QT_TRANSLATE_NOOP("StepTimelines", "attention"));
    case StepPart::RopeAttention:
        return words(QT_TRANSLATE_NOOP("StepTimelines", "RoPE + QK norm + KV store + attention"));
    case StepPart::Output: return words(QT_TRANSLATE_NOOP("StepTimelines", "output + residual"));
    case StepPart::Router: return words(QT_TRANSLATE_NOOP("StepTimelines", "norm + router"));
    case StepPart::RouterSort: return words(QT_TRANSLATE_NOOP("StepTimelines", "norm + router + sort"));
    case StepPart::RouterGateUp: return words(QT_TRANSLATE_NOOP("StepTimelines", "norm + router, shared gate + up"));
    case StepPart::Norm: return words(QT_TRANSLATE_NOOP("StepTimelines", "norm"));
    case StepPart::GateUp: return words(QT_TRANSLATE_NOOP("StepTimelines", "gate + up"));
    case StepPart::NormGateUp: return words(QT_TRANSLATE_NOOP("StepTimelines", "norm + gate + up"));
    case StepPart::Down: return words(QT_TRANSLATE_NOOP("StepTimelines", "down + residual"));
    case StepPart::Combine: return words(QT_TRANSLATE_NOOP("StepTimelines", "weighted sum + residual"));
    case StepPart::Logits: return words(QT_TRANSLATE_NOOP("StepTimelines", "logits"));
    case StepPart::AllLogits: return words(QT_TRANSLATE_NOOP("StepTimelines", "logits of all tokens"));
    case StepPart::NextToken: return words(QT_TRANSLATE_NOOP("StepTimelines", "next token"));
    case StepPart::ReadBack: return words(QT_TRANSLATE_NOOP("StepTimelines", "read back"));
    case StepPart::Layer: return words(QT_TRANSLATE_NOOP("StepTimelines", "layer"));
    case StepPart::Sample: return words(QT_TRANSLATE_NOOP("StepTimelines", "samples"));
    case StepPart::Text: return words(QT_TRANSLATE_NOOP("StepTimelines", "makes text"));
    case StepPart::Record: return words(QT_TRANSLATE_NOOP("StepTimelines", "records"));
    case StepPart::Submit: return words(QT_TRANSLATE_NOOP("StepTimelines", "submits"));
    case StepPart::Wait: return words(QT_TRANSLATE_NOOP("StepTimelines", "waits for fence"));
    case StepPart::Collect: return words(QT_TRANSLATE_NOOP("StepTimelines", "reads results"));
    case StepPart::Tell: return words(QT_TRANSLATE_NOOP("StepTimelines", "tells of tokens"));
    }
    return {};
}

QString shortSpanName(const trace::TimelineSpan& span) {
    if (span.lane != trace::Lane::Gpu) {
        return spanName(span);
    }
    switch (span.part) {
    case StepPart::Qkv: return QStringLiteral("QKV");
    case StepPart::Rope: return QStringLiteral("RoPE");
    case StepPart::RopeAttention: return words(QT_TRANSLATE_NOOP("StepTimelines", "attention"));
    case StepPart::Output: return words(QT_TRANSLATE_NOOP("StepTimelines", "output"));
    case StepPart::Router:
    case StepPart::RouterSort:
    case StepPart::RouterGateUp: return words(QT_TRANSLATE_NOOP("StepTimelines", "router"));
    case StepPart::GateUp:
    case StepPart::NormGateUp: return words(QT_TRANSLATE_NOOP("StepTimelines", "up"));
    case StepPart::Down: return words(QT_TRANSLATE_NOOP("StepTimelines", "down"));
    case StepPart::Combine: return words(QT_TRANSLATE_NOOP("StepTimelines", "sum"));
    case StepPart::AllLogits: return words(QT_TRANSLATE_NOOP("StepTimelines", "logits"));
    default: return spanName(span);
    }
}

QString kindName(KernelKind kind, bool experts) {
    switch (kind) {
    case KernelKind::Qkv: return words(QT_TRANSLATE_NOOP("StepTimelines", "norm + QKV"));
    case KernelKind::Attention: return words(QT_TRANSLATE_NOOP("StepTimelines", "attention"));
    case KernelKind::Output: return words(QT_TRANSLATE_NOOP("StepTimelines", "output + residual"));
    case KernelKind::Router: return words(QT_TRANSLATE_NOOP("StepTimelines", "norm + router"));
    case KernelKind::GateUp:
        return experts ? words(QT_TRANSLATE_NOOP("StepTimelines", "experts gate + up"))
                       : words(QT_TRANSLATE_NOOP("StepTimelines", "gate + up"));
    case KernelKind::Down:
        return experts ? words(QT_TRANSLATE_NOOP("StepTimelines", "experts down"))
                       : words(QT_TRANSLATE_NOOP("StepTimelines", "down"));
    case KernelKind::Ends: return words(QT_TRANSLATE_NOOP("StepTimelines", "embed, logits, read back"));
    }
    return {};
}

int kindColor(KernelKind kind) {
    switch (kind) {
    case KernelKind::Qkv: return 0;
    case KernelKind::Attention: return 6;
    case KernelKind::Output: return 2;
    case KernelKind::Router: return 5;
    case KernelKind::GateUp: return 1;
    case KernelKind::Down: return 4;
    case KernelKind::Ends: return -1;
    }
    return -1;
}

QString msText(double us) {
    const double ms = us / 1000;
    const int digits = ms <= 0 ? 2 : std::clamp(2 - int(std::floor(std::log10(ms))), 0, ms < 0.01 ? 4 : 2);
    return QString::number(ms, 'f', digits) + QStringLiteral(" ms");
}

} // namespace moescope::ui
