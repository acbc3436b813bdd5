// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QRect>
#include <QSize>

namespace moescope::ui {

/** Two bars of the memory ledger, its warnings, then its rows, which scroll when they do not fit. */
struct LedgerGeometry {
    int rows = 0;
    double scale = 1;

    QRect device_title;
    QRect device_bar; ///< as long as the device's memory
    QRect legend;     ///< of the lines on it; in the line of the title where it has one entry alone
    QRect parts_title;
    QRect parts_bar; ///< as long as what is allocated
    QRect warnings;  ///< lines of all of them
    QRect header;
    QRect window;
    int text_height = 0; ///< px of a line of small words
    int row_height = 0;
    int scroll_max = 0;
    int name_left = 0;
    int name_right = 0;
    // Right ends of the columns, 0: no room for it.
    int planned = 0;
    int allocated = 0;
    int difference = 0;
    int share = 0;

    /** px that words and numbers of the columns take, without gaps. */
    struct Needs {
        int name = 0;
        int bytes = 0;
        int share = 0;
    };

    /** `least`: rows to the total of all parts, which have room before any other. `warnings`: lines that they take.
     *  `legend`: it has a line of its own. */
    static LedgerGeometry of(const QSize& view, int rows, int least, int warnings, bool legend, const Needs& needs,
                             double scale);
    /** px that a line of words has in such a view. */
    static int widthOf(const QSize& view, double scale);

    QRect row(int index, int scroll) const;
    QRect swatch(int index, int scroll) const;
    int rowAt(const QPoint& at, int scroll) const; ///< −1: none
    int scrollTo(int index, int scroll) const;
    /** x on a bar that is `most` bytes long. */
    static int xOf(const QRect& bar, quint64 bytes, quint64 most);
};

} // namespace moescope::ui
