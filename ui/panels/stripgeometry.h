// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QRect>

#include <algorithm>
#include <vector>

namespace moescope::ui {

/** Boxes of the token strip: left to right, a new row where the next does not fit or after a line break. Appending a box
 *  costs O(1). Coordinates are of the whole content; the view subtracts its scroll position. */
class StripGeometry {
public:
    struct Box {
        int row = 0;
        int x = 0;
        int width = 0;
    };

    StripGeometry() = default;
    /** `width` of the view in logical px, `scale` of the fonts. */
    StripGeometry(int width, double scale);

    /** `textWidth` of the token's label; `breakAfter`: a line break is in it. */
    void append(int textWidth, bool breakAfter);

    int count() const { return static_cast<int>(m_boxes.size()); }
    int rows() const { return static_cast<int>(m_rowStarts.size()); }
    /** Rows move closer where that shows one more of those that do not all fit. To be called for every height. */
    void fit(int viewHeight);
    int rowPitch() const { return px(m_tight ? 36 : 38); }
    /** Above the first row, 2 px of it also below the last. */
    int top() const { return px(m_tight ? 8 : 12); }
    /** Rows that a view shows whole, at least one. */
    int visibleRows(int viewHeight) const {
        return std::max(1, (viewHeight - top() - px(m_tight ? 0 : 2)) / rowPitch());
    }
    const Box& box(int token) const { return m_boxes[size_t(token)]; }
    /** The tinted box of a token, without the number below. */
    QRect rect(int token) const;
    /** Line for the number below it. */
    QRect below(int token) const;
    /** Tokens first…last of a row. */
    int rowFirst(int row) const { return m_rowStarts[size_t(row)]; }
    int rowLast(int row) const { return row + 1 < rows() ? m_rowStarts[size_t(row) + 1] - 1 : count() - 1; }
    int rowAt(int y) const; ///< clamped to 0…rows() − 1; −1 without rows
    /** Token under a point of the content (box or number), −1: none. */
    int tokenAt(const QPoint& at) const;
    /** The token nearest in x, one row up (−1) or down (1); the same token at the edge. */
    int neighbour(int token, int rowStep) const;
    /** Scroll position, a multiple of the row pitch, that keeps the token a row away from the view's edges; `scroll` if
     *  it is. */
    int scrollTo(int token, int scroll, int viewHeight) const;
    int scrollMax(int viewHeight) const { return std::max(0, rows() - visibleRows(viewHeight)) * rowPitch(); }

private:
    int px(int value) const { return int(value * m_scale + 0.5); }

    int m_width = 0;
    double m_scale = 1;
    std::vector<Box> m_boxes;
    std::vector<int> m_rowStarts;
    int m_x = 0;
    bool m_newRow = true;
    bool m_tight = false;
};

} // namespace moescope::ui
