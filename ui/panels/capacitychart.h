// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/capacity.h"
#include "ui/panels/chartview.h"

namespace moescope::ui {

/** Bars by layer: choices that a capacity would drop, tokens that it would move. */
class CapacityChart : public ChartView {
    Q_OBJECT
public:
    CapacityChart(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    /** `used`: choices of each token. */
    void setRows(const QList<CapacityRow>& rows, int used, CapacityRule rule);
    const QList<CapacityRow>& rows() const { return m_rows; }
    QRect rowRect(int row) const;
    /** Where a row's bar lies, from no token to all of them. */
    QRect barRect(int row) const;
    Readout readout() const override;
    QSize sizeHint() const override { return {320, 240}; }

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    void revealSelection() override;

private:
    int rowAt(const QPoint& at) const;
    QRect window() const;
    int rowsRoom() const;                      ///< px that the rows have
    int choices(const CapacityRow& row) const; ///< of the batch in one layer
    Readout rowReadout(const CapacityRow& row) const;

    CapacityRule m_rule = CapacityRule::Drop;
    QList<CapacityRow> m_rows;
    int m_used = 1;
    int m_row_height = 1;
    int m_hovered = -1;
};

} // namespace moescope::ui
