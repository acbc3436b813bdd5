// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/conversation.h"

#include <QAbstractListModel>

namespace moescope::ui {

/** Flat list for the sidebar: group heads and rows. Three views on it: conversations by date, Deleted, search result. */
class ConversationListModel : public QAbstractListModel {
    Q_OBJECT
public:
    enum Kind { Head, Conversation, Draft, Result, Note };
    enum DataRole {
        KindRole = Qt::UserRole + 1,
        IdRole,
        MessageRole,
        TimeRole,        ///< QString, right edge
        ExcerptRole,     ///< QString, second line of a result
        WhoRole,         ///< QString, "You:" or "Answer:": whose words the excerpt has; empty without one
        TitleHitsRole,   ///< QList<HitRange>
        ExcerptHitsRole, ///< QList<HitRange>
        DeletedRole,     ///< bool
        ComparisonRole   ///< bool: the row opens a comparison
    };

    explicit ConversationListModel(QObject* parent = nullptr);

    /** Newest first or not: the model sorts. */
    void setConversations(const QList<ConversationRow>& rows);
    void setDeleted(const QList<ConversationRow>& rows);
    void setHits(const QString& text, const QList<SearchHit>& hits);
    /** "New conversation", a row for a chat that has no message yet. */
    void setDraftShown(bool shown);
    void showConversations();
    void showDeleted();
    void showHits();
    bool isDeletedShown() const { return m_view == View::Deleted; }
    bool areHitsShown() const { return m_view == View::Hits; }

    int deletedCount() const { return static_cast<int>(m_deleted.size()); }
    bool isHistoryEmpty() const { return m_conversations.isEmpty(); }
    int rowOf(qint64 conversation) const;
    /** Row of the draft, −1 if it is not shown. */
    int draftRow() const;
    /** Groups follow the date: call at midnight or with a fixed time in tests. */
    void setNow(const QDateTime& now);

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

signals:
    void renameRequested(qint64 conversation, const QString& title);

private:
    enum class View { Conversations, Deleted, Hits };
    struct Row {
        Kind kind = Conversation;
        QString text;
        QString time;
        ConversationRow conversation;
        SearchHit hit;
    };

    void rebuild();
    QString groupOf(const QDateTime& when) const;

    View m_view = View::Conversations;
    QList<ConversationRow> m_conversations;
    QList<ConversationRow> m_deleted;
    QString m_searched;
    QList<SearchHit> m_hits;
    bool m_draft = false;
    QDateTime m_now;
    QList<Row> m_rows;
};

} // namespace moescope::ui
