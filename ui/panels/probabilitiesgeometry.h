// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QRect>
#include <QSize>

namespace moescope::ui {

/** Columns and rows of Token probabilities. Rows scroll below a header that stays. */
struct ProbabilitiesGeometry {
    int rows = 0;
    double scale = 1;

    int row_height = 0;
    QRect header;
    QRect window; ///< where the rows are seen
    int scroll_max = 0;
    int margin = 0; ///< left and right of the rows
    int rank_right = 0;
    int check_left = 0; ///< mark of the token that stands there
    int label_left = 0;
    int label_width = 0;
    int bars_left = 0;
    int bars_width = 0;
    int raw_right = 0;
    int sampled_right = 0;

    static ProbabilitiesGeometry of(const QSize& view, int rows, double scale);

    QRect row(int index, int scroll) const;
    QRect check(int index, int scroll) const;
    QRect label(int index, int scroll) const;
    /** Track of both bars, 0 to 100 %. */
    QRect track(int index, int scroll) const;
    /** Shares are 0 to 1; one that is not 0 is at least 1 px. */
    QRect rawBar(int index, double share, int scroll) const;
    QRect sampledBar(int index, double share, int scroll) const;
    int rowAt(const QPoint& at, int scroll) const; ///< −1: none
    int scrollTo(int index, int scroll) const;
};

} // namespace moescope::ui
