// SPDX-License-Identifier: Apache-2.0
#include "ui/models/contextribbon.h"

#include "ui/models/conversation.h"

#include <QCoreApplication>

#include <algorithm>

namespace moescope::ui {

int ContextState::tokens() const {
    return blocks.isEmpty() ? used : std::max(used, blocks.last().first + blocks.last().tokens);
}

int ContextState::cutPosition() const {
    return !blocks.isEmpty() && blocks.first().role == ContextRole::System ? blocks.first().tokens : 0;
}

int ContextState::blockAt(int position) const {
    const auto next = std::upper_bound(blocks.cbegin(), blocks.cend(), position,
                                       [](int at, const ContextBlock& block) { return at < block.first; });
    if (next == blocks.cbegin()) {
        return -1;
    }
    const auto block = std::prev(next);
    return position < block->first + block->tokens ? static_cast<int>(block - blocks.cbegin()) : -1;
}

int ContextState::reusedOf(int block) const {
    const ContextBlock& at = blocks.at(block);
    return std::clamp(reused - at.first, 0, at.tokens);
}

QString ContextState::blockName(int block) const {
    const ContextRole role = blocks.at(block).role;
    if (isPromptWhole()) {
        return role == ContextRole::Prompt ? QCoreApplication::translate("ContextState", "Prompt")
                                           : QCoreApplication::translate("ContextState", "Answer");
    }
    return QCoreApplication::translate("ContextState", "Message %1, %2")
        .arg(messageNumber(block))
        .arg(contextRoleName(role));
}

int ContextState::messageNumber(int block) const {
    return block + 1 + (blocks.at(block).role == ContextRole::System ? 0 : cut_messages);
}

QString contextRoleName(ContextRole role) {
    const auto tr = [](const char* text) { return QCoreApplication::translate("ContextRole", text); };
    switch (role) {
    case ContextRole::System: return tr("system");
    case ContextRole::User: return tr("you");
    case ContextRole::Model: return tr("model");
    case ContextRole::Prompt: return tr("prompt");
    }
    return {};
}

ContextTable::ContextTable(QObject* parent)
    : TabularModel({tr("Message"), tr("Role"), tr("First position"), tr("Tokens"), tr("Share %"), tr("Reused")},
                   parent) {}

void ContextTable::setState(const ContextState& state) {
    m_state = state;
    setRows(static_cast<int>(state.blocks.size()), true);
}

QVariant ContextTable::raw(int row, int column) const {
    const ContextBlock& block = m_state.blocks.at(row);
    switch (column) {
    case Message: return m_state.isPromptWhole() ? QVariant() : QVariant(m_state.messageNumber(row));
    case Role: return contextRoleName(block.role);
    case FirstToken: return block.first + 1;
    case Tokens: return block.tokens;
    case Share: return m_state.tokens() > 0 ? 100.0 * block.tokens / m_state.tokens() : 0.0;
    case Reused: return m_state.reusedOf(row);
    default: return {};
    }
}

QString ContextTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    if (!value.isValid()) {
        return QStringLiteral("–");
    }
    switch (column) {
    case Role: return value.toString();
    case Share: return QString::number(value.toDouble(), 'f', 1);
    default: return groupedText(value.toLongLong());
    }
}

} // namespace moescope::ui
