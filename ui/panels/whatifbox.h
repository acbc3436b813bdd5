// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QWidget>

class QLabel;
class QVBoxLayout;

namespace moescope::ui {

class FlowLayout;

/** "What if: layer 5, expert 6 banned" in an amber frame, with room for controls below. */
class WhatIfBox : public QWidget {
    Q_OBJECT
public:
    explicit WhatIfBox(QWidget* parent = nullptr);

    /** What is said behind "What if:"; `whole` is the tooltip, where the words are a short form. */
    void setWords(const QString& words, const QString& whole = {});
    QString words() const { return m_words; }

protected:
    /** Controls; those from FlowLayout::alignRightFrom() on stand at the right. */
    FlowLayout* controls() const { return m_controls; }
    /** For more rows. */
    QVBoxLayout* column() const { return m_column; }

    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void refresh();

    QString m_words;
    QLabel* m_label = nullptr;
    QVBoxLayout* m_column = nullptr;
    FlowLayout* m_controls = nullptr;
};

} // namespace moescope::ui
