// SPDX-License-Identifier: Apache-2.0
#include "app/gui/statekeeper.h"

#include "app/gui/values.h"
#include "app/platform/paths.h"
#include "ui/models/conversation.h"

namespace moescope::gui {

using controller::InferenceController;

StateKeeper::StateKeeper(store::StoreWorker& worker, InferenceController& controller, QObject* parent)
    : QObject(parent), m_worker(worker), m_controller(controller) {
    connect(&controller, &InferenceController::statesKept, this, [this](quint64 bytes) {
        m_bytes = bytes;
        count();
    });
    connect(&controller, &InferenceController::stateSaved, this,
            [this](qint64 id, const controller::SavedState& state) {
                m_worker.run(
                    this,
                    [id, kept = store::KvState{state.leaf, QString::fromStdString(state.key)}](store::Store& store) {
                        store.setKvState(id, kept);
                        return store.conversation(store.message(id).conversation).deleted_at.has_value();
                    },
                    [this](bool deleted) { deleted ? tidy() : count(); },
                    [this](const trace::Error&) { tidy(); }); // its answer was deleted meanwhile
                emit noticeChanged(id, {});
            });
    connect(&controller, &InferenceController::statesMoved, this, [this](const controller::MovedStates& moved) {
        m_worker.run(
            this, [moved](store::Store& store) { store.moveKvStates(moved); }, [this] { count(); });
    });
    connect(&controller, &InferenceController::stateNotSaved, this,
            [this](qint64 id, const trace::Error& error) { emit noticeChanged(id, sentence(error)); });
    connect(&controller, &InferenceController::stateRestored, this,
            [this](qint64 id, const controller::RestoredState& state) {
                QStringList sentences;
                if (state.tokens > 0) {
                    sentences.append(tr("%1 tokens came back from the disk.").arg(ui::groupedText(state.tokens)));
                }
                if (state.reason) {
                    sentences.append(sentence(*state.reason));
                }
                emit restored(id, sentences.join(u' '));
            });
}

void StateKeeper::start(const QString& folder, quint64 budget) {
    m_folder = folder;
    m_budget = budget;
    apply();
    tidy();
}

void StateKeeper::setBudget(quint64 budget) {
    if (m_budget == budget) {
        return;
    }
    m_budget = budget;
    if (budget == 0) {
        m_worker.run([](store::Store& store) { store.forgetKvStates(); });
    }
    apply();
    count();
}

void StateKeeper::apply() {
    if (!m_folder.isEmpty()) {
        m_controller.keepStates({platform::fromUtf8(m_folder.toStdString()) / "kv-states", m_budget});
    }
}

void StateKeeper::clear() {
    m_worker.run([](store::Store& store) { store.forgetKvStates(); });
    tidy();
}

void StateKeeper::tidy() {
    if (m_folder.isEmpty()) {
        return;
    }
    m_worker.run(
        this, [](store::Store& store) { return store.kvLeaves(); },
        [this](const QList<QByteArray>& leaves) {
            m_controller.keepOnlyStates(leaves);
            count();
        });
}

void StateKeeper::count() {
    m_worker.run(
        this, [](store::Store& store) { return store.kvConversations(); },
        [this](int conversations) {
            m_conversations = conversations;
            emit useChanged(m_bytes, conversations);
        });
}

} // namespace moescope::gui
