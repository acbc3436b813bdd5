// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/progresscard.h"

#include "ui/theme/theme.h"

#include <QEvent>
#include <QLocale>
#include <QPainter>
#include <QPushButton>

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

constexpr int kSide = 12;
constexpr int kAbove = 8;
constexpr int kBar = 8;
constexpr int kSwatch = 8;

QString grouped(double value) {
    return QLocale(QLocale::English).toString(static_cast<qlonglong>(std::llround(value)));
}

double shareOf(double part, double whole) { return whole > 0 ? std::clamp(part / whole, 0.0, 1.0) : 0.0; }

} // namespace

ProgressCard::ProgressCard(QWidget* parent) : QWidget(parent) {
    m_stop = new QPushButton(tr("Stop"), this);
    m_stop->setProperty("small", true);
    m_stop->setIcon(theme().icon(QStringLiteral("stop")));
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    connect(m_stop, &QAbstractButton::clicked, this, &ProgressCard::stopRequested);
    describe();
}

void ProgressCard::setPrefill(const trace::PrefillProgress& progress) {
    m_prefill = true;
    const double read = progress.done > progress.reused ? progress.done - progress.reused : 0;
    m_title = tr("Reading the prompt");
    m_figure = tr("%1 of %2 tokens").arg(grouped(progress.done), grouped(progress.total));
    m_reusedText = progress.reused > 0 ? tr("%1 reused").arg(grouped(progress.reused)) : QString();
    m_readText = tr("%1 read").arg(grouped(read));
    m_reusedShare = shareOf(progress.reused, progress.total);
    m_share = shareOf(progress.done, progress.total);
    m_note.clear();
    if (read > 0 && progress.elapsed_ms > 0) {
        const double speed = read / progress.elapsed_ms * 1000.0;
        const QString rate = speed >= 100 ? grouped(speed) : QLocale(QLocale::English).toString(speed, 'f', 1);
        m_note = tr("%1 tok/s").arg(rate);
        if (progress.left_ms && std::isfinite(*progress.left_ms)) {
            const double seconds = *progress.left_ms / 1000;
            m_note += QStringLiteral("\u2003") +
                      (seconds < 60
                           ? tr("%1 s left").arg(QLocale(QLocale::English).toString(seconds, 'f', seconds < 10 ? 1 : 0))
                           : tr("%1 min left").arg(grouped(std::ceil(seconds / 60))));
        }
    }
    describe();
}

void ProgressCard::setProgress(const QString& title, const QString& figure, double share, const QString& note) {
    m_prefill = false;
    m_title = title;
    m_figure = figure;
    m_note = note;
    m_reusedText.clear();
    m_readText.clear();
    m_reusedShare = 0;
    m_share = shareOf(share, 1.0);
    describe();
}

void ProgressCard::setStoppable(bool stoppable) {
    m_stop->setVisible(stoppable);
    update();
}

void ProgressCard::describe() {
    QStringList words{m_title + QLatin1Char(' ') + m_figure};
    for (const QString& part : {m_reusedText, m_readText, m_note}) {
        if (!part.isEmpty()) {
            words += part;
        }
    }
    setAccessibleName(words.join(QStringLiteral(", ")).replace(QChar(0x2003), QStringLiteral(", ")));
    m_stop->setAccessibleName(m_prefill || m_title.isEmpty() ? tr("Stop") : tr("Stop, %1").arg(m_title));
    place();
    update();
}

QSize ProgressCard::sizeHint() const {
    return {360, kAbove + std::max(m_stop->sizeHint().height(), theme().lineHeight(TextStyle::Small)) + 8 + kBar + 8 +
                     theme().lineHeight(TextStyle::Small) + kAbove};
}

QSize ProgressCard::minimumSizeHint() const { return {200, sizeHint().height()}; }

void ProgressCard::place() {
    const QSize size = m_stop->sizeHint();
    const int x = layoutDirection() == Qt::RightToLeft ? kSide : width() - kSide - size.width();
    m_stop->setGeometry(x, kAbove, size.width(), size.height());
}

void ProgressCard::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(look.color(Color::Border));
    painter.setBrush(look.color(Color::Panel));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);

    const int head = m_stop->sizeHint().height();
    const int right = m_stop->isHidden() ? width() - kSide : m_stop->x() - 8;
    int x = kSide;
    const auto words = [&](const QString& text, TextStyle style, Color color, int y, int height, int end) {
        const QFont font = look.font(style);
        const QString shown = QFontMetrics(font).elidedText(text, Qt::ElideRight, std::max(0, end - x));
        painter.setFont(font);
        painter.setPen(look.color(color));
        painter.drawText(QRect(x, y, std::max(0, end - x), height), Qt::AlignVCenter | Qt::AlignLeft, shown);
        x += QFontMetrics(font).horizontalAdvance(shown);
    };
    // The figure keeps its unit; the title gives way.
    const int figure = QFontMetrics(look.font(TextStyle::Mono)).horizontalAdvance(m_figure) + 8;
    const bool whole = x + QFontMetrics(look.font(TextStyle::PanelTitle)).horizontalAdvance(m_title) + figure <= right;
    words(whole || !m_prefill ? m_title : tr("Reading"), TextStyle::PanelTitle, Color::Text, kAbove, head,
          right - figure);
    x += 8;
    words(m_figure, TextStyle::Mono, Color::Text, kAbove, head, right);

    const QRect bar(kSide, kAbove + head + 8, width() - 2 * kSide, kBar);
    painter.setPen(look.color(Color::BorderStrong));
    painter.setBrush(look.color(Color::Panel));
    painter.drawRoundedRect(QRectF(bar).adjusted(0.5, 0.5, -0.5, -0.5), 2, 2);
    painter.setRenderHint(QPainter::Antialiasing, false);
    const int inner = bar.width() - 2;
    const int reused = static_cast<int>(std::lround(m_reusedShare * inner));
    const int done = static_cast<int>(std::lround(m_share * inner));
    painter.fillRect(QRect(bar.x() + 1, bar.y() + 1, done, kBar - 2), look.color(Color::Accent));
    painter.fillRect(QRect(bar.x() + 1, bar.y() + 1, std::min(reused, done), kBar - 2), look.color(Color::Ok));

    const int y = bar.bottom() + 1 + 8;
    const int line = look.lineHeight(TextStyle::Small);
    x = kSide;
    const auto legend = [&](const QString& text, Color color) {
        if (!text.isEmpty()) {
            painter.fillRect(QRect(x, y + (line - kSwatch) / 2, kSwatch, kSwatch), look.color(color));
            x += kSwatch + 4;
            words(text, TextStyle::Small, Color::TextMuted, y, line, width() - kSide);
            x += 12;
        }
    };
    legend(m_reusedText, Color::Ok);
    legend(m_readText, Color::Accent);
    words(m_note, TextStyle::Small, Color::TextMuted, y, line, width() - kSide);
}

void ProgressCard::resizeEvent(QResizeEvent*) { place(); }

void ProgressCard::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange && m_stop != nullptr) {
        updateGeometry();
        place();
        update();
    }
    QWidget::changeEvent(event);
}

} // namespace moescope::ui
