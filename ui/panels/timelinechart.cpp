// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/timelinechart.h"

#include "ui/models/conversation.h"
#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QPainter>

#include <cmath>

namespace moescope::ui {

using trace::Lane;
using trace::StepPart;
using trace::TimelineSpan;

namespace {

QColor strongOf(const TimelineSpan& span) {
    const auto kind = trace::kernelKind(span.part);
    const int index = kind ? kindColor(*kind) : -1;
    return index >= 0 ? theme().expertStrong(index) : theme().color(Color::Shared);
}

QColor tintOf(const TimelineSpan& span) {
    const auto kind = trace::kernelKind(span.part);
    const int index = kind ? kindColor(*kind) : -1;
    return index >= 0 ? theme().expertTint(index) : theme().color(Color::SharedTint);
}

/** Rows of the legend: kinds that the step has, −1 for what is left. */
QList<int> legendRows(const StepShares& shares) {
    QList<int> rows;
    for (int kind = 0; kind < int(trace::kernelKindCount); ++kind) {
        if (shares.kinds[kind] > 0) {
            rows.append(kind);
        }
    }
    rows.append(-1);
    return rows;
}

} // namespace

TimelineChart::TimelineChart(TraceModel* trace, Selection* selection, QWidget* parent)
    : ChartView(trace, selection, parent) {
    setAccessibleName(tr("Lanes of the step"));
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
}

void TimelineChart::setStep(const trace::StepTimelinePtr& step, int token, const QString& title, const Readout& notes) {
    m_token = token;
    m_title = title;
    m_notes = notes;
    if (step != m_step) {
        m_step = step;
        m_shares = step != nullptr ? StepShares::of(*step) : StepShares();
        m_hovered = -1;
        m_current = -1;
        m_down = false;
    }
    invalidate();
}

void TimelineChart::setCurrentSpan(int span) {
    if (m_step != nullptr && span >= 0 && span < int(m_step->spans.size()) && span != m_current) {
        m_current = span;
        const TimelineSpan& at = m_step->spans[size_t(span)];
        setWindow(m_geometry.holding(at.start_us, at.end_us()));
        chooseLayerOf(span);
        emit currentSpanChanged(span);
        invalidate();
    }
}

void TimelineChart::showAll() { setWindow({}); }

void TimelineChart::sync() {
    const double total = m_step != nullptr ? m_step->total_us : 0;
    m_geometry = TimelineGeometry::of(viewport()->size(), total, m_window, int(legendRows(m_shares).size()),
                                      theme().fontScale());
}

int TimelineChart::selectedLayer() const {
    const int layer = selection()->state().layer;
    return layer >= 0 && trace()->shape().layers > 0 ? layer + trace()->shape().first_block : -1;
}

void TimelineChart::chooseLayerOf(int span) {
    const int layer = m_step->spans[size_t(span)].layer;
    if (layer >= 0 && layer != selectedLayer()) {
        chooseLayer(layer - trace()->shape().first_block);
    }
}

void TimelineChart::setWindow(const TimeWindow& window) {
    const bool all = m_step == nullptr || window.width >= m_step->total_us;
    const TimeWindow next = all ? TimeWindow() : window;
    if (next != m_window) {
        m_window = next;
        invalidate();
        emit windowChanged();
    }
}

void TimelineChart::paintChart(QPainter& painter) {
    if (m_step == nullptr) {
        return;
    }
    paintAxis(painter);
    for (const Lane lane : {Lane::Layer, Lane::Gpu, Lane::Host}) {
        const QRect row = m_geometry.lane(lane);
        paintText(painter, QRect(m_geometry.label_left, row.top(), row.left() - m_geometry.label_left, row.height()),
                  Qt::AlignLeft | Qt::AlignVCenter, laneName(lane), axisFont(), theme().color(Color::TextSecondary));
    }
    for (const TimelineSpan& span : m_step->spans) {
        painter.setOpacity(isFilteredOut(span) ? kFilteredOut : 1);
        paintSpan(painter, span);
    }
    painter.setOpacity(1);
    paintMarks(painter);
    if (!m_geometry.legend.isEmpty()) {
        paintLegend(painter);
    }
}

void TimelineChart::paintAxis(QPainter& painter) const {
    const QFont font = axisMonoFont();
    const QFontMetrics metrics(font);
    bool first = true;
    for (const TimelineGeometry::Tick& tick : m_geometry.ticks()) {
        const QString number = QString::number(tick.us / 1000, 'f', tick.us == 0 ? 0 : tick.digits);
        const QString text = first ? tr("%1 ms").arg(number) : number;
        const int x = int(std::lround(m_geometry.xOf(tick.us)));
        const int half = metrics.horizontalAdvance(number) / 2;
        const int left = std::max(m_geometry.axis.left(), x - half);
        if (left + metrics.horizontalAdvance(text) <= m_geometry.axis.right() + half) {
            paintText(painter, QRect(left, m_geometry.axis.top(), 100, m_geometry.axis.height()),
                      Qt::AlignLeft | Qt::AlignVCenter, text, font, theme().color(Color::TextMuted));
        }
        painter.fillRect(QRect(x, m_geometry.plot.top() - 2, 1, 2), theme().color(Color::Border));
        first = false;
    }
}

QString TimelineChart::labelOf(const TimelineSpan& span, int width, const QFont& font) const {
    const QFontMetrics metrics(font);
    const bool timed = span.lane == Lane::Layer || span.part == StepPart::Wait;
    const QString separator = span.lane == Lane::Layer ? QStringLiteral(" ") : QStringLiteral(", ");
    QStringList labels{spanName(span), shortSpanName(span)};
    if (timed) {
        labels.prepend(spanName(span) + separator + msText(span.duration_us));
    }
    for (const QString& label : std::as_const(labels)) {
        if (metrics.horizontalAdvance(label) + 2 * scaledPx(4) <= width) {
            return label;
        }
    }
    return {};
}

bool TimelineChart::isFilteredOut(const TimelineSpan& span) const {
    const int layer = span.layer - trace()->shape().first_block;
    return !trace()->filter().isEmpty() && m_token >= 0 && layer >= 0 && layer < trace()->shape().layers &&
           !trace()->matches(m_token, layer);
}

void TimelineChart::paintSpan(QPainter& painter, const TimelineSpan& span) const {
    const QRect box = m_geometry.box(span);
    if (box.isEmpty()) {
        return;
    }
    const bool selected = span.lane == Lane::Layer && span.layer >= 0 && span.layer == selectedLayer();
    QColor text = theme().color(Color::Text);
    int align = Qt::AlignCenter;
    switch (span.lane) {
    case Lane::Layer:
        painter.fillRect(box, theme().color(selected ? Color::AccentTint : Color::Sunken));
        text = theme().color(selected ? Color::Text : Color::TextSecondary);
        break;
    case Lane::Gpu: {
        painter.fillRect(box, box.width() > 2 ? tintOf(span) : strongOf(span));
        const int edge = scaledPx(3);
        painter.fillRect(QRect(box.left(), box.bottom() + 1 - edge, box.width(), edge), strongOf(span));
        break;
    }
    case Lane::Host:
        if (span.part == StepPart::Wait) {
            QPen pen(theme().color(Color::BorderStrong), 1, Qt::CustomDashLine);
            pen.setDashPattern({3, 3});
            painter.setPen(pen);
            painter.setBrush(Qt::NoBrush);
            painter.drawRect(box.adjusted(0, 0, -1, -1));
            align = Qt::AlignLeft | Qt::AlignVCenter;
            text = theme().color(Color::TextSecondary);
        } else {
            painter.fillRect(box, theme().color(box.width() > 4 ? Color::SharedTint : Color::Shared));
            painter.fillRect(QRect(box.left(), box.top(), std::min(2, box.width()), box.height()),
                             theme().color(Color::Shared));
        }
        break;
    }
    const QFont mono = axisMonoFont();
    const QFont font = span.lane == Lane::Layer ? (selected ? bold(mono) : mono) : axisFont();
    const QString label = labelOf(span, box.width(), font);
    if (!label.isEmpty()) {
        const int inset = align == Qt::AlignCenter ? 0 : scaledPx(6);
        const int below = span.lane == Lane::Gpu ? scaledPx(3) : 0;
        paintText(painter, box.adjusted(inset, 0, 0, -below), align, label, font, text);
    }
}

void TimelineChart::paintMarks(QPainter& painter) const {
    painter.save();
    painter.setClipRect(m_geometry.plot.adjusted(-3, -3, 3, 3));
    const int layer = selectedLayer();
    const int gpu = m_geometry.lane(Lane::Gpu).bottom();
    for (const TimelineSpan& span : m_step->spans) {
        const QRect box = m_geometry.box(span);
        if (span.lane == Lane::Layer && layer >= 0 && span.layer == layer && !box.isEmpty()) {
            paintSelection(painter, QRect(box.topLeft(), QPoint(box.right(), gpu)));
        }
    }
    for (const int at : {m_current, m_hovered}) {
        if (at >= 0) {
            const QRect box = m_geometry.box(m_step->spans[size_t(at)]);
            if (!box.isEmpty()) {
                paintFrame(painter, box, theme().color(Color::Text));
            }
        }
    }
    painter.restore();
}

void TimelineChart::paintLegend(QPainter& painter) const {
    painter.fillRect(QRect(m_geometry.legend.left(), 0, 1, m_geometry.legend.height()),
                     theme().color(Color::BorderSubtle));
    const bool experts = !trace()->shape().isDense();
    const int side = scaledPx(10);
    int row = 0;
    for (const int kind : legendRows(m_shares)) {
        const QRect line = m_geometry.legendRow(row++);
        const QRect mark(line.left(), line.center().y() - side / 2, side, side);
        const double us = kind >= 0 ? m_shares.kinds[kind] : m_shares.idle;
        QString name = tr("no kernel");
        if (kind >= 0) {
            const auto kernel = static_cast<trace::KernelKind>(kind);
            const int color = kindColor(kernel);
            name = kindName(kernel, experts);
            painter.fillRect(mark, color >= 0 ? theme().expertTint(color) : theme().color(Color::SharedTint));
            painter.fillRect(QRect(mark.left(), mark.bottom() - 1, mark.width(), 2),
                             color >= 0 ? theme().expertStrong(color) : theme().color(Color::Shared));
        } else {
            paintFrame(painter, mark, theme().color(Color::Border));
        }
        const QColor color = theme().color(Color::TextSecondary);
        paintText(painter, line.adjusted(side + scaledPx(8), 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, name,
                  axisFont(), color);
        paintText(painter, line, Qt::AlignRight | Qt::AlignVCenter, partText(m_shares.part(us)), axisMonoFont(),
                  theme().color(Color::TextMuted));
        paintText(painter, line.adjusted(0, 0, -scaledPx(56), 0), Qt::AlignRight | Qt::AlignVCenter, msText(us),
                  axisMonoFont(), theme().color(Color::Text));
    }
}

Readout TimelineChart::spanReadout(const TimelineSpan& span) const {
    Readout readout = {{spanName(span), ReadoutSpan::Strong}};
    if (span.lane == Lane::Gpu && span.layer >= 0) {
        readout.append({tr("layer %1").arg(span.layer)});
    }
    readout.append({tr("%1, %2 of the step").arg(msText(span.duration_us), partText(m_shares.part(span.duration_us)))});
    readout.append({tr("from %1").arg(msText(span.start_us))});
    return readout;
}

Readout TimelineChart::readout() const {
    if (m_step == nullptr) {
        return {};
    }
    if (const int at = m_hovered >= 0 ? m_hovered : m_current; at >= 0) {
        return spanReadout(m_step->spans[size_t(at)]);
    }
    Readout readout = {{m_title, ReadoutSpan::Strong}};
    if (const int layer = selectedLayer(); layer >= 0 && m_step->timestamps) {
        const double us = layerUs(*m_step, layer);
        readout.append({tr("layer %1: %2, %3 of the step").arg(layer).arg(msText(us), partText(m_shares.part(us)))});
    }
    return readout + m_notes;
}

QString TimelineChart::tipAt(const QPoint& at) const {
    const int index = m_step != nullptr ? m_geometry.spanAt(*m_step, at) : -1;
    if (index < 0) {
        return {};
    }
    const TimelineSpan& span = m_step->spans[size_t(index)];
    QList<QPair<QString, QString>> rows = {{tr("Lane"), laneName(span.lane)}};
    if (span.layer >= 0) {
        rows.append({tr("Layer"), QString::number(span.layer)});
    }
    rows.append({tr("Start"), tr("%1 µs").arg(groupedText(std::llround(span.start_us)))});
    rows.append({tr("Duration"), tr("%1 µs").arg(groupedText(std::llround(span.duration_us)))});
    rows.append({tr("Of the step"), partText(m_shares.part(span.duration_us))});
    return tooltipTable(spanName(span), rows);
}

} // namespace moescope::ui
