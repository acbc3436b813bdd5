// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace moescope::ui {

/** What an empty panel says: what is missing and what to do. */
class EmptyState : public QWidget {
    Q_OBJECT
public:
    EmptyState(const QString& title, const QString& sentence, QWidget* parent = nullptr);

    void setTexts(const QString& title, const QString& sentence);
    /** A button below; an empty text removes it. */
    void setAction(const QString& text, const QString& iconName = {});
    /** What takes the keys: the button, else the page itself. */
    QWidget* focusTarget();

signals:
    void actionTriggered();

protected:
    void changeEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void applyTheme();

    QLabel* m_title = nullptr;
    QLabel* m_sentence = nullptr;
    QPushButton* m_action = nullptr;
    bool m_focusRing = false; ///< the focus came by keys
};

} // namespace moescope::ui
