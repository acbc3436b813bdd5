// SPDX-License-Identifier: Apache-2.0
#include "ui/models/conversationlist.h"

#include "ui/theme/plaintooltip.h"

#include <QHash>
#include <QLocale>
#include <QSet>

#include <algorithm>

namespace moescope::ui {

namespace {

QString oneLine(const QString& text) { return text.simplified(); }

/** Line breaks as spaces: hits keep their places. */
QString sameLength(QString text) {
    for (QChar& c : text) {
        if (c.isSpace()) {
            c = QLatin1Char(' ');
        }
    }
    return text;
}

} // namespace

ConversationListModel::ConversationListModel(QObject* parent)
    : QAbstractListModel(parent), m_now(QDateTime::currentDateTime()) {
    rebuild();
}

void ConversationListModel::setConversations(const QList<ConversationRow>& rows) {
    m_conversations = rows;
    std::stable_sort(m_conversations.begin(), m_conversations.end(),
                     [](const ConversationRow& a, const ConversationRow& b) { return a.changed > b.changed; });
    rebuild();
}

void ConversationListModel::setDeleted(const QList<ConversationRow>& rows) {
    m_deleted = rows;
    std::stable_sort(m_deleted.begin(), m_deleted.end(),
                     [](const ConversationRow& a, const ConversationRow& b) { return a.deleted > b.deleted; });
    rebuild();
}

void ConversationListModel::setHits(const QString& text, const QList<SearchHit>& hits) {
    m_searched = text;
    m_hits = hits;
    rebuild();
}

void ConversationListModel::setDraftShown(bool shown) {
    if (m_draft != shown) {
        m_draft = shown;
        rebuild();
    }
}

void ConversationListModel::showConversations() {
    m_view = View::Conversations;
    rebuild();
}

void ConversationListModel::showDeleted() {
    m_view = View::Deleted;
    rebuild();
}

void ConversationListModel::showHits() {
    m_view = View::Hits;
    rebuild();
}

void ConversationListModel::setNow(const QDateTime& now) {
    const bool newDay = now.date() != m_now.date();
    m_now = now;
    if (newDay) {
        rebuild();
        return;
    }
    for (int i = 0; i < m_rows.size(); ++i) {
        Row& row = m_rows[i];
        if (row.kind == Conversation || row.kind == Result) {
            const bool hit = row.kind == Result;
            const QString time =
                shortTime(hit ? row.hit.changed : row.conversation.changed, m_now, m_view == View::Conversations);
            if (time != row.time) {
                row.time = time;
                emit dataChanged(index(i), index(i), {TimeRole});
            }
        }
    }
}

QString ConversationListModel::groupOf(const QDateTime& when) const {
    const qint64 days = when.date().daysTo(m_now.date());
    if (days <= 0) {
        return tr("Today");
    }
    if (days == 1) {
        return tr("Yesterday");
    }
    if (days <= 7) {
        return tr("Previous 7 days");
    }
    const QString month = QLocale().standaloneMonthName(when.date().month());
    return when.date().year() == m_now.date().year() ? month : tr("%1 %2").arg(month).arg(when.date().year());
}

void ConversationListModel::rebuild() {
    beginResetModel();
    m_rows.clear();
    if (m_view == View::Hits) {
        // A title that was hit is marked on the rows of the conversation's messages, and has one only where there are none.
        QHash<qint64, QList<HitRange>> titles;
        QSet<qint64> withMessages;
        for (const SearchHit& hit : m_hits) {
            if (hit.message == 0) {
                titles.insert(hit.conversation, hit.title_hits);
            } else {
                withMessages.insert(hit.conversation);
            }
        }
        for (const SearchHit& hit : m_hits) {
            if (hit.message == 0 && withMessages.contains(hit.conversation)) {
                continue;
            }
            Row row;
            row.kind = Result;
            row.hit = hit;
            row.hit.title_hits = titles.value(hit.conversation, hit.title_hits);
            row.text = hit.title;
            row.time = shortTime(hit.changed, m_now, false);
            m_rows.append(row);
        }
        if (m_hits.isEmpty() && !m_searched.isEmpty()) {
            Row row;
            row.kind = Note;
            row.text = tr("Nothing contains “%1”.").arg(oneLine(m_searched));
            m_rows.append(row);
        }
    } else {
        QString group;
        const auto head = [&](const QString& text) {
            if (text != group) {
                group = text;
                Row row;
                row.kind = Head;
                row.text = text;
                m_rows.append(row);
            }
        };
        if (m_view == View::Conversations && m_draft) {
            head(tr("Today"));
            Row row;
            row.kind = Draft;
            row.text = tr("New conversation");
            m_rows.append(row);
        }
        for (const ConversationRow& conversation : m_view == View::Deleted ? m_deleted : m_conversations) {
            if (m_view == View::Conversations) {
                head(groupOf(conversation.changed));
            }
            Row row;
            row.conversation = conversation;
            row.text = conversation.title;
            row.time = shortTime(conversation.changed, m_now, m_view == View::Conversations);
            m_rows.append(row);
        }
        if (m_view == View::Deleted && m_deleted.isEmpty()) {
            Row row;
            row.kind = Note;
            row.text = tr("Nothing was deleted in the last 30 days.");
            m_rows.append(row);
        }
        if (m_view == View::Conversations && m_conversations.isEmpty()) {
            Row row;
            row.kind = Note;
            row.text = tr("Conversations are kept on this machine only. Yours will be listed here.");
            m_rows.append(row);
        }
    }
    endResetModel();
}

int ConversationListModel::rowOf(qint64 conversation) const {
    for (int i = 0; i < m_rows.size(); ++i) {
        if (m_rows[i].kind == Conversation && m_rows[i].conversation.id == conversation) {
            return i;
        }
    }
    return -1;
}

int ConversationListModel::draftRow() const {
    for (int i = 0; i < m_rows.size(); ++i) {
        if (m_rows[i].kind == Draft) {
            return i;
        }
    }
    return -1;
}

int ConversationListModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant ConversationListModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= m_rows.size()) {
        return {};
    }
    const Row& row = m_rows[index.row()];
    switch (role) {
    case Qt::DisplayRole: return row.text.trimmed().isEmpty() ? tr("Untitled") : sameLength(row.text);
    case Qt::EditRole: return row.text;
    case Qt::ToolTipRole:
        return row.kind == Conversation || row.kind == Result ? plainToolTip(oneLine(row.text)) : QVariant();
    case Qt::AccessibleTextRole: {
        QStringList parts{oneLine(row.text)};
        if (!row.time.isEmpty()) {
            parts << row.time;
        }
        if (!row.hit.excerpt.isEmpty()) {
            parts << sameLength(row.hit.excerpt);
        }
        return parts.join(QStringLiteral(", "));
    }
    case KindRole: return row.kind;
    case IdRole: return row.kind == Result ? row.hit.conversation : row.conversation.id;
    case MessageRole: return row.hit.message;
    case TimeRole: return row.time;
    case ExcerptRole: return sameLength(row.hit.excerpt);
    case WhoRole: return row.hit.excerpt.isEmpty() ? QString() : row.hit.own ? tr("You:") : tr("Answer:");
    case TitleHitsRole: return QVariant::fromValue(row.hit.title_hits);
    case ExcerptHitsRole: return QVariant::fromValue(row.hit.excerpt_hits);
    case DeletedRole: return row.conversation.deleted.isValid();
    case ComparisonRole: {
        const qint64 id = row.kind == Result ? row.hit.conversation : row.conversation.id;
        const auto is = [id](const ConversationRow& each) {
            return each.id == id && each.kind == ConversationKind::Comparison;
        };
        return id != 0 && (std::any_of(m_conversations.begin(), m_conversations.end(), is) ||
                           std::any_of(m_deleted.begin(), m_deleted.end(), is));
    }
    default: return {};
    }
}

bool ConversationListModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (role != Qt::EditRole || !(flags(index) & Qt::ItemIsEditable)) {
        return false;
    }
    const QString title = oneLine(value.toString());
    Row& row = m_rows[index.row()];
    if (title.isEmpty() || title == row.text) {
        return false;
    }
    row.text = title;
    row.conversation.title = title;
    for (ConversationRow& conversation : m_conversations) {
        if (conversation.id == row.conversation.id) {
            conversation.title = title;
        }
    }
    emit dataChanged(index, index, {Qt::DisplayRole, Qt::EditRole});
    emit renameRequested(row.conversation.id, title);
    return true;
}

Qt::ItemFlags ConversationListModel::flags(const QModelIndex& index) const {
    if (!index.isValid() || index.row() >= m_rows.size()) {
        return Qt::NoItemFlags;
    }
    const Row& row = m_rows[index.row()];
    if (row.kind == Head || row.kind == Note) {
        return Qt::NoItemFlags;
    }
    Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren;
    if (row.kind == Conversation && !row.conversation.deleted.isValid()) {
        flags |= Qt::ItemIsEditable;
    }
    return flags;
}

} // namespace moescope::ui
