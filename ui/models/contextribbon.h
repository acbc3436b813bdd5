// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/tabularmodel.h"

#include <QList>

namespace moescope::ui {

enum class ContextRole {
    System,
    User,
    Model,
    Prompt ///< all that stood before an answer, where nothing tells its messages apart
};

/** The stretch of the context that a message takes up, the marks of the chat template around it included. */
struct ContextBlock {
    qint64 message = 0; ///< 0: the system prompt, or all messages of a prompt
    ContextRole role = ContextRole::User;
    int first = 0; ///< position of its first token
    int tokens = 0;

    bool operator==(const ContextBlock&) const = default;
};

/** What the model has in view: the branch of the conversation as it lies in the context. Counts are tokens. */
struct ContextState {
    QList<ContextBlock> blocks;   ///< side by side from position 0; empty where the prompt is not known
    int used = 0;                 ///< read or written by the loaded model
    int reused = 0;               ///< of them, what the KV cache had before the last answer
    int reserved = 0;             ///< the KV cache was made for this many
    int limit = 0;                ///< of the model; 0: no model is loaded
    int prompt = 0;               ///< being read; 0: none is
    double tokens_per_second = 0; ///< of that reading, what was reused left out; 0: not known yet
    int cut_messages = 0;         ///< of the chat that the model no longer sees: they stand before the first block
    int cut_tokens = 0;           ///< of those; 0: not known
    bool captured = false;        ///< as it was when the capture in view was made, whatever is loaded

    bool isEmpty() const { return limit == 0; }
    bool isReading() const { return prompt > 0 && used < prompt; }
    bool isCut() const { return cut_messages > 0; }
    /** Position behind the system prompt: what came next in the chat is left out. */
    int cutPosition() const;
    /** −1: not known yet. */
    double secondsLeft() const { return tokens_per_second > 0 ? (prompt - used) / tokens_per_second : -1; }
    /** End of the last block, and at least what is used. */
    int tokens() const;
    /** Block at a position, −1: none. */
    int blockAt(int position) const;
    /** Of the block, what lies in the reused prefix. */
    int reusedOf(int block) const;
    /** The messages of the prompt are one block. */
    bool isPromptWhole() const { return !blocks.isEmpty() && blocks.first().role == ContextRole::Prompt; }
    /** From 1 on, in the chat. */
    int messageNumber(int block) const;
    /** "Message 2, model"; without numbers where the messages are not told apart. */
    QString blockName(int block) const;

    bool operator==(const ContextState&) const = default;
};

/** "you", "model", "system", "prompt". */
QString contextRoleName(ContextRole role);

/** Twin of Context ribbon: a row a message. */
class ContextTable : public TabularModel {
    Q_OBJECT
public:
    enum Column { Message, Role, FirstToken, Tokens, Share, Reused };

    explicit ContextTable(QObject* parent = nullptr);
    void setState(const ContextState& state);
    const ContextState& state() const { return m_state; }

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int column) const override { return column == Role; }

private:
    ContextState m_state;
};

} // namespace moescope::ui
