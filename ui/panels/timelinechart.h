// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/steptimelines.h"
#include "ui/panels/chartview.h"
#include "ui/panels/timelinegeometry.h"

namespace moescope::ui {

/** Lanes of one step: layers, GPU, host. */
class TimelineChart : public ChartView {
    Q_OBJECT
public:
    TimelineChart(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    /** Null: none. `token`: that it is of, −1: none. `title` names it ("Decode step 137"); `notes` are appended to what
     *  the readout says of it. */
    void setStep(const trace::StepTimelinePtr& step, int token, const QString& title, const Readout& notes);
    const trace::StepTimelinePtr& step() const { return m_step; }
    const TimelineGeometry& geometryOfLanes() const { return m_geometry; }
    /** The span that the arrow keys are on, −1: none. */
    int currentSpan() const { return m_current; }
    void setCurrentSpan(int span);
    void zoomIn() { zoom(1 / kZoom); }
    void zoomOut() { zoom(kZoom); }
    void showAll();
    bool showsAll() const { return m_window.width == 0; }

    Readout readout() const override;
    /** The readout is of one span: under the pointer, or chosen. */
    bool isOnSpan() const { return m_step != nullptr && (m_hovered >= 0 || m_current >= 0); }
    QSize sizeHint() const override { return {900, 106}; }

signals:
    void windowChanged();
    /** By the user, not by another step. */
    void currentSpanChanged(int span);

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;

private:
    static constexpr double kZoom = 1.5; ///< of a key or a notch of the wheel

    /** The model's layer that is selected, counted as the timeline does; −1: none. */
    int selectedLayer() const;
    void chooseLayerOf(int span);
    /** Around what is current or selected, else around the middle. */
    void zoom(double factor);
    void setWindow(const TimeWindow& window);
    void zoomTo(int span);
    void stepSpan(int by);
    void stepLane(int by);
    QString labelOf(const trace::TimelineSpan& span, int width, const QFont& font) const;
    Readout spanReadout(const trace::TimelineSpan& span) const;
    void paintAxis(QPainter& painter) const;
    bool isFilteredOut(const trace::TimelineSpan& span) const;
    void paintSpan(QPainter& painter, const trace::TimelineSpan& span) const;
    void paintMarks(QPainter& painter) const;
    void paintLegend(QPainter& painter) const;

    trace::StepTimelinePtr m_step;
    StepShares m_shares;
    int m_token = -1;
    QString m_title;
    Readout m_notes;
    TimelineGeometry m_geometry;
    TimeWindow m_window; ///< of width 0: all
    int m_hovered = -1;
    int m_current = -1;
    QPoint m_pressed;
    TimeWindow m_before; ///< the drag
    bool m_down = false;
    bool m_dragged = false;
};

} // namespace moescope::ui
