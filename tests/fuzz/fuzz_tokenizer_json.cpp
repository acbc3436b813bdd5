// SPDX-License-Identifier: Apache-2.0
// The tokenizer of a Hugging Face folder: tokenizer.json, or hy.tiktoken (an input that does not begin with "{"). Behind a
// NUL byte stands a text that is encoded with it.
#include "engine/model/hf_tokenizer.h"
#include "engine/model/hy_tiktoken.h"
#include "engine/model/tokenizer.h"
#include "tests/fuzz/input.h"

#include <algorithm>

namespace moescope::fuzz {

namespace {

constexpr uint32_t rows = 512; // of the embedding

model::TokenizerTables readTables(std::string_view file) {
    return file.starts_with('{') ? model::readTokenizer(model::parseJson(file, "tokenizer.json"), rows)
                                 : model::readHyTiktoken(file, rows);
}

void use(const model::TokenizerTables& tables, std::string_view text) {
    static const Folder folder;
    const model::Tokenizer tokenizer{gguf::Reader(folder.write("vocabulary.gguf", vocabularyGguf(tables)))};
    require(tokenizer.size() == rows, "the vocabulary has other rows than the embedding");
    for (int32_t id = 0; id < static_cast<int32_t>(rows); ++id) {
        tokenizer.decode(id);
    }
    accepts([&] {
        for (const int32_t id : tokenizer.encode(text, true)) {
            require(id >= 0 && id < static_cast<int32_t>(rows), "an encoded token is none of the vocabulary's");
        }
    });
}

} // namespace

bool run(std::string_view input) {
    const size_t end = std::min(input.find('\0'), input.size());
    const std::string_view text = end < input.size() ? input.substr(end + 1) : "It's 12 ab <s>";
    return accepts([&] {
        const model::TokenizerTables tables = readTables(input.substr(0, end));
        require(tables.tokens.size() == rows && tables.types.size() == rows, "the tables have other rows");
        accepts([&] { use(tables, text); });
    });
}

} // namespace moescope::fuzz
