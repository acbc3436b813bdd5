// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/chartview.h"
#include "ui/panels/stripgeometry.h"

#include <QStringList>

namespace moescope::ui {

enum class StripMode {
    Expert,  ///< tint and number of the first expert
    Gate,    ///< its weight
    Margin,  ///< of the last chosen over the runner-up
    Surprise ///< bits that the token's raw probability leaves: of no layer
};
/** Bits at the hot end of the map of Surprise: a probability of 1 in 1,024. */
constexpr int kSurpriseEnd = 10;

/** The tokens of the answer in view, as routed in the selected layer. */
class StripChart : public ChartView {
    Q_OBJECT
public:
    StripChart(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    void setMode(StripMode mode);
    StripMode mode() const { return m_mode; }
    const StripGeometry& geometryOfStrip() const { return m_geometry; }
    Readout readout() const override;
    bool showsExperts() const override { return true; }
    QSize sizeHint() const override { return {600, 170}; }

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    void mousePressEvent(QMouseEvent* event) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    void revealSelection() override;

private:
    void layOut();
    ReadoutSpan windowSpan() const; ///< of a window that is chosen
    /** Takes the tokens from where choosing them began to this one. */
    void extendWindow(int token);
    /** By a key: with Shift the window grows with the selection. */
    void step(int token, bool extends);
    /** In a row that is shown: rows that do not fit whole are left out. */
    bool isShown(int token) const;
    int tokenUnder(const QPoint& at) const; ///< −1: none
    void paintToken(QPainter& painter, int token) const;
    /** Gate, margin or bits, −1 where there is none. */
    double valueOf(int token) const;

    StripMode m_mode = StripMode::Expert;
    StripGeometry m_geometry;
    QStringList m_labels;
    QSize m_laidOut; ///< width and font size that the boxes were made for
    qint64 m_run = -1;
    bool m_stale = true; ///< another answer: boxes anew
    int m_hovered = -1;
    int m_anchor = -1; ///< token where choosing a window began, −1: none is being chosen
};

} // namespace moescope::ui
