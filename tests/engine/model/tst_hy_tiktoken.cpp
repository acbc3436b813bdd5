// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hy_tiktoken.h"

#include "engine/model/tokenizer.h"
#include "tests/engine/model/model_files.h"

#include <cstdlib>

using namespace moescope;
using namespace moescope::tests;
using Ids = std::vector<int32_t>;

namespace {

std::string base64(std::string_view bytes) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (size_t i = 0; i < bytes.size(); i += 3) {
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; ++k) {
            bits = bits << 8 | (i + k < bytes.size() ? static_cast<uint8_t>(bytes[i + k]) : 0U);
        }
        for (size_t k = 0; k < 4; ++k) {
            out += i + k > bytes.size() ? '=' : alphabet[bits >> (18 - 6 * k) & 63];
        }
    }
    return out;
}

/** The 256 bytes in order, then `more`. */
std::string fileOf(const std::vector<std::string>& more) {
    std::string text;
    for (size_t rank = 0; rank < 256 + more.size(); ++rank) {
        const std::string token = rank < 256 ? std::string(1, static_cast<char>(rank)) : more[rank - 256];
        text += base64(token) + " " + std::to_string(rank) + "\n";
    }
    return text;
}

Path written(const model::TokenizerTables& tables, const Scratch& scratch) {
    VocabularyFile file;
    file.pre = tables.pre;
    file.tokens = tables.tokens;
    file.types = tables.types;
    file.merges = tables.merges;
    return file.write(scratch);
}

} // namespace

TEST(HyTiktoken, MergesFollowFromTheRanks) {
    const model::TokenizerTables tables = model::readHyTiktoken(fileOf({"ab", "abc", "xyz"}), 600);
    ASSERT_EQ(tables.tokens.size(), 600U);
    EXPECT_EQ(tables.merges, (std::vector<std::string>{"a b", "ab c"})); // no merge makes "xyz"
    EXPECT_EQ(tables.tokens[259], "<|endoftext|>");
    EXPECT_EQ(tables.control("<|startoftext|>"), 260);
    EXPECT_EQ(tables.control("<|extra_203|>"), 259 + 5 + 203);
    EXPECT_EQ(tables.control("<|extra_204|>"), -1);
    EXPECT_EQ(tables.types[599], 5);
    const Scratch scratch;
    const model::Tokenizer tokenizer{gguf::Reader(written(tables, scratch))};
    EXPECT_EQ(tokenizer.encode("abc"), (Ids{257}));
    EXPECT_EQ(tokenizer.encode("xyz"), (Ids{258})); // a whole piece
    EXPECT_EQ(tokenizer.encode("xyzw"), (Ids{'x', 'y', 'z', 'w'}));
}

TEST(HyTiktoken, LongTokensTakeTheirTimeOnce) {
    std::vector<std::string> powers;
    for (size_t size = 2; size <= 512; size *= 2) {
        powers.emplace_back(size, 'a');
    }
    const model::TokenizerTables tables = model::readHyTiktoken(fileOf(powers), 600);
    ASSERT_EQ(tables.merges.size(), powers.size());
    EXPECT_EQ(tables.merges.back(), std::string(256, 'a') + " " + std::string(256, 'a'));
    expectSentence(errorOf([] { model::readHyTiktoken(fileOf({std::string(513, 'a')}), 600); }), "hf.tiktoken",
                   {"Line 257"});
}

TEST(HyTiktoken, AnEmbeddingWithoutPaddingHasOneTokenMore) {
    const model::TokenizerTables tables = model::readHyTiktoken(fileOf({}), 256 + 5 + 205);
    EXPECT_EQ(tables.control("<|extra_204|>"), 465);
    expectSentence(errorOf([] { model::readHyTiktoken(fileOf({}), 300); }), "hf.tiktoken", {"465", "300"});
}

TEST(HyTiktoken, BentLinesAreNamed) {
    for (const char* line :
         {"YQ== 999\n", "YQ=\n", "Y!== 256\n", "YWI=\n", "YWI= x\n", " 256\n", "\n", "YWI= 256 7\n"}) {
        SCOPED_TRACE(line);
        expectSentence(errorOf([&] { model::readHyTiktoken(fileOf({}) + line, 600); }), "hf.tiktoken", {"Line 257"});
    }
    expectSentence(errorOf([] { model::readHyTiktoken(fileOf({"a"}), 600); }), "hf.duplicate_token", {"“a”", "97"});
}

TEST(HyTiktoken, GoldensOfTheReleasedVocabularyWhereTheFixturesAre) {
    const char* fixtures = std::getenv("MOESCOPE_FIXTURES");
    if (fixtures == nullptr) {
        GTEST_SKIP() << "skipped: MOESCOPE_FIXTURES is not set, so hy.tiktoken is not read";
    }
    const model::TokenizerTables tables =
        model::readHyTiktoken(readBytes(Path(fixtures) / "vocab" / "hy.tiktoken"), 129024);
    EXPECT_EQ(tables.merges.size(), 127698U);
    const Scratch scratch;
    const model::Tokenizer tokenizer{gguf::Reader(written(tables, scratch))};
    const std::vector<std::pair<std::string, Ids>> goldens{
        {"Hello, world!", {9906, 11, 1917, 0}},
        {"The capital of France is", {791, 6864, 315, 9822, 374}},
        {"海水为什么是咸的", {113904, 101683, 21043, 124237, 9554}},
        {"I'VE  got 12345 dogs\n\n  ok\t",
         {40, 6, 4592, 220, 2751, 220, 16, 17, 18, 19, 20, 12875, 271, 220, 5509, 197}},
        {"腾讯混元大模型 Hunyuan-Large 389B",
         {106425, 101098, 24186, 27384, 105040, 14834, 88, 10602, 8288, 2812, 220, 18, 23, 24, 33}},
        {"def f(x):\n    return x**2\n", {755, 282, 2120, 997, 262, 471, 865, 334, 17, 198}},
        {"🚀 (normal) 😶\u200d🌫\ufe0f ✅",
         {9468, 248, 222, 320, 8416, 8, 27623, 114, 124492, 127626, 104, 31643, 26602, 227}},
        {" ", {220}},
        {"  a", {220, 264}},
        {"١٢٣ ⅷ ²", {149, 94, 149, 95, 149, 96, 220, 71567, 115, 220, 30556}},
        {"don't  stop\r\n\r\n \t x", {15357, 956, 220, 3009, 881, 7163, 865}},
        {"foo_bar123 ABC\u3000全角！？", {8134, 14725, 16, 17, 18, 19921, 23249, 37087, 64936, 6447, 11571}},
    };
    for (const auto& [text, ids] : goldens) {
        EXPECT_EQ(tokenizer.encode(text), ids) << text;
    }
    EXPECT_EQ(tokenizer.encode("e\u0301clair \u00e9clair"), (Ids{978, 49272, 4046, 49272}));
    EXPECT_EQ(tokenizer.encode("<|startoftext|>SYS<|extra_4|>U1<|extra_0|>", true),
              (Ids{127958, 39031, 127966, 52, 16, 127962}));
    for (const int32_t id : {112963, 113810, 124142}) { // whole pieces alone lead to these
        EXPECT_EQ(tokenizer.encode(tokenizer.decode(id)), (Ids{id}));
    }
}
