// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/reader.h"
#include "tests/engine/gguf/raw_gguf.h"

#include <vector>

namespace moescope::gguf {
namespace {

namespace fs = std::filesystem;
using test::Raw;
using test::sentenceOf;
using test::TemporaryFolder;

constexpr uint32_t u16Type = 2;
constexpr uint32_t i32Type = 5;
constexpr uint32_t textType = 8;
constexpr uint32_t f32 = 0;

/** What one part states; keys that are left out are not written. */
struct Part {
    std::optional<uint16_t> number;
    std::optional<uint16_t> count;
    std::optional<int32_t> tensors;
    std::string name; ///< general.name
    std::vector<std::string> holds;
};

/** Each tensor has eight weights, all bytes of which are the last letter of its name. */
std::string bytesOf(const Part& part) {
    Raw raw;
    const bool named = !part.name.empty();
    raw.head(part.holds.size(), (part.number ? 1U : 0U) + (part.count ? 1U : 0U) + (part.tensors ? 1U : 0U) + named);
    if (part.number) {
        raw.text("split.no").u32(u16Type).number(*part.number);
    }
    if (named) {
        raw.text("general.name").u32(textType).text(part.name);
    }
    if (part.count) {
        raw.text("split.count").u32(u16Type).number(*part.count);
    }
    if (part.tensors) {
        raw.text("split.tensors.count").u32(i32Type).number(*part.tensors);
    }
    for (size_t i = 0; i < part.holds.size(); ++i) {
        raw.tensor(part.holds[i], {8}, f32, i * 32);
    }
    raw.data(0);
    for (const std::string& tensor : part.holds) {
        raw.bytes(std::string(32, tensor.back()));
    }
    return raw.str();
}

class Split : public ::testing::Test {
protected:
    /** Writes the parts under their names, the first as the model of three tensors that each test bends. */
    void write(const std::vector<Part>& parts) {
        for (size_t i = 0; i < parts.size(); ++i) {
            test::writeFile(name(i + 1, parts.size()), bytesOf(parts[i]));
        }
    }
    fs::path name(size_t number, size_t count) const {
        return m_folder / ("m-0000" + std::to_string(number) + "-of-0000" + std::to_string(count) + ".gguf");
    }
    std::string refusal(const std::string& id, const fs::path& path) {
        std::string sentence = sentenceOf(id, [&] { const Reader reader(path); });
        EXPECT_TRUE(sentence.ends_with('.')) << sentence;
        return sentence;
    }
    TemporaryFolder m_folder;
};

const std::vector<Part> whole{{0, 3, 4, "Model", {"a", "b"}}, {1, 3, 4, "", {"c"}}, {2, 3, 4, "Model", {"d"}}};

TEST_F(Split, ReadsAsOneFile) {
    write(whole);
    const Reader reader(name(1, 3));
    ASSERT_EQ(reader.tensors().size(), 4U);
    uint64_t bytes = 0;
    for (size_t i = 1; i <= 3; ++i) {
        EXPECT_EQ(reader.files()[i - 1], name(i, 3));
        bytes += fs::file_size(name(i, 3));
    }
    EXPECT_EQ(reader.fileBytes(), bytes);
    EXPECT_EQ(reader.path(), name(1, 3));
    for (const char* tensor : {"a", "b", "c", "d"}) {
        std::vector<uint8_t> data(32);
        reader.read(*reader.find(tensor), 0, data);
        EXPECT_EQ(data, std::vector<uint8_t>(32, static_cast<uint8_t>(*tensor)));
        EXPECT_THROW(reader.read(*reader.find(tensor), 1, data), std::out_of_range);
    }
    EXPECT_EQ(reader.text("general.name"), "Model");
    EXPECT_EQ(reader.metadata().size(), 1U) << "nothing tells that there were parts";
    ASSERT_EQ(reader.entries().size(), 1U);
    EXPECT_EQ(reader.entries()[0].key, "general.name");
    const std::vector<uint8_t> entry = reader.readEntry(reader.entries()[0]);
    EXPECT_EQ(std::string(entry.begin(), entry.end()), Raw().u32(textType).text("Model").str());
}

TEST_F(Split, OnePartIsAFileLikeOthers) {
    test::writeFile(m_folder / "x.gguf", bytesOf({0, 1, 1, "", {"a"}}));
    const Reader reader(m_folder / "x.gguf");
    EXPECT_EQ(reader.tensors().size(), 1U);
    EXPECT_TRUE(reader.metadata().empty());
}

TEST_F(Split, OtherPartsAreRefusedAndTheFirstIsNamed) {
    write(whole);
    EXPECT_EQ(refusal("gguf.split_first", name(2, 3)),
              "“m-00002-of-00003.gguf” is part 2 of 3 of a model. Open the first "
              "part, “m-00001-of-00003.gguf”, instead.");
}

TEST_F(Split, MissingPartsAreNamed) {
    write(whole);
    fs::remove(name(3, 3));
    EXPECT_EQ(refusal("gguf.split_missing", name(1, 3)),
              "The model that begins in “m-00001-of-00003.gguf” has 3 parts, and there is no “m-00003-of-00003.gguf” "
              "beside it. Download all parts into one folder.");
    fs::create_directory(name(3, 3));
    refusal("file.folder", name(1, 3));
}

TEST_F(Split, NamesMustSayWhatTheFileSays) {
    write(whole);
    fs::rename(name(1, 3), m_folder / "renamed.gguf");
    const std::string sentence = refusal("gguf.split_name", m_folder / "renamed.gguf");
    EXPECT_NE(sentence.find("“renamed.gguf” is part 1 of 3"), std::string::npos) << sentence;
    EXPECT_NE(sentence.find("“-00001-of-00003.gguf”"), std::string::npos) << sentence;
    fs::rename(m_folder / "renamed.gguf", m_folder / "m-00001-of-00004.gguf");
    refusal("gguf.split_name", m_folder / "m-00001-of-00004.gguf");
}

TEST_F(Split, PartsOfAnotherModelAreRefused) {
    const auto refused = [&](const std::string& id, const Part& second) {
        write({whole[0], second, whole[2]});
        return refusal(id, name(1, 3));
    };
    EXPECT_EQ(
        refused("gguf.split_other", {1, 2, 4, "", {"c"}}),
        "“m-00002-of-00003.gguf” is not part 2 of 3 of the model that begins in “m-00001-of-00003.gguf”: it belongs "
        "to another one. Download it again.");
    refused("gguf.split_other", {2, 3, 4, "", {"c"}});
    refused("gguf.split_other", {1, 3, 5, "", {"c"}});
    refused("gguf.split_other", {1, 3, 4, "Another", {"c"}});
    refused("gguf.split_other", {std::nullopt, 3, 4, "", {"c"}});
    refused("gguf.split_other", {1, std::nullopt, 4, "", {"c"}});
    refused("gguf.split_other", {1, 3, std::nullopt, "", {"c"}});
    refused("gguf.split_other", {});
    EXPECT_EQ(
        refused("gguf.split_twice", {1, 3, 4, "", {"b"}}),
        "“m-00001-of-00003.gguf” and “m-00002-of-00003.gguf” both hold the tensor “b”: one of them belongs to another "
        "model.");
}

TEST_F(Split, CountsOfTensorsMustAgree) {
    write({whole[0], {1, 3, 4, "", {}}, whole[2]});
    EXPECT_EQ(
        refusal("gguf.split_tensors", name(1, 3)),
        "“m-00001-of-00003.gguf” says that the model has 4 tensors, but its parts hold 3: one of them is damaged or "
        "belongs to another model.");
    write({whole[0], {1, 3, 4, "", {"c", "e"}}, whole[2]});
    refusal("gguf.split_tensors", name(1, 3));
    write({{0, 3, 1, "", {"a", "b"}}, {1, 3, 1, "", {"c"}}, {2, 3, 1, "", {}}});
    refusal("gguf.split_tensors", name(1, 3));
    write({{0, 3, std::nullopt, "", {"a", "b"}}, whole[1], whole[2]});
    refusal("gguf.split_unstated", name(1, 3));
    write({{0, 3, -4, "", {"a", "b"}}, whole[1], whole[2]});
    refusal("gguf.value", name(1, 3));
}

TEST_F(Split, NumbersThatCannotBeAreRefused) {
    const auto refused = [&](const std::string& id, const Part& first) {
        test::writeFile(name(1, 3), bytesOf(first));
        return refusal(id, name(1, 3));
    };
    EXPECT_NE(refused("gguf.split_number", {3, 3, 4, "", {"a"}}).find("part 4 of 3"), std::string::npos);
    refused("gguf.split_number", {65535, 2, 4, "", {"a"}});
    // As many parts as the field can say: the first that is not there ends it.
    test::writeFile(m_folder / "m-00001-of-65535.gguf", bytesOf({0, 65535, 4, "", {"a"}}));
    refusal("gguf.split_missing", m_folder / "m-00001-of-65535.gguf");
    const auto huge = [&](uint32_t number, uint32_t count) {
        Raw raw;
        raw.head(0, 3).u32Entry("split.no", number).u32Entry("split.count", count).u32Entry("split.tensors.count", 1);
        test::writeFile(name(1, 3), raw.str());
        refusal("gguf.split_number", name(1, 3));
    };
    huge(0, UINT32_MAX);
    huge(UINT32_MAX, UINT32_MAX);
    huge(UINT32_MAX, 2);
    test::writeFile(name(1, 3), Raw().head(0, 1).text("split.count").u32(textType).text("3").str());
    refusal("gguf.value", name(1, 3));
}

TEST_F(Split, DamageInALaterPartNamesThatPart) {
    write(whole);
    const std::string bytes = bytesOf(whole[1]);
    for (size_t length = 0; length < bytes.size(); ++length) {
        test::writeFile(name(2, 3), std::string_view(bytes).substr(0, length));
        try {
            const Reader reader(name(1, 3));
            ADD_FAILURE() << length;
        } catch (const trace::Error& error) {
            EXPECT_NE(std::string(error.what()).find("m-00002-of-00003.gguf"), std::string::npos) << error.what();
        }
    }
}

} // namespace
} // namespace moescope::gguf
