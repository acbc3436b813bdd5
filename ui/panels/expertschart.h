// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/measure.h"
#include "ui/panels/gridchart.h"
#include "ui/panels/heatmapgeometry.h"

namespace moescope::ui {

enum class HeatmapMode {
    Deviation, ///< share ÷ uniform share
    Count,     ///< tokens routed to it
    GateMass   ///< sum of gate weights
};

/** The map of layers × experts. */
class ExpertsChart : public GridChart {
    Q_OBJECT
public:
    ExpertsChart(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    /** The answer that Deviation measures against, −1: an even spread. */
    void setBaseline(qint64 run);
    qint64 baseline() const { return m_baseline; }
    void setMode(HeatmapMode mode);
    HeatmapMode mode() const { return m_mode; }
    const HeatmapGeometry& geometryOfMap() const { return m_geometry; }
    /** What the legend says of the marks that there are. */
    QList<QPair<WhatIf::Mark, QString>> markNames() const;
    bool showsExperts() const override { return true; }
    bool opensCard() const override { return true; }
    QSize sizeHint() const override { return {600, 282}; }

protected:
    Readout markReadout() const override;
    const CellGrid& grid() const override { return m_geometry; }
    /** Of those that the filter leaves if there are any, the busiest. */
    std::pair<bool, double> rank(int layer, int expert) const override;
    void paintCell(QPainter& painter, const QRect& cell, int layer, int expert) override;
    int markedRow() const override { return selection()->state().layer; }
    int markedColumn(int step) const override { return step > 1 ? selection()->state().expert : -1; }
    QString rowLabel(int layer) const override;
    QFont rowFont() const override;
    QColor rowColor(int layer) const override;
    QString columnsHeading() const override;
    void paintSideHeader(QPainter& painter) const override;
    void paintSide(QPainter& painter) const override;
    void paintRowEnd(QPainter& painter, int layer, const QRect& line) const override;
    void paintMarks(QPainter& painter) const override;
    void paintLegend(QPainter& painter) const override;
    bool showsChat() const override { return GridChart::showsChat() || m_baseline >= 0; }
    void sync() override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    void whatIfChanged() override { invalidate(); }

private:
    QColor cellColor(int layer, int expert) const;
    QString cellNumber(int layer, int expert) const;
    void paintWhatIf(QPainter& painter) const;
    void paintMark(QPainter& painter, const QRect& cell, WhatIf::Mark mark) const;
    /** The what-if has marks for experts of this answer. */
    bool isMarked() const;
    void paintMarkNames(QPainter& painter, int left) const;
    /** No banned expert of a marked map has a token: they are counted as idle. */
    bool areBannedIdle() const;
    int markNamesWidth() const;       ///< px
    int shownExpert(int layer) const; ///< under the pointer or selected, for readout and labels

    Measure measure() const;
    /** "uniform", "answer 2". */
    QString baselineName(const Measure& measure) const;
    /** "1.36 × uniform", "idle in answer 2". */
    QString againstText(const Measure& measure, int layer, int expert) const;

    qint64 m_baseline = -1;
    HeatmapMode m_mode = HeatmapMode::Deviation;
    HeatmapGeometry m_geometry;
    Measure m_measure;           ///< as painted
    RoutingStatistics m_counts;  ///< its counts
    RoutingStatistics m_matched; ///< of them what the filter leaves; as m_counts without one
    double m_most = 0;           ///< end of the ember map
    bool m_tellsIdle = false;    ///< idle experts are a warning, as in Load balance: chance leaves none
};

} // namespace moescope::ui
