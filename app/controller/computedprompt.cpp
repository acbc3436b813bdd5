// SPDX-License-Identifier: Apache-2.0
#include "app/controller/computedprompt.h"

#include <algorithm>

namespace moescope::controller {

std::vector<int32_t> computedPrompt(const DivergenceJob& job, std::vector<int32_t> rendered) {
    if (job.prompt_tokens == 0) {
        return rendered;
    }
    if (job.prompt.size() >= job.prompt_tokens) {
        std::vector<int32_t> kept(job.prompt_tokens, -1);
        for (const trace::TokenTracePtr& token : job.prompt) {
            if (token->position < kept.size()) {
                kept[token->position] = token->token;
            }
        }
        if (std::find(kept.begin(), kept.end(), -1) == kept.end()) {
            return kept;
        }
    }
    const bool same = rendered.size() == job.prompt_tokens &&
                      std::all_of(job.prompt.begin(), job.prompt.end(), [&rendered](const trace::TokenTracePtr& token) {
                          return token->position >= rendered.size() || rendered[token->position] == token->token;
                      });
    if (!same) {
        throw trace::Error("app.other_prompt",
                           "The prompt of this answer had {was} tokens, of which {kept} were kept, and is now another "
                           "of {now}: its system prompt or chat template was changed since. Regenerate the answer, and "
                           "compare the new version.",
                           {{"was", trace::grouped(job.prompt_tokens)},
                            {"kept", trace::grouped(job.prompt.size())},
                            {"now", trace::grouped(rendered.size())}});
    }
    return rendered;
}

} // namespace moescope::controller
