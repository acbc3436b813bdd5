// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/distancechart.h"

#include "ui/models/conversation.h"
#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QPainter>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kNumber = 64; ///< px of a column of numbers

QColor beyondChance() { return theme().sequential(0.5625); }

QString bits(double value) { return QString::number(value, 'f', 3); }

} // namespace

DistanceChart::DistanceChart(Comparison* comparison, TraceModel* silent, QWidget* parent)
    : ComparisonChart(comparison, silent, parent) {
    setAccessibleName(tr("Distance of the routing of A and B by layer"));
}

void DistanceChart::sync() {
    const std::shared_ptr<const RunComparison>& pair = comparison()->pair();
    m_distance = pair != nullptr && pair->routing ? pair->distance : std::vector<LayerDistance>();
    double most = 0;
    for (const LayerDistance& distance : m_distance) {
        most = std::max({most, distance.js_bits, distance.chance_bits});
    }
    const auto layers = static_cast<int>(m_distance.size());
    m_bars = BarRows::of(viewport()->size(), layers, std::max(most, 0.01), 2 * scaledPx(kNumber), theme().fontScale());
    setScrollRange(m_bars.rows.scroll_max, m_bars.rows.window.height(), m_bars.rows.row_height);
    m_hovered = m_hovered < layers ? m_hovered : -1;
}

void DistanceChart::paintChart(QPainter& painter) {
    if (m_distance.empty()) {
        return;
    }
    const LayerRows& rows = m_bars.rows;
    const int selected = comparison()->place().layer;
    painter.save();
    painter.setClipRect(rows.window);
    for (int layer = 0; layer < rows.layers; ++layer) { // bands below the lines of the scale
        if (rows.row(layer, scroll()).intersects(rows.window)) {
            paintLayerRow(painter, rows, layer, scroll(), layer == selected, layer == m_hovered);
        }
    }
    painter.restore();
    m_bars.paintScale(painter, m_bars.digits());
    painter.save();
    painter.setClipRect(rows.window);
    for (int layer = 0; layer < rows.layers; ++layer) {
        if (rows.row(layer, scroll()).intersects(rows.window)) {
            paintLayer(painter, layer);
        }
    }
    painter.restore();
    const QRect title(rows.right - scaledPx(kNumber), m_bars.titles.top(), scaledPx(kNumber), m_bars.titles.height());
    const QColor muted = theme().color(Color::TextMuted);
    paintText(painter, title, Qt::AlignRight | Qt::AlignVCenter, tr("Jaccard"), axisFont(), muted);
    paintText(painter, title.translated(-scaledPx(kNumber), 0), Qt::AlignRight | Qt::AlignVCenter, tr("JS, bits"),
              axisFont(), muted);
    paintLegend(painter);
}

void DistanceChart::paintLayer(QPainter& painter, int layer) const {
    const LayerDistance& distance = m_distance[size_t(layer)];
    const QRect row = m_bars.rows.row(layer, scroll());
    painter.setOpacity(comparison()->matchesLayer(layer) ? 1 : kFilteredOut);
    painter.fillRect(m_bars.bar(layer, distance.js_bits, 0, 1, scroll()),
                     distance.isOutsideChance() ? beyondChance() : theme().color(Color::Border));
    const QRect reach = m_bars.bar(layer, m_bars.top, 0, 1, scroll());
    painter.fillRect(QRect(m_bars.xOf(distance.chance_bits), reach.top() - 2, 2, reach.height() + 4),
                     theme().color(Color::Text));
    const QFont font = theme().font(TextStyle::Mono);
    const bool selected = layer == comparison()->place().layer;
    const QRect number(m_bars.rows.right - scaledPx(kNumber), row.top(), scaledPx(kNumber), row.height());
    paintText(painter, number, Qt::AlignRight | Qt::AlignVCenter, QString::number(distance.jaccard, 'f', 2), font,
              theme().color(Color::TextSecondary));
    paintText(painter, number.translated(-scaledPx(kNumber), 0), Qt::AlignRight | Qt::AlignVCenter,
              bits(distance.js_bits), selected ? bold(font) : font, theme().color(Color::Text));
    painter.setOpacity(1);
}

void DistanceChart::paintLegend(QPainter& painter) const {
    const QFont font = axisFont();
    int x = m_bars.legend.left();
    const auto entry = [&](const QColor& color, int width, int height, const QString& words) {
        const QRect sign(x, m_bars.legend.center().y() + 1 - height / 2, width, height);
        const int whole = width + scaledPx(6) + QFontMetrics(font).horizontalAdvance(words);
        if (x + whole <= m_bars.legend.right() + 1) {
            painter.fillRect(sign, color);
            paintText(painter, QRect(sign.right() + 1 + scaledPx(6), m_bars.legend.top(), whole, scaledPx(16)),
                      Qt::AlignLeft | Qt::AlignVCenter, words, font, theme().color(Color::TextSecondary));
            x += whole + scaledPx(16);
        }
    };
    entry(beyondChance(), scaledPx(12), scaledPx(10), tr("more than chance"));
    entry(theme().color(Color::Border), scaledPx(12), scaledPx(10), tr("within chance"));
    entry(theme().color(Color::Text), 2, scaledPx(12), tr("95 % of chance"));
}

Readout DistanceChart::layerReadout(int layer) const {
    const LayerDistance& distance = m_distance[size_t(layer)];
    return {{tr("Layer %1").arg(layer), ReadoutSpan::Strong},
            {tr("JS %1 bits").arg(bits(distance.js_bits))},
            {distance.isOutsideChance() ? tr("95 % of chance is below %1").arg(bits(distance.chance_bits))
                                        : tr("within chance, %1").arg(bits(distance.chance_bits))},
            {tr("Jaccard %1").arg(QString::number(distance.jaccard, 'f', 2))},
            {tr("n = %1").arg(groupedText(distance.n))}};
}

Readout DistanceChart::readout() const {
    if (m_distance.empty()) {
        return {};
    }
    if (m_hovered >= 0) {
        return layerReadout(m_hovered);
    }
    return {{tr("Jensen–Shannon of expert shares, n = %1 aligned tokens").arg(groupedText(m_distance.front().n))}};
}

QString DistanceChart::tipAt(const QPoint& at) const {
    const int layer = m_bars.rows.layerAt(at, scroll());
    if (layer < 0 || m_distance.empty()) {
        return {};
    }
    const LayerDistance& distance = m_distance[size_t(layer)];
    return tooltipTable(tr("Layer %1").arg(layer),
                        {{tr("Jensen–Shannon"), tr("%1 bits").arg(bits(distance.js_bits))},
                         {tr("95 % of chance"), tr("%1 bits").arg(bits(distance.chance_bits))},
                         {tr("Jaccard"), QString::number(distance.jaccard, 'f', 2)},
                         {tr("n"), groupedText(distance.n)}});
}

bool DistanceChart::hover(const QPoint* at) {
    const int next = at != nullptr && !m_distance.empty() ? m_bars.rows.layerAt(*at, scroll()) : -1;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void DistanceChart::click(const QPoint& at) { chooseLayer(m_bars.rows.layerAt(at, scroll())); }

void DistanceChart::revealSelection() {
    const int layer = comparison()->place().layer;
    if (layer >= 0 && layer < m_bars.rows.layers) {
        setScroll(m_bars.rows.scrollTo(layer, scroll()));
    }
}

} // namespace moescope::ui
