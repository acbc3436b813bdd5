// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/kvcache.h"
#include "ui/panels/chartview.h"
#include "ui/panels/kvgeometry.h"

namespace moescope::ui {

/** Bars of the KV cache and what the same tokens would cost without sharing. */
class KvChart : public ChartView {
    Q_OBJECT
public:
    KvChart(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    void setState(const KvCacheState& state);
    const KvCacheState& state() const { return m_state; }
    const KvGeometry& geometryOfBars() const { return m_geometry; }
    Readout readout() const override;
    QSize sizeHint() const override { return {250, 236}; }

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    void revealSelection() override;

private:
    int selectedRow() const;
    /** Position of the selected token in the context, −1: none. */
    int selectedPosition() const;
    void chooseRow(int row);
    void paintHeader(QPainter& painter) const;
    void paintRow(QPainter& painter, int row) const;
    void paintLegend(QPainter& painter) const;
    void paintComparison(QPainter& painter) const;

    KvCacheState m_state;
    KvGeometry m_geometry;
    int m_hovered = -1;
};

} // namespace moescope::ui
