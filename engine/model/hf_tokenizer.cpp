// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_tokenizer.h"

#include "engine/model/bounds.h"
#include "engine/model/hf_splitting.h"
#include "engine/model/hf_values.h"
#include "engine/model/hy_tiktoken.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace moescope::model {

using trace::Error;

namespace {

constexpr const char* fileName = "tokenizer.json";

/** Finds by a part of a text without a copy of it. */
struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

class Tables {
public:
    Tables(uint32_t rows, bool sentencePiece) : m_rows(rows), m_sentencePiece(sentencePiece) {
        m_tables.tokens.resize(rows);
        m_tables.types.assign(rows, static_cast<int32_t>(TokenType::Unused));
    }

    void addVocabulary(const Json& vocabulary) {
        for (const auto& [text, id] : vocabulary.items()) {
            add(text, checkedId(text, id), m_sentencePiece && isByte(text) ? TokenType::Byte : TokenType::Normal);
        }
    }

    /** Added tokens may repeat an entry of the vocabulary: they say then that it is a special one. “normalized” is not
     *  read: NFC changes none of these texts, and SentencePiece knows no “▁” before a special token. */
    void addAdded(const Json& entry) {
        const HfValues values(entry, std::string("added_tokens” of “") + fileName);
        const std::string text = values.text("content").value_or("");
        const Json* id = values.find("id");
        if (text.empty() || id == nullptr) {
            values.refuse(text.empty() ? "content" : "id", text.empty() ? "a text" : "an id");
        }
        if (values.flag("single_word").value_or(false)) {
            throw Error("hf.added_token", "The token “{text}” of “{file}” asks for {key}, which is not supported.",
                        {{"text", shortened(text)}, {"file", fileName}, {"key", "single_word"}});
        }
        const bool special = values.flag("special").value_or(false);
        const uint32_t row = checkedId(text, *id);
        if (values.flag("rstrip").value_or(false)) {
            m_tables.rstrip.push_back(row);
        }
        if (values.flag("lstrip").value_or(false)) {
            m_tables.lstrip.push_back(row);
        }
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

    /** The token that stands for what is in no vocabulary. */
    void setUnknown(const std::string& text) {
        const auto at = m_ids.find(text);
        if (at != m_ids.end() && m_tables.types[at->second] != static_cast<int32_t>(TokenType::UserDefined)) {
            m_tables.types[at->second] = static_cast<int32_t>(TokenType::Unknown);
        }
    }

    /** Scores that make SentencePiece merge in the order of the merges: those of one token must follow each other, and
     *  no two neighbours that make a token may be missing, as it knows scores of tokens alone. */
    void scoreByMerges() {
        m_tables.scores.assign(m_rows, 0);
        std::unordered_set<std::string> pairs;
        std::vector<bool> scored(m_rows, false);
        float score = 0;
        uint32_t last = m_rows;
        for (std::string& merge : m_tables.merges) {
            std::string whole = merge;
            whole.erase(whole.find(' '), 1);
            const uint32_t row = m_ids.at(whole);
            if (row != last && scored[row]) {
                refuseOrder(whole, "other merges lie between those that make it");
            }
            score -= row == last ? 0.0F : 1.0F;
            scored[row] = true;
            m_tables.scores[row] = score;
            last = row;
            pairs.insert(std::move(merge));
        }
        for (const auto& [text, row] : m_ids) {
            if (isNormal(row)) {
                checkCuts(text, pairs);
            }
        }
        m_tables.merges.clear();
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
    /** "<0x0A>" */
    static bool isByte(const std::string& text) {
        constexpr std::string_view digits = "0123456789ABCDEF";
        return text.size() == 6 && text.starts_with("<0x") && text[5] == '>' &&
               digits.find(text[3]) != std::string_view::npos && digits.find(text[4]) != std::string_view::npos;
    }

    /** Each two tokens that `text` can be cut into must be a merge. */
    void checkCuts(std::string_view text, const std::unordered_set<std::string>& pairs) const {
        for (size_t cut = 1; cut < text.size(); ++cut) {
            const auto left = m_ids.find(text.substr(0, cut));
            if (left == m_ids.end() || !isNormal(left->second)) {
                continue;
            }
            const auto right = m_ids.find(text.substr(cut));
            if (right != m_ids.end() && isNormal(right->second) && !pairs.contains(left->first + " " + right->first)) {
                refuseOrder(std::string(text), "no merge makes it of “" + shortened(left->first) + "” and “" +
                                                   shortened(right->first) + "”");
            }
        }
    }

    bool isNormal(uint32_t row) const { return m_tables.types[row] == static_cast<int32_t>(TokenType::Normal); }

    [[noreturn]] static void refuseOrder(const std::string& text, const std::string& why) {
        throw Error("hf.merge_order",
                    "The merges of “{file}” cannot be written as SentencePiece's scores: of the token “{text}”, {why}.",
                    {{"file", fileName}, {"text", shortened(text)}, {"why", why}});
    }

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
        if (text.empty() || text.size() > bounds::importedTokenBytes) {
            throw Error("hf.token_size", "Token {id} of “{file}” is {n} bytes long; 1 to {most} are supported.",
                        {{"id", std::to_string(row)},
                         {"file", fileName},
                         {"n", trace::grouped(text.size())},
                         {"most", trace::grouped(bounds::importedTokenBytes)}});
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
    bool m_sentencePiece;
    TokenizerTables m_tables;
    std::unordered_map<std::string, uint32_t, TextHash, std::equal_to<>> m_ids;
    std::vector<bool> m_vocabularyRow; ///< rows that the vocabulary proper has and no added token repeated yet
};

/** The special token that a TemplateProcessing puts before a text. */
void readBegin(const HfValues& values, TokenizerTables& tables) {
    for (const HfValues& step : hfSteps(values, "post_processor", "processors")) {
        const Json* single = step.find("single");
        if (step.text("type").value_or("") != "TemplateProcessing" || single == nullptr || !single->is_array() ||
            single->empty() || !single->front().is_object()) {
            continue;
        }
        const HfValues first(single->front(), "single");
        if (const Json* special = first.find("SpecialToken")) {
            tables.bos = tables.control(HfValues(*special, "SpecialToken").text("id").value_or(""));
            tables.adds_bos = tables.bos >= 0;
        }
    }
}

/** Id of a special token that tokenizer_config.json names by its text or by an object with it: of a control token, else
 *  of any; −1 if it names none. */
int32_t namedToken(const HfValues& config, const char* key, const TokenizerTables& tables) {
    const Json* token = config.find(key);
    if (token == nullptr) {
        return -1;
    }
    const std::string text =
        token->is_object() ? HfValues(*token, key).text("content").value_or("") : config.text(key).value_or("");
    if (const int32_t control = tables.control(text); control >= 0) {
        return control;
    }
    const auto at = std::find(tables.tokens.begin(), tables.tokens.end(), text);
    return at == tables.tokens.end() ? -1 : static_cast<int32_t>(at - tables.tokens.begin());
}

/** “add_bos_token” wins over the tokenizer.json, as in llama.cpp. */
void readConfig(const HfValues& config, TokenizerTables& tables) {
    if (config.has("bos_token")) {
        tables.bos = namedToken(config, "bos_token", tables);
    }
    tables.eos = namedToken(config, "eos_token", tables);
    tables.adds_bos = config.flag("add_bos_token").value_or(tables.adds_bos);
}

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
    const Json* model = values.find("model");
    if (model == nullptr || !model->is_object()) {
        values.refuse("model", "an object");
    }
    const HfValues bpe(*model, std::string("model” of “") + fileName);
    if (bpe.text("type").value_or("BPE") != "BPE") {
        bpe.refuse("type", "“BPE”");
    }
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
        if (!bpe.text(key).value_or("").empty()) {
            bpe.refuse(key, "nothing");
        }
    }
    const HfSplitting splitting = readSplitting(values, bpe);
    const bool sentencePiece = splitting.row == nullptr;
    const Json* vocabulary = bpe.find("vocab");
    if (vocabulary == nullptr || !vocabulary->is_object() || vocabulary->empty()) {
        bpe.refuse("vocab", "an object from tokens to ids");
    }
    const Json* merges = bpe.find("merges");
    if (merges == nullptr || !merges->is_array() || merges->size() > bounds::merges) {
        bpe.refuse("merges", "a list of pairs");
    }
    Tables tables(rows, sentencePiece);
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
    if (sentencePiece) {
        tables.setUnknown(bpe.text("unk_token").value_or(""));
        tables.scoreByMerges();
    }
    TokenizerTables out = tables.finish();
    out.model = sentencePiece ? "llama" : "gpt2";
    if (sentencePiece) {
        out.space_prefix = splitting.space_prefix;
        out.space_prefix_first = splitting.space_prefix_first;
        out.space_prefix_once = splitting.space_prefix_once;
    } else {
        // Hunyuan's tokenizer.json is Qwen2's but for the vocabulary, some of whose tokens no merge makes.
        const bool hunyuan = splitting.row->pre == "qwen2" && out.control("<|extra_0|>") >= 0;
        out.pre = hunyuan ? "hunyuan" : splitting.row->pre;
    }
    readBegin(values, out);
    return out;
}

TokenizerTables readTokenizerFolder(const std::filesystem::path& folder, uint32_t rows) {
    TokenizerTables tables;
    if (hasEntry(folder / fileName)) {
        tables = readTokenizer(readJson(folder / fileName, largeJson), rows);
    } else if (hasEntry(folder / "hy.tiktoken")) {
        tables = readHyTiktoken(readText(folder / "hy.tiktoken", largeJson), rows);
    } else {
        throw Error("hf.no_tokenizer",
                    "“{folder}” holds no tokenizer.json and no hy.tiktoken, one of which is needed for the vocabulary.",
                    {{"folder", displayName(folder)}});
    }
    if (hasEntry(folder / "tokenizer_config.json")) {
        const Json json = readJson(folder / "tokenizer_config.json", largeJson);
        readConfig(HfValues(json, "tokenizer_config.json"), tables);
    }
    // Hunyuan's files name other tokens, which its models never saw at the start.
    if (const int32_t start = tables.control("<|startoftext|>"); start >= 0) {
        tables.bos = start;
    }
    tables.adds_bos = tables.adds_bos && tables.bos >= 0;
    return tables;
}

} // namespace moescope::model
