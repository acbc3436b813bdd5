// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/memoryledger.h"
#include "ui/panels/chartview.h"
#include "ui/panels/ledgergeometry.h"

namespace moescope::ui {

/** What the loaded model takes of its device, on the scale of the device and on its own, and line by line beside the
 *  plan. The line that the keys go through belongs to this chart alone: it stands for no token, layer or expert. */
class LedgerChart : public ChartView {
    Q_OBJECT
public:
    LedgerChart(TraceModel* trace, Selection* selection, const MemoryLedgerTable* table, QWidget* parent = nullptr);

    /** The table has another ledger. */
    void stateChanged() { invalidate(); }
    const LedgerGeometry& geometryOfLedger() const { return m_geometry; }
    /** −1: none. */
    int currentRow() const { return m_current; }
    void setCurrentRow(int row);
    Readout readout() const override;
    QSize sizeHint() const override { return {496, 420}; }

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;

private:
    const LedgerState& state() const { return m_table->state(); }
    /** Of the columns, as they are drawn. */
    LedgerGeometry::Needs needs() const;
    /** Lines that a warning takes. */
    int linesOf(const QString& warning) const;
    /** Ends of the parts on a bar: x[0] is its left, x[i + 1] the end of part i. */
    QList<int> ends(const QRect& bar, bool onDevice) const;
    int rowUnder(const QPoint& at) const;
    Readout readoutOf(const LedgerState::Row& row) const;
    /** What the driver added, or how far off the plan it is. */
    static QString differenceWords(const LedgerState::Row& row);
    Readout kvTotals() const;
    void paintBar(QPainter& painter, const QRect& bar, bool onDevice) const;
    QString deviceTitle() const;
    void paintDevice(QPainter& painter) const;
    void paintLegend(QPainter& painter) const;
    void paintHeader(QPainter& painter) const;
    void paintRow(QPainter& painter, int index) const;

    const MemoryLedgerTable* m_table;
    LedgerGeometry m_geometry;
    int m_current = -1;
    int m_hovered = -1;
};

} // namespace moescope::ui
