// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/conversationdelegate.h"

#include "ui/theme/theme.h"

#include <QAbstractItemView>
#include <QLineEdit>
#include <QPainter>
#include <QTextLayout>

namespace moescope::ui {

namespace {

constexpr int kInset = 8;      ///< px from the list's edge to the row's fill
constexpr int kInsetRight = 4; ///< px; the gap between docks follows
constexpr int kPadding = 8;    ///< px from the fill's edge to the text
constexpr int kKindIcon = 14;  ///< px, before the title of a comparison

int rowHeight() { return qMax(32, theme().lineHeight(TextStyle::Ui) + 12); }

/** The text that fits `width`, cut at the right with an ellipsis. */
QString fitting(const QString& text, const QFont& font, int width) {
    return QFontMetrics(font).elidedText(text, Qt::ElideRight, width);
}

/** One line with the hits bold on a warm tint, cut so that the first hit is seen, or only at the right. */
void drawMarked(QPainter* painter, const QRect& box, const QString& text, const QList<HitRange>& hits,
                const QFont& font, const QColor& ink, bool fromStart = false) {
    QString shown = text;
    int shift = 0;
    const QFontMetrics metrics(font);
    if (!fromStart && !hits.isEmpty() && metrics.horizontalAdvance(text.left(hits.first().end)) > box.width()) {
        const int keep = qMax(0, hits.first().begin - 12);
        shown = QStringLiteral("… ") + text.mid(keep);
        shift = keep - 2;
    }
    shown = fitting(shown, font, box.width());
    QTextLayout layout(shown, font);
    QList<QTextLayout::FormatRange> formats;
    for (const HitRange& hit : hits) {
        QTextLayout::FormatRange range;
        range.start = qBound(0, hit.begin - shift, static_cast<int>(shown.size()));
        range.length = qBound(0, hit.end - shift, static_cast<int>(shown.size())) - range.start;
        if (range.length <= 0) {
            continue;
        }
        range.format.setFontWeight(QFont::DemiBold);
        range.format.setBackground(theme().color(Color::WarnTint));
        range.format.setForeground(theme().color(Color::Text));
        formats.append(range);
    }
    layout.setFormats(formats);
    QTextOption option;
    option.setWrapMode(QTextOption::NoWrap);
    layout.setTextOption(option);
    layout.beginLayout();
    QTextLine line = layout.createLine();
    if (line.isValid()) {
        line.setLineWidth(box.width());
    }
    layout.endLayout();
    painter->setPen(ink);
    layout.draw(painter, QPointF(box.left(), box.top() + (box.height() - line.height()) / 2));
}

} // namespace

void ConversationDelegate::setOpen(qint64 conversation, bool draft) {
    m_open = conversation;
    m_draft = draft;
}

bool ConversationDelegate::isOpen(const QModelIndex& index) const {
    const int kind = index.data(ConversationListModel::KindRole).toInt();
    if (kind == ConversationListModel::Draft) {
        return m_draft;
    }
    return m_open != 0 && index.data(ConversationListModel::IdRole).toLongLong() == m_open;
}

void ConversationDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                                 const QModelIndex& index) const {
    const Theme& look = theme();
    const int kind = index.data(ConversationListModel::KindRole).toInt();
    const QString text = index.data(Qt::DisplayRole).toString();
    painter->save();
    if (kind == ConversationListModel::Head || kind == ConversationListModel::Note) {
        const bool head = kind == ConversationListModel::Head;
        QFont words = look.font(head ? TextStyle::Axis : TextStyle::Small);
        words.setWeight(head ? QFont::DemiBold : QFont::Normal);
        painter->setFont(words);
        painter->setPen(look.color(Color::TextMuted));
        const QRect box = option.rect.adjusted(kInset + kPadding, head ? 4 : 12, -kInset - kPadding, 0);
        if (head) {
            painter->drawText(box, Qt::AlignLeft | Qt::AlignVCenter, text);
        } else {
            painter->drawText(box, Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, text);
        }
        painter->restore();
        return;
    }
    const QRect fill = option.rect.adjusted(kInset, 0, -kInsetRight, 0);
    const auto* view = qobject_cast<const QAbstractItemView*>(option.widget);
    const bool cursor = view != nullptr && view->hasFocus() && view->currentIndex() == index;
    // A conversation may have several results: only the chosen one is filled.
    const bool open =
        kind == ConversationListModel::Result ? (option.state & QStyle::State_Selected) != 0 : isOpen(index);
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    if (open) {
        painter->setBrush(look.color(Color::AccentTintStrong));
        painter->drawRoundedRect(fill, 4, 4);
    } else if (option.state & QStyle::State_MouseOver) {
        painter->setBrush(look.color(Color::Hover));
        painter->drawRoundedRect(fill, 4, 4);
    }
    if (cursor) {
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(look.color(Color::AccentText), 2));
        painter->drawRoundedRect(QRectF(fill).adjusted(1, 1, -1, -1), 4, 4);
    }
    painter->setRenderHint(QPainter::Antialiasing, false);

    QRect inner = fill.adjusted(kPadding, 0, -kPadding, 0);
    const QString time = index.data(ConversationListModel::TimeRole).toString();
    const QString excerpt = index.data(ConversationListModel::ExcerptRole).toString();
    const bool result = kind == ConversationListModel::Result;
    const bool twoLines = result && !excerpt.isEmpty();
    QRect first = inner;
    if (twoLines) {
        first.setTop(inner.top() + 4);
        first.setHeight(look.lineHeight(TextStyle::Ui));
    }
    if (!time.isEmpty()) {
        const QFont small = look.font(TextStyle::Axis);
        const int width = QFontMetrics(small).horizontalAdvance(time);
        painter->setFont(small);
        painter->setPen(look.color(open ? Color::TextSecondary : Color::TextMuted));
        painter->drawText(first, Qt::AlignRight | Qt::AlignVCenter, time);
        first.setRight(first.right() - width - 8);
    }
    if (index.data(ConversationListModel::ComparisonRole).toBool()) {
        painter->drawPixmap(first.left(), first.center().y() - kKindIcon / 2 + 1,
                            look.pixmap(QStringLiteral("compare"), kKindIcon, look.color(Color::TextSecondary),
                                        painter->device()->devicePixelRatioF()));
        first.setLeft(first.left() + kKindIcon + 6);
    }
    const QFont font = look.font(TextStyle::Ui);
    const QColor ink = look.color(Color::Text);
    if (result) {
        drawMarked(painter, first, text, index.data(ConversationListModel::TitleHitsRole).value<QList<HitRange>>(),
                   font, ink, twoLines);
    } else {
        painter->setFont(font);
        painter->setPen(ink);
        painter->drawText(first, Qt::AlignLeft | Qt::AlignVCenter, fitting(text, font, first.width()));
    }
    if (twoLines) {
        QRect second(inner.left(), first.bottom() + 1, inner.width(), look.lineHeight(TextStyle::Small));
        const QString who = index.data(ConversationListModel::WhoRole).toString();
        painter->setFont(look.font(TextStyle::Small));
        painter->setPen(look.color(Color::TextSecondary));
        painter->drawText(second, Qt::AlignLeft | Qt::AlignVCenter, who);
        second.setLeft(second.left() + QFontMetrics(painter->font()).horizontalAdvance(who) + 4);
        drawMarked(painter, second, excerpt,
                   index.data(ConversationListModel::ExcerptHitsRole).value<QList<HitRange>>(),
                   look.font(TextStyle::Small), look.color(Color::TextMuted));
    }
    painter->restore();
}

QSize ConversationDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const Theme& look = theme();
    switch (index.data(ConversationListModel::KindRole).toInt()) {
    case ConversationListModel::Head: return {40, look.lineHeight(TextStyle::Axis) + 12};
    case ConversationListModel::Note: {
        const auto* view = qobject_cast<const QAbstractItemView*>(option.widget);
        const int width = (view != nullptr ? view->viewport()->width() : 240) - 2 * (kInset + kPadding);
        const QRect box = QFontMetrics(look.font(TextStyle::Small))
                              .boundingRect(QRect(0, 0, qMax(40, width), 10'000), Qt::TextWordWrap,
                                            index.data(Qt::DisplayRole).toString());
        return {40, box.height() + 16};
    }
    case ConversationListModel::Result:
        // A hit in the title alone has no excerpt.
        if (index.data(ConversationListModel::ExcerptRole).toString().isEmpty()) {
            return {40, rowHeight()};
        }
        return {40, look.lineHeight(TextStyle::Ui) + look.lineHeight(TextStyle::Small) + 10};
    default: return {40, rowHeight()};
    }
}

QWidget* ConversationDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem&, const QModelIndex&) const {
    auto* edit = new QLineEdit(parent);
    edit->setAccessibleName(tr("Title of the conversation"));
    edit->setMaxLength(200);
    return edit;
}

void ConversationDelegate::updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                                                const QModelIndex&) const {
    editor->setGeometry(option.rect.adjusted(kInset, 2, -kInsetRight, -2));
}

} // namespace moescope::ui
