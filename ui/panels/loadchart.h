// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/loadbalance.h"
#include "ui/panels/chartview.h"
#include "ui/panels/loadgeometry.h"

namespace moescope::ui {

/** How evenly the experts of each layer are loaded, prefill and decode apart. */
class LoadChart : public ChartView {
    Q_OBJECT
public:
    enum Column { Variation, MaxOverMean, Gini, Idle, Moved };

    LoadChart(TraceModel* trace, Selection* selection, LoadBalance* balance, QWidget* parent = nullptr);

    /** Of which bars, numbers and warnings are; the tooltip has both. */
    LoadPhase phase() const { return m_phase; }
    void setPhase(LoadPhase phase);
    const LoadGeometry& geometryOfRows() const { return m_geometry; }
    Readout readout() const override;
    QSize sizeHint() const override { return {496, 236}; }

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    void revealSelection() override;

private:
    LoadPhase other() const { return m_phase == LoadPhase::Decode ? LoadPhase::Prefill : LoadPhase::Decode; }
    /** −1: there is none. */
    double valueOf(LoadPhase phase, int layer, int column) const;
    /** What the column at this place says. */
    QString titleTip(int x) const;
    QString textOf(LoadPhase phase, int layer, int column) const;
    bool isWarned(int layer, int column) const;
    /** Most that chance gives, −1 where that is not told. */
    double chanceOf(int column) const;
    void paintHeader(QPainter& painter) const;
    void paintLayer(QPainter& painter, int layer) const;
    void paintLegend(QPainter& painter) const;

    LoadBalance* m_balance;
    LoadPhase m_phase = LoadPhase::Decode;
    LoadGeometry m_geometry;
    std::array<double, LoadGeometry::kColumns> m_tops{}; ///< ends of the scales
    int m_hovered = -1;
};

} // namespace moescope::ui
