// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/chartpaint.h"

#include <QFontInfo>
#include <QFontMetrics>
#include <QPixmap>

#include <cmath>

namespace moescope::ui {

int scaledPx(int px) { return int(std::lround(px * theme().fontScale())); }

QFont axisFont() { return theme().font(TextStyle::Axis); }

QFont axisMonoFont() {
    QFont font = theme().font(TextStyle::Mono);
    font.setPixelSize(scaledPx(11));
    return font;
}

QFont bold(QFont font) {
    // Semi-bold digits of a fixed font are hardly told from regular ones.
    font.setWeight(QFontInfo(font).fixedPitch() ? QFont::Bold : QFont::DemiBold);
    return font;
}

QFont spanFont(const ReadoutSpan& span) {
    switch (span.style) {
    case ReadoutSpan::Mono: return theme().font(TextStyle::Mono);
    case ReadoutSpan::Strong:
    case ReadoutSpan::Warn: return bold(theme().font(TextStyle::Small));
    case ReadoutSpan::Plain: break;
    }
    return theme().font(TextStyle::Small);
}

void paintText(QPainter& painter, const QRect& rect, int flags, const QString& text, const QFont& font,
               const QColor& color) {
    painter.setFont(font);
    painter.setPen(color);
    painter.drawText(rect, flags | Qt::TextSingleLine | Qt::TextDontClip, text);
}

QString fittingText(const QStringList& wordings, const QFont& font, int width) {
    const QFontMetrics metrics(font);
    for (const QString& words : wordings) {
        if (metrics.horizontalAdvance(words) <= width) {
            return words;
        }
    }
    return wordings.isEmpty() ? QString() : metrics.elidedText(wordings.last(), Qt::ElideRight, width);
}

QString fittingParts(const QString& text, const QFont& font, int width, bool marked) {
    const auto dot = QStringLiteral(" · ");
    QStringList wordings{text};
    QStringList parts = text.split(dot);
    while (parts.size() > 1) {
        parts.removeLast();
        wordings << parts.join(dot) + (marked ? dot + QChar(0x2026) : QString());
    }
    return fittingText(wordings, font, width);
}

void paintFrame(QPainter& painter, const QRect& rect, const QColor& color, int width) {
    painter.fillRect(QRect(rect.left(), rect.top(), rect.width(), width), color);
    painter.fillRect(QRect(rect.left(), rect.bottom() + 1 - width, rect.width(), width), color);
    painter.fillRect(QRect(rect.left(), rect.top(), width, rect.height()), color);
    painter.fillRect(QRect(rect.right() + 1 - width, rect.top(), width, rect.height()), color);
}

void paintDash(QPainter& painter, const QRect& cell, const QColor& color) {
    const int dash = std::clamp(cell.width() / 3, 1, 8);
    painter.fillRect(QRect(cell.center().x() - (dash - 1) / 2, cell.center().y(), dash, 1), color);
}

void paintIdleSign(QPainter& painter, const QRect& sign) {
    paintFrame(painter, sign, theme().color(Color::Border));
    painter.fillRect(QRect(sign.center().x() - 2, sign.center().y(), 5, 1), theme().color(Color::Text));
}

void paintFilteredOut(QPainter& painter, const QRect& cell) {
    painter.fillRect(cell, theme().color(Color::Window));
    const int side = std::min({scaledPx(8), cell.width() / 2, cell.height() / 2});
    const QPointF middle = QRectF(cell).center();
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme().color(Color::BorderStrong), 1));
    painter.drawLine(middle + QPointF(-side, side) / 2, middle + QPointF(side, -side) / 2);
    painter.restore();
}

void paintRowBand(QPainter& painter, const QRect& rect, const QColor& color) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawRoundedRect(rect, 2, 2);
    painter.restore();
}

void paintLegendBar(QPainter& painter, const QRect& rect, const std::function<QColor(double)>& colorAt) {
    for (int step = 0; step < 9; ++step) {
        const int left = rect.left() + rect.width() * step / 9;
        const int right = rect.left() + rect.width() * (step + 1) / 9;
        painter.fillRect(QRect(left, rect.top(), right - left, rect.height()), colorAt(step / 8.0));
    }
    paintFrame(painter, rect.adjusted(-1, -1, 1, 1), theme().color(Color::Border));
}

void paintLegendTicks(QPainter& painter, const QRect& bar, const QStringList& ticks) {
    const QRect line(bar.left(), bar.bottom() + 2, bar.width(), scaledPx(16));
    for (qsizetype tick = 0; tick < ticks.size(); ++tick) {
        const int x = line.left() + int(line.width() * tick / (ticks.size() - 1));
        const bool first = tick == 0;
        const bool last = tick + 1 == ticks.size();
        paintText(painter, first || last ? line : QRect(x - 30, line.top(), 60, line.height()),
                  Qt::AlignVCenter | (first  ? Qt::AlignLeft
                                      : last ? Qt::AlignRight
                                             : Qt::AlignHCenter),
                  ticks.at(tick), axisMonoFont(), theme().color(Color::TextSecondary));
    }
}

QColor divergingAt(double position) { return theme().diverging(std::pow(2.0, position * 4 - 2)); }

QBrush hatching(const QPainter& painter, const QColor& line, const QColor& ground) {
    constexpr int tile = 8; // along x, so that slanted lines are 6 px apart
    const double ratio = painter.device()->devicePixelRatioF();
    // Whole pixels of the device, else the tiles would not meet.
    const int side = std::max(1, int(std::lround(tile * ratio)));
    const double scale = double(side) / tile;
    QPixmap pixmap(side, side);
    pixmap.fill(ground);
    QPainter lines(&pixmap);
    lines.setRenderHint(QPainter::Antialiasing);
    lines.scale(scale, scale);
    lines.setPen(QPen(line, 1.6));
    for (const int shift : {-tile, 0, tile}) {
        lines.drawLine(QPointF(shift - 1, tile + 1), QPointF(shift + tile + 1, -1));
    }
    lines.end();
    QBrush brush(pixmap);
    brush.setTransform(QTransform::fromScale(1 / ratio, 1 / ratio));
    return brush;
}

QString tooltipTable(const QString& title, const QList<QPair<QString, QString>>& rows) {
    QString html = QStringLiteral("<b>%1</b><table cellspacing=0>").arg(title.toHtmlEscaped());
    for (const auto& [name, value] : rows) {
        html += QStringLiteral("<tr><td>%1&nbsp;&nbsp;&nbsp;</td><td align=right>%2</td></tr>")
                    .arg(name.toHtmlEscaped(), value.toHtmlEscaped());
    }
    return html + QStringLiteral("</table>");
}

QString ratioText(double ratio) {
    if (ratio >= 9.95) {
        return QString::number(std::lround(ratio));
    }
    const QString text = QString::number(ratio, 'f', 1);
    return text == QLatin1String("0.0")           ? QStringLiteral("<.1")
           : text.startsWith(QLatin1String("0.")) ? text.mid(1)
                                                  : text;
}

QString partText(double part) { return QString::number(part * 100, 'f', 1) + QStringLiteral(" %"); }

QString gateText(double value, bool leadingZero) {
    if (!std::isfinite(value)) {
        return QStringLiteral("–");
    }
    const QString text = QString::number(value, 'f', 2);
    return !leadingZero && text.startsWith(QLatin1String("0.")) ? text.mid(1) : text;
}

} // namespace moescope::ui
