// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/cellgrid.h"
#include "ui/panels/comparisonchart.h"
#include "ui/theme/theme.h"

#include <QImage>

namespace moescope::ui {

/** Aligned tokens of A by layers: where B's router chose otherwise. What the cells say is counted once for a pair and a
 *  width, and blitted where a selection or the pointer alone moves. */
class AgreementChart : public ComparisonChart {
    Q_OBJECT
public:
    AgreementChart(Comparison* comparison, TraceModel* silent, QWidget* parent = nullptr);

    const CellGrid& grid() const { return m_grid; }
    /** What a place of the grid holds: one token of A, or several where they would be narrower than 4 px. */
    struct Cell {
        int others = 0;   ///< tokens with another expert
        int recorded = 0; ///< aligned, and recorded in both
        int aligned = 0;
        bool matches = true; ///< any of them the filter
    };
    Cell cell(int place, int layer) const;
    /** How often the cells were counted, and painted. */
    int counted() const { return m_counted; }
    Readout readout() const override;
    QSize sizeHint() const override { return {780, 280}; }

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    void revealSelection() override;

private:
    void count();
    void paintCells();
    void paintHeader(QPainter& painter) const;
    void paintMarks(QPainter& painter) const;
    void paintLegend(QPainter& painter) const;
    /** Name of a mark below the grid; returns where it stands. */
    QRect paintName(QPainter& painter, int x, const QString& words, Color color, const QRect& taken) const;
    QColor otherColor(double share) const;
    /** Of the tokens in a place the first that was routed otherwise in a layer, else the first. */
    int tokenOf(const CellGrid::Cell& cell) const;
    Readout cellReadout(int token, int layer) const;
    /** "A: expert 6, gate 0.44". */
    QString chosenText(Side side, int token, int layer) const;
    Readout partingReadout() const;
    bool hasPair() const { return m_pair != nullptr && m_pair == comparison()->pair(); }

    std::shared_ptr<const RunComparison> m_pair;
    CellGrid m_grid;
    std::shared_ptr<const FilterMask> m_mask; ///< of A
    std::vector<int> m_pairOf;                ///< by token of A; −1: it has none
    std::vector<Cell> m_totals;               ///< by place; `others` means nothing
    std::vector<int> m_others;                ///< [places][layers]
    int m_countedMerged = 0;
    int m_counted = 0;
    QImage m_cells; ///< all rows, in device pixels
    quint64 m_painted = 0;
    std::optional<CellGrid::Cell> m_hovered;
};

} // namespace moescope::ui
