// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QAbstractButton>

namespace moescope::ui {

/** A full-width quiet row that can be pressed: icon, words, a figure at the right. */
class RowButton : public QAbstractButton {
    Q_OBJECT
public:
    RowButton(const QString& icon, const QString& words, QWidget* parent = nullptr);

    void setWords(const QString& words);
    void setFigure(const QString& figure);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    QString m_icon;
    QString m_figure;
};

} // namespace moescope::ui
