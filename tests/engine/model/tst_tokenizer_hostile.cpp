// SPDX-License-Identifier: Apache-2.0
#include "engine/model/tokenizer.h"

#include "tests/engine/model/model_files.h"

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
