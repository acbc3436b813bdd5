// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/chathead.h"

#include "ui/theme/plaintooltip.h"
#include "ui/theme/theme.h"
#include "ui/widgets/iconbutton.h"

#include <QPainter>

namespace moescope::ui {

namespace {

constexpr int kHeight = 40;  ///< px
constexpr int kButton = 28;  ///< px
constexpr int kNarrow = 480; ///< px

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

void ChatHead::resizeEvent(QResizeEvent*) {
    m_find->setGeometry(width() - (width() < kNarrow ? 8 : 12) - kButton, (kHeight - 1 - kButton) / 2, kButton,
                        kButton);
}

void ChatHead::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    const bool narrow = width() < kNarrow;
    const QRect box(narrow ? 12 : 20, 0, m_find->x() - (narrow ? 20 : 28), height() - 1);
    painter.setFont(look.font(narrow ? TextStyle::PanelTitle : TextStyle::UiStrong));
    painter.setPen(look.color(Color::Text));
    painter.drawText(box, Qt::AlignLeft | Qt::AlignVCenter,
                     QFontMetrics(painter.font()).elidedText(m_title, Qt::ElideRight, box.width()));
    painter.setPen(look.color(Color::BorderSubtle));
    painter.drawLine(0, height() - 1, width(), height() - 1);
}

} // namespace moescope::ui
