// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_tokenizer.h"

#include "engine/model/bounds.h"
#include "engine/model/hf_values.h"
#include "engine/model/pre_tokenizer.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <unordered_map>

namespace moescope::model {

using trace::Error;

namespace {

constexpr const char* fileName = "tokenizer.json";

[[noreturn]] void refuseSplitting(const std::string& what) {
    throw Error("hf.splitting",
                "“{file}” {what}, so text would be cut otherwise than the model learned it; only Hunyuan-Large's "
                "byte-level BPE is supported.",
                {{"file", fileName}, {"what", what}});
}

/** Steps of a normaliser or pre-tokeniser: one, or a sequence of them. */
std::vector<const Json*> steps(const HfValues& values, const char* key, const char* listKey) {
    const Json* step = values.find(key);
    if (step == nullptr) {
        return {};
    }
    const HfValues object(*step, std::string(key) + "” of “" + fileName);
    if (object.text("type").value_or("") != "Sequence") {
        return {step};
    }
    const Json* list = object.find(listKey);
    if (list == nullptr || !list->is_array()) {
        object.refuse(listKey, "a list");
    }
    std::vector<const Json*> out;
    for (const Json& entry : *list) {
        HfValues(entry, listKey);
        out.push_back(&entry);
    }
    return out;
}

void checkSplitting(const HfValues& values) {
    const std::vector<const Json*> normalizers = steps(values, "normalizer", "normalizers");
    const bool nfc = normalizers.size() == 1 && normalizers.front()->value("type", Json()) == "NFC";
    if (!nfc) {
        refuseSplitting("does not normalise its text to NFC");
    }
    const std::vector<const Json*> cuts = steps(values, "pre_tokenizer", "pretokenizers");
    bool expression = false;
    bool bytes = false;
    for (const Json* step : cuts) {
        const Json type = step->value("type", Json());
        if (type == "Split" && !expression) {
            const Json pattern = step->value("pattern", Json());
            expression = pattern.is_object() && pattern.value("Regex", Json()) == std::string(qwen2Regex()) &&
                         step->value("behavior", Json()) == "Isolated" && step->value("invert", Json(false)) == false;
        } else if (type == "ByteLevel" && expression) {
            bytes =
                step->value("add_prefix_space", Json(true)) == false && step->value("use_regex", Json(true)) == false;
        } else {
            refuseSplitting("splits its text in a way that is not known");
        }
    }
    if (!expression || !bytes) {
        refuseSplitting("splits its text in a way that is not known");
    }
}

class Tables {
public:
    explicit Tables(uint32_t rows) : m_rows(rows) {
        m_tables.tokens.resize(rows);
        m_tables.types.assign(rows, static_cast<int32_t>(TokenType::Unused));
    }

    void addVocabulary(const Json& vocabulary) {
        for (const auto& [text, id] : vocabulary.items()) {
            add(text, checkedId(text, id), TokenType::Normal);
        }
    }

    /** Added tokens may repeat an entry of the vocabulary: they say then that it is a special one. */
    void addAdded(const Json& entry) {
        const HfValues values(entry, std::string("added_tokens” of “") + fileName);
        const std::string text = values.text("content").value_or("");
        const Json* id = values.find("id");
        if (text.empty() || id == nullptr) {
            values.refuse(text.empty() ? "content" : "id", text.empty() ? "a text" : "an id");
        }
        const bool special = values.flag("special").value_or(false);
        const uint32_t row = checkedId(text, *id);
        const TokenType type = special ? TokenType::Control : TokenType::UserDefined;
        const auto known = m_ids.find(text);
        if (known != m_ids.end() && known->second == row && m_vocabularyRow[row]) {
            m_tables.types[row] = static_cast<int32_t>(type);
            m_vocabularyRow[row] = false;
            return;
        }
        add(text, row, type);
    }

    void endVocabulary() {
        m_vocabularyRow.assign(m_rows, false);
        for (uint32_t row = 0; row < m_rows; ++row) {
            m_vocabularyRow[row] = !m_tables.tokens[row].empty();
        }
    }

    void addMerge(const Json& entry) {
        std::string left;
        std::string right;
        if (entry.is_string()) {
            const auto& text = entry.get_ref<const std::string&>();
            const size_t space = text.find(' ');
            left = text.substr(0, space);
            right = space == std::string::npos ? "" : text.substr(space + 1);
        } else if (entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_string()) {
            left = entry[0].get<std::string>();
            right = entry[1].get<std::string>();
        }
        const bool known = m_ids.contains(left) && m_ids.contains(right) && m_ids.contains(left + right) &&
                           left.find(' ') == std::string::npos && right.find(' ') == std::string::npos;
        if (!known) {
            throw Error("hf.merge",
                        "Merge {rank} of “{file}”, “{left}” with “{right}”, is not two known tokens that make a third.",
                        {{"rank", std::to_string(m_tables.merges.size())},
                         {"file", fileName},
                         {"left", shortened(left)},
                         {"right", shortened(right)}});
        }
        m_tables.merges.push_back(left + " " + right);
    }

    TokenizerTables finish() {
        for (uint32_t row = 0; row < m_rows; ++row) {
            if (m_tables.tokens[row].empty()) {
                m_tables.tokens[row] = "[PAD" + std::to_string(row) + "]";
            }
        }
        return std::move(m_tables);
    }

private:
    uint32_t checkedId(const std::string& text, const Json& id) const {
        if (!id.is_number_unsigned() || id.get<uint64_t>() >= m_rows) {
            throw Error("hf.token_id",
                        "The token “{text}” of “{file}” has the id {id}; whole numbers up to {last} are possible, as "
                        "the embedding has {rows} rows.",
                        {{"text", shortened(text)},
                         {"file", fileName},
                         {"id", id.is_structured() ? "of no number" : shortened(id.dump())},
                         {"last", std::to_string(m_rows - 1)},
                         {"rows", trace::grouped(m_rows)}});
        }
        return id.get<uint32_t>();
    }

    void add(const std::string& text, uint32_t row, TokenType type) {
        if (text.empty() || text.size() > bounds::tokenBytes) {
            throw Error("hf.token_size", "Token {id} of “{file}” is {n} bytes long; 1 to {most} are supported.",
                        {{"id", std::to_string(row)},
                         {"file", fileName},
                         {"n", trace::grouped(text.size())},
                         {"most", trace::grouped(bounds::tokenBytes)}});
        }
        if (!m_tables.tokens[row].empty()) {
            throw Error("hf.duplicate_id", "“{file}” gives the id {id} to “{first}” and to “{second}”.",
                        {{"file", fileName},
                         {"id", std::to_string(row)},
                         {"first", shortened(m_tables.tokens[row])},
                         {"second", shortened(text)}});
        }
        const auto [at, added] = m_ids.emplace(text, row);
        if (!added) {
            throw Error("hf.duplicate_token", "“{file}” has the token “{text}” twice, as {first} and {second}.",
                        {{"file", fileName},
                         {"text", shortened(text)},
                         {"first", std::to_string(at->second)},
                         {"second", std::to_string(row)}});
        }
        m_tables.tokens[row] = text;
        m_tables.types[row] = static_cast<int32_t>(type);
    }

    uint32_t m_rows;
    TokenizerTables m_tables;
    std::unordered_map<std::string, uint32_t> m_ids;
    std::vector<bool> m_vocabularyRow; ///< rows that the vocabulary proper has and no added token repeated yet
};

} // namespace

int32_t TokenizerTables::control(std::string_view text) const {
    for (size_t i = 0; i < tokens.size(); ++i) {
        if (types[i] == static_cast<int32_t>(TokenType::Control) && tokens[i] == text) {
            return static_cast<int32_t>(i);
        }
    }
    return -1;
}

TokenizerTables readTokenizer(const Json& json, uint32_t rows) {
    const HfValues values(json, fileName);
    checkSplitting(values);
    const Json* model = values.find("model");
    if (model == nullptr || !model->is_object()) {
        values.refuse("model", "an object");
    }
    const HfValues bpe(*model, std::string("model” of “") + fileName);
    if (bpe.text("type").value_or("BPE") != "BPE") {
        bpe.refuse("type", "“BPE”");
    }
    const Json* vocabulary = bpe.find("vocab");
    if (vocabulary == nullptr || !vocabulary->is_object() || vocabulary->empty()) {
        bpe.refuse("vocab", "an object from tokens to ids");
    }
    const Json* merges = bpe.find("merges");
    if (merges == nullptr || !merges->is_array() || merges->size() > bounds::merges) {
        bpe.refuse("merges", "a list of pairs");
    }
    Tables tables(rows);
    tables.addVocabulary(*vocabulary);
    tables.endVocabulary();
    if (const Json* added = values.find("added_tokens")) {
        if (!added->is_array()) {
            values.refuse("added_tokens", "a list");
        }
        for (const Json& entry : *added) {
            tables.addAdded(entry);
        }
    }
    for (const Json& merge : *merges) {
        tables.addMerge(merge);
    }
    return tables.finish();
}

} // namespace moescope::model
