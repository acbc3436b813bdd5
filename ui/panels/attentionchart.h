// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/attention.h"
#include "ui/panels/attentiongeometry.h"
#include "ui/panels/chartview.h"

#include <QImage>

namespace moescope::ui {

/** What the heads of a layer looked at from the selected token: a strip a head, or one head at large. */
class AttentionChart : public ChartView {
    Q_OBJECT
public:
    AttentionChart(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    void setState(const AttentionState& state);
    const AttentionState& state() const { return m_state; }
    /** One head at large, −1: all. */
    void openHead(int head);
    int openedHead() const { return m_opened; }
    /** The head that keys and clicks move. */
    int head() const { return m_head; }
    void setHead(int head);
    const AttentionGeometry& geometryOfHeads() const { return m_geometry; }
    /** All of the bar that a share could have, as long in both lists: its unit is the same. */
    QRect shareTrack(const QRect& list, int index) const;
    Readout readout() const override;
    QSize sizeHint() const override { return {440, 380}; }

signals:
    void headOpened(int head);
    void headChosen(int head);

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    bool openDetail() override;
    bool event(QEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;

private:
    /** Selects what stands at a position, where it is of the answer that the weights are of. */
    void choosePosition(int position);
    /** Positions of a bin, as far as there are any. */
    std::pair<int, int> positionsOf(int bin) const;
    void paintHeader(QPainter& painter) const;
    void paintHead(QPainter& painter, int head) const;
    void paintLegend(QPainter& painter) const;
    void paintBars(QPainter& painter) const;
    void paintTops(QPainter& painter) const;
    void measureShares();
    void paintShares(QPainter& painter, const QRect& list, const QString& title,
                     const QList<AttentionState::Mass>& shares) const;

    AttentionState m_state;
    AttentionGeometry m_geometry;
    int m_head = 0;
    int m_opened = -1;
    int m_hoveredHead = -1;
    int m_hoveredBin = -1;
    int m_hoveredTop = -1;

    // As painted.
    QImage m_cells;             ///< a row of pixels a head
    std::vector<double> m_bars; ///< of the head at large
    int m_label = 0;            ///< px of the words in both lists of shares
    int m_value = 0;            ///< px of their numbers
    QList<int> m_tops;
    QList<AttentionState::Mass> m_distances;
    QList<AttentionState::Mass> m_messages;
};

/** Lists of more than `most` shares: the first ones become one. */
QList<AttentionState::Mass> joinedShares(QList<AttentionState::Mass> shares, int most);

} // namespace moescope::ui
