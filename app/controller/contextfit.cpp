// SPDX-License-Identifier: Apache-2.0
#include "app/controller/contextfit.h"

#include <algorithm>

namespace moescope::controller {
namespace {

constexpr uint32_t freeShare = 4; ///< one part in so many of the context is free after a cut

size_t headOf(const std::vector<model::ChatMessage>& messages) {
    return !messages.empty() && messages.front().role == "system" ? 1 : 0;
}

} // namespace

ContextFit fitContext(const std::vector<model::ChatMessage>& messages, uint32_t room, uint32_t context,
                      const std::function<PromptSize(size_t first)>& sizeOf) {
    const size_t head = headOf(messages);
    const PromptSize whole = sizeOf(head);
    ContextFit fit{whole.tokens, room, context, 0, whole.tokens, 0};
    if (fit.fits()) {
        return fit;
    }
    std::vector<size_t> turns;
    for (size_t i = head + 1; i < messages.size(); ++i) {
        if (messages[i].role == "user") {
            turns.push_back(i);
        }
    }
    const auto above = [&](size_t first) { return whole.message_starts[first] - whole.message_starts[head]; };
    const uint64_t wanted = std::max(room, context / freeShare);
    for (const size_t first : turns) {
        const bool last = first == turns.back();
        // A template may write other turns otherwise, but hardly by so much that a cut far too short would do.
        const uint64_t guess = whole.tokens - std::min(whole.tokens, above(first));
        if (!last && guess > context) {
            continue;
        }
        const uint32_t tokens = sizeOf(first).tokens;
        const bool fits = tokens + (last ? room : wanted) <= context;
        if (fits || last) {
            fit.first = fits ? first : 0;
            fit.newest = tokens;
            fit.above = above(first);
            break;
        }
    }
    return fit;
}

std::vector<model::ChatMessage> newestOf(const std::vector<model::ChatMessage>& messages, size_t first) {
    const size_t head = std::min(headOf(messages), first);
    std::vector<model::ChatMessage> kept(messages.begin(), messages.begin() + static_cast<ptrdiff_t>(head));
    kept.insert(kept.end(), messages.begin() + static_cast<ptrdiff_t>(std::min(first, messages.size())),
                messages.end());
    return kept;
}

} // namespace moescope::controller
