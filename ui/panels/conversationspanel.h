// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/conversationlist.h"

#include <QWidget>

class QAction;
class QListView;
class QTimer;
class QVBoxLayout;

namespace moescope::ui {

class ConversationDelegate;
class RowButton;
class SearchField;

/** The sidebar: search, conversations by date, Deleted. Knows nothing of the store: rows come in, wishes go out. */
class ConversationsPanel : public QWidget {
    Q_OBJECT
public:
    explicit ConversationsPanel(QWidget* parent = nullptr);

    void setConversations(const QList<ConversationRow>& rows);
    void setDeleted(const QList<ConversationRow>& rows);
    /** Answer to searchRequested(text); dropped if the field holds another text by now. */
    void setSearchResult(const QString& text, const QList<SearchHit>& hits);
    /** The conversation in view; 0: a new one without messages. */
    void setCurrent(qint64 conversation);
    qint64 current() const { return m_current; }
    /** False while what is in view is none of the conversations: no row is marked, and none is renamed or deleted unasked. */
    void setCurrentInView(bool inView);
    ConversationListModel* model() const { return m_model; }

public slots:
    void focusSearch();
    /** All conversations again. */
    void clearSearch();
    /** Of the row under the cursor if the list has the focus, else of the conversation in view. */
    void renameCurrent();
    void deleteCurrent();

    /** px from the top to the line above the foot; −1: there is no foot. */
    int footLine() const;

signals:
    /** Of a search result: `message` is where the hit is, 0 for a title. */
    void conversationActivated(qint64 conversation, qint64 message);
    /** The row "New conversation". */
    void draftActivated();
    void renameRequested(qint64 conversation, const QString& title);
    /** The app shows the toast with Undo (8 s). */
    void deleteRequested(qint64 conversation);
    void restoreRequested(qint64 conversation);
    /** 150 ms after the last key; never with an empty text. */
    void searchRequested(const QString& text);
    /** Esc in the search field or list, or a conversation was opened by Enter: the focus goes to the chat. */
    void left();
    /** Something printable was typed in the list: it belongs into the chat's composer. */
    void typed(const QString& text);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void showMenu(const QPoint& position);
    void activate(const QModelIndex& index);
    void searchEdited(const QString& text);
    /** Enter in the search field: opens the chosen result, else the first, as soon as there are results of this text. */
    void openResult();
    void showDeletedView(bool shown);
    void refresh();
    bool listKey(int key);
    bool isRenaming() const;
    void renamed();
    /** The row that F2 and Delete are about. */
    QModelIndex target() const;
    void remove(const QModelIndex& index);

    ConversationListModel* m_model = nullptr;
    ConversationDelegate* m_delegate = nullptr;
    QVBoxLayout* m_searchRow = nullptr;
    SearchField* m_search = nullptr;
    QAction* m_clear = nullptr;
    QListView* m_list = nullptr;
    RowButton* m_back = nullptr;
    QWidget* m_foot = nullptr;
    RowButton* m_deleted = nullptr;
    QTimer* m_searchDelay = nullptr;
    std::optional<QList<ConversationRow>> m_waiting; ///< came while a title was being edited
    qint64 m_current = 0;
    bool m_inView = true;
    QString m_foundFor;       ///< the text whose hits are shown
    bool m_openFound = false; ///< Enter came before the hits
};

} // namespace moescope::ui
