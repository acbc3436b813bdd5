// SPDX-License-Identifier: Apache-2.0
#include "app/gui/conversationbook.h"

#include "app/gui/values.h"

namespace moescope::gui {

ConversationBook::ConversationBook(store::StoreWorker& worker, QObject* parent) : QObject(parent), m_worker(worker) {}

std::function<void(const trace::Error&)> ConversationBook::complaint() {
    return [this](const trace::Error& error) { emit failed(error); };
}

void ConversationBook::refresh() {
    m_worker.run(
        this, [](store::Store& store) { return std::pair(store.conversations(false), store.conversations(true)); },
        [this](const std::pair<QList<store::ConversationRow>, QList<store::ConversationRow>>& lists) {
            emit conversationsListed(rowsOf(lists.first));
            emit deletedListed(rowsOf(lists.second));
        },
        complaint());
}

void ConversationBook::rename(qint64 conversation, const QString& title) {
    m_worker.run(
        this,
        [conversation, title](store::Store& store) {
            store.rename(conversation, title);
            return store.conversation(conversation).title;
        },
        [this, conversation](const QString& kept) {
            emit renamed(conversation, kept);
            refresh();
        },
        complaint());
}

void ConversationBook::remove(qint64 conversation) {
    m_worker.run(
        this,
        [conversation](store::Store& store) {
            store.remove(conversation);
            return store.conversation(conversation).title;
        },
        [this, conversation](const QString& title) {
            m_removed.append(conversation);
            emit removed(conversation, title);
            emit undoChanged(true);
            refresh();
        },
        complaint());
}

void ConversationBook::restore(qint64 conversation) {
    m_worker.run(
        this, [conversation](store::Store& store) { store.restore(conversation); },
        [this, conversation] {
            m_removed.removeAll(conversation);
            emit restored(conversation);
            emit undoChanged(canUndo());
            refresh();
        },
        complaint());
}

void ConversationBook::undo() {
    if (canUndo()) {
        restore(m_removed.last());
    }
}

void ConversationBook::search(const QString& text) {
    if (m_cancelSearch) {
        m_cancelSearch->store(true);
    }
    m_cancelSearch = std::make_shared<std::atomic<bool>>(false);
    m_worker.search(
        this, text, 200, m_cancelSearch,
        [this, text, cancel = m_cancelSearch](const store::SearchResult& result) {
            if (!cancel->load()) {
                emit found(text, hitsOf(result.hits));
            }
        },
        complaint());
}

} // namespace moescope::gui
