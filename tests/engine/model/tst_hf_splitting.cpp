// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_splitting.h"

#include "engine/model/hf_tokenizer.h"
#include "engine/model/tokenizer.h"
#include "tests/engine/model/model_files.h"

using namespace moescope;
using namespace moescope::tests;
using Ids = std::vector<int32_t>;

namespace {

Json good() { return readJsonFile(golden("large_like") / "tokenizer.json"); }

Json splitStep(std::string_view regex) {
    return {{"type", "Split"}, {"pattern", {{"Regex", regex}}}, {"behavior", "Isolated"}, {"invert", false}};
}

Json byteLevel(bool useRegex) { return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", useRegex}}; }

Json sequence(const std::vector<Json>& steps) { return {{"type", "Sequence"}, {"pretokenizers", steps}}; }

std::string preOf(const Json& preTokenizer, bool nfc, bool wholePieceFirst) {
    Json json = good();
    json["pre_tokenizer"] = preTokenizer;
    json["normalizer"] = nfc ? Json{{"type", "NFC"}} : Json(nullptr);
    json["model"]["ignore_merges"] = wholePieceFirst;
    json["added_tokens"] = Json::array();
    return model::readTokenizer(Json::parse(json.dump()), 512).pre;
}

/** A SentencePiece tokenizer.json as Llama 2's: <unk>, <s>, the bytes, "▁", "a", "b", "▁a", "▁ab". */
Json sentencePiece() {
    Json vocabulary{{"<unk>", 0}, {"<s>", 1}};
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (unsigned byte = 0; byte < 256; ++byte) {
        vocabulary[std::string("<0x") + digits[byte / 16] + digits[byte % 16] + ">"] = 2 + byte;
    }
    unsigned id = 258;
    for (const char* token : {"▁", "a", "b", "▁a", "▁ab", "ab"}) {
        vocabulary[token] = id++;
    }
    return {
        {"normalizer",
         {{"type", "Sequence"},
          {"normalizers",
           {{{"type", "Prepend"}, {"prepend", "▁"}},
            {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "▁"}}}}}},
        {"pre_tokenizer", nullptr},
        {"post_processor",
         {{"type", "TemplateProcessing"},
          {"single", {{{"SpecialToken", {{"id", "<s>"}}}}, {{"Sequence", {{"id", "A"}}}}}}}},
        {"added_tokens",
         {{{"id", 0}, {"content", "<unk>"}, {"special", true}}, {{"id", 1}, {"content", "<s>"}, {"special", true}}}},
        {"model",
         {{"type", "BPE"},
          {"byte_fallback", true},
          {"unk_token", "<unk>"},
          {"vocab", vocabulary},
          {"merges", {"▁ a", "a b", "▁ ab", "▁a b"}}}}};
}

model::TokenizerTables tablesOf(const Json& json) { return model::readTokenizer(Json::parse(json.dump()), 270); }

trace::Error refused(const std::function<void(Json&)>& bend) {
    Json json = sentencePiece();
    bend(json);
    return errorOf([&] { tablesOf(json); });
}

} // namespace

TEST(HfSplitting, EachRowIsKnownByItsContent) {
    for (const model::PreTokenizerRow& row : model::preTokenizers()) {
        SCOPED_TRACE(row.pre);
        std::vector<Json> steps;
        bool bytes = false;
        for (const model::SplitPass& pass : row.passes) {
            if (pass.after_byte_level && !bytes) {
                steps.back() = byteLevel(true); // GPT-2's expression is ByteLevel's own
                bytes = true;
            }
            steps.push_back(splitStep(pass.regex));
        }
        if (!bytes) {
            steps.push_back(byteLevel(false));
        }
        const model::PreTokenizerRow* named =
            model::findPreTokenizer(preOf(sequence(steps), row.nfc, row.whole_piece_first));
        ASSERT_NE(named, nullptr);
        EXPECT_EQ(named->passes.data(), row.passes.data());
        EXPECT_EQ(named->nfc, row.nfc);
        EXPECT_EQ(named->whole_piece_first, row.whole_piece_first);
    }
}

TEST(HfSplitting, StepsOfOtherKindsAreExpressionsToo) {
    const Json digits{{"type", "Digits"}, {"individual_digits", true}};
    EXPECT_EQ(preOf(byteLevel(true), false, false), "gpt-2");
    EXPECT_EQ(preOf(byteLevel(true), true, false), "mpt");
    EXPECT_EQ(preOf(sequence({digits, byteLevel(true)}), false, false), "starcoder");
    EXPECT_EQ(preOf(sequence({digits, byteLevel(true)}), true, false), "command-r");
    const Json punctuation{{"type", "Punctuation"}, {"behavior", "Contiguous"}};
    const Json runs{{"type", "Digits"}, {"individual_digits", false}};
    EXPECT_EQ(preOf(sequence({punctuation, byteLevel(true), runs, splitStep("[0-9][0-9][0-9]")}), false, false),
              "falcon");
}

TEST(HfSplitting, WhatNoRowDoesIsNamed) {
    const auto refusal = [](const Json& preTokenizer, bool nfc = false, bool whole = false) {
        return errorOf([&] { preOf(preTokenizer, nfc, whole); });
    };
    expectSentence(refusal({{"type", "Whitespace"}}), "hf.splitting", {"Whitespace"});
    expectSentence(refusal(sequence({splitStep("\\w+"), byteLevel(false)})), "hf.splitting", {"“\\w+”"});
    expectSentence(refusal(splitStep("\\w+")), "hf.splitting", {"bytes"});
    Json prefix = byteLevel(true);
    prefix["add_prefix_space"] = true;
    expectSentence(refusal(prefix), "hf.splitting", {"ByteLevel"});
    expectSentence(refusal(byteLevel(true), false, true), "hf.splitting", {"whole pieces"});
    Json json = good();
    json["normalizer"] = {{"type", "Lowercase"}};
    expectSentence(errorOf([&] { model::readTokenizer(Json::parse(json.dump()), 512); }), "hf.splitting",
                   {"Lowercase"});
}

TEST(HfSentencePiece, ScoresFollowTheMerges) {
    const model::TokenizerTables tables = tablesOf(sentencePiece());
    EXPECT_EQ(tables.model, "llama");
    EXPECT_EQ(tables.pre, "");
    EXPECT_TRUE(tables.merges.empty());
    EXPECT_EQ(tables.types[0], 2);
    EXPECT_EQ(tables.types[1], 3);
    EXPECT_EQ(tables.types[2], 6);
    EXPECT_EQ(tables.types[269], 5);
    EXPECT_EQ(tables.scores[261], -1); // "▁a"
    EXPECT_EQ(tables.scores[263], -2); // "ab"
    EXPECT_EQ(tables.scores[262], -3); // "▁ab", by either of its merges
    EXPECT_EQ(tables.space_prefix, true);
    EXPECT_FALSE(tables.space_prefix_first);
    EXPECT_EQ(tables.bos, 1);
    EXPECT_TRUE(tables.adds_bos);
}

TEST(HfSentencePiece, SpacesBeforeTheTextAsTheFileSays) {
    Json json = sentencePiece();
    json["normalizer"] = json["normalizer"]["normalizers"][1];
    json["pre_tokenizer"] = {{"type", "Split"}, {"pattern", {{"String", " "}}}, {"behavior", "MergedWithPrevious"}};
    EXPECT_EQ(tablesOf(json).space_prefix, false); // Gemma's
    json["normalizer"] = nullptr;
    json["pre_tokenizer"] = {
        {"type", "Metaspace"}, {"replacement", "▁"}, {"prepend_scheme", "first"}, {"split", false}};
    EXPECT_EQ(tablesOf(json).space_prefix, true);
    EXPECT_TRUE(tablesOf(json).space_prefix_first);
    json["pre_tokenizer"]["prepend_scheme"] = "never";
    EXPECT_EQ(tablesOf(json).space_prefix, false);
}

TEST(HfSentencePiece, MergesThatAreNoScoresAreRefused) {
    expectSentence(refused([](Json& json) {
                       json["model"]["merges"] = {"▁ a", "a b", "▁ ab"};
                   }),
                   "hf.merge_order", {"“▁ab”", "“▁a”", "“b”"});
    expectSentence(refused([](Json& json) {
                       json["model"]["merges"] = {"▁ a", "▁ ab", "a b", "▁a b"};
                   }),
                   "hf.merge_order", {"“▁ab”"});
    expectSentence(refused([](Json& json) {
                       json["normalizer"]["normalizers"].push_back({{"type", "NFKC"}});
                   }),
                   "hf.splitting", {"NFKC"});
    expectSentence(refused([](Json& json) { json["normalizer"] = nullptr; }), "hf.splitting", {"▁"});
    expectSentence(refused([](Json& json) {
                       json["normalizer"] = nullptr;
                       json["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "▁"}, {"split", true}};
                   }),
                   "hf.splitting", {"Metaspace"});
    expectSentence(refused([](Json& json) { json["model"]["byte_fallback"] = false; }), "hf.splitting", {"bytes"});
}
