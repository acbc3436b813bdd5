// SPDX-License-Identifier: Apache-2.0
#include "engine/model/tokenizer.h"

#include "engine/model/byte_unicode.h"
#include "engine/model/utf8.h"
#include "tests/engine/model/model_files.h"

#include <chrono>
#include <cstdlib>

using namespace moescope;
using namespace moescope::tests;
using Ids = std::vector<int32_t>;

namespace {

model::Tokenizer tokenizerOf(const Path& gguf) { return model::Tokenizer(gguf::Reader(gguf)); }

double secondsOf(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/** Every text of golden.json's "tokenizer" list, there and back. */
void checkGolden(const Path& folder) {
    const Scratch scratch;
    const model::Tokenizer tokenizer = tokenizerOf(converted(folder, scratch));
    const Json cases = readJsonFile(folder / "golden.json")["tokenizer"];
    ASSERT_FALSE(cases.empty());
    for (const Json& entry : cases) {
        const auto text = entry["text"].get<std::string>();
        const auto ids = entry["ids"].get<Ids>();
        EXPECT_EQ(tokenizer.encode(text), ids) << text;
        EXPECT_EQ(tokenizer.decode(ids), model::toNfc(text));
    }
}

} // namespace

TEST(Tokenizer, GoldenModels) {
    for (const std::string& name : goldenNames()) {
        SCOPED_TRACE(name);
        checkGolden(golden(name));
    }
}

TEST(Tokenizer, NanoWhereTheFixturesAre) {
    const char* fixtures = std::getenv("MOESCOPE_FIXTURES");
    if (fixtures == nullptr) {
        GTEST_SKIP() << "skipped: MOESCOPE_FIXTURES is not set, so the source folder of the built-in model is not read";
    }
    checkGolden(Path(fixtures) / ".." / "models" / "nano");
}

TEST(Tokenizer, MergesTheLowestRankFirstAndTheLeftmostOfEquals) {
    const Scratch scratch;
    VocabularyFile vocabulary;
    vocabulary.pre = "qwen2";
    const int32_t bc = vocabulary.addMerged("b", "c");
    const int32_t ab = vocabulary.addMerged("a", "b");
    const int32_t aa = vocabulary.addMerged("a", "a");
    const int32_t aaaa = vocabulary.addMerged("aa", "aa");
    const model::Tokenizer tokenizer = tokenizerOf(vocabulary.write(scratch));
    EXPECT_EQ(tokenizer.encode("abc"), (Ids{'a', bc}));
    EXPECT_EQ(tokenizer.encode("abx"), (Ids{ab, 'x'}));
    EXPECT_EQ(tokenizer.encode("aaa"), (Ids{aa, 'a'}));
    EXPECT_EQ(tokenizer.encode("aaaaaaa"), (Ids{aaaa, aa, 'a'}));
}

TEST(Tokenizer, WholePieceGoesBeforeMergesUnderHunyuanOnly) {
    const Scratch scratch;
    VocabularyFile vocabulary;
    const int32_t ab = vocabulary.addMerged("a", "b");
    const int32_t whole = vocabulary.add("abc"); // no merge leads to it
    EXPECT_EQ(tokenizerOf(vocabulary.write(scratch)).encode("abc"), (Ids{whole}));
    vocabulary.pre = "qwen2";
    EXPECT_EQ(tokenizerOf(vocabulary.write(scratch)).encode("abc"), (Ids{ab, 'c'}));
}

TEST(Tokenizer, SpecialTokensAreReadOnlyWhenAsked) {
    const Scratch scratch;
    VocabularyFile vocabulary;
    const int32_t eos = vocabulary.add("<|eos|>", 3);
    const int32_t longer = vocabulary.add("<|eos|>x", 3);
    const int32_t user = vocabulary.add("<u>", 4);
    const int32_t unused = vocabulary.add("[PAD259]", 5);
    const int32_t mark = vocabulary.add("[THINK]", 3);
    const model::Tokenizer tokenizer = tokenizerOf(vocabulary.write(scratch));
    EXPECT_EQ(tokenizer.encode("<|eos|>"), (Ids{'<', '|', 'e', 'o', 's', '|', '>'}));
    EXPECT_EQ(tokenizer.encode("a<|eos|>b", true), (Ids{'a', eos, 'b'}));
    EXPECT_EQ(tokenizer.encode("<|eos|>x<|eos|>", true), (Ids{longer, eos}));
    EXPECT_EQ(tokenizer.encode("<u>"), (Ids{user})); // user-defined tokens are text, and read in every text
    EXPECT_EQ(tokenizer.encode("[PAD259]", true), (Ids{'[', 'P', 'A', 'D', '2', '5', '9', ']'}));

    EXPECT_EQ(tokenizer.decode(eos), "<|eos|>");
    EXPECT_EQ(tokenizer.decode(eos, false), "");
    EXPECT_EQ(tokenizer.decode(unused), "");
    EXPECT_EQ(tokenizer.decode({'a', eos, unused, 'b'}, false), "ab");
    EXPECT_EQ(tokenizer.decode({mark, 'a'}, false), "[THINK]a"); // else nobody could tell the thinking apart
    EXPECT_TRUE(tokenizer.isControl(eos));
    EXPECT_FALSE(tokenizer.isControl(user));
    EXPECT_TRUE(tokenizer.isUnused(unused));
    EXPECT_EQ(tokenizer.control("<|eos|>"), eos);
    EXPECT_EQ(tokenizer.control("<u>"), -1);
    EXPECT_EQ(tokenizer.control("nothing"), -1);
}

TEST(Tokenizer, StopTokensAreOursElseThoseThatEndATextATurnOrAMessage) {
    const Scratch scratch;
    VocabularyFile vocabulary;
    vocabulary.more = {{"tokenizer.ggml.bos_token_id", gguf::U32{3}},
                       {"tokenizer.ggml.eos_token_id", gguf::U32{1}},
                       {"tokenizer.ggml.eot_token_id", gguf::U32{2}},
                       {"tokenizer.ggml.eom_token_id", gguf::U32{9}},
                       {"tokenizer.ggml.add_bos_token", true}};
    const model::Tokenizer plain = tokenizerOf(vocabulary.write(scratch));
    EXPECT_EQ(plain.stopTokens(), (Ids{1, 2, 9}));
    EXPECT_EQ(plain.bos(), 3);
    EXPECT_TRUE(plain.addsBos());
    vocabulary.more.push_back({"moescope.stop_token_ids", std::vector<uint32_t>{7, 5, 7}});
    const model::Tokenizer ours = tokenizerOf(vocabulary.write(scratch));
    EXPECT_EQ(ours.stopTokens(), (Ids{7, 5}));
    EXPECT_TRUE(ours.isStop(5));
    EXPECT_FALSE(ours.isStop(1));
    const model::Tokenizer none = tokenizerOf(VocabularyFile().write(scratch));
    EXPECT_EQ(none.bos(), -1);
    EXPECT_FALSE(none.addsBos());
    EXPECT_TRUE(none.stopTokens().empty());
}

TEST(Tokenizer, AMarkBehindASpecialTokenIsNotComposedWithIt) {
    const Scratch scratch;
    VocabularyFile vocabulary;
    vocabulary.pre = "qwen2";
    const int32_t end = vocabulary.add("<|im_end|>", 3);
    const model::Tokenizer tokenizer = tokenizerOf(vocabulary.write(scratch));
    const std::string mark = "\xCC\xB8"; // U+0338, which makes U+226F of ">"
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(">" + mark)), "\xE2\x89\xAF");
    const Ids ids = tokenizer.encode("<|im_end|>" + mark, true);
    EXPECT_EQ(ids.front(), end);
    EXPECT_EQ(tokenizer.decode(Ids(ids.begin() + 1, ids.end())), mark);
}

TEST(Tokenizer, SplitsLikeTheReference) {
    const Scratch scratch;
    VocabularyFile vocabulary;
    // Whole pieces are tokens here, so that the split shows.
    std::map<std::string, int32_t> pieces;
    for (const char* piece : {"ab", " ab", "'VE", "\n\n", "  ", " !!\n", "\u180e\u180e", "\u3000\u3000"}) {
        pieces[piece] = vocabulary.add(model::toByteUnicode(piece));
    }
    const model::Tokenizer tokenizer = tokenizerOf(vocabulary.write(scratch));
    EXPECT_EQ(tokenizer.encode("ab ab"), (Ids{pieces["ab"], pieces[" ab"]}));
    EXPECT_EQ(tokenizer.encode("1'VE23"), (Ids{'1', pieces["'VE"], '2', '3'}));
    EXPECT_EQ(tokenizer.encode("ab\n\nab"), (Ids{pieces["ab"], pieces["\n\n"], pieces["ab"]}));
    EXPECT_EQ(tokenizer.encode("   ab"), (Ids{pieces["  "], pieces[" ab"]}));
    EXPECT_EQ(tokenizer.encode("ab !!\n"), (Ids{pieces["ab"], pieces[" !!\n"]}));
    // U+180E is no white space (it was until Unicode 6.3), U+3000 is.
    EXPECT_EQ(tokenizer.encode("\u180e\u180e"), (Ids{pieces["\u180e\u180e"]}));
    EXPECT_EQ(tokenizer.encode("\u3000\u3000"), (Ids{pieces["\u3000\u3000"]}));
}

TEST(Tokenizer, TextIsNormalisedToNfc) {
    EXPECT_EQ(model::toNfc("e\u0301clair \u00e9clair abc"), "\u00e9clair \u00e9clair abc");
    EXPECT_EQ(model::toNfc("\u1112\u1161\u11ab"), "\ud55c");
    EXPECT_EQ(model::toNfc("a\u0301\u0323"), "\u1ea1\u0301"); // marks are put in order first
    EXPECT_EQ(model::toNfc("\u2126 \ufb01"), "\u03a9 \ufb01");
    EXPECT_EQ(model::toNfc(""), "");
}

TEST(Tokenizer, InvalidUtf8IsRefusedWithItsOffset) {
    const Scratch scratch;
    const model::Tokenizer tokenizer = tokenizerOf(VocabularyFile().write(scratch));
    const std::map<std::string, std::string> cases{{"abc\xFF", "3"},       {"\xC0\x80", "0"},
                                                   {"x\xED\xA0\x80", "1"}, {"\xF4\x90\x80\x80", "0"},
                                                   {"ab\xE4\xBD", "2"},    {"\x80", "0"}};
    for (const auto& [text, offset] : cases) {
        const trace::Error error = errorOf([&] { tokenizer.encode(text); });
        expectSentence(error, "tokenizer.utf8", {"byte " + offset});
    }
    EXPECT_EQ(tokenizer.encode("\xF4\x8F\xBF\xBF").size(), 4U);
    const trace::Error range = errorOf([&] { tokenizer.decode(256); });
    expectSentence(range, "tokenizer.range", {"256", "255"});
    expectSentence(errorOf([&] { tokenizer.decode(-1); }), "tokenizer.range", {"-1"});
}

TEST(Tokenizer, LongRunsTakeLinearTime) {
    const Scratch scratch;
    const model::Tokenizer tokenizer = tokenizerOf(converted(golden("large_like"), scratch));
    constexpr size_t million = 1000000;
    std::string marks = "a";
    for (size_t i = 0; i < million / 4; ++i) {
        marks += "\u0301\u0323"; // two classes in turn: sorting them by exchange would be quadratic
    }
    std::map<std::string, std::string> texts{{"letters", std::string(million, 'e')},
                                             {"blanks", std::string(million, ' ') + "x"},
                                             {"digits", std::string(million, '7')},
                                             {"line ends", std::string(million, '\n')},
                                             {"marks", marks}};
    for (const auto& [name, text] : texts) {
        SCOPED_TRACE(name);
        Ids ids;
        const double seconds = secondsOf([&] { ids = tokenizer.encode(text); });
        EXPECT_EQ(tokenizer.decode(ids), model::toNfc(text));
        EXPECT_LT(seconds, 60.0); // below 1 s in a release build, 3 s with sanitizers; quadratic work would take hours
    }
}
