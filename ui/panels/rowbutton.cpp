// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/rowbutton.h"

#include "ui/theme/theme.h"

#include <QPainter>

namespace moescope::ui {

RowButton::RowButton(const QString& icon, const QString& words, QWidget* parent)
    : QAbstractButton(parent), m_icon(icon) {
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setWords(words);
}

void RowButton::setWords(const QString& words) {
    setText(words);
    setAccessibleName(m_figure.isEmpty() ? words : tr("%1: %2").arg(words, m_figure));
    update();
}

void RowButton::setFigure(const QString& figure) {
    m_figure = figure;
    setWords(text());
}

QSize RowButton::sizeHint() const { return {120, qMax(32, theme().lineHeight(TextStyle::Ui) + 12)}; }

void RowButton::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    if (isDown() || underMouse()) {
        painter.setBrush(look.color(isDown() ? Color::Pressed : Color::Hover));
        painter.drawRoundedRect(rect(), 4, 4);
    }
    if (hasFocus()) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(look.color(Color::AccentText), 2));
        painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 4, 4);
    }
    QRect inner = rect().adjusted(8, 0, -8, 0);
    painter.drawPixmap(inner.left(), (height() - 14) / 2,
                       look.pixmap(m_icon, 14, look.color(Color::TextSecondary), devicePixelRatioF()));
    inner.setLeft(inner.left() + 22);
    if (!m_figure.isEmpty()) {
        painter.setFont(look.font(TextStyle::Small));
        painter.setPen(look.color(Color::TextMuted));
        painter.drawText(inner, Qt::AlignRight | Qt::AlignVCenter, m_figure);
        inner.setRight(inner.right() - QFontMetrics(painter.font()).horizontalAdvance(m_figure) - 8);
    }
    painter.setFont(look.font(TextStyle::Ui));
    painter.setPen(look.color(Color::Text));
    painter.drawText(inner, Qt::AlignLeft | Qt::AlignVCenter,
                     QFontMetrics(painter.font()).elidedText(text(), Qt::ElideRight, inner.width()));
}

void RowButton::enterEvent(QEnterEvent*) { update(); }

void RowButton::leaveEvent(QEvent*) { update(); }

} // namespace moescope::ui
