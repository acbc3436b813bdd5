// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QAbstractButton>

class QAction;

namespace moescope::ui {

/** "Capture" with its icon in the toolbar; on while answers are recorded. */
class CaptureButton : public QAbstractButton {
    Q_OBJECT
public:
    CaptureButton(QAction* action, QWidget* parent);

    /** Without the word. */
    void setBrief(bool brief);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void follow();
    QString words() const;

    QAction* m_action;
    bool m_brief = false;
};

} // namespace moescope::ui
