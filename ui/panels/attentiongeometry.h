// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QRect>
#include <QSize>

namespace moescope::ui {

/** Where the marks of Attention lie: rows of heads over the positions, or one head as bars and its tokens of most weight;
 *  below either the two lists of shares, which stand at the right of heads that a low panel would hide. Rows of heads
 *  scroll when they do not fit; what is around them stays. */
struct AttentionGeometry {
    int heads = 0;
    int positions = 0;
    int figures = 0; ///< columns of numbers at the right of the rows
    double scale = 1;
    bool detail = false; ///< one head

    int margin = 0;
    QRect header;
    int bars_left = 0;
    int bars_width = 0;
    int figure_width = 0;
    int row_height = 0;
    QRect window; ///< where the rows of heads are seen; the bars of one head
    int scroll_max = 0;
    int bin = 1; ///< positions that one column of pixels stands for
    int bins = 0;
    QRect legend;
    QRect tops;           ///< list of the tokens of most weight, heading first; one head alone
    int top_rows = 0;     ///< rows of it that fit
    int divider = 0;      ///< y of the line above the shares
    int beside = 0;       ///< x of the line where they stand at the right instead, 0: below
    int share_pitch = 16; ///< px of a line of the lists, before scaling
    QRect distances;      ///< heading, then rows
    QRect messages;

    /** Rows of the two lists of shares. */
    struct Shares {
        int distances = 0;
        int messages = 0;
    };
    static AttentionGeometry of(const QSize& view, int heads, int positions, int figures, const Shares& shares,
                                bool detail, double scale);

    QRect row(int head, int scroll) const;
    QRect strip(int head, int scroll) const;
    /** Left edges of a bin's pixels; that of `bins` is the right end. */
    int xOf(int index) const { return bars_left + int(qint64(bars_width) * index / (bins > 0 ? bins : 1)); }
    int headAt(const QPoint& at, int scroll) const; ///< −1: none
    int binAt(int x) const;                         ///< −1: none
    int topAt(const QPoint& at) const;              ///< row of the list, −1: none
    QRect topRow(int index) const;
    /** Row of a list of shares. */
    QRect share(const QRect& list, int index) const;
    int scrollTo(int head, int scroll) const;

private:
    void placeBars();
    /** The lists at the right of the heads; false: there is no room for them. */
    bool placeBeside(const QSize& view, const Shares& shares);
};

} // namespace moescope::ui
