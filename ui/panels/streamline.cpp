// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/streamline.h"

#include "ui/theme/theme.h"

#include <QPainter>

namespace moescope::ui {

void StreamLine::setStats(const MessageStats& stats) {
    // One unit while it counts, so that the words stand still.
    const auto seconds = [](double ms) { return ms < 1000 ? tr("%1 s").arg(ms / 1000, 0, 'f', 1) : durationText(ms); };
    QStringList parts{tr("Answering")};
    if (stats.tokens > 0) {
        parts << (stats.tokens == 1 ? tr("1 token") : tr("%1 tokens").arg(groupedText(stats.tokens)));
    }
    if (stats.tokens_per_second > 0) {
        parts << tr("%1 tok/s").arg(figureText(stats.tokens_per_second));
    }
    if (stats.first_token_ms > 0) {
        parts << tr("first token %1").arg(durationText(stats.first_token_ms));
    }
    if (stats.elapsed_ms > 0) {
        parts << tr("%1 so far").arg(seconds(stats.elapsed_ms));
    }
    if (parts != m_parts) {
        m_parts = parts;
        setAccessibleName(parts.join(QStringLiteral(", ")));
        update();
    }
}

QSize StreamLine::sizeHint() const { return {200, theme().lineHeight(TextStyle::Axis) + 4}; }

void StreamLine::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(look.color(Color::AccentText));
    painter.drawEllipse(QRectF(0, height() / 2.0 - 4, 8, 8));
    painter.setFont(look.font(TextStyle::Axis));
    painter.setPen(look.color(Color::TextSecondary));
    const QFontMetrics metrics(painter.font());
    int x = 14;
    for (const QString& part : m_parts) {
        const int width = metrics.horizontalAdvance(part);
        if (x + width > this->width()) {
            break;
        }
        painter.drawText(QRect(x, 0, width + 2, height()), Qt::AlignLeft | Qt::AlignVCenter, part);
        x += width + 16;
        painter.setPen(look.color(Color::TextMuted));
    }
}

} // namespace moescope::ui
