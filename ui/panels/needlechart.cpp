// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/needlechart.h"

#include "ui/models/conversation.h"
#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kTop = 46;     ///< px above the cells
constexpr int kFoot = 40;    ///< px below them
constexpr int kLabels = 64;  ///< px at their left
constexpr int kMargin = 16;  ///< px at their right
constexpr int kHighest = 40; ///< px of a cell
constexpr int kLeastWidth = 4;

} // namespace

NeedleChart::NeedleChart(Comparison* comparison, TraceModel* silent, QWidget* parent)
    : ComparisonChart(comparison, silent, parent) {
    setAccessibleName(tr("Share of needles found by prompt length and depth"));
    connect(comparison, &Comparison::gridChanged, this, &NeedleChart::invalidate);
}

void NeedleChart::sync() {
    m_columns = grid() != nullptr ? grid()->columns() : 0;
    m_rows = grid() != nullptr && m_columns > 0 ? grid()->rows() : 0;
    const int left = scaledPx(kLabels);
    const int width = std::max(0, viewport()->width() - left - scaledPx(kMargin));
    const int height = std::max(0, viewport()->height() - scaledPx(kTop) - scaledPx(kFoot));
    const int cellWidth = m_columns > 0 ? std::max(kLeastWidth, width / m_columns) : 0;
    const int cellHeight = m_rows > 0 ? std::clamp(height / m_rows, scaledPx(14), scaledPx(kHighest)) : 0;
    m_map = QRect(left, scaledPx(kTop), cellWidth * m_columns, cellHeight * m_rows);
    m_legend = QRect(left + 1, m_map.bottom() + 1 + scaledPx(8), std::max(0, m_map.width() - 2), scaledPx(30));
    const int cells = m_columns * m_rows;
    m_chosen = m_chosen < cells ? m_chosen : -1;
    m_hovered = m_hovered < cells ? m_hovered : -1;
    setScrollRange(0, viewport()->height(), 1);
}

QRect NeedleChart::cellRect(int column, int row) const {
    const int width = m_map.width() / std::max(1, m_columns);
    const int height = m_map.height() / std::max(1, m_rows);
    return {m_map.left() + column * width, m_map.top() + row * height, std::max(1, width - (width > 8 ? 2 : 0)),
            std::max(1, height - 2)};
}

int NeedleChart::cellAt(const QPoint& at) const {
    if (m_rows == 0 || !m_map.contains(at)) {
        return -1;
    }
    const int column = (at.x() - m_map.left()) * m_columns / m_map.width();
    const int row = (at.y() - m_map.top()) * m_rows / m_map.height();
    return grid()->index(column, row);
}

int NeedleChart::current() const {
    if (m_rows == 0) {
        return -1;
    }
    if (m_chosen >= 0) {
        return m_chosen;
    }
    const int b = comparison()->cellOf(Side::B);
    return b >= 0 ? b : comparison()->cellOf(Side::A);
}

void NeedleChart::setCurrent(int cell) {
    if (cell >= 0 && cell < m_columns * m_rows) {
        m_chosen = cell;
        viewport()->update();
        emit readoutChanged();
    }
}

QString NeedleChart::cellText(int cell) const {
    const NeedleGridView::Cell& of = grid()->cells[size_t(cell)];
    if (of.failed) {
        return tr("failed");
    }
    if (cell == grid()->current && of.n < grid()->cases) {
        return tr("%1 / %2").arg(of.n).arg(grid()->cases);
    }
    return of.n == 0 ? QString() : QString::number(double(of.found) / of.n, 'f', of.n > 10 ? 2 : 1);
}

void NeedleChart::paintChart(QPainter& painter) {
    if (m_rows == 0) {
        return;
    }
    paintHeader(painter);
    for (int column = 0; column < m_columns; ++column) {
        for (int row = 0; row < m_rows; ++row) {
            paintCell(painter, column, row);
        }
    }
    for (const Side side : {Side::A, Side::B}) {
        paintSideFrame(painter, side);
    }
    if (m_chosen >= 0) {
        paintSelection(painter, cellRect(m_chosen / m_rows, m_chosen % m_rows));
    }
    if (m_hovered >= 0) {
        paintFrame(painter, cellRect(m_hovered / m_rows, m_hovered % m_rows), theme().color(Color::Text));
    }
    paintLegend(painter);
}

void NeedleChart::paintHeader(QPainter& painter) const {
    const QColor muted = theme().color(Color::TextMuted);
    const QRect heading(m_map.left(), scaledPx(8), m_map.width(), scaledPx(16));
    const QString share =
        grid()->cases == 1 ? tr("share of 1 needle found") : tr("share of %1 needles found").arg(grid()->cases);
    const int room = heading.width() - QFontMetrics(axisFont()).horizontalAdvance(share) - scaledPx(12);
    paintText(painter, heading, Qt::AlignLeft | Qt::AlignVCenter,
              fittingText({tr("Prompt length, tokens"), tr("Length"), QString()}, axisFont(), std::max(0, room)),
              axisFont(), muted);
    paintText(painter, heading, Qt::AlignRight | Qt::AlignVCenter, share, axisFont(), muted);
    const QFont mono = axisMonoFont();
    const QRect numbers = heading.translated(0, scaledPx(18));
    const bool depths = !grid()->depths.empty();
    const QRect labels(scaledPx(8), 0, m_map.left() - scaledPx(16), 0);
    paintText(painter, QRect(labels.left(), numbers.top(), labels.width(), numbers.height()),
              Qt::AlignRight | Qt::AlignVCenter, depths ? tr("Depth") : QString(), axisFont(), muted);
    const int selected = m_hovered >= 0 ? m_hovered : current();
    int widest = 0;
    for (const uint32_t length : grid()->lengths) {
        widest = std::max(widest, QFontMetrics(mono).horizontalAdvance(groupedText(length)));
    }
    int step = 1;
    while (step * (m_map.width() / m_columns) < widest + scaledPx(6)) {
        step *= 2;
    }
    for (int column = 0; column < m_columns; column += step) {
        const QRect cell = cellRect(column, 0);
        const bool marked = selected >= 0 && selected / m_rows == column;
        paintText(painter, QRect(cell.center().x() - 40, numbers.top(), 81, numbers.height()), Qt::AlignCenter,
                  groupedText(grid()->lengths[size_t(column)]), marked ? bold(mono) : mono,
                  theme().color(marked ? Color::Text : Color::TextSecondary));
    }
    for (int row = 0; row < m_rows; ++row) {
        const QRect cell = cellRect(0, row);
        const bool marked = selected >= 0 && selected % m_rows == row;
        const QString words = depths ? tr("%1 %").arg(grid()->depths[size_t(row)]) : tr("Whole text");
        paintText(painter, QRect(labels.left() - scaledPx(4), cell.top(), labels.width() + scaledPx(4), cell.height()),
                  Qt::AlignRight | Qt::AlignVCenter, words, depths ? (marked ? bold(mono) : mono) : axisFont(),
                  theme().color(marked ? Color::Text : Color::TextSecondary));
    }
}

void NeedleChart::paintCell(QPainter& painter, int column, int row) const {
    const int at = grid()->index(column, row);
    const NeedleGridView::Cell& cell = grid()->cells[size_t(at)];
    const QRect rect = cellRect(column, row);
    const QString words = cellText(at);
    const QFont font = axisMonoFont();
    const bool fits = QFontMetrics(font).horizontalAdvance(words) + 4 <= rect.width();
    if (cell.failed) {
        painter.fillRect(rect, theme().color(Color::ErrorTint));
        paintFrame(painter, rect, theme().color(Color::Error));
        paintText(painter, rect, Qt::AlignCenter, fits ? words : QStringLiteral("!"), font,
                  theme().color(Color::Error));
        return;
    }
    if (at == grid()->current && cell.n < grid()->cases) {
        painter.fillRect(rect, theme().color(Color::Panel));
        paintFrame(painter, rect, theme().color(Color::Border));
        const int width = rect.width() * cell.n / std::max(1, grid()->cases);
        painter.fillRect(QRect(rect.left(), rect.bottom() - 2, width, 3), theme().color(Color::AccentText));
        if (fits) {
            paintText(painter, rect.adjusted(0, 0, 0, -2), Qt::AlignCenter, words, font, theme().color(Color::Text));
        }
        return;
    }
    if (cell.n == 0) {
        painter.fillRect(rect, hatching(painter, theme().color(Color::Border), theme().color(Color::Window)));
        paintFrame(painter, rect, theme().color(Color::Border));
        return;
    }
    const QColor color = theme().sequential(double(cell.found) / cell.n);
    painter.fillRect(rect, color);
    if (fits) {
        paintText(painter, rect, Qt::AlignCenter, words, font, Theme::textOn(color));
    }
}

void NeedleChart::paintSideFrame(QPainter& painter, Side side) const {
    const int cell = comparison()->cellOf(side);
    if (cell < 0) {
        return;
    }
    const QRect rect = cellRect(cell / m_rows, cell % m_rows);
    QPen pen = sidePen(side, 2);
    pen.setColor(theme().color(Color::Text));
    painter.setPen(pen);
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(rect.adjusted(1, 1, -1, -1));
    paintFrame(painter, rect.adjusted(2, 2, -2, -2), theme().color(Color::Panel)); // seen on a cell of any colour
    const int box = scaledPx(13);
    if (rect.width() < 3 * box || rect.height() < box + 4) {
        return;
    }
    const QRect tag(rect.right() - 1 - box, rect.top() + 2, box, box);
    painter.fillRect(tag, theme().color(Color::Panel));
    paintText(painter, tag, Qt::AlignCenter, side == Side::A ? tr("A") : tr("B"), bold(axisFont()), sideColor(side));
}

void NeedleChart::paintLegend(QPainter& painter) const {
    const QRect bar(m_legend.left(), m_legend.top(), std::min(scaledPx(180), m_legend.width()), scaledPx(8));
    paintLegendBar(painter, bar, [](double at) { return theme().sequential(at); });
    paintLegendTicks(painter, bar, {QStringLiteral("0"), QStringLiteral("0.5"), QStringLiteral("1")});
    const QFont font = axisFont();
    const QRect sign(bar.right() + scaledPx(17), m_legend.top() - scaledPx(1), scaledPx(14), scaledPx(11));
    const QRect words(sign.right() + scaledPx(6), sign.center().y() - scaledPx(8), m_legend.right() - sign.right(),
                      scaledPx(16));
    painter.fillRect(sign, hatching(painter, theme().color(Color::Border), theme().color(Color::Window)));
    paintFrame(painter, sign, theme().color(Color::Border));
    paintText(painter, words, Qt::AlignLeft | Qt::AlignVCenter, tr("not run"), font,
              theme().color(Color::TextSecondary));
}

QString NeedleChart::cellName(int cell) const {
    const QString length = tr("%1 tokens").arg(groupedText(grid()->lengths[size_t(cell / m_rows)]));
    return grid()->depths.empty() ? length
                                  : tr("%1, depth %2 %").arg(length).arg(grid()->depths[size_t(cell % m_rows)]);
}

Readout NeedleChart::cellReadout(int cell) const {
    const NeedleGridView::Cell& of = grid()->cells[size_t(cell)];
    Readout readout{{cellName(cell), ReadoutSpan::Strong}};
    if (of.failed) {
        readout.append({tr("failed"), ReadoutSpan::Warn});
    } else if (of.n == 0) {
        readout.append({cell == grid()->current ? tr("its first case is being run") : tr("not run yet")});
    } else {
        readout.append({tr("%1 of %2 found").arg(of.found).arg(of.n)});
        readout.append({tr("95 % interval %1–%2").arg(gateText(of.low), gateText(of.high))});
        if (of.seconds > 0) {
            readout.append({durationText(of.seconds * 1000)});
        }
    }
    return readout;
}

Readout NeedleChart::readout() const {
    if (m_rows == 0) {
        return {};
    }
    const int cell = m_hovered >= 0 ? m_hovered : current();
    if (cell < 0) {
        return {{tr("%1 of %2 cases run").arg(groupedText(grid()->done), groupedText(grid()->all))}};
    }
    Readout readout = cellReadout(cell);
    if (m_hovered < 0 && cell == m_chosen) {
        readout.append({tr("Enter opens it as a run")});
    }
    return readout;
}

QString NeedleChart::tipAt(const QPoint& at) const {
    const int cell = cellAt(at);
    return cell < 0 ? QString() : readoutText(cellReadout(cell)).toHtmlEscaped();
}

bool NeedleChart::hover(const QPoint* at) {
    const int next = at != nullptr ? cellAt(*at) : -1;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void NeedleChart::click(const QPoint& at) { setCurrent(cellAt(at)); }

bool NeedleChart::useKey(QKeyEvent* event) {
    if (m_rows == 0 || event->modifiers().testFlag(Qt::ControlModifier)) {
        return false;
    }
    const int at = std::max(0, current());
    const int column = at / m_rows;
    const int row = at % m_rows;
    const auto go = [this](int toColumn, int toRow) {
        if (toColumn >= 0 && toColumn < m_columns && toRow >= 0 && toRow < m_rows) {
            setCurrent(grid()->index(toColumn, toRow));
        }
    };
    switch (event->key()) {
    case Qt::Key_Left: go(column - 1, row); return true;
    case Qt::Key_Right: go(column + 1, row); return true;
    case Qt::Key_Up: go(column, row - 1); return true;
    case Qt::Key_Down: go(column, row + 1); return true;
    case Qt::Key_Home: go(0, row); return true;
    case Qt::Key_End: go(m_columns - 1, row); return true;
    default: return false;
    }
}

bool NeedleChart::openDetail() {
    if (m_chosen < 0) {
        return false;
    }
    emit cellOpened(m_chosen);
    return true;
}

} // namespace moescope::ui
