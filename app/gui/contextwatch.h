// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/controller/inferencecontroller.h"
#include "app/gui/chatsession.h"
#include "ui/models/contextribbon.h"

#include <QObject>

namespace moescope::gui {

/** Knows which message of the branch in view takes up which tokens of the context. Where the loaded model has not read
 *  them yet, the prompt is rendered in the background. */
class ContextWatch : public QObject {
    Q_OBJECT
public:
    ContextWatch(controller::InferenceController& controller, ChatSession& session, QObject* parent = nullptr);

    /** Nothing is rendered while nobody looks. */
    void setWatched(bool watched);
    bool isWatched() const { return m_watched; }
    /** Tokens of the branch in view that the KV cache holds, of `tokens` that it takes up. Where the cache holds another
     *  branch, those of the messages that both begin with, if it is known where they end. */
    quint64 held(quint64 tokens);
    /** `held` of the `tokens` that the branch takes up are in the KV cache. */
    ui::ContextState state(quint64 held, quint64 tokens);

signals:
    /** state() would say something else. */
    void changed();

private:
    struct Prompt {
        qint64 answer = 0; ///< 0: none is known
        QList<int> starts; ///< for each message the position of its first token, and one past the last
        int tokens = 0;    ///< with what opens the answer
        /** The messages before the answer, which stay what they are. */
        QList<std::pair<qint64, ui::ContextRole>> messages = {};
        bool listed = false;
    };

    void ask();
    /** Blocks of m_prompt before its first message, whose list it makes sure of: 0 or 1; −1: they do not agree. */
    qsizetype systemBlocks();

    controller::InferenceController& m_controller;
    ChatSession& m_session;
    bool m_watched = false;
    Prompt m_prompt;
    qint64 m_asked = 0; ///< answer whose prompt is being rendered
    qint64 m_reading = 0;
    trace::PrefillProgress m_progress; ///< of m_reading
};

} // namespace moescope::gui
