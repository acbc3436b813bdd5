// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/cutline.h"

#include "ui/models/conversation.h"
#include "ui/panels/messagewidget.h"
#include "ui/theme/theme.h"

#include <QPainter>

namespace moescope::ui {

CutLine::CutLine(QWidget* parent) : QWidget(parent) {
    setTokens(0);
    hide();
}

void CutLine::setTokens(int tokens) {
    m_words = tokens <= 0   ? tr("The model no longer sees what stands above")
              : tokens == 1 ? tr("The model no longer sees the 1 token above")
                            : tr("The model no longer sees the %1 tokens above").arg(groupedText(tokens));
    m_brief = tokens <= 0 ? tr("Not seen") : tr("%1 tokens not seen").arg(groupedText(tokens));
    setAccessibleName(m_words);
    update();
}

int CutLine::heightOf() { return theme().lineHeight(TextStyle::Small) + MessageWidget::kGap; }

void CutLine::paintEvent(QPaintEvent*) {
    constexpr int gap = 8; // px between line and words
    const Theme& look = theme();
    QPainter painter(this);
    painter.setFont(look.font(TextStyle::Small));
    const QFontMetrics metrics(painter.font());
    const int line = look.lineHeight(TextStyle::Small);
    const int least = 2 * (gap + 24);
    const QString words = metrics.horizontalAdvance(m_words) + least <= width() ? m_words : m_brief;
    const int wide = qMin(metrics.horizontalAdvance(words) + 1, qMax(0, width() - least));
    const QRect middle((width() - wide) / 2, 0, wide, line);
    painter.setPen(look.color(Color::Warn));
    painter.drawText(middle, Qt::AlignCenter | Qt::TextSingleLine,
                     metrics.elidedText(words, Qt::ElideRight, middle.width()));
    QPen pen(look.color(Color::Warn), 2, Qt::CustomDashLine, Qt::FlatCap);
    pen.setDashPattern({3, 2});
    painter.setPen(pen);
    const int y = line / 2;
    painter.drawLine(0, y, middle.left() - gap, y);
    painter.drawLine(width(), y, middle.right() + 1 + gap, y);
}

} // namespace moescope::ui
