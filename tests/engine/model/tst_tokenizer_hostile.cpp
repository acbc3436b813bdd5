// SPDX-License-Identifier: Apache-2.0
#include "engine/model/tokenizer.h"

#include "tests/engine/model/model_files.h"

#include <ctime>

using namespace moescope;
using namespace moescope::tests;

namespace {

/** The sentence with which a vocabulary is refused after `bend` was done to a good one. */
trace::Error refusal(const std::function<void(VocabularyFile&)>& bend) {
    const Scratch scratch;
    VocabularyFile vocabulary;
    vocabulary.addMerged("a", "b");
    EXPECT_NO_THROW(model::Tokenizer(gguf::Reader(vocabulary.write(scratch, "good.gguf"))));
    bend(vocabulary);
    const Path path = vocabulary.write(scratch);
    return errorOf([&] { model::Tokenizer(gguf::Reader(path)); });
}

} // namespace

TEST(HostileVocabulary, OtherModelsAndSplitsAreNamed) {
    expectSentence(refusal([](VocabularyFile& v) { v.model = "rwkv"; }), "tokenizer.model", {"“rwkv”"});
    expectSentence(refusal([](VocabularyFile& v) {
                       v.model = "ll\xFF"
                                 "ma\n";
                   }),
                   "tokenizer.model", {"“ll?ma?”"});
    expectSentence(refusal([](VocabularyFile& v) { v.pre = std::string(39, 'x') + "\xC3\xA9"; }), "tokenizer.pre",
                   {"“" + std::string(39, 'x') + "…”"});
    for (const char* pre : {"default", "superbpe", "GPT-2", "hunyuan "}) {
        expectSentence(refusal([&](VocabularyFile& v) { v.pre = pre; }), "tokenizer.pre",
                       {"“" + std::string(pre) + "”"});
    }
    expectSentence(refusal([](VocabularyFile& v) { v.pre = ""; }), "tokenizer.pre", {"tokenizer.ggml.pre"});
}

TEST(HostileVocabulary, TokensThatAreThereTwice) {
    expectSentence(refusal([](VocabularyFile& v) { v.add("ab"); }), "tokenizer.duplicate", {"“ab”", "256", "257"});
    expectSentence(refusal([](VocabularyFile& v) {
                       v.add("<x>", 3);
                       v.add("<x>", 3);
                   }),
                   "tokenizer.duplicate", {"“<x>”"});
}

TEST(HostileVocabulary, TokensThatAreEmptyHugeOrMisspelled) {
    expectSentence(refusal([](VocabularyFile& v) { v.add(""); }), "tokenizer.token_size", {"257", "0 bytes"});
    expectSentence(refusal([](VocabularyFile& v) { v.add(std::string(100000, 'x')); }), "tokenizer.token_size",
                   {"100,000"});
    expectSentence(refusal([](VocabularyFile& v) { v.add("a\xFF"); }), "tokenizer.token_text", {"257"});
}

TEST(HostileVocabulary, TokensThatSpellNoBytesAreDecodedButNeverMade) {
    const Scratch scratch;
    VocabularyFile vocabulary; // Cohere's have characters that byte-level BPE does not spell with
    const int32_t character = vocabulary.add("\u4f60");
    const int32_t words = vocabulary.add("a b");
    const model::Tokenizer tokenizer{gguf::Reader(vocabulary.write(scratch))};
    EXPECT_EQ(tokenizer.encode("\u4f60"), (std::vector<int32_t>{0xE4, 0xBD, 0xA0}));
    EXPECT_EQ(tokenizer.encode("a b"), (std::vector<int32_t>{'a', ' ', 'b'}));
    EXPECT_EQ(tokenizer.decode({character, words}), "\u4f60a b");
    expectSentence(refusal([](VocabularyFile& v) {
                       v.add("\u4f60");
                       v.merges.emplace_back("\u4f60 a");
                   }),
                   "tokenizer.merge", {"Merge 1"});
}

TEST(HostileVocabulary, TypesThatDoNotFit) {
    expectSentence(refusal([](VocabularyFile& v) { v.types.pop_back(); }), "tokenizer.types", {"257", "256"});
    expectSentence(refusal([](VocabularyFile& v) { v.types[3] = 9; }), "tokenizer.types", {"Token 3", "9"});
}

TEST(HostileVocabulary, AByteWithoutAToken) {
    const Scratch scratch;
    VocabularyFile vocabulary; // as Falcon's, which lacks some control characters
    vocabulary.types[65] = 3;
    const model::Tokenizer tokenizer{gguf::Reader(vocabulary.write(scratch))};
    EXPECT_EQ(tokenizer.encode("BC"), (std::vector<int32_t>{'B', 'C'}));
    expectSentence(errorOf([&] { tokenizer.encode("xA"); }), "tokenizer.byte", {"65"});
}

TEST(HostileVocabulary, MergesOfUnknownTokens) {
    for (const char* merge : {"a c", "zz b", "nospace", "", " ", "a  b", "a b c"}) {
        SCOPED_TRACE(merge);
        expectSentence(refusal([&](VocabularyFile& v) { v.merges.emplace_back(merge); }), "tokenizer.merge",
                       {"Merge 1"});
    }
    expectSentence(refusal([](VocabularyFile& v) { v.merges.push_back(v.merges[0]); }), "tokenizer.merge", {"twice"});
}

TEST(HostileVocabulary, PairsThatOneProductWouldSendToOneSlotAreReadInTime) {
    constexpr uint32_t slots = 1U << 19; // of the table that this many merges get
    constexpr uint32_t merges = 250000;
    constexpr uint64_t product = 0x9E3779B97F4A7C15;
    uint32_t inverse = 1; // of the product's low half, by Newton's steps
    for (int i = 0; i < 5; ++i) {
        inverse *= 2 - static_cast<uint32_t>(product) * inverse;
    }
    const auto name = [](uint32_t id) {
        std::string text;
        for (int digit = 0; digit < 4; ++digit, id /= 27) {
            text += static_cast<char>('a' + id % 27 % 26 + (id % 27 == 26 ? 'A' - 'a' : 0));
        }
        return text;
    };
    VocabularyFile vocabulary;
    const auto first = static_cast<uint32_t>(vocabulary.tokens.size());
    for (uint32_t id = first; id < slots; ++id) {
        vocabulary.add(name(id));
    }
    // (left · 2³² + right) · product, shifted by 32 bits and cut to the slots, is 0 for each of these pairs.
    for (uint32_t right = first; vocabulary.merges.size() < merges; ++right) {
        const auto high = static_cast<uint32_t>(right * product >> 32);
        const uint32_t left = (0 - high) * inverse % slots;
        if (left >= first) {
            vocabulary.add(name(left) + name(right));
            vocabulary.merges.push_back(name(left) + " " + name(right));
        }
    }
    const Scratch scratch;
    const gguf::Reader file(vocabulary.write(scratch));
    const std::clock_t start = std::clock(); // of this process: others on the machine do not count
    EXPECT_EQ(model::Tokenizer(file).size(), vocabulary.tokens.size());
    // The square of 250,000 takes a quarter of a minute.
    EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 8);
}

TEST(HostileVocabulary, IdsBeyondTheVocabulary) {
    expectSentence(refusal([](VocabularyFile& v) {
                       v.more = {{"tokenizer.ggml.eos_token_id", gguf::U32{257}}};
                   }),
                   "tokenizer.id", {"tokenizer.ggml.eos_token_id", "257", "256"});
    expectSentence(refusal([](VocabularyFile& v) {
                       v.more = {{"tokenizer.ggml.bos_token_id", gguf::U32{4000000000U}}};
                   }),
                   "tokenizer.id", {"4000000000"});
    expectSentence(refusal([](VocabularyFile& v) {
                       v.more = {{"moescope.stop_token_ids", std::vector<uint32_t>{1, 999}}};
                   }),
                   "tokenizer.id", {"moescope.stop_token_ids", "999"});
}
