// SPDX-License-Identifier: Apache-2.0
#include "engine/model/tokenizer_keys.h"

namespace moescope::model {

std::vector<std::pair<std::string, gguf::WriteValue>> tokenizerKeys(TokenizerTables t, bool states_rstrip) {
    std::vector<std::pair<std::string, gguf::WriteValue>> keys;
    const auto add = [&](const char* key, gguf::WriteValue value) { keys.emplace_back(key, std::move(value)); };
    add("tokenizer.ggml.model", t.model);
    add("tokenizer.ggml.pre", t.pre.empty() ? std::string("default") : t.pre);
    add("tokenizer.ggml.tokens", std::move(t.tokens));
    if (!t.scores.empty()) {
        add("tokenizer.ggml.scores", std::move(t.scores));
    }
    add("tokenizer.ggml.token_type", std::move(t.types));
    if (!t.merges.empty()) {
        add("tokenizer.ggml.merges", std::move(t.merges));
    }
    if (t.space_prefix) {
        add("tokenizer.ggml.add_space_prefix", *t.space_prefix);
    }
    if (t.space_prefix_first) {
        add("moescope.space_prefix_first", true);
    }
    if (t.space_prefix_once) {
        add("moescope.space_prefix_once", true);
    }
    if (!t.rstrip.empty() || states_rstrip) {
        add("moescope.rstrip_token_ids", std::move(t.rstrip));
    }
    if (!t.lstrip.empty()) {
        add("moescope.lstrip_token_ids", std::move(t.lstrip));
    }
    if (t.bos >= 0) {
        add("tokenizer.ggml.bos_token_id", gguf::U32{static_cast<uint32_t>(t.bos)});
    }
    if (t.eos >= 0) {
        add("tokenizer.ggml.eos_token_id", gguf::U32{static_cast<uint32_t>(t.eos)});
    }
    add("tokenizer.ggml.add_bos_token", t.adds_bos);
    return keys;
}

} // namespace moescope::model
