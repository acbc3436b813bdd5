// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/barrows.h"
#include "ui/panels/comparisonchart.h"

namespace moescope::ui {

/** How differently A and B were routed, by layer: a bar in bits beside what chance would give, Jaccard as a number. */
class DistanceChart : public ComparisonChart {
    Q_OBJECT
public:
    DistanceChart(Comparison* comparison, TraceModel* silent, QWidget* parent = nullptr);

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
    void paintLayer(QPainter& painter, int layer) const;
    void paintLegend(QPainter& painter) const;
    Readout layerReadout(int layer) const;

    std::vector<LayerDistance> m_distance; ///< empty: there is none to show
    BarRows m_bars;
    int m_hovered = -1;
};

} // namespace moescope::ui
