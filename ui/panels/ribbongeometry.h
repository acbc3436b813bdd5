// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QList>
#include <QRect>
#include <QSize>

namespace moescope::ui {

/** Lines of Context ribbon: the bracket of what was reused, the bar from 0 to the limit, the words below. */
struct RibbonGeometry {
    int limit = 0; ///< tokens at the bar's right end
    QRect bracket;
    QRect bar;
    QRect words;

    static RibbonGeometry of(const QSize& view, int limit, double scale);

    /** Edge before the token at a position. */
    int xOf(int position) const;
    /** 0…limit, also beside the bar. */
    int positionAt(int x) const;
    /** Tokens [first, first + count), at least 1 px wide. */
    QRect tokens(int first, int count) const;
    /** Where `width` px fit into a line next to what is taken, `gap` px apart: nearest to `left`, empty: nowhere. */
    static QRect freePlace(const QRect& line, const QList<QRect>& taken, int left, int width, int gap);
    /** The bar with what stands above and below it: where it can be pointed at. */
    bool isNear(const QPoint& at) const;
};

} // namespace moescope::ui
