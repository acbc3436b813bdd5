// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/comparisonchart.h"

namespace moescope::ui {

/** Share of needles found by prompt length and depth. */
class NeedleChart : public ComparisonChart {
    Q_OBJECT
public:
    NeedleChart(Comparison* comparison, TraceModel* silent, QWidget* parent = nullptr);

    /** Index of the cell that the readout is about, −1: none. */
    int current() const;
    void setCurrent(int cell);
    QRect cellRect(int column, int row) const;
    /** "1.0", "6 / 10" while it runs, "failed"; empty: not run. */
    QString cellText(int cell) const;
    Readout readout() const override;
    QSize sizeHint() const override { return {590, 260}; }

signals:
    /** The cell is to be opened as a run. */
    void cellOpened(int cell);

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    bool openDetail() override;

private:
    const NeedleGridView* grid() const { return comparison()->grid() ? &*comparison()->grid() : nullptr; }
    int cellAt(const QPoint& at) const;
    void paintHeader(QPainter& painter) const;
    void paintCell(QPainter& painter, int column, int row) const;
    void paintSideFrame(QPainter& painter, Side side) const;
    void paintLegend(QPainter& painter) const;
    Readout cellReadout(int cell) const;
    QString cellName(int cell) const;

    QRect m_map;
    QRect m_legend;
    int m_columns = 0;
    int m_rows = 0;
    int m_chosen = -1;
    int m_hovered = -1;
};

} // namespace moescope::ui
