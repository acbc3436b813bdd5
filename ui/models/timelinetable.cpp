// SPDX-License-Identifier: Apache-2.0
#include "ui/models/timelinetable.h"

#include <QLocale>

namespace moescope::ui {

TimelineTable::TimelineTable(QObject* parent)
    : TabularModel({tr("Lane"), tr("Name"), tr("Layer"), tr("Start, µs"), tr("Duration, µs"), tr("% of the step")},
                   parent) {}

void TimelineTable::setStep(const trace::StepTimelinePtr& step) {
    if (step != m_step) {
        const int rows = step != nullptr ? int(step->spans.size()) : 0;
        m_step = step;
        if (rows == rowCount()) {
            setRows(rows, true);
        } else {
            resetTo(rows);
        }
    }
}

QVariant TimelineTable::raw(int row, int column) const {
    const trace::TimelineSpan& span = m_step->spans[size_t(row)];
    switch (column) {
    case Lane: return laneName(span.lane);
    case Name: return spanName(span);
    case Layer: return span.layer >= 0 ? QVariant(span.layer) : QVariant();
    case Start: return span.start_us;
    case Duration: return span.duration_us;
    case Share: return m_step->total_us > 0 ? 100 * span.duration_us / m_step->total_us : 0.0;
    default: return {};
    }
}

QString TimelineTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    if (!value.isValid()) {
        return QStringLiteral("–");
    }
    return value.typeId() == QMetaType::Double ? QLocale(QLocale::English).toString(value.toDouble(), 'f', 1)
                                               : value.toString();
}

} // namespace moescope::ui
