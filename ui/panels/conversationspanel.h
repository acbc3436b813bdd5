// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/conversationlist.h"

#include <QWidget>

class QLabel;
class QLineEdit;
class QListView;
class QPushButton;
class QToolButton;

namespace moescope::ui {

/** The sidebar: search, conversations by date, Deleted. Knows nothing of the store: rows come in, wishes go out. */
class ConversationsPanel : public QWidget {
    Q_OBJECT
public:
    explicit ConversationsPanel(QWidget* parent = nullptr);

    void setConversations(const QList<ConversationRow>& rows);
    void setDeleted(const QList<ConversationRow>& rows);
    /** Answer to searchRequested(text); an older text than the field's is dropped. */
    void setSearchResult(const QString& text, const QList<SearchHit>& hits);
    /** The conversation in view; 0: a new one without messages. */
    void setCurrent(qint64 conversation);
    qint64 current() const { return m_current; }
    ConversationListModel* model() const { return m_model; }

public slots:
    void focusSearch();
    void renameCurrent();
    void deleteCurrent();

signals:
    /** Of a search result: `message` is where the hit is, 0 for a title. */
    void conversationActivated(qint64 conversation, qint64 message);
    /** The row "New conversation". */
    void draftActivated();
    void renameRequested(qint64 conversation, const QString& title);
    /** The app shows the toast with Undo (8 s). */
    void deleteRequested(qint64 conversation);
    void restoreRequested(qint64 conversation);
    /** 150 ms after the last key; empty never. */
    void searchRequested(const QString& text);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void showMenu(const QPoint& position);
    void activate(const QModelIndex& index);
    void searchEdited(const QString& text);
    void refresh();
    qint64 selectedConversation() const;
    void applyTheme();

    ConversationListModel* m_model = nullptr;
    QLineEdit* m_search = nullptr;
    QLabel* m_shortcut = nullptr;
    QListView* m_list = nullptr;
    QLabel* m_hint = nullptr;
    QWidget* m_deletedHead = nullptr;
    QToolButton* m_back = nullptr;
    QLabel* m_deletedTitle = nullptr;
    QPushButton* m_deletedButton = nullptr;
    QTimer* m_searchDelay = nullptr;
    qint64 m_current = 0;
};

} // namespace moescope::ui
