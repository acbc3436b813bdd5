// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/stripgeometry.h"

#include <algorithm>
#include <cstdlib>

namespace moescope::ui {

StripGeometry::StripGeometry(int width, double scale) : m_width(width), m_scale(scale) {}

void StripGeometry::append(int textWidth, bool breakAfter) {
    const int left = px(12);
    const int gap = px(2);
    const int least = px(22); // ".97" below keeps clear of its neighbours
    const int most = std::max(least, m_width - 2 * left);
    const int width = std::clamp(textWidth + 2 * px(3), least, most);
    if (m_newRow || m_x + width > left + most) {
        m_rowStarts.push_back(count());
        m_x = left;
    }
    m_boxes.push_back({rows() - 1, m_x, width});
    m_x += width + gap;
    m_newRow = breakAfter;
}

void StripGeometry::fit(int viewHeight) {
    m_tight = false;
    const int roomy = visibleRows(viewHeight);
    m_tight = roomy < rows();
    m_tight = m_tight && visibleRows(viewHeight) > roomy;
}

QRect StripGeometry::rect(int token) const {
    const Box& at = box(token);
    return {at.x, top() + at.row * rowPitch(), at.width, px(20)};
}

QRect StripGeometry::below(int token) const {
    const QRect top = rect(token);
    return {top.left() - px(6), top.bottom() + 1, top.width() + 2 * px(6), px(16)};
}

int StripGeometry::rowAt(int y) const { return rows() > 0 ? std::clamp((y - top()) / rowPitch(), 0, rows() - 1) : -1; }

int StripGeometry::tokenAt(const QPoint& at) const {
    const int row = rowAt(at.y());
    if (row < 0 || at.y() < top()) {
        return -1;
    }
    for (int token = rowFirst(row); token <= rowLast(row); ++token) {
        const QRect mark = rect(token);
        if (at.x() >= mark.left() && at.x() <= mark.right() && at.y() <= below(token).bottom()) {
            return token;
        }
    }
    return -1;
}

int StripGeometry::neighbour(int token, int rowStep) const {
    const int row = box(token).row + rowStep;
    if (row < 0 || row >= rows()) {
        return token;
    }
    const int middle = rect(token).center().x();
    int nearest = rowFirst(row);
    for (int other = nearest; other <= rowLast(row); ++other) {
        if (std::abs(rect(other).center().x() - middle) < std::abs(rect(nearest).center().x() - middle)) {
            nearest = other;
        }
    }
    return nearest;
}

int StripGeometry::scrollTo(int token, int scroll, int viewHeight) const {
    const int row = box(token).row;
    const int visible = visibleRows(viewHeight);
    const int last = std::max(0, rows() - visible);
    // A whole row stays visible above and below, unless the view is too low for three.
    const int spare = visible >= 3 ? 1 : 0;
    const int least = std::clamp(row + 1 + spare - visible, 0, last);
    const int most = std::clamp(row - spare, least, std::max(least, last));
    return std::clamp(scroll / rowPitch(), least, most) * rowPitch();
}

} // namespace moescope::ui
