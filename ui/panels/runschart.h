// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/comparisonchart.h"
#include "ui/panels/runrows.h"

namespace moescope::ui {

/** Base of the charts with a row a run. One row is current: the one clicked, else that of B. */
class RunsChart : public ComparisonChart {
    Q_OBJECT
public:
    RunsChart(Comparison* comparison, TraceModel* silent, QWidget* parent);

    const RunRows& rows() const { return m_rows; }
    int current() const;
    void setCurrent(int run);
    Readout readout() const override;

protected:
    /** px that names and what is between them and the figures keep, and that stay free below. */
    virtual RunRows geometry() const = 0;
    /** Between name and figures. */
    virtual void paintRest(QPainter&, int) const {}
    virtual void paintAround(QPainter&) const {}
    /** Where no row is under the pointer. */
    virtual Readout wholeReadout() const = 0;
    virtual Readout runReadout(int run) const;
    virtual void chosen(int run) = 0;
    /** The row of B stands out until another one is clicked. */
    virtual bool marksB() const { return true; }

    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    /** Enter and the second click make it B. */
    bool openDetail() override;

private:
    int marked() const;
    void setCurrentPlace(int place);

    RunRows m_rows;
    qint64 m_current = 0; ///< id; 0: none was clicked
    qint64 m_b = 0;       ///< id of the run B that was brought into view
    int m_hovered = -1;
};

/** Speed and memory: a row a run. */
class SpeedChart : public RunsChart {
    Q_OBJECT
public:
    SpeedChart(Comparison* comparison, TraceModel* silent, QWidget* parent = nullptr);
    QSize sizeHint() const override { return {590, 200}; }

protected:
    RunRows geometry() const override;
    Readout wholeReadout() const override;
    void chosen(int) override {}
    bool marksB() const override { return false; }
};

/** All runs: how far each was routed from A, by layer, beside its speed and memory. A click makes a run B. */
class AllRunsChart : public RunsChart {
    Q_OBJECT
public:
    AllRunsChart(Comparison* comparison, TraceModel* silent, QWidget* parent = nullptr);

    /** The cell of a layer in a run's row. */
    QRect cell(int run, int layer) const;
    /** Bits at the end of the map. */
    double most() const { return m_most; }
    QSize sizeHint() const override { return {780, 300}; }

protected:
    RunRows geometry() const override;
    void paintRest(QPainter& painter, int run) const override;
    void paintAround(QPainter& painter) const override;
    Readout wholeReadout() const override;
    Readout runReadout(int run) const override;
    void chosen(int run) override;
    void sync() override;

private:
    int m_layers = 0;
    double m_most = 1;
};

} // namespace moescope::ui
