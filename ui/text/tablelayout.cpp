// SPDX-License-Identifier: Apache-2.0
#include "ui/text/tablelayout.h"

#include <QPainter>

#include <algorithm>
#include <numeric>

namespace moescope::ui {

namespace {

constexpr int kPad = 8;
constexpr int kAbove = 4;
constexpr int kLeast = 56; ///< px of a column
constexpr int kBar = 8;

} // namespace

int TableLayout::rows() const {
    return m_block->columns > 0 ? static_cast<int>(m_block->cells.size()) / m_block->columns : 0;
}

void TableLayout::shareWidths(int room) {
    const auto columns = static_cast<size_t>(m_block->columns);
    m_widths.assign(columns, kLeast);
    for (size_t i = 0; i < m_cells.size(); ++i) {
        int& width = m_widths[i % columns];
        width = std::max(width, m_cells[i].widthUsed() + 2 * kPad + 1);
    }
    const int wanted = std::accumulate(m_widths.begin(), m_widths.end(), 0);
    if (wanted > room) {
        // Narrow columns keep their width; the wide ones share what is left.
        int left = room;
        int open = static_cast<int>(columns);
        std::vector<size_t> order(columns);
        std::iota(order.begin(), order.end(), 0U);
        std::sort(order.begin(), order.end(), [this](size_t a, size_t b) { return m_widths[a] < m_widths[b]; });
        for (const size_t column : order) {
            const int fair = left / open;
            m_widths[column] = std::max(kLeast, std::min(m_widths[column], fair));
            left -= m_widths[column];
            --open;
        }
    }
    m_lefts.assign(columns, 0);
    for (size_t i = 1; i < columns; ++i) {
        m_lefts[i] = m_lefts[i - 1] + m_widths[i - 1];
    }
}

void TableLayout::layOut(int width) {
    m_width = width;
    const Theme& look = theme();
    const auto columns = static_cast<size_t>(m_block->columns);
    if (columns == 0) {
        m_height = 0;
        return;
    }
    m_cells.resize(static_cast<size_t>(rows()) * columns);
    const int pitch = look.lineHeight(TextStyle::Ui);
    const auto place = [&](size_t i, int room) {
        QFont font = look.font(i < columns ? TextStyle::UiStrong : TextStyle::Ui);
        Qt::Alignment alignment;
        if (i % columns < static_cast<size_t>(m_block->aligns.size())) {
            switch (m_block->aligns[static_cast<qsizetype>(i % columns)]) {
            case MarkdownBlock::Align::Right: alignment = Qt::AlignRight; break;
            case MarkdownBlock::Align::Center: alignment = Qt::AlignHCenter; break;
            case MarkdownBlock::Align::Left: alignment = Qt::AlignLeft; break;
            default: break;
            }
        }
        m_cells[i].layOut(m_block->cells[i], font, pitch, room, alignment, m_color);
    };
    for (size_t i = 0; i < m_cells.size(); ++i) {
        place(i, 1 << 20);
    }
    shareWidths(width - left());
    m_tops.assign(1, 0);
    m_firstLinks.clear();
    int links = 0;
    for (int row = 0; row < rows(); ++row) {
        int high = pitch;
        for (size_t column = 0; column < columns; ++column) {
            const size_t i = static_cast<size_t>(row) * columns + column;
            place(i, m_widths[column] - 2 * kPad);
            high = std::max(high, m_cells[i].height());
            m_firstLinks.push_back(links);
            links += static_cast<int>(m_block->cells[i].links.size());
        }
        m_tops.push_back(m_tops.back() + high + 2 * kAbove + 1);
    }
    m_height = m_tops.back() + 1;
    if (scrollRange() > 0) {
        m_height += kBar;
    }
    setScroll(m_scroll);
}

QPoint TableLayout::cellOrigin(int row, int column) const {
    return {left() + m_lefts[static_cast<size_t>(column)] + kPad - m_scroll,
            m_tops[static_cast<size_t>(row)] + kAbove + 1};
}

void TableLayout::paint(QPainter& painter, const QRect& clip, const BlockMarks& marks) {
    paintContainer(painter);
    if (m_block->columns == 0) {
        return;
    }
    const Theme& look = theme();
    const int inner = m_lefts.back() + m_widths.back();
    const int wide = std::min(m_width - left(), inner);
    painter.save();
    painter.setClipRect(QRect(left(), 0, wide, m_height), Qt::IntersectClip);
    for (int row = 0; row < rows(); ++row) {
        const int top = m_tops[static_cast<size_t>(row)];
        const int bottom = m_tops[static_cast<size_t>(row) + 1];
        if (bottom < clip.top()) {
            continue;
        }
        if (top > clip.bottom()) {
            break;
        }
        for (int column = 0; column < m_block->columns; ++column) {
            const auto i = static_cast<size_t>(row * m_block->columns + column);
            BlockMarks own = marks;
            own.caret = marks.caret && i + 1 == m_cells.size();
            own.focused_link = marks.focused_link - m_firstLinks[i];
            if (own.focused_link >= static_cast<int>(m_block->cells[i].links.size())) {
                own.focused_link = -1;
            }
            const QPoint origin = cellOrigin(row, column);
            m_cells[i].paint(painter, origin, clip, own);
        }
        painter.fillRect(QRect(left(), bottom - 1, wide, 1),
                         look.color(row == 0 ? Color::Border : Color::BorderSubtle));
    }
    painter.restore();
    if (const QRect bar = scrollBar(); !bar.isEmpty()) {
        const int room = bar.width();
        const int handle = std::max(24, room * room / (room + scrollRange()));
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(look.color(Color::BorderStrong));
        painter.drawRoundedRect(QRectF(bar.left() + (room - handle) * m_scroll / std::max(1, scrollRange()),
                                       bar.top() + 2, handle, kBar - 4),
                                2, 2);
        painter.setRenderHint(QPainter::Antialiasing, false);
    }
}

int TableLayout::sourceAt(const QPoint& point, bool nearest) const {
    if (rows() == 0) {
        return nearest ? m_block->source_start : -1;
    }
    int row = static_cast<int>(std::upper_bound(m_tops.begin(), m_tops.end(), point.y()) - m_tops.begin()) - 1;
    const int x = point.x() - left() + m_scroll;
    int column = static_cast<int>(std::upper_bound(m_lefts.begin(), m_lefts.end(), x) - m_lefts.begin()) - 1;
    if (!nearest && (row < 0 || row >= rows() || column < 0)) {
        return -1;
    }
    row = std::clamp(row, 0, rows() - 1);
    column = std::clamp(column, 0, m_block->columns - 1);
    const auto i = static_cast<size_t>(row * m_block->columns + column);
    const int found = m_cells[i].sourceAt(point - cellOrigin(row, column), nearest);
    return found < 0 && nearest ? m_block->source_start : found;
}

QList<QRect> TableLayout::rectsOf(int sourceStart, int sourceEnd) const {
    QList<QRect> rects;
    for (size_t i = 0; i < m_cells.size(); ++i) {
        const QPoint origin =
            cellOrigin(static_cast<int>(i) / m_block->columns, static_cast<int>(i) % m_block->columns);
        for (const QRect& rect : m_cells[i].rectsOf(sourceStart, sourceEnd)) {
            rects += rect.translated(origin);
        }
    }
    return rects;
}

int TableLayout::linkAt(const QPoint& point) const {
    for (size_t i = 0; i < m_cells.size(); ++i) {
        const QPoint origin =
            cellOrigin(static_cast<int>(i) / m_block->columns, static_cast<int>(i) % m_block->columns);
        if (const int link = m_cells[i].linkAt(point - origin); link >= 0) {
            return m_firstLinks[i] + link;
        }
    }
    return -1;
}

QList<QString> TableLayout::links() const {
    QList<QString> all;
    for (const RichText& cell : m_block->cells) {
        all += cell.links;
    }
    return all;
}

QRect TableLayout::linkRect(int link) const {
    for (size_t i = m_cells.size(); i-- > 0;) {
        if (m_firstLinks[i] <= link && !m_block->cells[i].links.isEmpty()) {
            const QPoint origin =
                cellOrigin(static_cast<int>(i) / m_block->columns, static_cast<int>(i) % m_block->columns);
            return m_cells[i].linkRect(link - m_firstLinks[i]).translated(origin);
        }
    }
    return {};
}

int TableLayout::scrollRange() const {
    return m_lefts.empty() ? 0 : std::max(0, m_lefts.back() + m_widths.back() - (m_width - left()));
}

QRect TableLayout::scrollBar() const {
    return scrollRange() == 0 ? QRect() : QRect(left(), m_height - kBar, m_width - left(), kBar);
}

} // namespace moescope::ui
