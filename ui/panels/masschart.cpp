// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/masschart.h"

#include "ui/models/conversation.h"
#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QPainter>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kNumber = 52; ///< px of a column of numbers

} // namespace

MassChart::MassChart(Comparison* comparison, TraceModel* silent, QWidget* parent)
    : ComparisonChart(comparison, silent, parent) {
    setAccessibleName(tr("Attention on the marked passage by layer"));
}

double MassChart::mass(Side side, int layer) const {
    const RunView* shown = run(side);
    return shown != nullptr && layer < static_cast<int>(shown->passage_mass.size())
               ? double(shown->passage_mass[size_t(layer)]) * 100
               : -1;
}

QString MassChart::massText(double mass) { return mass < 0 ? QStringLiteral("–") : QString::number(mass, 'f', 1); }

int MassChart::firstBlock() const {
    const RunView* a = run(Side::A);
    return a != nullptr && a->hasAnswer() ? a->trace->shape().first_block : 0;
}

int MassChart::selectedRow() const {
    const int layer = comparison()->place().layer;
    return layer < 0 ? -1 : layer + firstBlock();
}

void MassChart::sync() {
    int layers = 0;
    double most = 0;
    for (const Side side : {Side::A, Side::B}) {
        const RunView* shown = run(side);
        layers = std::max(layers, shown != nullptr ? static_cast<int>(shown->passage_mass.size()) : 0);
    }
    for (int layer = 0; layer < layers; ++layer) {
        most = std::max({most, mass(Side::A, layer), mass(Side::B, layer)});
    }
    m_bars = BarRows::of(viewport()->size(), layers, std::max(most, 0.1), 2 * scaledPx(kNumber), theme().fontScale());
    setScrollRange(m_bars.rows.scroll_max, m_bars.rows.window.height(), m_bars.rows.row_height);
    m_hovered = m_hovered < layers ? m_hovered : -1;
}

void MassChart::paintChart(QPainter& painter) {
    const LayerRows& rows = m_bars.rows;
    if (rows.layers == 0) {
        return;
    }
    painter.save();
    painter.setClipRect(rows.window);
    for (int layer = 0; layer < rows.layers; ++layer) {
        if (rows.row(layer, scroll()).intersects(rows.window)) {
            paintLayerRow(painter, rows, layer, scroll(), layer == selectedRow(), layer == m_hovered);
        }
    }
    painter.restore();
    m_bars.paintScale(painter, m_bars.step < 0.95 ? 1 : 0);
    painter.save();
    painter.setClipRect(rows.window);
    for (int layer = 0; layer < rows.layers; ++layer) {
        if (rows.row(layer, scroll()).intersects(rows.window)) {
            paintLayer(painter, layer);
        }
    }
    painter.restore();
    const QRect title(rows.right - scaledPx(kNumber), m_bars.titles.top(), scaledPx(kNumber), m_bars.titles.height());
    paintText(painter, title, Qt::AlignRight | Qt::AlignVCenter, tr("B, %"), axisFont(), sideColor(Side::B));
    paintText(painter, title.translated(-scaledPx(kNumber), 0), Qt::AlignRight | Qt::AlignVCenter, tr("A, %"),
              axisFont(), sideColor(Side::A));
    paintLegend(painter);
}

void MassChart::paintLayer(QPainter& painter, int layer) const {
    const QRect row = m_bars.rows.row(layer, scroll());
    painter.fillRect(m_bars.bar(layer, mass(Side::A, layer), 0, 2, scroll()), sideColor(Side::A));
    const QRect second = m_bars.bar(layer, mass(Side::B, layer), 1, 2, scroll());
    if (second.width() > 0) {
        painter.fillRect(second, sideTint(Side::B));
        painter.setPen(sidePen(Side::B, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(QRectF(second).adjusted(0.5, 0.5, -0.5, -0.5));
    }
    const QRect number(m_bars.rows.right - scaledPx(kNumber), row.top(), scaledPx(kNumber), row.height());
    const QFont font = theme().font(TextStyle::Mono);
    paintText(painter, number, Qt::AlignRight | Qt::AlignVCenter, massText(mass(Side::B, layer)), font,
              theme().color(Color::Text));
    paintText(painter, number.translated(-scaledPx(kNumber), 0), Qt::AlignRight | Qt::AlignVCenter,
              massText(mass(Side::A, layer)), font, theme().color(Color::Text));
}

void MassChart::paintLegend(QPainter& painter) const {
    int x = m_bars.legend.left();
    for (const Side side : {Side::A, Side::B}) {
        const QString words = side == Side::A ? tr("run A") : tr("run B");
        const QRect sign(x, m_bars.legend.center().y() - scaledPx(4), scaledPx(16), scaledPx(8));
        painter.fillRect(sign, side == Side::A ? sideColor(side) : sideTint(side));
        painter.setPen(sidePen(side, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(QRectF(sign).adjusted(0.5, 0.5, -0.5, -0.5));
        const int width = QFontMetrics(axisFont()).horizontalAdvance(words);
        paintText(painter, QRect(sign.right() + 1 + scaledPx(6), m_bars.legend.top(), width, scaledPx(16)),
                  Qt::AlignLeft | Qt::AlignVCenter, words, axisFont(), theme().color(Color::TextSecondary));
        x = sign.right() + scaledPx(6) + width + scaledPx(16);
    }
    const QRect rest(x, m_bars.legend.top(), std::max(0, m_bars.legend.right() - x), scaledPx(16));
    paintText(
        painter, rest, Qt::AlignLeft | Qt::AlignVCenter,
        fittingText({tr("share of the answer’s attention, mean over heads"), tr("share of the attention"), QString()},
                    axisFont(), rest.width()),
        axisFont(), theme().color(Color::TextMuted));
}

Readout MassChart::layerReadout(int layer) const {
    Readout readout{{tr("Layer %1").arg(layer), ReadoutSpan::Strong}};
    for (const Side side : {Side::A, Side::B}) {
        const double share = mass(side, layer);
        const QString name = side == Side::A ? tr("A") : tr("B");
        readout.append(
            {share < 0 ? tr("%1 not recorded").arg(name)
                       : tr("%1 %2 %, n = %3").arg(name, massText(share), groupedText(run(side)->passage_mass_n))});
    }
    return readout;
}

Readout MassChart::readout() const {
    const int row = m_hovered >= 0 ? m_hovered : selectedRow();
    if (row >= 0 && row < m_bars.rows.layers) {
        return layerReadout(row);
    }
    return m_bars.rows.layers == 0
               ? Readout()
               : Readout{{tr("Share of the answer tokens’ attention on the passage, mean over heads")}};
}

QString MassChart::tipAt(const QPoint& at) const {
    const int layer = m_bars.rows.layerAt(at, scroll());
    return layer < 0 ? QString() : readoutText(layerReadout(layer)).toHtmlEscaped();
}

bool MassChart::hover(const QPoint* at) {
    const int next = at != nullptr ? m_bars.rows.layerAt(*at, scroll()) : -1;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void MassChart::click(const QPoint& at) { chooseLayer(m_bars.rows.layerAt(at, scroll()) - firstBlock()); }

void MassChart::revealSelection() {
    if (selectedRow() >= 0 && selectedRow() < m_bars.rows.layers) {
        setScroll(m_bars.rows.scrollTo(selectedRow(), scroll()));
    }
}

} // namespace moescope::ui
