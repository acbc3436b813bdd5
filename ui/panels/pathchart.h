// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/chartview.h"
#include "ui/panels/pathgeometry.h"

namespace moescope::ui {

/** One token through all layers: every gate, the chosen experts, the runner-up and the margin between them. */
class PathChart : public ChartView {
    Q_OBJECT
public:
    PathChart(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    const PathGeometry& geometryOfPath() const { return m_geometry; }
    Readout readout() const override;
    bool showsExperts() const override { return true; }
    QSize sizeHint() const override { return {496, 212}; }

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    void revealSelection() override;

private:
    const trace::RouterTrace* router() const;
    void paintHeader(QPainter& painter, bool gates) const;
    void paintLayer(QPainter& painter, const trace::RouterTrace& router, int layer) const;
    void paintGates(QPainter& painter, const trace::RouterTrace& router, int layer) const;
    Readout layerReadout(const trace::RouterTrace& router, int layer) const;

    PathGeometry m_geometry;
    int m_hovered = -1;
};

} // namespace moescope::ui
