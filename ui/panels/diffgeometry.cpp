// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/diffgeometry.h"

#include <algorithm>
#include <cmath>

namespace moescope::ui {

DiffGeometry DiffGeometry::of(const QSize& view, int tokens, bool bars, double scale) {
    DiffGeometry geometry;
    geometry.scale = scale;
    geometry.tokens = tokens;
    const auto px = [scale](int value) { return int(value * scale + 0.5); };
    const int margin = px(12);
    const int width = std::max(0, view.width() - 2 * margin);
    geometry.heading = QRect(margin, px(8), width, px(16));
    const int axis = bars && width >= px(300) ? px(84) : 0;
    geometry.band = QRect(margin, px(28), width - axis, px(bars ? 40 : 6));
    geometry.axis = QRect(geometry.band.right() + 1, geometry.band.top(), axis, geometry.band.height());
    geometry.ticks = QRect(margin, geometry.band.bottom() + 1 + px(1), geometry.band.width(), px(5));
    geometry.marks = QRect(margin, geometry.ticks.bottom() + 1, width, px(16));
    geometry.heads = QRect(margin, geometry.marks.bottom() + 1 + px(4), width, px(20));
    const int top = geometry.heads.bottom() + 1 + px(4);
    geometry.window = QRect(margin, top, width, std::max(0, view.height() - top - px(8)));
    const int gap = px(24);
    geometry.column = std::max(0, (width - gap) / 2);
    geometry.left[0] = margin;
    geometry.left[1] = margin + geometry.column + gap;
    const int least = px(2);
    const int room = geometry.band.width();
    geometry.merged = room > 0 ? std::max(1, (tokens * least + room - 1) / room) : 1;
    geometry.bars = (tokens + geometry.merged - 1) / geometry.merged;
    geometry.pitch = geometry.bars > 0 ? std::min(double(px(24)), double(room) / geometry.bars) : 0;
    return geometry;
}

QRect DiffGeometry::slot(int bar) const {
    const int from = band.left() + static_cast<int>(std::ceil(bar * pitch));
    const int to = band.left() + static_cast<int>(std::ceil((bar + 1) * pitch));
    return {from, band.top(), std::max(1, to - from), band.height()};
}

QRect DiffGeometry::bar(int bar, double share) const {
    const QRect whole = slot(bar);
    const int gap = whole.width() >= 4 ? 1 : 0;
    const int height = share > 0 ? std::max(1, int(whole.height() * std::min(share, 1.0) + 0.5)) : 0;
    return {whole.left(), whole.bottom() + 1 - height, whole.width() - gap, height};
}

int DiffGeometry::barAt(const QPoint& at) const {
    const QRect reach(band.left(), band.top(), band.width(), ticks.bottom() - band.top());
    if (!reach.contains(at) || pitch <= 0) {
        return -1;
    }
    const int bar = int((at.x() - band.left()) / pitch);
    return bar < bars ? bar : -1;
}

void TokenFlow::append(const std::vector<Piece>& word) {
    int whole = 0;
    for (const Piece& piece : word) {
        whole += piece.width;
    }
    if (m_x > 0 && m_x + whole > m_width && whole <= m_width) {
        m_x = 0;
        m_y += m_line;
    }
    for (const Piece& piece : word) {
        if (m_x > 0 && m_x + piece.width > m_width) { // a word longer than a line
            m_x = 0;
            m_y += m_line;
        }
        const bool trimmed = m_x == 0 && piece.leads && piece.width > m_space;
        const int width = piece.width - (trimmed ? m_space : 0);
        m_rects.emplace_back(m_x, m_y, std::min(width, std::max(1, m_width)), m_line);
        m_trimmed.push_back(trimmed);
        m_x += width;
        if (piece.breaks) {
            m_x = 0;
            m_y += m_line;
        }
    }
}

int TokenFlow::tokenAt(const QPoint& at) const {
    const auto found =
        std::find_if(m_rects.begin(), m_rects.end(), [&](const QRect& rect) { return rect.contains(at); });
    return found == m_rects.end() ? -1 : static_cast<int>(found - m_rects.begin());
}

} // namespace moescope::ui
