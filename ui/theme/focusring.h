// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QPointer>
#include <QWidget>

class QTableView;

namespace moescope::ui {

/** The ring inside a table's current row, `width` px of it, while the table has focus that was moved by the keyboard. Call
 *  from its paintEvent(), after the rows. */
void paintFocusedRow(QTableView& table, int width);

/** The focus ring outside a control: 2 px accent-text, 1 px away. Lies over the control's surroundings and shows only
 *  while focus was moved by the keyboard. */
class FocusRing : public QWidget {
    Q_OBJECT
public:
    static constexpr int kReach = 3; ///< px outside the control

    FocusRing();

    /** Whether this widget has the ring outside; others draw their focus themselves. */
    static bool wantsRing(const QWidget* widget);

protected:
    void paintEvent(QPaintEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void follow(QWidget* widget);
    void place();

    QPointer<QWidget> m_target;
    bool m_byKeyboard = false;
};

} // namespace moescope::ui
