// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/memorybar.h"

#include "ui/models/conversation.h"
#include "ui/panels/styledlabel.h"
#include "ui/widgets/elidedlabel.h"

#include <QEvent>
#include <QGridLayout>
#include <QPainter>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr double kFilled = 0.89;       ///< of the width: room for a label at the end
constexpr int kBar = 24;               ///< px
constexpr int kHatch = 4;              ///< px
constexpr int kReach = 6;              ///< px of the line above and below the bar
constexpr int kLeastWithPercent = 380; ///< px: below, the list has no column for it
constexpr int kGap = 8;                ///< px between two labels

/** px that `bytes` take where `most` take `width`; nothing that is there vanishes. */
int pixels(quint64 bytes, quint64 most, int width) {
    return most == 0 ? 0 : qRound(static_cast<double>(bytes) / static_cast<double>(most) * width);
}

class Swatch : public QWidget {
public:
    Swatch(int part, QWidget* parent) : QWidget(parent), m_part(part) { setFixedSize(10, 10); }

protected:
    void paintEvent(QPaintEvent*) override { QPainter(this).fillRect(rect(), memoryColor(m_part)); }

private:
    int m_part;
};

} // namespace

QColor memoryColor(int part) {
    const Theme& look = theme();
    const bool dark = look.scheme() == Scheme::Dark;
    switch (part) {
    case 0: return look.expertStrong(dark ? 9 : 1);
    case 1: return look.expertStrong(dark ? 1 : 9);
    case 2: return look.color(Color::Shared);
    case 3: return look.expertStrong(2);
    default: return look.color(Color::BorderStrong);
    }
}

MemoryParts memoryParts(const trace::MemoryNeeds& needs, quint32 context, trace::KvType kv) {
    const auto types = [](const trace::WeightShare& share) { return QString::fromStdString(share.types); };
    return {{{MemoryBar::tr("Routed experts"), types(needs.routed), needs.routed.bytes},
             {MemoryBar::tr("Shared expert"), types(needs.shared), needs.shared.bytes},
             {MemoryBar::tr("Attention, norms, embeddings"), types(needs.rest), needs.rest.bytes},
             {MemoryBar::tr("KV cache"), kvTypeText(kv), needs.kv(context, kv)},
             {MemoryBar::tr("Workspace"), {}, needs.workspace(context)}}};
}

MemoryBar::MemoryBar(QWidget* parent) : QWidget(parent) { setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed); }

void MemoryBar::setParts(const MemoryParts& parts, quint64 free) {
    m_parts = parts;
    m_free = free;
    m_needed = 0;
    for (const MemoryPart& part : parts) {
        m_needed += part.bytes;
    }
    QStringList words{tr("%1 needed").arg(bytesText(m_needed))};
    if (m_free > 0) {
        words += tr("%1 free").arg(bytesText(m_free));
    }
    if (m_free > 0 && m_needed > m_free) {
        words += tr("%1 too large").arg(bytesText(m_needed - m_free));
    }
    setAccessibleName(tr("Memory to load: %1").arg(words.join(QStringLiteral(", "))));
    update();
}

QSize MemoryBar::sizeHint() const {
    return {320, theme().lineHeight(TextStyle::Axis) + 6 + kBar + kHatch + 2 + theme().lineHeight(TextStyle::Axis)};
}

void MemoryBar::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    const int room = qRound(width() * kFilled);
    const quint64 most = std::max(m_free, m_needed);
    const int top = look.lineHeight(TextStyle::Axis) + 6;
    int x = 0;
    quint64 sum = 0;
    for (int part = 0; part < kMemoryParts; ++part) {
        const quint64 bytes = m_parts[static_cast<size_t>(part)].bytes;
        sum += bytes;
        const int end = pixels(sum, most, room);
        if (bytes > 0 && end > x) {
            painter.fillRect(QRect(x, top, std::max(1, end - x - 1), kBar), memoryColor(part));
        }
        x = end;
    }
    const int needed = std::max(1, x);
    const int free = pixels(m_free, most, room);
    if (free > needed) { // a small model is a mark on what it could have
        painter.fillRect(QRect(needed, top, free - needed, kBar), look.color(Color::BorderSubtle));
    }
    if (m_free > 0 && m_needed > m_free) {
        const QRect strip(free, top + kBar + 1, needed - free, kHatch);
        painter.save();
        painter.setClipRect(strip);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(look.color(Color::Error), 2));
        for (int at = strip.left() - kHatch; at < strip.right() + kHatch; at += 6) {
            painter.drawLine(at, strip.bottom() + 1, at + kHatch, strip.top());
        }
        painter.restore();
        painter.setFont(look.font(TextStyle::Axis));
        painter.setPen(look.color(Color::Error));
        const QString excess = tr("%1 too large").arg(bytesText(m_needed - m_free));
        const int wide = painter.fontMetrics().horizontalAdvance(excess);
        painter.drawText(std::min(free + 8, width() - wide), top + kBar + kHatch + 2 + painter.fontMetrics().ascent(),
                         excess);
    }
    if (m_free > 0) {
        painter.fillRect(QRect(free - 1, top - kReach, 2, kBar + 2 * kReach), look.color(Color::Text));
    }
    paintLabels(painter, free, needed);
}

void MemoryBar::paintLabels(QPainter& painter, int freeAt, int neededAt) const {
    const Theme& look = theme();
    QFont font = look.font(TextStyle::Axis);
    font.setWeight(QFont::DemiBold);
    painter.setFont(font);
    const QFontMetrics metrics(font);
    const bool tooLarge = m_free > 0 && m_needed > m_free;
    const QString needed = tr("%1 needed").arg(bytesText(m_needed));
    const QString free = m_free > 0 ? tr("%1 free").arg(bytesText(m_free)) : QString();
    const int neededWide = metrics.horizontalAdvance(needed);
    const int freeWide = metrics.horizontalAdvance(free);
    // The label of the line stands over it, that of the bar ends where the bar does; they give way to each other.
    int neededX = std::clamp(neededAt - neededWide, 0, std::max(0, width() - neededWide));
    int freeX = std::clamp(freeAt - freeWide / 2, 0, std::max(0, width() - freeWide));
    if (!free.isEmpty() && freeX < neededX + neededWide + kGap && neededX < freeX + freeWide + kGap) {
        if (tooLarge) {
            freeX = std::max(0, neededX - kGap - freeWide);
            neededX = std::max(neededX, freeX + freeWide + kGap);
        } else {
            neededX = std::max(0, freeX - kGap - neededWide);
            freeX = std::max(freeX, neededX + neededWide + kGap);
        }
    }
    painter.setPen(look.color(Color::Text));
    painter.drawText(freeX, metrics.ascent(), free);
    painter.setPen(look.color(tooLarge ? Color::Error : Color::TextSecondary));
    painter.drawText(neededX, metrics.ascent(), needed);
}

void MemoryBar::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        updateGeometry();
    }
}

MemoryList::MemoryList(QWidget* parent) : QWidget(parent) {
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(6);
    grid->setColumnStretch(1, 1);
    grid->setColumnMinimumWidth(3, 12); // types stand apart from figures
    for (int part = 0; part < kMemoryParts; ++part) {
        Row& row = m_rows[static_cast<size_t>(part)];
        row.swatch = new Swatch(part, this);
        row.name = new ElidedLabel({}, TextStyle::Small, Color::TextSecondary, this);
        row.bytes = new StyledLabel({}, TextStyle::Mono, Color::Text, this);
        row.note = new ElidedLabel({}, TextStyle::Small, Color::TextMuted, this);
        row.percent = new StyledLabel({}, TextStyle::Mono, Color::TextMuted, this);
        grid->addWidget(row.swatch, part, 0);
        grid->addWidget(row.name, part, 1);
        grid->addWidget(row.bytes, part, 2, Qt::AlignRight);
        grid->addWidget(row.note, part, 4);
        grid->addWidget(row.percent, part, 5, Qt::AlignRight);
    }
}

void MemoryList::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    placePercent();
}

void MemoryList::placePercent() {
    const bool room = width() >= kLeastWithPercent * theme().fontScale();
    for (const Row& row : m_rows) {
        row.percent->setVisible(room && !row.name->isHidden());
    }
}

void MemoryList::setParts(const MemoryParts& parts) {
    quint64 needed = 0;
    for (const MemoryPart& part : parts) {
        needed += part.bytes;
    }
    for (size_t at = 0; at < m_rows.size(); ++at) {
        const Row& row = m_rows[at];
        const MemoryPart& part = parts[at];
        const bool there = part.bytes > 0;
        for (QWidget* widget : std::initializer_list<QWidget*>{row.swatch, row.name, row.bytes, row.note}) {
            widget->setVisible(there);
        }
        const double percent = needed > 0 ? 100.0 * static_cast<double>(part.bytes) / static_cast<double>(needed) : 0;
        row.name->setText(part.name);
        row.bytes->setText(bytesText(part.bytes));
        row.note->setText(part.note);
        row.percent->setText(tr("%1 %").arg(percent, 0, 'f', 1));
    }
    placePercent();
}

} // namespace moescope::ui
