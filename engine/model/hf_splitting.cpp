// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_splitting.h"

#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <string>
#include <vector>

namespace moescope::model {

using trace::Error;

namespace {

constexpr const char* mark = "▁";

[[noreturn]] void refuse(const HfValues& values, const std::string& what) {
    throw Error("hf.splitting", "“{file}” {what}, so text would be cut otherwise than the model learned it.",
                {{"file", values.file()}, {"what", what}});
}

/** The text that a Replace or a Split looks for; "" if it is an expression. */
std::string plainPattern(const HfValues& step) {
    const Json* pattern = step.find("pattern");
    return pattern == nullptr ? "" : HfValues(*pattern, "pattern").text("String").value_or("");
}

struct Normalizer {
    bool nfc = false;
    bool prepends = false; ///< "▁" before the text
    bool replaces = false; ///< spaces by "▁"
};

Normalizer readNormalizer(const HfValues& values) {
    Normalizer n;
    for (const HfValues& step : hfSteps(values, "normalizer", "normalizers")) {
        const std::string type = step.text("type").value_or("");
        if (type == "NFC") {
            n.nfc = true;
        } else if (type == "Prepend" && step.text("prepend").value_or("") == mark) {
            n.prepends = true;
        } else if (type == "Replace" && plainPattern(step) == " " && step.text("content").value_or("") == mark) {
            n.replaces = true;
        } else {
            refuse(values, "normalises its text by “" + shortened(type) + "”, which is not known");
        }
    }
    return n;
}

/** Pass of a pre-tokeniser as the table spells it. */
struct Pass {
    std::string regex;
    bool after_byte_level = false;
};

std::string splitRegex(const HfValues& values, const HfValues& step) {
    const Json* pattern = step.find("pattern");
    const std::string regex = pattern == nullptr ? "" : HfValues(*pattern, "pattern").text("Regex").value_or("");
    if (regex.empty() || step.text("behavior").value_or("") != "Isolated" || step.flag("invert").value_or(false)) {
        refuse(values, "splits its text by a “Split” that is not known");
    }
    return regex;
}

std::vector<Pass> readPasses(const HfValues& values) {
    std::vector<Pass> passes;
    bool bytes = false;
    for (const HfValues& step : hfSteps(values, "pre_tokenizer", "pretokenizers")) {
        const std::string type = step.text("type").value_or("");
        if (type == "Split") {
            passes.push_back({splitRegex(values, step), bytes});
        } else if (type == "Digits") {
            const bool single = step.flag("individual_digits").value_or(false);
            passes.push_back({std::string(single ? digitRegex() : digitRunRegex()), bytes});
        } else if (type == "Punctuation" && step.text("behavior").value_or("Isolated") == "Contiguous") {
            passes.push_back({std::string(punctuationRegex()), bytes});
        } else if (type == "ByteLevel" && !bytes && !step.flag("add_prefix_space").value_or(true)) {
            if (step.flag("use_regex").value_or(true)) {
                passes.push_back({std::string(gpt2Regex()), bytes});
            }
            bytes = true;
        } else {
            refuse(values, "splits its text by “" + shortened(type) + "” in a way that is not known");
        }
    }
    if (!bytes) {
        refuse(values, "splits its text but does not turn it into bytes");
    }
    return passes;
}

bool splitsAlike(const PreTokenizerRow& row, const std::vector<Pass>& passes) {
    return std::equal(row.passes.begin(), row.passes.end(), passes.begin(), passes.end(),
                      [](const SplitPass& a, const Pass& b) {
                          return a.regex == b.regex && a.after_byte_level == b.after_byte_level;
                      });
}

const PreTokenizerRow& findRow(const HfValues& values, const std::vector<Pass>& passes, bool nfc,
                               bool wholePieceFirst) {
    bool splitKnown = false;
    bool normalizerKnown = false;
    for (const PreTokenizerRow& row : preTokenizers()) {
        const bool alike = splitsAlike(row, passes);
        if (alike && row.nfc == nfc && row.whole_piece_first == wholePieceFirst) {
            return row;
        }
        splitKnown = splitKnown || alike;
        normalizerKnown = normalizerKnown || (alike && row.nfc == nfc);
    }
    if (normalizerKnown) {
        refuse(values, wholePieceFirst ? "ignores merges for whole pieces, which no model known with its splits does"
                                       : "merges whole pieces too, which no model known with its splits does");
    }
    if (splitKnown) {
        refuse(values, nfc ? "normalises its text to NFC, which no model known with its splits does"
                           : "does not normalise its text to NFC as each model known with its splits does");
    }
    const std::string shown = passes.empty() ? "nothing" : shortened(passes.front().regex);
    refuse(values, "splits its text by " + std::to_string(passes.size()) + " expressions, the first of them “" + shown +
                       "”, which are not known together");
}

HfSplitting readSentencePiece(const HfValues& values, const Normalizer& normalizer) {
    HfSplitting splitting;
    splitting.space_prefix = normalizer.prepends;
    bool replaces = normalizer.replaces;
    for (const HfValues& step : hfSteps(values, "pre_tokenizer", "pretokenizers")) {
        const std::string type = step.text("type").value_or("");
        if (type == "Metaspace" && !replaces && !step.flag("split").value_or(true) &&
            step.text("replacement").value_or("") == mark) {
            const bool usual = step.flag("add_prefix_space").value_or(true);
            const std::string scheme = step.text("prepend_scheme").value_or(usual ? "always" : "never");
            if (scheme != "always" && scheme != "first" && scheme != "never") {
                step.refuse("prepend_scheme", "“always”, “first” or “never”");
            }
            splitting.space_prefix = splitting.space_prefix || scheme != "never";
            splitting.space_prefix_first = scheme == "first";
            splitting.space_prefix_once = scheme != "never" && !normalizer.prepends;
            replaces = true;
        } else if (type == "Split" && replaces && plainPattern(step) == " ") {
            continue; // there are no spaces left to split by
        } else {
            refuse(values, "splits its text by “" + shortened(type) + "” in a way that is not known of SentencePiece");
        }
    }
    if (normalizer.nfc || !replaces) {
        refuse(values, normalizer.nfc ? "normalises its text to NFC before SentencePiece's merges"
                                      : "does not replace the spaces of its text by “▁”");
    }
    return splitting;
}

} // namespace

std::vector<HfValues> hfSteps(const HfValues& values, const std::string& key, const char* listKey) {
    const Json* step = values.find(key);
    if (step == nullptr) {
        return {};
    }
    const std::string name = key + "” of “" + values.file();
    const HfValues object(*step, name);
    if (object.text("type").value_or("") != "Sequence") {
        return {object};
    }
    const Json* list = object.find(listKey);
    if (list == nullptr || !list->is_array()) {
        object.refuse(listKey, "a list");
    }
    std::vector<HfValues> out;
    for (const Json& entry : *list) {
        out.emplace_back(entry, name);
    }
    return out;
}

HfSplitting readSplitting(const HfValues& values, const HfValues& bpe) {
    const Normalizer normalizer = readNormalizer(values);
    const bool wholePieceFirst = bpe.flag("ignore_merges").value_or(false);
    if (bpe.flag("byte_fallback").value_or(false)) {
        if (wholePieceFirst) {
            refuse(values, "ignores merges for whole pieces beside SentencePiece's bytes");
        }
        return readSentencePiece(values, normalizer);
    }
    if (normalizer.prepends || normalizer.replaces) {
        refuse(values, "replaces spaces but has no tokens for bytes");
    }
    return {.row = &findRow(values, readPasses(values), normalizer.nfc, wholePieceFirst)};
}

} // namespace moescope::model
