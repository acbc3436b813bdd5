// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/lifttable.h"
#include "ui/panels/chartview.h"
#include "ui/panels/matrixgeometry.h"

#include <QImage>

namespace moescope::ui {

/** A matrix of lifts, for the layer in view: what is outside chance has a colour and, where it fits, its number. One of
 *  the sides stands for the experts of that layer: the selected one is marked there. */
class MatrixChart : public ChartView {
    Q_OBJECT
public:
    /** Of the matrix; −1: none is chosen on that side. */
    struct Cell {
        int row = -1;
        int column = -1;
        bool isWhole() const { return row >= 0 && column >= 0; }
    };

    void setScope(Scope scope);
    Scope scope() const { return m_scope; }
    const MatrixGeometry& geometryOfMatrix() const { return m_geometry; }
    /** Cells that were painted as outside chance, each pair once. */
    int outside() const { return m_outside; }
    /** Where the keys are: on the side of the selected expert, and on the other one as chosen here, else as the selected
     *  token has it. */
    Cell cursor() const;
    void chooseCell(const Cell& cell);
    Readout readout() const override;
    QSize sizeHint() const override { return {600, 282}; }

protected:
    /** `table` has the counts that are drawn. */
    MatrixChart(TraceModel* trace, Selection* selection, LiftTable* table, QWidget* parent);

    const LiftMatrix& matrix() const { return m_table->matrix(); }
    /** The counts are brought up to date, with what there is now. */
    void count() const { m_table->update(m_scope, layerInView()); }

    virtual int expertOf(const Cell& cell) const = 0; ///< of the layer in view
    virtual Cell cellOf(int expert, int other) const = 0;
    virtual int otherOf(const Cell& cell) const = 0;
    /** What the selected token has on the other side, −1: nothing. */
    virtual int otherOfToken() const = 0;
    /** Whether there is anything to say of a cell. */
    virtual bool isCell(int row, int column) const;
    /** A cell that says what another one says too. */
    virtual bool isRepeated(int, int) const { return false; }
    virtual int leastRow() const { return 4; } ///< px
    virtual int labelWidth() const = 0;        ///< px
    virtual QString rowLabel(int row) const = 0;
    virtual QFont rowFont() const = 0;
    virtual Qt::Alignment rowAlignment() const { return Qt::AlignCenter; }
    virtual QString rowsHeading() const = 0;
    virtual QString columnsHeading() const = 0;
    virtual QString cellName(int row, int column) const = 0;
    /** "12 of 603 tokens". */
    virtual QString observedText(int row, int column) const = 0;
    virtual QString legendText() const = 0;
    virtual QRect selectionMark() const = 0; ///< of the selected expert, scrolled
    virtual Readout summary() const = 0;

    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    bool openDetail() override { return openCard(); }
    void revealSelection() override;

private:
    /** The one with the most tokens of those that share a place. */
    int columnAt(int row, int place) const;
    void paintCells();
    void paintCell(QPainter& painter, int row, int place);
    void paintHeader(QPainter& painter) const;
    void paintRowLabels(QPainter& painter) const;
    void paintMarks(QPainter& painter) const;
    void paintLegend(QPainter& painter) const;

    LiftTable* m_table;
    Scope m_scope = Scope::Answer;
    MatrixGeometry m_geometry;
    QImage m_cells; ///< all rows, in device pixels
    int m_outside = 0;
    int m_told = 0; ///< cells of which there is anything to say
    std::optional<MatrixGeometry::Cell> m_hovered;
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
    bool isRepeated(int row, int column) const override { return mode() == PairMode::WithinLayer && column < row; }
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
    int leastRow() const override { return 16; }
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
