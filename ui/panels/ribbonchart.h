// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/contextribbon.h"
#include "ui/panels/chartview.h"
#include "ui/panels/ribbongeometry.h"

#include <optional>

namespace moescope::ui {

/** The context as one bar: whose tokens they are, what was reused, what is reserved and where the limit is. */
class RibbonChart : public ChartView {
    Q_OBJECT
public:
    RibbonChart(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    void setState(const ContextState& state);
    const ContextState& state() const { return m_state; }
    const RibbonGeometry& geometryOfBar() const { return m_geometry; }
    /** Block under the keys, −1: none yet. */
    int block() const { return m_block; }
    void setBlock(int block);
    /** Position of the selected token where it lies in this context, −1: it does not. */
    int selectedPosition() const;
    Readout readout() const override;
    QSize sizeHint() const override { return {800, 60}; }
    QSize minimumSizeHint() const override { return {200, 56}; }

signals:
    /** The conversation is wanted at this message. */
    void messageChosen(qint64 message);
    void blockChanged(int block);

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;

private:
    struct Word {
        QString text;
        int x = 0;
        Qt::Alignment alignment = Qt::AlignHCenter;
        QColor color;
    };

    QString usedWords() const;
    Readout blockReadout(int block) const;
    void paintReused(QPainter& painter) const;
    void paintBar(QPainter& painter) const;
    void paintCut(QPainter& painter) const;
    QString cutWords() const;
    void paintReading(QPainter& painter) const;
    void paintWindow(QPainter& painter) const;
    void paintWords(QPainter& painter) const;
    /** Where words find a place below the bar, the first ones first; empty: nowhere. */
    QList<QRect> placesOf(const QList<Word>& words) const;
    /** Tokens of the answer in view that lie between two positions become the window of the panels. */
    void chooseWindow(int from, int to);

    ContextState m_state;
    RibbonGeometry m_geometry;
    int m_hovered = -1;
    int m_block = -1;
    std::optional<QPoint> m_pressed;
    bool m_dragged = false;
};

} // namespace moescope::ui
