// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/lifttable.h"
#include "ui/panels/gridchart.h"

namespace moescope::ui {

/** A matrix of lifts, for the layer in view: what is outside chance has a colour and, where it fits, its number. One of
 *  the sides stands for the experts of that layer: the selected one is marked there. */
class MatrixChart : public GridChart {
    Q_OBJECT
public:
    /** Of the matrix; −1: none is chosen on that side. */
    struct Cell {
        int row = -1;
        int column = -1;
        bool isWhole() const { return row >= 0 && column >= 0; }
    };

    const CellGrid& geometryOfMatrix() const { return m_geometry; }
    /** Cells that were painted as outside chance, each pair once. */
    int outside() const { return m_outside; }
    /** Where the keys are: on the side of the selected expert, and on the other one as chosen here, else as the selected
     *  token has it. */
    Cell cursor() const;
    void chooseCell(const Cell& cell);
    bool opensCard() const override { return true; }
    QSize sizeHint() const override { return {600, 282}; }

protected:
    Readout markReadout() const override;
    /** `table` has the counts that are drawn. */
    MatrixChart(TraceModel* trace, Selection* selection, LiftTable* table, QWidget* parent);

    const LiftMatrix& matrix() const { return m_table->matrix(); }
    /** The counts are brought up to date, with what there is now. */
    void count() const { m_table->update(scope(), layerInView()); }

    virtual int expertOf(const Cell& cell) const = 0; ///< of the layer in view
    virtual Cell cellOf(int expert, int other) const = 0;
    virtual int otherOf(const Cell& cell) const = 0;
    /** What the selected token has on the other side, −1: nothing. */
    virtual int otherOfToken() const = 0;
    /** Whether there is anything to say of a cell. */
    virtual bool isCell(int row, int column) const;
    /** An expert of it was chosen for no token. */
    virtual bool isIdle(int row, int column) const = 0;
    /** A cell that says what another one says too. */
    virtual bool isRepeated(int, int) const { return false; }
    virtual int leastRow() const { return 16; } ///< px
    virtual int labelWidth() const = 0;         ///< px
    virtual QString rowsHeading() const = 0;
    virtual QString cellName(int row, int column) const = 0;
    /** "12 of 603 tokens". */
    virtual QString observedText(int row, int column) const = 0;
    virtual QString legendText() const = 0;
    virtual QRect selectionMark() const = 0; ///< of the selected expert, scrolled
    virtual Readout summary() const = 0;

    const CellGrid& grid() const override { return m_geometry; }
    std::pair<bool, double> rank(int row, int column) const override;
    void paintCell(QPainter& painter, const QRect& cell, int row, int column) override;
    int markedRow() const override { return cursor().row; }
    int markedColumn(int) const override { return cursor().column; }
    QColor rowColor(int row) const override;
    void paintSideHeader(QPainter& painter) const override;
    void paintRowEnd(QPainter& painter, int row, const QRect& line) const override;
    void paintMarks(QPainter& painter) const override;
    void paintLegend(QPainter& painter) const override;
    void sync() override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;

private:
    /** A cell that was not observed, on its colour. */
    void paintZero(QPainter& painter, const QRect& cell, const QColor& color) const;
    void paintSigns(QPainter& painter, const QStringList& names) const;

    LiftTable* m_table;
    CellGrid m_geometry;
    int m_outside = 0;
    int m_told = 0; ///< cells of which there is anything to say
    int m_other = -1;
    SelectionState m_otherFor; ///< run, token and layer that m_other was chosen at
};

/** Which experts work on the same token: within a layer, or in one layer and the next. */
class PairsChart : public MatrixChart {
    Q_OBJECT
public:
    PairsChart(TraceModel* trace, Selection* selection, PairsTable* table, QWidget* parent = nullptr);
    void setMode(PairMode mode);
    PairMode mode() const { return m_pairs->mode(); }

protected:
    int expertOf(const Cell& cell) const override { return cell.row; }
    Cell cellOf(int expert, int other) const override { return {expert, other}; }
    int otherOf(const Cell& cell) const override { return cell.column; }
    int otherOfToken() const override;
    bool isCell(int row, int column) const override;
    bool isIdle(int row, int column) const override;
    bool isRepeated(int row, int column) const override { return mode() == PairMode::WithinLayer && column < row; }
    /** Of many experts the pattern counts more than the numbers, which would not fit. */
    int leastRow() const override { return matrix().rows() <= 32 ? 16 : 4; }
    int labelWidth() const override;
    QString rowLabel(int row) const override { return QString::number(row); }
    QFont rowFont() const override;
    QString rowsHeading() const override;
    QString columnsHeading() const override;
    QString cellName(int row, int column) const override;
    QString observedText(int row, int column) const override;
    QString legendText() const override;
    QRect selectionMark() const override;
    Readout summary() const override;

private:
    PairsTable* m_pairs;
};

/** Which classes of tokens were routed to which experts of a layer. */
class ClassesChart : public MatrixChart {
    Q_OBJECT
public:
    ClassesChart(TraceModel* trace, Selection* selection, ClassesTable* table, QWidget* parent = nullptr);

protected:
    int expertOf(const Cell& cell) const override { return cell.column; }
    Cell cellOf(int expert, int other) const override { return {other, expert}; }
    int otherOf(const Cell& cell) const override { return cell.row; }
    int otherOfToken() const override;
    bool isIdle(int, int column) const override { return matrix().columnTotal(column) == 0; }
    int labelWidth() const override;
    QString rowLabel(int row) const override;
    QFont rowFont() const override;
    Qt::Alignment rowAlignment() const override { return Qt::AlignLeft | Qt::AlignVCenter; }
    QString rowsHeading() const override;
    QString columnsHeading() const override;
    QString cellName(int row, int column) const override;
    QString observedText(int row, int column) const override;
    QString legendText() const override;
    QRect selectionMark() const override;
    Readout summary() const override;
};

} // namespace moescope::ui
