// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/comparison.h"
#include "ui/panels/chartview.h"

namespace moescope::ui {

/** Base of the charts of Compare: they draw what the comparison in view says, and no answer of the chat. */
class ComparisonChart : public ChartView {
    Q_OBJECT
public:
    /** `silent`: a model without answers, which ChartView asks for. */
    ComparisonChart(Comparison* comparison, TraceModel* silent, QWidget* parent);

protected:
    Comparison* comparison() const { return m_comparison; }
    const RunView* run(Side side) const { return m_comparison->side(side); }
    bool isFiltering() const override { return false; }
    void chooseToken(int token) override;
    void chooseLayer(int layer) override;
    int layerInView() const override { return std::max(0, m_comparison->place().layer); }
    /** Up, Down, Home and End go through the layers, Left and Right through the tokens. */
    bool useKey(QKeyEvent* event) override;
    /** The side that the selection is on, A if it is on none. */
    Side sideInView() const;
    /** Layers of A. */
    int layers() const;

private:
    Comparison* m_comparison;
};

/** Colours and strokes of the two sides: A is solid, B dashed. */
QColor sideColor(Side side);
QColor sideTint(Side side);
QPen sidePen(Side side, int width);
/** The letter of a run in a box: tinted with a solid or dashed edge for A and B, else the letter alone. */
void paintLetter(QPainter& painter, const QRect& box, const QString& letter);

} // namespace moescope::ui
