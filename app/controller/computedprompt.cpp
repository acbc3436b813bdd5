// SPDX-License-Identifier: Apache-2.0
#include "app/controller/computedprompt.h"

#include <algorithm>

namespace moescope::controller {

std::vector<int32_t> computedPrompt(const AnsweredPrompt& prompt, std::vector<int32_t> rendered) {
    if (prompt.tokens == 0) {
        return rendered;
    }
    if (prompt.kept.size() >= prompt.tokens) {
        std::vector<int32_t> kept(prompt.tokens, -1);
        for (const trace::TokenTracePtr& token : prompt.kept) {
            if (token->position < kept.size()) {
                kept[token->position] = token->token;
            }
        }
        if (std::find(kept.begin(), kept.end(), -1) == kept.end()) {
            return kept;
        }
    }
    const bool same =
        rendered.size() == prompt.tokens &&
        std::all_of(prompt.kept.begin(), prompt.kept.end(), [&rendered](const trace::TokenTracePtr& token) {
            return token->position >= rendered.size() || rendered[token->position] == token->token;
        });
    if (!same) {
        throw trace::Error("app.other_prompt",
                           "The prompt of this answer had {was} tokens, of which {kept} were kept, and is now another "
                           "of {now}: its system prompt or chat template was changed since. Regenerate the answer, and "
                           "look at the new version.",
                           {{"was", trace::grouped(prompt.tokens)},
                            {"kept", trace::grouped(prompt.kept.size())},
                            {"now", trace::grouped(rendered.size())}});
    }
    return rendered;
}

} // namespace moescope::controller
