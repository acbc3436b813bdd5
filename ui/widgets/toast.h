// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;
class QTimer;

namespace moescope::ui {

/** A sentence about what has just been done, with one action ("Undo"), that leaves after a while. Time stands still while
 *  the toast has focus or the pointer. Ctrl+Z while it has focus triggers the action, Esc closes it. The owner says how wide it may be
 *  and places it. */
class Toast : public QWidget {
    Q_OBJECT
public:
    static constexpr int kUndoTime = 8000; ///< ms

    explicit Toast(QWidget* parent);

    /** Shows and raises it; without `action` there is no button. */
    void showMessage(const QString& sentence, const QString& action, int milliseconds = kUndoTime);
    void dismiss();
    /** Takes the width that its sentence needs, at most `most` px: a title in quotes is shortened then. */
    void fitWithin(int most);

signals:
    void actionTriggered();
    void dismissed();

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void changeEvent(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void act();
    void applyTheme();
    void holdOrRun();

    QString m_sentence;
    QLabel* m_label = nullptr;
    QPushButton* m_action = nullptr;
    QTimer* m_timer = nullptr;
    int m_time = kUndoTime;
};

} // namespace moescope::ui
