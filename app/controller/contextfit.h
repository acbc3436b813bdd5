// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/chat_template.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace moescope::controller {

/** How long a prompt is, in tokens. */
struct PromptSize {
    uint32_t tokens = 0;                  ///< with the beginning of an answer that is continued
    std::vector<uint32_t> message_starts; ///< as model::RenderedChat has them
};

/** Whether a prompt leaves room for an answer, and with which of its newest turns alone it would. Counts are tokens. */
struct ContextFit {
    uint32_t tokens = 0;  ///< of the prompt
    uint32_t room = 0;    ///< that the answer has at least
    uint32_t context = 0; ///< of the loaded model
    /** Index of the message that the newest turns begin with; 0: even the last one alone leaves no room. */
    size_t first = 0;
    uint32_t newest =
        0; ///< of the prompt that begins with `first`, or with the last turn where that is too long as well
    uint32_t above = 0; ///< of the messages above it, without the system prompt

    bool fits() const { return uint64_t{tokens} + room <= context; }
};

/** `messages` are those of a prompt, a system prompt first, if there is one; `sizeOf(first)` is the size of the one that
 *  has the system prompt and the messages from index `first` on. Turns begin with what a user says. A cut leaves a quarter
 *  of the context free, if it can, so that the next message does not ask for another; no more is cut than that takes. */
ContextFit fitContext(const std::vector<model::ChatMessage>& messages, uint32_t room, uint32_t context,
                      const std::function<PromptSize(size_t first)>& sizeOf);

/** The messages of the prompt that begins with index `first`. */
std::vector<model::ChatMessage> newestOf(const std::vector<model::ChatMessage>& messages, size_t first);

} // namespace moescope::controller
