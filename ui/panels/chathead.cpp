// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/chathead.h"

#include "ui/theme/plaintooltip.h"
#include "ui/theme/theme.h"
#include "ui/widgets/iconbutton.h"

#include <QEvent>
#include <QPainter>

namespace moescope::ui {

namespace {

constexpr int kHeight = 40;  ///< px
constexpr int kCompact = 32; ///< px, and 1 of the dock's edge

} // namespace

ChatHead::ChatHead(QWidget* parent) : QWidget(parent) {
    setFixedHeight(kHeight);
    m_find = new IconButton(QStringLiteral("search"), tr("Find in this chat"), this);
    m_find->setToolTip(tr("Find in this chat (%1)").arg(tr("Ctrl+F")));
    connect(m_find, &QAbstractButton::clicked, this, &ChatHead::findRequested);
}

void ChatHead::setTitle(const QString& title) {
    m_title = title.simplified();
    setAccessibleName(tr("Conversation: %1").arg(m_title));
    setToolTip(plainToolTip(m_title));
    update();
}

void ChatHead::setCompact(bool compact) {
    m_compact = compact;
    setFixedHeight(compact ? qRound(kCompact * theme().fontScale()) + 1 : kHeight);
    m_find->setSmall(compact);
    placeButton();
    update();
}

void ChatHead::placeButton() {
    const int side = m_find->sizeHint().width();
    m_find->setGeometry(width() - (m_compact ? 4 : 12) - side, (height() - 1 - side) / 2, side, side);
}

void ChatHead::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_find != nullptr) {
        setCompact(m_compact);
    }
}

void ChatHead::resizeEvent(QResizeEvent*) { placeButton(); }

void ChatHead::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    const QRect box(m_compact ? 12 : 20, 0, m_find->x() - (m_compact ? 20 : 28), height() - (m_compact ? 0 : 1));
    painter.setFont(look.font(m_compact ? TextStyle::PanelTitle : TextStyle::UiStrong));
    painter.setPen(look.color(Color::Text));
    painter.drawText(box, Qt::AlignLeft | Qt::AlignVCenter,
                     QFontMetrics(painter.font()).elidedText(m_title, Qt::ElideRight, box.width()));
    painter.setPen(look.color(Color::BorderSubtle));
    painter.drawLine(0, height() - 1, width(), height() - 1);
}

} // namespace moescope::ui
