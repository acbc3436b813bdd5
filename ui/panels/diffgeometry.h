// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QRect>
#include <QSize>

#include <vector>

namespace moescope::ui {

/** Where the parts of What-if diff lie: bars by token above, the two answers side by side below. The answers scroll. */
struct DiffGeometry {
    double scale = 1;
    int tokens = 0;
    int merged = 1; ///< tokens a bar
    int bars = 0;
    double pitch = 0; ///< px from bar to bar
    QRect heading;
    QRect band;           ///< the bars stand on its lower edge
    QRect axis;           ///< of the bars' height, at their right; empty without them or without room
    QRect ticks;          ///< below the bars
    QRect marks;          ///< what the ticks are
    QRect heads;          ///< of both columns
    QRect window;         ///< where the answers are seen
    int left[2] = {0, 0}; ///< of the columns A and B
    int column = 0;       ///< width of one

    /** Without `bars` only an axis for the marks. */
    static DiffGeometry of(const QSize& view, int tokens, bool bars, double scale);

    int barOf(int token) const { return merged > 0 ? token / merged : 0; }
    /** The column of a bar over the band's whole height. */
    QRect slot(int bar) const;
    QRect bar(int bar, double share) const;
    int barAt(const QPoint& at) const; ///< −1: none
};

/** Words of an answer in lines: a word goes on the next line where it does not fit, tokens of a word stay together while
 *  the line is wide enough for them. Coordinates are of the column. */
class TokenFlow {
public:
    TokenFlow() = default;
    TokenFlow(int width, int lineHeight, int space) : m_width(width), m_line(lineHeight), m_space(space) {}

    struct Piece {
        int width = 0;       ///< px, the space before it included
        bool leads = false;  ///< a space before it begins a word
        bool breaks = false; ///< a line break is in it
    };
    /** The tokens of one word. */
    void append(const std::vector<Piece>& word);

    int count() const { return static_cast<int>(m_rects.size()); }
    int height() const { return m_rects.empty() ? 0 : m_rects.back().bottom() + 1; }
    const QRect& rect(int token) const { return m_rects[size_t(token)]; }
    /** The space before it fell away at the begin of a line. */
    bool isTrimmed(int token) const { return m_trimmed[size_t(token)]; }
    int tokenAt(const QPoint& at) const; ///< −1: none

private:
    int m_width = 0;
    int m_line = 0;
    int m_space = 0;
    int m_x = 0;
    int m_y = 0;
    std::vector<QRect> m_rects;
    std::vector<bool> m_trimmed;
};

} // namespace moescope::ui
