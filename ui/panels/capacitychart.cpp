// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/capacitychart.h"

#include "ui/models/conversation.h"
#include "ui/panels/chartpaint.h"
#include "ui/panels/layerrows.h"

#include <QKeyEvent>
#include <QPainter>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kAbove = 40; ///< px of the heads above the rows
constexpr int kBelow = 26; ///< px of the note below them

QString percentText(double part, double whole) {
    return QString::number(whole > 0 ? 100 * part / whole : 0, 'f', 1) + QStringLiteral(" %");
}

} // namespace

CapacityChart::CapacityChart(TraceModel* trace, Selection* selection, QWidget* parent)
    : ChartView(trace, selection, parent) {
    setAccessibleName(tr("Tokens dropped or moved by layer under a capacity"));
}

void CapacityChart::setRows(const QList<CapacityRow>& rows, int used, CapacityRule rule) {
    m_rows = rows;
    m_used = std::max(1, used);
    m_rule = rule;
    invalidate();
}

void CapacityChart::sync() {
    const int share = m_rows.isEmpty() ? 0 : rowsRoom() / static_cast<int>(m_rows.size());
    m_row_height = share < scaledPx(13) ? scaledPx(18) : std::min(share, scaledPx(36));
    setScrollRange(std::max(0, static_cast<int>(m_rows.size()) * m_row_height - window().height()), window().height(),
                   m_row_height);
    m_hovered = m_hovered < m_rows.size() ? m_hovered : -1;
}

int CapacityChart::rowsRoom() const { return viewport()->height() - scaledPx(kAbove + kBelow); }

QRect CapacityChart::window() const {
    const int rows = std::max(1, rowsRoom() / m_row_height);
    return {0, scaledPx(kAbove), viewport()->width(),
            std::min(rows, std::max(1, static_cast<int>(m_rows.size()))) * m_row_height};
}

QRect CapacityChart::rowRect(int row) const {
    return {scaledPx(8), window().top() + row * m_row_height - scroll(), viewport()->width() - scaledPx(16),
            m_row_height};
}

QRect CapacityChart::barRect(int row) const {
    const QRect line = rowRect(row);
    const int left = line.left() + scaledPx(36);
    const int right = line.right() - scaledPx(112);
    const int height = line.height() * 5 / 11;
    return {left, line.top() + (line.height() - height) / 2, std::max(0, right - left), height};
}

int CapacityChart::choices(const CapacityRow& row) const { return row.tokens * m_used; }

void CapacityChart::paintChart(QPainter& painter) {
    if (m_rows.isEmpty()) {
        return;
    }
    const QColor muted = theme().color(Color::TextMuted);
    const QRect bars = barRect(0);
    const int title = scaledPx(6);
    const int below = title + scaledPx(16);
    const auto wordAt = [&](int right, int top, const QString& words, const QFont& font, const QColor& color) {
        paintText(painter, QRect(right - 100, top, 100, scaledPx(16)), Qt::AlignRight | Qt::AlignVCenter, words, font,
                  color);
    };
    const QFont strong = bold(axisFont());
    const QColor text = theme().color(Color::Text);
    const QString whole = m_rule == CapacityRule::Recycle ? tr("Moved or dropped, part of the choices")
                                                          : tr("Dropped, part of the choices");
    const QString shorter = m_rule == CapacityRule::Recycle ? tr("Moved or dropped") : tr("Dropped");
    const bool fits = QFontMetrics(strong).horizontalAdvance(whole) <= bars.width();
    paintText(painter, QRect(bars.left(), title, bars.width(), scaledPx(16)), Qt::AlignLeft | Qt::AlignVCenter,
              fits ? whole : shorter, strong, text);
    paintText(painter, QRect(bars.left(), below, 100, scaledPx(16)), Qt::AlignLeft | Qt::AlignVCenter,
              QStringLiteral("0"), axisMonoFont(), muted);
    wordAt(bars.right() + 1, below, QStringLiteral("100 %"), axisMonoFont(), muted);
    const int right = rowRect(0).right() - scaledPx(4);
    wordAt(right - scaledPx(52), title, tr("Dropped"), strong, text);
    wordAt(right - scaledPx(52), below, tr("choices"), axisFont(), muted);
    wordAt(right, title, tr("Moved"), strong, text);
    wordAt(right, below, tr("tokens"), axisFont(), muted);

    painter.save();
    painter.setClipRect(window());
    const int selected = selection()->state().layer;
    for (int row = 0; row < m_rows.size(); ++row) {
        const CapacityRow& at = m_rows.at(row);
        const QRect line = rowRect(row);
        if (!line.intersects(window())) {
            continue;
        }
        painter.setOpacity(opacityOf(*trace(), at.layer));
        const bool marked = row == selected;
        if (marked) {
            paintRowBand(painter, line, theme().color(Color::AccentTint));
        } else if (row == m_hovered) {
            paintRowBand(painter, line, theme().color(Color::Hover));
        }
        const QFont label = marked ? bold(axisMonoFont()) : axisMonoFont();
        paintText(painter, QRect(line.left(), line.top(), scaledPx(28), line.height()),
                  Qt::AlignRight | Qt::AlignVCenter, QStringLiteral("L%1").arg(at.layer), label,
                  theme().color(marked ? Color::Text : Color::TextMuted));
        const QRect track = barRect(row);
        painter.fillRect(track, theme().color(marked ? Color::Panel : Color::Window));
        const double all = std::max(1, choices(at));
        const int dropped = at.dropped > 0 ? std::max(1, int(track.width() * at.dropped / all + 0.5)) : 0;
        const int moved = at.moved > 0 ? std::max(1, int(track.width() * at.moved / all + 0.5)) : 0;
        // Full for what is lost, hatched for what goes elsewhere.
        painter.fillRect(QRect(track.left(), track.top(), dropped, track.height()), theme().sequential(0.6));
        painter.fillRect(QRect(track.left() + dropped, track.top(), moved, track.height()),
                         hatching(painter, theme().color(Color::BorderStrong), theme().color(Color::Panel)));
        const auto numberAt = [&](int end, int count, bool warn) {
            paintText(painter, QRect(end - 60, line.top(), 60, line.height()), Qt::AlignRight | Qt::AlignVCenter,
                      count > 0 ? groupedText(count) : QStringLiteral("–"),
                      warn ? bold(axisMonoFont()) : axisMonoFont(),
                      theme().color(warn ? Color::Warn : Color::TextSecondary));
        };
        numberAt(right - scaledPx(52), at.dropped, at.dropped > 0);
        numberAt(right, at.moved, false);
    }
    painter.restore();
    const CapacityRow& any = m_rows.first();
    QString note = tr("What if these %1 tokens were one batch and an expert took at most %2.")
                       .arg(groupedText(any.tokens), groupedText(any.capacity));
    const QRect foot(scaledPx(12), window().bottom() + 1 + scaledPx(6), viewport()->width() - scaledPx(24),
                     scaledPx(16));
    if (QFontMetrics(axisFont()).horizontalAdvance(note) > foot.width()) {
        note = tr("As one batch of %1 tokens, at most %2 an expert.")
                   .arg(groupedText(any.tokens), groupedText(any.capacity));
    }
    paintText(painter, foot, Qt::AlignLeft | Qt::AlignVCenter,
              QFontMetrics(axisFont()).elidedText(note, Qt::ElideRight, foot.width()), axisFont(),
              theme().color(Color::TextSecondary));
}

int CapacityChart::rowAt(const QPoint& at) const {
    if (!window().contains(at)) {
        return -1;
    }
    const int row = (at.y() - window().top() + scroll()) / m_row_height;
    return row < m_rows.size() ? row : -1;
}

bool CapacityChart::hover(const QPoint* at) {
    const int next = at != nullptr ? rowAt(*at) : -1;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void CapacityChart::click(const QPoint& at) { chooseLayer(rowAt(at)); }

bool CapacityChart::useKey(QKeyEvent* event) {
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        return false;
    }
    switch (event->key()) {
    case Qt::Key_Up: chooseLayer(layerInView() - 1); return true;
    case Qt::Key_Down: chooseLayer(layerInView() + 1); return true;
    case Qt::Key_Home: chooseLayer(0); return true;
    case Qt::Key_End: chooseLayer(static_cast<int>(m_rows.size()) - 1); return true;
    default: return false;
    }
}

void CapacityChart::revealSelection() {
    const int layer = selection()->state().layer;
    if (layer >= 0 && layer < m_rows.size()) {
        const int top = layer * m_row_height;
        setScroll(std::clamp(scroll(), std::max(0, top + m_row_height - window().height()), top));
    }
}

Readout CapacityChart::rowReadout(const CapacityRow& row) const {
    Readout readout = {
        {tr("What if, layer %1").arg(row.layer), ReadoutSpan::Strong},
        {tr("%1 of %2 choices dropped (%3)")
             .arg(groupedText(row.dropped), groupedText(choices(row)), percentText(row.dropped, choices(row)))}};
    if (m_rule == CapacityRule::Recycle) {
        readout.append({tr("%1 tokens moved (%2)").arg(groupedText(row.moved), percentText(row.moved, row.tokens))});
    }
    readout.append({tr("%1 of the gate weight lost").arg(percentText(row.mass, 1))});
    readout.append({tr("busiest expert %1: %2 tokens, at most %3")
                        .arg(row.expert)
                        .arg(groupedText(row.busiest), groupedText(row.capacity))});
    return readout;
}

Readout CapacityChart::readout() const {
    const int row = m_hovered >= 0 ? m_hovered : selection()->state().layer;
    if (row >= 0 && row < m_rows.size()) {
        return rowReadout(m_rows.at(row));
    }
    return {{tr("What if"), ReadoutSpan::Strong}, {tr("%1 layers").arg(m_rows.size())}};
}

QString CapacityChart::tipAt(const QPoint& at) const {
    const int row = rowAt(at);
    if (row < 0) {
        return {};
    }
    const CapacityRow& values = m_rows.at(row);
    return tooltipTable(
        tr("What if, layer %1").arg(values.layer),
        {{tr("Tokens, n"), groupedText(values.tokens)},
         {tr("Capacity of an expert"), tr("%1 tokens").arg(groupedText(values.capacity))},
         {tr("Busiest expert"), tr("%1, %2 tokens").arg(values.expert).arg(groupedText(values.busiest))},
         {tr("Dropped"), tr("%1 choices").arg(groupedText(values.dropped))},
         {tr("Moved"), tr("%1 tokens").arg(groupedText(values.moved))},
         {tr("Gate weight lost"), percentText(values.mass, 1)}});
}

} // namespace moescope::ui
