// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/reader.h"
#include "tests/engine/gguf/raw_gguf.h"

#include <chrono>
#include <vector>

namespace moescope::gguf {
namespace {

namespace fs = std::filesystem;
using test::Raw;
using test::sentenceOf;
using test::TemporaryFolder;

constexpr uint32_t u8Type = 0;
constexpr uint32_t boolType = 7;
constexpr uint32_t textType = 8;
constexpr uint32_t arrayType = 9;
constexpr uint32_t doubleType = 12;
constexpr uint32_t f32 = 0;

/** Files that lie. Each gives one sentence, at once. */
class Hostile : public ::testing::Test {
protected:
    std::string refusal(const std::string& id, const std::string& bytes) {
        test::writeFile(m_folder / "x.gguf", bytes);
        const auto start = std::chrono::steady_clock::now();
        std::string sentence = sentenceOf(id, [&] { const Reader reader(m_folder / "x.gguf"); });
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
        EXPECT_NE(sentence.find("“x.gguf”"), std::string::npos) << sentence;
        EXPECT_TRUE(sentence.ends_with('.')) << sentence;
        return sentence;
    }
    void accepted(const std::string& bytes) {
        test::writeFile(m_folder / "x.gguf", bytes);
        EXPECT_NO_THROW(Reader(m_folder / "x.gguf"));
    }
    TemporaryFolder m_folder;
};

std::string whole() {
    return Raw().head(2, 1).u32Entry("k", 1).tensor("a", {8}, f32, 0).tensor("b", {4, 2}, f32, 32).data(64).str();
}

TEST_F(Hostile, EmptyFile) { EXPECT_EQ(refusal("gguf.empty", ""), "The file “x.gguf” is empty. Download it again."); }

TEST_F(Hostile, NotGguf) {
    EXPECT_EQ(refusal("gguf.magic", "A text.\n"),
              "The file “x.gguf” is not a GGUF file: it does not begin with “GGUF”. Download it again, or convert the "
              "model's Hugging Face folder.");
    refusal("gguf.magic", "PK\3\4 something else");
    refusal("gguf.magic", "G.");
    refusal("gguf.magic", std::string(100, '\0'));
}

TEST_F(Hostile, TruncatedAnywhereInTheHeader) {
    const std::string bytes = whole();
    accepted(bytes);
    const size_t header = bytes.find('b', 24) + 1 + 4 + 16 + 4 + 8;
    for (size_t length = 1; length < header; ++length) {
        test::writeFile(m_folder / "x.gguf", std::string_view(bytes).substr(0, length));
        EXPECT_THROW(Reader(m_folder / "x.gguf"), trace::Error) << length;
    }
    EXPECT_EQ(refusal("gguf.truncated_header", bytes.substr(0, 15)),
              "The file “x.gguf” ends after 15 bytes, inside its metadata. Download it again.");
}

TEST_F(Hostile, TruncatedInTheData) {
    const std::string bytes = whole();
    EXPECT_EQ(refusal("gguf.truncated", bytes.substr(0, bytes.size() - 1)),
              "The file “x.gguf” ends after " + trace::grouped(bytes.size() - 1) + " bytes, but its tensor “b” needs " +
                  trace::grouped(bytes.size()) + ". Download it again.");
    refusal("gguf.truncated", bytes.substr(0, bytes.size() - 64));
}

TEST_F(Hostile, VersionsThatAreNotRead) {
    EXPECT_NE(refusal("gguf.version_1", Raw().bytes("GGUF").u32(1).u32(0).u32(0).str()).find("version 1"),
              std::string::npos);
    EXPECT_NE(refusal("gguf.version", Raw().head(0, 0, 4).str()).find("version 4"), std::string::npos);
    refusal("gguf.version", Raw().head(0, 0, 0).str());
}

TEST_F(Hostile, BigEndian) {
    EXPECT_NE(refusal("gguf.big_endian", Raw().head(0, 0, 0x03000000).str()).find("big-endian"), std::string::npos);
    refusal("gguf.big_endian", Raw().head(0, 0, 0x02000000).str());
}

TEST_F(Hostile, LyingCounts) {
    refusal("gguf.tensor_count", Raw().head(UINT64_MAX, 0).str());
    refusal("gguf.tensor_count", Raw().head(1000, 0).data(500).str());
    refusal("gguf.key_count", Raw().head(0, UINT64_MAX).str());
    refusal("gguf.key_count", Raw().head(0, 50).data(100).str());
    for (const uint64_t count : {UINT64_MAX, uint64_t{1} << 61, uint64_t{1} << 40, uint64_t{200}}) {
        for (const uint32_t type : {0U, 4U, 6U, 7U, 8U, 10U, 12U}) {
            refusal("gguf.array_count",
                    Raw().head(0, 1).text("list").u32(arrayType).u32(type).u64(count).data(150, 1).str());
        }
    }
}

TEST_F(Hostile, LyingLengths) {
    for (const uint64_t length : {UINT64_MAX, uint64_t{1} << 63, uint64_t{1000}}) {
        refusal("gguf.text_length", Raw().head(0, 1).u64(length).data(100, 1).str());
        refusal("gguf.text_length", Raw().head(0, 1).text("k").u32(textType).u64(length).data(100, 1).str());
        refusal("gguf.text_length", Raw().head(1, 0).u64(length).data(100, 1).str());
    }
    refusal("gguf.text_length", Raw().head(0, 1).text(std::string(70000, 'k')).u32(u8Type).data(1, 1).str());
    refusal("gguf.text_length", Raw().head(1, 0).tensor(std::string(1025, 't'), {1}, f32, 0).data(4).str());
    accepted(Raw().head(1, 0).tensor(std::string(1024, 't'), {1}, f32, 0).data(4).str());
}

TEST_F(Hostile, UnknownTypes) {
    EXPECT_NE(refusal("gguf.value_kind", Raw().head(0, 1).text("k").u32(13).u64(0).str()).find("type 13"),
              std::string::npos);
    EXPECT_NE(refusal("gguf.tensor_type", Raw().head(1, 0).tensor("blk.0", {32}, 9, 0).data(64).str())
                  .find("tensor “blk.0” has type Q8_1 (9), which this version cannot read"),
              std::string::npos);
    EXPECT_NE(refusal("gguf.tensor_type", Raw().head(1, 0).tensor("t", {32}, 4, 0).data(64).str()).find("has type 4,"),
              std::string::npos);
    refusal("gguf.tensor_type", Raw().head(1, 0).tensor("t", {32}, UINT32_MAX, 0).data(64).str());
    refusal("gguf.bool", Raw().head(0, 1).text("yes").u32(boolType).bytes("\2").str());
}

TEST_F(Hostile, NestedLists) {
    Raw raw;
    raw.head(0, 1).text("deep");
    for (int i = 0; i < 100000; ++i) {
        raw.u32(arrayType);
        if (i > 0) {
            raw.u64(1);
        }
    }
    refusal("gguf.nested", raw.str());
}

TEST_F(Hostile, HugeMetadata) {
    // A sparse file of 1 TiB is cheap to make: neither its lists nor its texts may be believed.
    const auto sparse = [&](const std::string& id, const std::string& head) {
        const fs::path path = m_folder / "x.gguf";
        test::writeFile(path, head);
        fs::resize_file(path, uint64_t{1} << 40);
        const auto start = std::chrono::steady_clock::now();
        sentenceOf(id, [&] { const Reader reader(path); });
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
    };
    const auto list = [](uint32_t type, uint64_t count) {
        return Raw().head(0, 2).text("k").u32(arrayType).u32(type).u64(count).str();
    };
    sparse("gguf.array_count", list(textType, uint64_t{1} << 36));
    sparse("gguf.array_count", list(u8Type, uint64_t{1} << 39));
    sparse("gguf.text_length", Raw().head(0, 1).text("k").u32(textType).u64(uint64_t{1} << 38).str());
    sparse("gguf.key_count", Raw().head(0, 70000).str());
    sparse("gguf.tensor_count", Raw().head(uint64_t{1} << 30, 0).str());
    // A list that ends with the most that a header may have leaves no room for the second key.
    const std::string head = list(doubleType, 0);
    sparse("gguf.header_size", list(doubleType, ((uint64_t{64} << 20) - head.size()) / 8));
}

TEST_F(Hostile, Alignment) {
    for (const uint32_t bad : {0U, 1U, 3U, 4U, 24U, 131072U, UINT32_MAX}) {
        const std::string sentence =
            refusal("gguf.alignment", Raw().head(0, 1).u32Entry("general.alignment", bad).str());
        EXPECT_NE(sentence.find("alignment of " + std::to_string(bad) + ";"), std::string::npos) << sentence;
    }
    refusal("gguf.alignment", Raw().head(0, 1).text("general.alignment").u32(textType).text("32").str());
    accepted(Raw().head(1, 1).u32Entry("general.alignment", 8).tensor("t", {1}, f32, 0).data(4, 8).str());
    accepted(Raw().head(1, 1).u32Entry("general.alignment", 65536).tensor("t", {1}, f32, 0).data(4, 65536).str());
}

TEST_F(Hostile, Shapes) {
    refusal("gguf.dimensions", Raw().head(1, 0).tensor("t", {}, f32, 0).data(64).str());
    refusal("gguf.dimensions", Raw().head(1, 0).tensor("t", {1, 1, 1, 1, 1}, f32, 0).data(64).str());
    refusal("gguf.dimensions", Raw().head(1, 0).text("t").u32(UINT32_MAX).data(64).str());
    refusal("gguf.shape", Raw().head(1, 0).tensor("t", {4, 0}, f32, 0).data(64).str());
    for (const uint64_t size : {uint64_t{1} << 16, uint64_t{1} << 32, uint64_t{1} << 63, UINT64_MAX}) {
        // The first of these products is exactly 2⁶⁴.
        refusal("gguf.shape", Raw().head(1, 0).tensor("t", {size, size, size, size}, f32, 0).data(64).str());
    }
    refusal("gguf.shape", Raw().head(1, 0).tensor("t", {UINT64_MAX}, f32, 0).data(64).str());
    refusal("gguf.truncated", Raw().head(1, 0).tensor("t", {uint64_t{1} << 56}, f32, 0).data(64).str());
    for (const TensorType type : tensorTypes()) {
        const uint64_t row = blockShape(type).weights + 1U;
        if (blockShape(type).weights > 1) {
            const std::string file =
                Raw().head(1, 0).tensor("t", {row, 3}, static_cast<uint32_t>(type), 0).data(4096).str();
            EXPECT_NE(refusal("gguf.row", file).find("“t” have " + std::to_string(row)), std::string::npos);
        }
    }
}

TEST_F(Hostile, Offsets) {
    refusal("gguf.offset", Raw().head(1, 0).tensor("t", {1}, f32, 4).data(64).str());
    refusal("gguf.truncated", Raw().head(1, 0).tensor("t", {1}, f32, uint64_t{1} << 40).data(64).str());
    refusal("gguf.tensor_place", Raw().head(1, 0).tensor("t", {1}, f32, UINT64_MAX - 31).data(64).str());
    EXPECT_NE(
        refusal("gguf.overlap", Raw().head(2, 0).tensor("a", {9}, f32, 0).tensor("b", {9}, f32, 32).data(256).str())
            .find("“a” and “b” overlap"),
        std::string::npos);
    refusal("gguf.overlap", Raw().head(2, 0).tensor("a", {8}, f32, 32).tensor("b", {8}, f32, 32).data(256).str());
    accepted(Raw().head(2, 0).tensor("a", {8}, f32, 32).tensor("b", {8}, f32, 0).data(64).str());
}

TEST_F(Hostile, Duplicates) {
    EXPECT_EQ(refusal("gguf.duplicate_key", Raw().head(0, 2).u32Entry("k", 1).u32Entry("k", 2).str()),
              "The file “x.gguf” has the metadata entry “k” twice.");
    EXPECT_EQ(refusal("gguf.duplicate_tensor",
                      Raw().head(2, 0).tensor("t", {1}, f32, 0).tensor("t", {1}, f32, 32).data(64).str()),
              "The file “x.gguf” has the tensor “t” twice.");
}

TEST_F(Hostile, InvalidUtf8) {
    for (const char* bad : {"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x1b[2J"}) {
        refusal("gguf.key", Raw().head(0, 1).u32Entry(bad, 1).str());
        refusal("gguf.tensor_name", Raw().head(1, 0).tensor(bad, {1}, f32, 0).data(64).str());
    }
    refusal("gguf.key", Raw().head(0, 1).u32Entry("", 1).str());
    refusal("gguf.utf8", Raw().head(0, 1).text("general.name").u32(textType).text("\xff").str());
    accepted(Raw().head(0, 1).text("general.name").u32(textType).text("山の上 \U0001F98A\n").str());
    accepted(Raw().head(0, 1).text("tokenizer.ggml.tokens").u32(arrayType).u32(textType).u64(1).text("\xff").str());
}

} // namespace
} // namespace moescope::gguf
