// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/theme/theme.h"

#include <QWidget>

namespace moescope::ui {

/** One line of text that is cut with "…" where it does not fit; then the whole text is its tooltip. */
class ElidedLabel : public QWidget {
    Q_OBJECT
public:
    /** The text is the accessible name too. */
    explicit ElidedLabel(const QString& text, TextStyle style = TextStyle::Ui, Color color = Color::Text,
                         QWidget* parent = nullptr);

    QString text() const { return m_text; }
    void setText(const QString& text);
    /** What else may stand for the text where it does not fit, longest first; the last of them is cut. */
    void setShorter(const QStringList& shorter);
    void setColor(Color color);
    void setElideMode(Qt::TextElideMode mode);
    /** What is drawn at the present width. */
    QString shownText() const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void refreshToolTip();

    QString m_text;
    QStringList m_shorter;
    TextStyle m_style;
    Color m_color;
    Qt::TextElideMode m_mode = Qt::ElideRight;
};

} // namespace moescope::ui
