// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/chartview.h"
#include "ui/panels/heatmapgeometry.h"

#include <QImage>

namespace moescope::ui {

enum class HeatmapMode {
    Deviation, ///< share ÷ uniform share
    Count,     ///< tokens routed to it
    GateMass   ///< sum of gate weights
};

/** The map of layers × experts. */
class ExpertsChart : public ChartView {
    Q_OBJECT
public:
    ExpertsChart(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    void setScope(Scope scope);
    Scope scope() const { return m_scope; }
    void setMode(HeatmapMode mode);
    HeatmapMode mode() const { return m_mode; }
    const HeatmapGeometry& geometryOfMap() const { return m_geometry; }
    Readout readout() const override;
    QSize sizeHint() const override { return {600, 282}; }

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    bool openDetail() override { return openCard(); }
    void revealSelection() override;

private:
    /** The busiest expert of a column, of those that the filter leaves if there are any: what a merged column shows. */
    int expertOf(int layer, int column) const;
    QColor cellColor(int layer, int expert) const;
    QString cellNumber(int layer, int expert) const;
    void paintCells();
    void paintCell(QPainter& painter, int layer, int column);
    void paintHeader(QPainter& painter) const;
    void paintRowLabels(QPainter& painter) const;
    void paintShared(QPainter& painter) const;
    void paintMarks(QPainter& painter) const;
    void paintLegend(QPainter& painter) const;
    int shownExpert(int layer) const; ///< under the pointer or selected, for readout and labels

    Scope m_scope = Scope::Answer;
    HeatmapMode m_mode = HeatmapMode::Deviation;
    HeatmapGeometry m_geometry;
    RoutingStatistics m_counts;  ///< as painted
    RoutingStatistics m_matched; ///< of them what the filter leaves; as m_counts without one
    double m_most = 0;           ///< end of the ember map
    QImage m_cells;              ///< all rows, in device pixels
    std::optional<HeatmapGeometry::Cell> m_hovered;
};

} // namespace moescope::ui
