// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/searchfield.h"

#include "ui/theme/theme.h"

#include <QEvent>
#include <QPainter>

namespace moescope::ui {

namespace {

constexpr int kIcon = 16;
constexpr int kSide = 8;

} // namespace

SearchField::SearchField(QWidget* parent) : QLineEdit(parent) { setMargins(); }

SearchField::SearchField(const QString& name, const QString& shortcutHint, QWidget* parent) : SearchField(parent) {
    setPlaceholderText(name);
    setAccessibleName(name);
    setShortcutHint(shortcutHint);
}

void SearchField::setShortcutHint(const QString& hint) {
    m_hint = hint;
    update();
}

void SearchField::setIconName(const QString& iconName) {
    m_iconName = iconName;
    update();
}

void SearchField::setMargins() {
    const int side = kSide + kIcon;
    setTextMargins(layoutDirection() == Qt::RightToLeft ? 0 : side, 0, layoutDirection() == Qt::RightToLeft ? side : 0,
                   0);
}

void SearchField::paintEvent(QPaintEvent* event) {
    QLineEdit::paintEvent(event);
    const Theme& look = theme();
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    QPainter painter(this);
    const QRect iconRect(mirrored ? width() - kSide - kIcon : kSide, (height() - kIcon) / 2, kIcon, kIcon);
    painter.drawPixmap(iconRect.topLeft(),
                       look.pixmap(m_iconName, kIcon,
                                   look.color(isEnabled() ? Color::TextSecondary : Color::TextDisabled),
                                   devicePixelRatioF()));
    if (m_hint.isEmpty() || !text().isEmpty()) {
        return;
    }
    const QFont font = look.font(TextStyle::Axis);
    const QFontMetrics metrics(font);
    const int wide = metrics.horizontalAdvance(m_hint) + 10;
    // A hint that would touch the placeholder says nothing.
    if (2 * kSide + kIcon + fontMetrics().horizontalAdvance(placeholderText()) + 2 * kSide + wide > width()) {
        return;
    }
    const int high = metrics.height() + 2;
    const QRect key(mirrored ? kSide : width() - kSide - wide, (height() - high) / 2, wide, high);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(look.color(Color::Border));
    painter.setBrush(look.color(Color::Window));
    painter.drawRoundedRect(QRectF(key).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
    painter.setPen(look.color(Color::TextMuted));
    painter.setFont(font);
    painter.drawText(key, Qt::AlignCenter, m_hint);
}

void SearchField::changeEvent(QEvent* event) {
    if (event->type() == QEvent::LayoutDirectionChange) {
        setMargins();
    }
    QLineEdit::changeEvent(event);
}

} // namespace moescope::ui
