// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/store/storeworker.h"
#include "ui/models/conversation.h"

#include <QObject>

#include <atomic>
#include <functional>
#include <memory>

namespace moescope::gui {

/** The list of conversations: rename, remove with undo, restore, search. */
class ConversationBook : public QObject {
    Q_OBJECT
public:
    explicit ConversationBook(store::StoreWorker& worker, QObject* parent = nullptr);

    bool canUndo() const { return !m_removed.isEmpty(); }

public slots:
    void refresh();
    void rename(qint64 conversation, const QString& title);
    void remove(qint64 conversation);
    void restore(qint64 conversation);
    /** Restores what was removed last. */
    void undo();
    /** Of several searches in a row only the latest is answered. */
    void search(const QString& text);

signals:
    void conversationsListed(const QList<moescope::ui::ConversationRow>& rows);
    void deletedListed(const QList<moescope::ui::ConversationRow>& rows);
    void renamed(qint64 conversation, const QString& title);
    void removed(qint64 conversation, const QString& title);
    void restored(qint64 conversation);
    void undoChanged(bool available);
    void found(const QString& text, const QList<moescope::ui::SearchHit>& hits);
    void failed(const moescope::trace::Error& error);

private:
    std::function<void(const trace::Error&)> complaint();

    store::StoreWorker& m_worker;
    QList<qint64> m_removed; ///< in this run of the program, newest last
    std::shared_ptr<std::atomic<bool>> m_cancelSearch;
};

} // namespace moescope::gui
