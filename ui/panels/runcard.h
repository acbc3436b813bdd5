// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/comparison.h"

#include <QAbstractButton>

class QMenu;

namespace moescope::ui {

/** The run that stands on a side: letter, title, what it is made of, whether it found the needle, how far it is. A press
 *  opens the menu of the side. */
class RunCard : public QAbstractButton {
    Q_OBJECT
public:
    RunCard(Comparison* comparison, Side side, QWidget* parent = nullptr);

    QSize sizeHint() const override { return {320, minimumSizeHint().height()}; }
    QSize minimumSizeHint() const override;
    /** What can be done with the run, and which one stands here instead. */
    void fillMenu(QMenu* menu);
    void openMenu();
    /** The second line as it is shown: facts, or what the run is at. */
    QString statusText() const;

signals:
    void measureRequested(qint64 run);
    void stopRequested(qint64 run);
    void removeRequested(qint64 run);
    void openInInspectRequested(qint64 run);
    void addRunRequested();

protected:
    void paintEvent(QPaintEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void refresh();
    /** "Found" with its sign at the right end of `line`; returns its left edge. */
    int paintVerdict(QPainter& painter, const QRect& line) const;

    Comparison* m_comparison;
    Side m_side;
    bool m_focusRing = false; ///< the focus came by keys
};

} // namespace moescope::ui
