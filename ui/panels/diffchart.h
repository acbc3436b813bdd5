// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/whatifdiff.h"
#include "ui/panels/chartview.h"
#include "ui/panels/diffgeometry.h"

#include <QStringList>

namespace moescope::ui {

/** An answer beside the same with a what-if: KL by token, then both texts, where words of one alone are underlined. */
class DiffChart : public ChartView {
    Q_OBJECT
public:
    DiffChart(TraceModel* trace, Selection* selection, WhatIfDiff* diff, QWidget* parent = nullptr);

    const DiffGeometry& geometryOfDiff() const { return m_geometry; }
    /** Tokens of A (0) or B (1), in coordinates of their column. */
    const TokenFlow& flow(int side) const { return m_flows[side]; }
    /** The row that the readout is about: the selected token's, or the one clicked. −1: none. */
    int row() const;
    void setRow(int row);
    /** Where the answers part, in the answer in view. */
    void showParting();
    /** What stands above an answer: "A version 1, untouched". */
    QString sideName(int which) const;
    /** As much of it as fits `width` px: what differs before the number of the version. */
    QString headText(int which, int width) const;
    /** What the bars are: at the left above them. */
    QString barsTitle() const;
    /** How much of it there is, at the right: wordings, the longest first; empty without it. */
    QStringList barsFigures() const;
    Readout readout() const override;
    QSize sizeHint() const override { return {600, 300}; }

signals:
    /** A token of the answer that is not in view was clicked. */
    void tokenWanted(qint64 run, int token);

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    void revealSelection() override;

private:
    static constexpr int kA = 0; ///< which side
    static constexpr int kB = 1;

    const DiffSide& side(int which) const { return which == kA ? m_diff->untouched() : m_diff->whatIf(); }
    int tokenOf(int row, int which) const;
    QString letter(int which) const;
    /** What was done to it: "untouched", "layer 5, expert 6 banned". */
    QString sideWords(int which) const;
    std::pair<int, int> markAt(const QPoint& at) const; ///< row and side of what is under the pointer
    void layOut();
    int rowAt(const QPoint& at) const;           ///< −1: none
    QRect tokenRect(int which, int token) const; ///< in the view
    /** One of the two words at which the answers part. */
    bool isParting(int row) const;
    void paintBars(QPainter& painter) const;
    void paintAxis(QPainter& painter) const;
    void paintMarks(QPainter& painter) const;
    void paintHeads(QPainter& painter) const;
    void paintSide(QPainter& painter, int which) const;
    /** Without the space before it. */
    QRect wordRect(int which, int token) const;
    /** As it is painted: without the space that fell away. */
    QString shownLabel(int which, int token) const;
    /** It goes on where the one before it ends, with no space between. */
    bool isAttached(int which, int token) const;
    void paintWordSelection(QPainter& painter, int which, int token) const;
    Readout rowReadout(int row) const;
    ReadoutSpan alignedPart() const;

    WhatIfDiff* m_diff;
    DiffGeometry m_geometry;
    TokenFlow m_flows[2];
    QStringList m_labels[2];
    QSize m_laidOut; ///< column width and line height that the flows were made for
    bool m_stale = true;
    int m_row = -1;            ///< chosen here
    SelectionState m_chosenAt; ///< as long as the selection is this
    int m_hovered = -1;
};

} // namespace moescope::ui
