// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/routeruncertainty.h"
#include "ui/panels/chartview.h"
#include "ui/panels/routergeometry.h"

namespace moescope::ui {

enum class RouterMode { Layers, Time };

/** Where the routers are unsure: entropy and margin, by layer or over the tokens. */
class RouterChart : public ChartView {
    Q_OBJECT
public:
    RouterChart(TraceModel* trace, Selection* selection, RouterUncertainty* uncertainty, QWidget* parent = nullptr);

    RouterMode mode() const { return m_mode; }
    void setMode(RouterMode mode);
    const RouterGeometry& geometryOfRows() const { return m_rows; }
    const RouterTimeGeometry& geometryOfTime() const { return m_time; }
    Readout readout() const override;
    QSize sizeHint() const override { return {242, 236}; }

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    void revealSelection() override;

private:
    /** Of the scale of a column, for the values of a token in a layer; −1: not recorded. */
    struct Shares {
        double of[2] = {-1, -1};
    };
    Shares sharesOf(int token, int layer) const;
    double topOf(int column) const;
    bool isRecorded(int column) const;
    QString missing(int column) const;
    int markAt(const QPoint& at) const;

    void paintLayers(QPainter& painter) const;
    void paintHeader(QPainter& painter) const;
    void paintSpread(QPainter& painter, int layer, int column) const;
    void paintRings(QPainter& painter, int layer) const;
    void paintTime(QPainter& painter) const;
    void paintPlot(QPainter& painter, int column) const;
    void paintLine(QPainter& painter, int column) const;
    Readout layerReadout(int layer) const;
    Readout tokenReadout(int token) const;

    RouterUncertainty* m_uncertainty;
    RouterMode m_mode = RouterMode::Layers;
    RouterGeometry m_rows;
    RouterTimeGeometry m_time;
    int m_hovered = -1; ///< layer or token
};

} // namespace moescope::ui
