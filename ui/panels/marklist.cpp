// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/marklist.h"

#include "ui/theme/theme.h"

#include <QEvent>
#include <QPainter>
#include <QStyledItemDelegate>

namespace moescope::ui {

namespace {

constexpr int kRow = 28;     ///< px
constexpr int kMostRows = 4; ///< before they scroll
constexpr int kBox = 6;      ///< px, radius
constexpr int kSide = 8;     ///< px from the box to the sign
constexpr int kIcon = 16;    ///< px
constexpr int kChipPad = 4;  ///< px

enum Role { Place = Qt::UserRole, Word, Note, Bookmark };

int rowHeight() { return qRound(kRow * theme().fontScale()); }

/** Sign, place, token as a chip, note; the note is elided. */
class MarkDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const Theme& look = theme();
        QStyleOptionViewItem row = option;
        initStyleOption(&row, index);
        row.text.clear();
        const QWidget* view = option.widget;
        view->style()->drawControl(QStyle::CE_ItemViewItem, &row, painter, view);
        const QRect area = option.rect.adjusted(kSide, 0, -kSide, 0);
        int x = area.left();
        const QString icon = index.data(Bookmark).toBool() ? QStringLiteral("bookmark") : QStringLiteral("edit");
        painter->save();
        painter->drawPixmap(QPoint(x, area.top() + (area.height() - kIcon) / 2),
                            look.pixmap(icon, kIcon, look.color(Color::TextSecondary), view->devicePixelRatioF()));
        x += kIcon + kSide;
        const auto words = [&](const QString& text) {
            painter->setFont(look.font(TextStyle::Small));
            painter->setPen(look.color(Color::Text));
            const QFontMetrics metrics(painter->font());
            const int room = area.right() + 1 - x;
            painter->drawText(QRect(x, area.top(), room, area.height()), Qt::AlignVCenter | Qt::AlignLeft,
                              metrics.elidedText(text, Qt::ElideRight, room));
            x += metrics.horizontalAdvance(text) + kSide;
        };
        words(index.data(Place).toString());
        if (const QString word = index.data(Word).toString(); !word.isEmpty()) {
            painter->setFont(look.font(TextStyle::Mono));
            const QFontMetrics metrics(painter->font());
            const int high = metrics.height() + 2;
            const QRect chip(x, area.top() + (area.height() - high) / 2, metrics.horizontalAdvance(word) + 2 * kChipPad,
                             high);
            painter->setRenderHint(QPainter::Antialiasing);
            painter->setPen(look.color(Color::Border));
            painter->setBrush(look.color(Color::Sunken));
            painter->drawRoundedRect(QRectF(chip).adjusted(0.5, 0.5, -0.5, -0.5), 2, 2);
            painter->setPen(look.color(Color::Text));
            painter->drawText(chip, Qt::AlignCenter, word);
            x = chip.right() + 1 + kSide;
        }
        if (const QString note = index.data(Note).toString(); !note.isEmpty() && x < area.right()) {
            words(note);
        }
        painter->restore();
    }
};

} // namespace

QString placeText(const CaptureMark& mark) {
    return mark.word.isEmpty() ? mark.place : MarkList::tr("%1 “%2”").arg(mark.place, mark.word);
}

MarkList::MarkList(QWidget* parent) : QListWidget(parent) {
    setItemDelegate(new MarkDelegate(this));
    setFrameShape(QFrame::NoFrame);
    setViewportMargins(1, kBox / 2, 1, kBox / 2); // the box's corners stay free
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setUniformItemSizes(true);
}

void MarkList::setMarks(const QList<CaptureMark>& marks) {
    const int row = currentRow();
    clear();
    for (const CaptureMark& mark : marks) {
        const QString place = placeText(mark);
        const QString text = mark.bookmark ? place : tr("%1: %2").arg(place, mark.note);
        auto* item = new QListWidgetItem(text, this);
        item->setSizeHint({0, rowHeight()});
        item->setToolTip(text.toHtmlEscaped());
        item->setData(Place, mark.place);
        item->setData(Word, mark.word);
        item->setData(Note, mark.note.simplified());
        item->setData(Bookmark, mark.bookmark);
        item->setData(Qt::AccessibleTextRole,
                      mark.bookmark ? tr("Bookmark: %1").arg(place) : tr("Note to %1").arg(text));
    }
    const auto count = static_cast<int>(marks.size());
    setFixedHeight(qMin(count, kMostRows) * rowHeight() + kBox);
    setVisible(count > 0);
    setCurrentRow(qMin(row, count - 1));
}

bool MarkList::event(QEvent* event) {
    if (event->type() != QEvent::Paint) {
        return QListWidget::event(event);
    }
    QPainter painter(this); // around the viewport
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(theme().color(Color::Border));
    painter.setBrush(theme().color(Color::Panel));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), kBox, kBox);
    return true;
}

} // namespace moescope::ui
