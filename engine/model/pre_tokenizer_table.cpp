// SPDX-License-Identifier: Apache-2.0
#include "engine/model/pre_tokenizer_table.h"

#include <algorithm>
#include <array>

namespace moescope::model {
namespace {

constexpr std::string_view gpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view punctuation = R"([\p{P}$+<=>^`|~]+)";
constexpr std::string_view digit = R"(\p{N})";
constexpr std::string_view digitRun = R"(\p{N}+)";

constexpr std::string_view llama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view qwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view qwen35 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view tekken =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view o200k =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr std::array gpt2Passes{SplitPass{.regex = gpt2}};
constexpr std::array singleDigitGpt2Passes{SplitPass{.regex = digit}, SplitPass{.regex = gpt2}};
constexpr std::array llama3Passes{SplitPass{.regex = llama3}};
constexpr std::array qwen2Passes{SplitPass{.regex = qwen2}};
constexpr std::array qwen35Passes{SplitPass{.regex = qwen35}};
constexpr std::array tekkenPasses{SplitPass{.regex = tekken}};
constexpr std::array o200kPasses{SplitPass{.regex = o200k}};
constexpr std::array falconPasses{
    SplitPass{.regex = punctuation},
    SplitPass{.regex = gpt2},
    SplitPass{.regex = digitRun, .after_byte_level = true, .bytes_regex = R"([0-9\xB2\xB3\xB9\xBC-\xBE]+)"},
    SplitPass{.regex = "[0-9][0-9][0-9]", .after_byte_level = true, .bytes_regex = "[0-9][0-9][0-9]"},
};
constexpr std::array deepseekV3Passes{
    SplitPass{.regex = R"(\p{N}{1,3})"},
    SplitPass{.regex = "[一-龥぀-ゟ゠-ヿ]+"},
    SplitPass{
        .regex =
            R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
};
constexpr std::array deepseekCoderPasses{
    SplitPass{.regex = R"([\r\n])"},    SplitPass{.regex = R"(\s?\p{L}+)"},
    SplitPass{.regex = R"(\s?\p{P}+)"}, SplitPass{.regex = "[一-龥ࠀ-一가-퟿]+"},
    SplitPass{.regex = digit},
};
constexpr std::array deepseekLlmPasses{
    SplitPass{.regex = R"([\r\n])"},
    SplitPass{
        .regex =
            R"(\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+)"},
    SplitPass{.regex = R"(\s?[!-/:-~！-／：-～‘-‟　-。]+)"},
    SplitPass{.regex = R"(\s+$)", .linear_regex = R"((?<!\s)\s++$)"},
    SplitPass{.regex = "[一-龥ࠀ-一가-퟿]+"},
    SplitPass{.regex = digit},
};

/** Facts of each model's own tokenizer.json; llama.cpp's names. NFC is applied where the model's own tokenizer has it,
 *  although llama.cpp applies none: the model learned composed text. Names that are not here are refused, those of
 *  llama.cpp for which no tokenizer.json was at hand and its fallback "default" among them: wrong pieces would only
 *  show as a model that is worse than it should be. */
constexpr std::array rows{
    PreTokenizerRow{.pre = "gpt-2", .passes = gpt2Passes},
    PreTokenizerRow{.pre = "phi-2", .passes = gpt2Passes},
    PreTokenizerRow{.pre = "mpt", .passes = gpt2Passes, .nfc = true}, // GPT-NeoX's tokenizer
    PreTokenizerRow{.pre = "olmo", .passes = gpt2Passes, .nfc = true},
    PreTokenizerRow{.pre = "llama-bpe", .passes = llama3Passes, .whole_piece_first = true, .adds_bos = true},
    PreTokenizerRow{.pre = "llama3", .passes = llama3Passes, .whole_piece_first = true, .adds_bos = true},
    PreTokenizerRow{.pre = "llama-v3", .passes = llama3Passes, .whole_piece_first = true, .adds_bos = true},
    PreTokenizerRow{.pre = "falcon3", .passes = llama3Passes, .whole_piece_first = true},
    PreTokenizerRow{.pre = "glm4", .passes = llama3Passes, .whole_piece_first = true},
    PreTokenizerRow{.pre = "dbrx", .passes = llama3Passes},
    PreTokenizerRow{.pre = "smaug-bpe", .passes = llama3Passes},
    PreTokenizerRow{.pre = "chatglm-bpe", .passes = llama3Passes},
    PreTokenizerRow{.pre = "qwen2", .passes = qwen2Passes, .nfc = true},
    PreTokenizerRow{.pre = "stablelm2", .passes = qwen2Passes, .nfc = true},
    PreTokenizerRow{.pre = "hunyuan", .passes = qwen2Passes, .nfc = true, .whole_piece_first = true},
    PreTokenizerRow{.pre = "qwen35", .passes = qwen35Passes, .nfc = true},
    PreTokenizerRow{.pre = "deepseek-v3", .passes = deepseekV3Passes},
    PreTokenizerRow{.pre = "hunyuan-dense", .passes = deepseekV3Passes},
    PreTokenizerRow{.pre = "deepseek-llm", .passes = deepseekLlmPasses},
    PreTokenizerRow{.pre = "deepseek-coder", .passes = deepseekCoderPasses},
    PreTokenizerRow{.pre = "starcoder", .passes = singleDigitGpt2Passes},
    PreTokenizerRow{.pre = "refact", .passes = singleDigitGpt2Passes},
    PreTokenizerRow{.pre = "smollm", .passes = singleDigitGpt2Passes},
    PreTokenizerRow{.pre = "command-r", .passes = singleDigitGpt2Passes, .nfc = true},
    PreTokenizerRow{.pre = "falcon", .passes = falconPasses},
    PreTokenizerRow{.pre = "tekken", .passes = tekkenPasses, .whole_piece_first = true, .adds_bos = true},
    PreTokenizerRow{.pre = "gpt-4o", .passes = o200kPasses},
    PreTokenizerRow{.pre = "llama4", .passes = o200kPasses},
};

} // namespace

std::span<const PreTokenizerRow> preTokenizers() { return rows; }

const PreTokenizerRow* findPreTokenizer(std::string_view pre) {
    const auto* const row =
        std::find_if(rows.begin(), rows.end(), [&](const PreTokenizerRow& r) { return r.pre == pre; });
    return row == rows.end() ? nullptr : row;
}

std::string_view gpt2Regex() { return gpt2; }
std::string_view punctuationRegex() { return punctuation; }
std::string_view digitRegex() { return digit; }
std::string_view digitRunRegex() { return digitRun; }

} // namespace moescope::model
