// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/statusitem.h"

#include <QEvent>
#include <QPainter>

namespace moescope::ui {

namespace {

constexpr int kIcon = 14;
constexpr int kDot = 8;
constexpr int kGap = 6;
constexpr int kSide = 6;
constexpr int kHeight = 24;

} // namespace

StatusItem::StatusItem(QWidget* parent) : QAbstractButton(parent) {
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setAttribute(Qt::WA_Hover);
    setProperty("focusRing", true);
}

StatusItem::StatusItem(const QString& iconName, const QString& text, QWidget* parent) : StatusItem(parent) {
    m_iconName = iconName;
    setText(text);
}

void StatusItem::setIconName(const QString& iconName) {
    m_iconName = iconName;
    m_dot.reset();
    updateGeometry();
    update();
}

void StatusItem::setDot(Color color) {
    m_dot = color;
    updateGeometry();
    update();
}

void StatusItem::setText(const QString& text) {
    if (m_words == text) {
        return;
    }
    m_words = text;
    setAccessibleName(text);
    updateGeometry();
    update();
}

QSize StatusItem::sizeHint() const {
    const int words = QFontMetrics(theme().font(TextStyle::Small)).horizontalAdvance(m_words);
    const int mark = m_dot ? kDot + kGap : m_iconName.isEmpty() ? 0 : kIcon + kGap;
    return {2 * kSide + mark + words, std::max(kHeight, theme().lineHeight(TextStyle::Small) + 4)};
}

void StatusItem::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (isEnabled() && (isDown() || underMouse())) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(look.color(isDown() ? Color::Pressed : Color::Hover));
        painter.drawRoundedRect(rect(), 4, 4);
    }
    int x = kSide;
    if (m_dot) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(look.color(*m_dot));
        painter.drawEllipse(QRectF(x, (height() - kDot) / 2.0, kDot, kDot));
        x += kDot + kGap;
    } else if (!m_iconName.isEmpty()) {
        painter.drawPixmap(QPoint(x, (height() - kIcon) / 2),
                           look.pixmap(m_iconName, kIcon, look.color(Color::TextSecondary), devicePixelRatioF()));
        x += kIcon + kGap;
    }
    painter.setFont(look.font(TextStyle::Small));
    painter.setPen(look.color(Color::TextSecondary));
    painter.drawText(QRect(x, 0, width() - x, height()), Qt::AlignVCenter | Qt::AlignLeft, m_words);
}

void StatusItem::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) {
        updateGeometry();
        update();
    }
    QAbstractButton::changeEvent(event);
}

} // namespace moescope::ui
