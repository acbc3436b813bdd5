// SPDX-License-Identifier: Apache-2.0
// Texts under good vocabularies: the first byte chooses which, and whether control tokens are read; the rest is the text.
#include "engine/model/pre_tokenizer_table.h"
#include "engine/model/tokenizer.h"
#include "engine/trace/utf8.h"
#include "tests/fuzz/input.h"

#include <memory>

namespace moescope::fuzz {

namespace {

struct Tokenizers {
    std::vector<std::unique_ptr<const model::Tokenizer>> all;
    size_t lossless = 0; ///< so many from the front give back every byte

    Tokenizers() {
        const Folder folder;
        const auto add = [&](const model::TokenizerTables& tables) {
            const gguf::Reader reader(folder.write("vocabulary.gguf", vocabularyGguf(tables)));
            all.push_back(std::make_unique<const model::Tokenizer>(reader));
        };
        for (const bool nfc : {false, true}) {
            for (const model::PreTokenizerRow& row : model::preTokenizers()) {
                if (row.nfc == nfc) {
                    add(byteLevelTables(row.pre));
                }
            }
            lossless = nfc ? lossless : all.size();
        }
        add(byteLevelTables("gpt-2", true));
        for (const char* model : {"llama", "gemma4"}) {
            add(sentencePieceTables(model));
        }
    }
};

} // namespace

bool run(std::string_view input) {
    static const Tokenizers tokenizers;
    if (input.empty()) {
        return false;
    }
    const auto choice = static_cast<uint8_t>(input[0]);
    const size_t which = (choice & 0x7fU) % tokenizers.all.size();
    const bool special = (choice & 0x80U) != 0;
    const model::Tokenizer& tokenizer = *tokenizers.all[which];
    const std::string_view text = input.substr(1);
    const bool valid = !trace::firstInvalidUtf8(text);
    const bool taken = accepts([&] {
        const std::vector<int32_t> ids = tokenizer.encode(text, special);
        const std::string back = tokenizer.decode(ids);
        require(which >= tokenizers.lossless || back == text, "the tokens of a text give another one back");
        require(ids.size() <= text.size() * 3 + 4, "a text has more tokens than bytes"); // NFC makes up to 3 of one
        tokenizer.encodeBehindToken(text);
    });
    require(taken == valid, valid ? "a text of UTF-8 is refused" : "a text that is not UTF-8 is taken");
    return taken;
}

} // namespace moescope::fuzz
