// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/measure.h"
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
    /** The answer that Deviation measures against, −1: an even spread. */
    void setBaseline(qint64 run);
    qint64 baseline() const { return m_baseline; }
    void setMode(HeatmapMode mode);
    HeatmapMode mode() const { return m_mode; }
    const HeatmapGeometry& geometryOfMap() const { return m_geometry; }
    Readout readout() const override;
    bool showsExperts() const override { return true; }
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
    void whatIfChanged() override { invalidate(); }

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
    void paintWhatIf(QPainter& painter) const;
    void paintLegend(QPainter& painter) const;
    int shownExpert(int layer) const; ///< under the pointer or selected, for readout and labels

    Measure measure() const;
    /** "uniform", "answer 2". */
    QString baselineName(const Measure& measure) const;
    /** "1.36 × uniform", "idle in answer 2". */
    QString againstText(const Measure& measure, int layer, int expert) const;

    Scope m_scope = Scope::Answer;
    qint64 m_baseline = -1;
    HeatmapMode m_mode = HeatmapMode::Deviation;
    HeatmapGeometry m_geometry;
    Measure m_measure;           ///< as painted
    RoutingStatistics m_counts;  ///< its counts
    RoutingStatistics m_matched; ///< of them what the filter leaves; as m_counts without one
    double m_most = 0;           ///< end of the ember map
    QImage m_cells;              ///< all rows, in device pixels
    std::optional<HeatmapGeometry::Cell> m_hovered;
};

} // namespace moescope::ui
