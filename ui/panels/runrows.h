// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/comparisontables.h"

#include <QRect>

#include <vector>

class QPainter;

namespace moescope::ui {

/** Rows of a chart by run: letter and name at the left, what is known of its speed and memory at the right. What has no
 *  room is left out, the speed of the prompt first: the readout has all of it. */
struct RunRows {
    struct Column {
        RunFigure figure = RunFigure::Prompt;
        int left = 0;
        int width = 0;
    };
    int runs = 0;
    std::vector<int> order; ///< the runs from top to bottom
    int row_height = 0;
    QRect header;
    QRect window; ///< where the rows are seen
    int scroll_max = 0;
    int letter_left = 0;
    int name_left = 0;
    int name_width = 0;
    int rest_left = 0; ///< what is free between the names and the figures
    int rest_width = 0;
    std::vector<Column> columns;
    QString kv_type;     ///< that all runs have; "bytes" where they differ
    bool models = false; ///< names begin with the model, where runs are of several and all names have the room

    /** `leastName` px are kept for names. Between them and the figures `rest` px are wanted, of which a part is kept; 0: names
     *  take all. `foot` px stay free below the rows. */
    static RunRows of(const QSize& view, const Comparison& comparison, int leastName, int rest, int foot);

    /** "Nano · 512-token prompt", "OLMoE-1B-7B". */
    QString nameOf(const RunView& run) const;
    /** A and B stand above the others, so that both are seen. */
    void putPairFirst(const Comparison& comparison);
    int placeOf(int run) const; ///< from the top
    QRect row(int run, int scroll) const;
    int runAt(const QPoint& at, int scroll) const; ///< −1: none
    int scrollTo(int run, int scroll) const;
    void paintHeader(QPainter& painter) const;
    /** Band, letter, name and figures. */
    void paintRow(QPainter& painter, const Comparison& comparison, int run, int scroll, bool current,
                  bool hovered) const;
};

/** What a readout says of a run: name, figures, how they were measured. */
QStringList runWords(const RunView& run);

} // namespace moescope::ui
