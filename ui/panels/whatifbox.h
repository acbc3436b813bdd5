// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QWidget>

class QHBoxLayout;
class QLabel;
class QVBoxLayout;

namespace moescope::ui {

/** "What if: layer 5, expert 6 banned" with a sign before it and buttons in the same row, or below where it is narrow. */
class WhatIfBox : public QWidget {
    Q_OBJECT
public:
    enum class Frame { Amber, None };

    explicit WhatIfBox(Frame frame, QWidget* parent = nullptr);

    /** What is said behind "What if:"; `whole` is the tooltip, where the words are a short form. */
    void setWords(const QString& words, const QString& whole = {});
    QString words() const { return m_words; }
    /** Where the sign is drawn, on the line of the words; logical px. */
    QRect signRect() const;

protected:
    /** Of the buttons at the right. */
    QHBoxLayout* buttons() const { return m_buttons; }
    /** For more rows. */
    QVBoxLayout* column() const { return m_column; }

    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void refresh();

    Frame m_frame;
    QString m_words;
    QLabel* m_label = nullptr;
    QVBoxLayout* m_column = nullptr;
    QHBoxLayout* m_buttons = nullptr;
};

} // namespace moescope::ui
