// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/contextmeter.h"

#include "ui/theme/theme.h"

#include <QEvent>
#include <QLocale>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

constexpr int kBar = 120;
constexpr int kBarHeight = 8;
constexpr int kGap = 6;
constexpr int kSide = 6;
constexpr int kHeight = 24;
constexpr double kNearlyFull = 0.85;

QString grouped(int value) { return QLocale(QLocale::English).toString(value); }

int widthOf(TextStyle style, const QString& text) { return QFontMetrics(theme().font(style)).horizontalAdvance(text); }

} // namespace

ContextMeter::ContextMeter(QWidget* parent) : QAbstractButton(parent) {
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setAttribute(Qt::WA_Hover);
    setProperty("focusRing", true);
    setAccessibleName(tr("Context, no model loaded"));
}

bool ContextMeter::isNearlyFull() const { return m_limit > 0 && m_used >= kNearlyFull * m_limit; }

void ContextMeter::setTokens(int used, int limit) {
    if (used == m_used && limit == m_limit) {
        return;
    }
    m_used = used;
    m_limit = limit;
    const QString words = used < 0 ? tr("Context, not counted, of %1 tokens").arg(grouped(limit))
                                   : tr("Context, %1 of %2 tokens").arg(grouped(used), grouped(limit));
    setAccessibleName(limit <= 0       ? tr("Context, no model loaded")
                      : isNearlyFull() ? QStringLiteral("%1, %2").arg(words, warning())
                                       : words);
    updateGeometry();
    update();
}

QString ContextMeter::warning() const { return m_used < m_limit ? tr("nearly full") : tr("full"); }

QString ContextMeter::numbers() const {
    return QStringLiteral("%1 / %2").arg(m_used < 0 ? QStringLiteral("–") : grouped(m_used), grouped(m_limit));
}

QSize ContextMeter::sizeHint() const {
    int width = 2 * kSide + widthOf(TextStyle::Small, tr("Context")) + kGap + kBar + kGap +
                widthOf(TextStyle::Mono, numbers()) + kGap + widthOf(TextStyle::Small, tr("tokens"));
    if (isNearlyFull()) {
        width += kGap + widthOf(TextStyle::Small, warning());
    }
    return {width, std::max(kHeight, theme().lineHeight(TextStyle::Small) + 4)};
}

void ContextMeter::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    if (isEnabled() && (isDown() || underMouse())) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(look.color(isDown() ? Color::Pressed : Color::Hover));
        painter.drawRoundedRect(rect(), 4, 4);
        painter.setRenderHint(QPainter::Antialiasing, false);
    }
    const bool warn = isNearlyFull();
    int x = kSide;
    const auto words = [&](const QString& text, TextStyle style, Color color) {
        painter.setFont(look.font(style));
        painter.setPen(look.color(color));
        const int wide = widthOf(style, text);
        painter.drawText(QRect(x, 0, wide + 1, height()), Qt::AlignVCenter | Qt::AlignLeft, text);
        x += wide + kGap;
    };
    words(tr("Context"), TextStyle::Small, Color::TextSecondary);
    const QRect bar(x, (height() - kBarHeight) / 2, kBar, kBarHeight);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(look.color(Color::BorderStrong));
    painter.setBrush(look.color(Color::Panel));
    painter.drawRoundedRect(QRectF(bar).adjusted(0.5, 0.5, -0.5, -0.5), 2, 2);
    const double share = m_limit > 0 ? std::clamp(double(m_used) / m_limit, 0.0, 1.0) : 0.0;
    const int filled = static_cast<int>(std::lround(share * (kBar - 2)));
    painter.fillRect(QRect(bar.x() + 1, bar.y() + 1, filled, kBarHeight - 2),
                     look.color(warn ? Color::Warn : Color::TextSecondary));
    x += kBar + kGap;
    words(numbers(), TextStyle::Mono, warn ? Color::Warn : Color::TextSecondary);
    words(tr("tokens"), TextStyle::Small, warn ? Color::Warn : Color::TextSecondary);
    if (warn) {
        words(warning(), TextStyle::Small, Color::Warn);
    }
}

void ContextMeter::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) {
        updateGeometry();
        update();
    }
    QAbstractButton::changeEvent(event);
}

} // namespace moescope::ui
