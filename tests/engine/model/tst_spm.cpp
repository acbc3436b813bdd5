// SPDX-License-Identifier: Apache-2.0
#include "engine/model/tokenizer.h"

#include "tests/engine/model/model_files.h"
#include "tests/engine/model/random_text.h"

#include <cstdio>
#include <limits>

using namespace moescope;
using namespace moescope::tests;
using Ids = std::vector<int32_t>;

namespace {

/** A SentencePiece vocabulary: <unk>, <s>, </s>, the 256 bytes, then what a test adds. */
struct SpmFile {
    std::string architecture = "llama";
    std::vector<std::string> tokens{"<unk>", "<s>", "</s>"};
    std::vector<int32_t> types{2, 3, 3};
    std::vector<float> scores{0, 0, 0};
    std::vector<std::pair<std::string, gguf::WriteValue>> more;

    explicit SpmFile(bool bytes = true) {
        for (int byte = 0; bytes && byte < 256; ++byte) {
            std::array<char, 8> text{};
            std::snprintf(text.data(), text.size(), "<0x%02X>", static_cast<unsigned>(byte));
            add(text.data(), 0, 6);
        }
    }

    int32_t add(const std::string& token, float score, int32_t type = 1) {
        tokens.push_back(token);
        scores.push_back(score);
        types.push_back(type);
        return static_cast<int32_t>(tokens.size() - 1);
    }

    Path write(const Scratch& scratch) const {
        Path path = scratch / "spm.gguf";
        gguf::Writer writer(path);
        writer.add("general.architecture", architecture);
        writer.add("tokenizer.ggml.model", std::string("llama"));
        writer.add("tokenizer.ggml.tokens", tokens);
        writer.add("tokenizer.ggml.scores", scores);
        writer.add("tokenizer.ggml.token_type", types);
        for (const auto& [key, value] : more) {
            writer.add(key, value);
        }
        writer.beginData();
        writer.commit();
        return path;
    }

    model::Tokenizer open(const Scratch& scratch) const { return model::Tokenizer(gguf::Reader(write(scratch))); }
};

constexpr int32_t byteToken(int byte) { return 3 + byte; }

trace::Error refusal(const std::function<void(SpmFile&)>& bend) {
    const Scratch scratch;
    SpmFile file;
    file.add("▁a", -1);
    EXPECT_NO_THROW(file.open(scratch));
    bend(file);
    const Path path = file.write(scratch);
    return errorOf([&] { model::Tokenizer(gguf::Reader(path)); });
}

} // namespace

TEST(Spm, TheHighestScoreIsMergedFirstAndTheLeftmostOfEquals) {
    const Scratch scratch;
    SpmFile file;
    file.more = {{"tokenizer.ggml.add_space_prefix", false}};
    const int32_t a = file.add("a", -10);
    const int32_t b = file.add("b", -11);
    const int32_t c = file.add("c", -12);
    const int32_t ab = file.add("ab", -3);
    const int32_t bc = file.add("bc", -2);
    const int32_t aa = file.add("aa", -4);
    const model::Tokenizer tokenizer = file.open(scratch);
    EXPECT_EQ(tokenizer.encode("abc"), (Ids{a, bc}));
    EXPECT_EQ(tokenizer.encode("ab"), (Ids{ab}));
    EXPECT_EQ(tokenizer.encode("aaa"), (Ids{aa, a}));
    EXPECT_EQ(tokenizer.encode("cb"), (Ids{c, b}));
}

TEST(Spm, OneSpaceGoesBeforeTheTextAndComesOffAgain) {
    const Scratch scratch;
    SpmFile file;
    const int32_t space = file.add("▁", -9);
    const int32_t a = file.add("a", -10);
    const int32_t word = file.add("▁a", -1);
    const model::Tokenizer tokenizer = file.open(scratch);
    EXPECT_EQ(tokenizer.encode("a"), (Ids{word}));
    EXPECT_EQ(tokenizer.encode(" a"), (Ids{space, word}));
    EXPECT_EQ(tokenizer.encode("aa a"), (Ids{word, a, word}));
    EXPECT_EQ(tokenizer.encode(""), Ids());
    EXPECT_EQ(tokenizer.decode(Ids{word, a, word}), "aa a");
    EXPECT_EQ(tokenizer.decode(Ids{space, word}), " a");
    EXPECT_EQ(tokenizer.decode(word), " a");
    EXPECT_EQ(tokenizer.encode("a▁a"), tokenizer.encode("a a")); // the mark and the space are one
    // Behind a special token the text begins anew, unless the file says otherwise.
    EXPECT_EQ(tokenizer.encode("a</s>a", true), (Ids{word, 2, word}));
    file.more = {{"moescope.space_prefix_first", true}};
    EXPECT_EQ(file.open(scratch).encode("a</s>a", true), (Ids{word, 2, a}));
    file.more = {{"moescope.space_prefix_once", true}};
    EXPECT_EQ(file.open(scratch).encode(" a</s> a", true), (Ids{word, 2, word}));
    EXPECT_EQ(file.open(scratch).encode("a"), (Ids{word}));
    file.more = {{"tokenizer.ggml.add_space_prefix", false}};
    const model::Tokenizer bare = file.open(scratch);
    EXPECT_EQ(bare.encode("a a"), (Ids{a, word}));
    EXPECT_EQ(bare.decode(Ids{word}), " a");
}

TEST(Spm, UnknownCharactersBecomeBytesOrTheUnknownToken) {
    const Scratch scratch;
    SpmFile file;
    file.add("▁", -9);
    const int32_t a = file.add("a", -10);
    file.more = {{"tokenizer.ggml.add_space_prefix", false}};
    const model::Tokenizer tokenizer = file.open(scratch);
    EXPECT_EQ(tokenizer.encode("aé"), (Ids{a, byteToken(0xC3), byteToken(0xA9)}));
    EXPECT_EQ(tokenizer.decode(Ids{a, byteToken(0xC3), byteToken(0xA9)}), "aé");

    SpmFile without(false);
    without.more = file.more;
    const int32_t only = without.add("a", -1);
    EXPECT_EQ(without.open(scratch).encode("aéüa"), (Ids{only, 0, only}));
    // Pieces that begin with what is unknown, here with the space itself: the second time as the first.
    const model::Tokenizer spaceless = without.open(scratch);
    EXPECT_EQ(spaceless.encode("é a"), (Ids{0, only}));
    EXPECT_EQ(spaceless.encode("é a a"), (Ids{0, only, 0, only}));
    EXPECT_EQ(spaceless.encode("a a é a"), (Ids{only, 0, only, 0, only}));
    without.types[0] = 3; // no unknown token either
    const model::Tokenizer neither = without.open(scratch);
    expectSentence(errorOf([&] { neither.encode("aé"); }), "tokenizer.byte", {"195"});
}

TEST(Spm, UserDefinedTokensAreReadAndUnusedOnesAreNeverMade) {
    const Scratch scratch;
    SpmFile file;
    file.more = {{"tokenizer.ggml.add_space_prefix", false}};
    const int32_t a = file.add("a", -10);
    const int32_t b = file.add("b", -10);
    const int32_t ab = file.add("ab", -1, 5);
    const int32_t abab = file.add("abab", -2);
    const int32_t user = file.add("<tag>", 0, 4);
    const int32_t longer = file.add("<tag>\n", 0, 4);
    const model::Tokenizer tokenizer = file.open(scratch);
    EXPECT_EQ(tokenizer.encode("ab"), (Ids{a, b})); // taken apart again
    EXPECT_EQ(tokenizer.encode("abab"), (Ids{abab}));
    EXPECT_EQ(tokenizer.encode("a<tag>b<tag>\n"), (Ids{a, user, b, longer}));
    EXPECT_EQ(tokenizer.encode("<s>").size(), 3U); // bytes
    EXPECT_EQ(tokenizer.encode("<s>", true), (Ids{1}));
    EXPECT_EQ(tokenizer.encode("<0x41>").size(), 6U); // spells a byte, is none
    EXPECT_EQ(tokenizer.decode(ab), "");
}

TEST(Spm, WordsAreJoinedWhereATokenReachesOverThem) {
    const Scratch scratch;
    SpmFile file;
    file.more = {{"tokenizer.ggml.add_space_prefix", false}};
    const int32_t a = file.add("a", -10);
    const int32_t b = file.add("b", -10);
    file.add("▁", -10);
    const int32_t over = file.add("a▁", -1);
    const int32_t word = file.add("▁b", -2);
    const model::Tokenizer tokenizer = file.open(scratch);
    EXPECT_EQ(tokenizer.encode("a b"), (Ids{over, b}));
    EXPECT_EQ(tokenizer.encode("b b"), (Ids{b, word}));
    EXPECT_EQ(tokenizer.encode("a"), (Ids{a}));
}

TEST(Spm, WhiteSpaceGoesWithTheTokensThatTakeItAlong) {
    const Scratch scratch;
    SpmFile file;
    const int32_t space = file.add("▁", -9);
    const int32_t a = file.add("a", -10);
    const int32_t user = file.add("<|user|>", 0, 3);
    const int32_t mask = file.add("<mask>", 0, 4);
    file.more = {{"tokenizer.ggml.add_space_prefix", false},
                 {"moescope.rstrip_token_ids", std::vector<uint32_t>{static_cast<uint32_t>(user)}},
                 {"moescope.lstrip_token_ids", std::vector<uint32_t>{static_cast<uint32_t>(mask)}}};
    const model::Tokenizer tokenizer = file.open(scratch);
    EXPECT_EQ(tokenizer.encode("a <|user|> \t\r\n\u00A0\u3000a <s> a", true),
              (Ids{a, space, user, a, space, 1, space, a}));
    EXPECT_EQ(tokenizer.encode("<|user|>\n", true), (Ids{user}));
    EXPECT_EQ(tokenizer.encode("<|user|>\u200Ba", true).size(), 5U); // no white space, though nothing is seen of it
    EXPECT_EQ(tokenizer.encode("a \u2028<mask> a"), (Ids{a, mask, space, a}));
    EXPECT_EQ(tokenizer.encode(" <mask>  <mask>"), (Ids{mask, mask}));
    EXPECT_EQ(tokenizer.encode("<|user|>   <mask>a", true), (Ids{user, mask, a}));
    EXPECT_EQ(tokenizer.encode("<|user|> a").size(), 10U); // plain text
    EXPECT_EQ(tokenizer.strippedBehind(user, " \na "), 2U);
    EXPECT_EQ(tokenizer.strippedBehind(mask, " \na "), 0U);
    EXPECT_EQ(tokenizer.strippedBefore(mask, " a\u3000 "), 4U);
    EXPECT_EQ(tokenizer.strippedBefore(mask, " "), 1U);
    EXPECT_EQ(tokenizer.strippedBefore(user, " a "), 0U);
}

TEST(Spm, PlainFilesOfPhi3AreReadAsItsOwnTokenizer) {
    const Scratch scratch;
    SpmFile file;
    const int32_t space = file.add("▁", -9);
    file.add("a", -10);
    const int32_t word = file.add("▁a", -1);
    const int32_t end = file.add("<|endoftext|>", 0, 3);
    const int32_t user = file.add("<|user|>", 0, 3);
    const std::string text = "<|user|>\n a<|endoftext|> a<s> a</s> a";
    const Ids whole = file.open(scratch).encode(text, true);
    file.architecture = "phi3";
    EXPECT_EQ(file.open(scratch).encode(text, true), (Ids{user, word, end, space, word, 1, space, word, 2, word}));
    file.more = {{"moescope.rstrip_token_ids", std::vector<uint32_t>()}};
    EXPECT_EQ(file.open(scratch).encode(text, true), whole);
    EXPECT_NE(file.open(scratch).encode(text, true)[1], word);
}

TEST(Spm, TextComesBack) {
    const Scratch scratch;
    SpmFile file;
    for (const char* token : {"▁", "a", "b", "▁a", "ab", "▁▁", "▁▁▁▁", "é", "漢", "\n"}) {
        file.add(token, -static_cast<float>(file.tokens.size()));
    }
    const model::Tokenizer tokenizer = file.open(scratch);
    RandomText random(11);
    for (int i = 0; i < 10000; ++i) {
        const std::string text = random.next();
        ASSERT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
    }
}

TEST(Spm, TheBeginIsAddedUnlessTheFileSaysOtherwise) {
    const Scratch scratch;
    SpmFile file;
    EXPECT_FALSE(file.open(scratch).addsBos()); // there is no such token
    file.more = {{"tokenizer.ggml.bos_token_id", gguf::U32{1}}};
    EXPECT_TRUE(file.open(scratch).addsBos());
    file.more.push_back({"tokenizer.ggml.add_bos_token", false});
    EXPECT_FALSE(file.open(scratch).addsBos());
}

TEST(HostileSpm, WhatIsNotDoneOrMakesNoSense) {
    expectSentence(refusal([](SpmFile& f) {
                       f.more = {{"tokenizer.ggml.remove_extra_whitespaces", true}};
                   }),
                   "tokenizer.option", {"remove_extra_whitespaces"});
    for (const char* key : {"moescope.rstrip_token_ids", "moescope.lstrip_token_ids"}) {
        expectSentence(refusal([&](SpmFile& f) {
                           f.more = {{key, std::vector<uint32_t>{260}}};
                       }),
                       "tokenizer.id", {key, "260", "259"});
        expectSentence(refusal([&](SpmFile& f) { f.more = {{key, true}}; }), "gguf.value", {key});
    }
    expectSentence(refusal([](SpmFile& f) { f.scores.pop_back(); }), "tokenizer.scores", {"260", "259"});
    expectSentence(refusal([](SpmFile& f) { f.scores[7] = std::numeric_limits<float>::quiet_NaN(); }),
                   "tokenizer.scores", {"token 7"});
    expectSentence(refusal([](SpmFile& f) { f.add("▁a", -2); }), "tokenizer.duplicate", {"“▁a”", "259", "260"});
    expectSentence(refusal([](SpmFile& f) { f.add("<0x41>", 0, 6); }), "tokenizer.duplicate", {"65"});
    expectSentence(refusal([](SpmFile& f) { f.add("byte", 0, 6); }), "tokenizer.byte_text", {"260", "“byte”"});
    expectSentence(refusal([](SpmFile& f) { f.add("<0xG0>", 0, 6); }), "tokenizer.byte_text", {"<0xG0>"});
    expectSentence(refusal([](SpmFile& f) { f.add("", 0); }), "tokenizer.token_size", {"260"});
    expectSentence(refusal([](SpmFile& f) { f.types[3] = 77; }), "tokenizer.types", {"Token 3", "77"});
}

TEST(HostileSpm, LongRunsAndScoresWithoutEnd) {
    const Scratch scratch;
    SpmFile file;
    std::string a;
    for (int i = 1; i <= 64; ++i) {
        a += "a";
        file.add(a, i % 2 == 0 ? std::numeric_limits<float>::infinity() : -std::numeric_limits<float>::infinity());
    }
    const model::Tokenizer tokenizer = file.open(scratch);
    const std::string text(1000000, 'a');
    EXPECT_TRUE(tokenizer.decode(tokenizer.encode(text)) == text); // too long to be shown
}
