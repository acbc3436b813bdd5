// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/barrows.h"
#include "ui/panels/comparisonchart.h"

namespace moescope::ui {

/** How much of the answers' attention falls on the marked passage, by layer: A solid, B outlined by dashes. */
class MassChart : public ComparisonChart {
    Q_OBJECT
public:
    MassChart(Comparison* comparison, TraceModel* silent, QWidget* parent = nullptr);

    const BarRows& bars() const { return m_bars; }
    Readout readout() const override;
    QSize sizeHint() const override { return {590, 240}; }

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    void revealSelection() override;

private:
    /** %, negative: not recorded. */
    double mass(Side side, int layer) const;
    static QString massText(double mass);
    void paintLayer(QPainter& painter, int layer) const;
    void paintLegend(QPainter& painter) const;
    /** Dense layers before the first that has a router: rows are layers of the model. */
    int firstBlock() const;
    int selectedRow() const;
    Readout layerReadout(int layer) const;

    BarRows m_bars;
    int m_hovered = -1;
};

} // namespace moescope::ui
