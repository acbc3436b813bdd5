// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/reader.h"
#include "engine/gguf/writer.h"
#include "tests/engine/gguf/raw_gguf.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <vector>

namespace moescope::gguf {
namespace {

namespace fs = std::filesystem;
using test::Raw;
using test::sentenceOf;
using test::TemporaryFolder;

std::vector<uint8_t> counting(uint64_t bytes, uint8_t first) {
    std::vector<uint8_t> data(bytes);
    for (uint64_t i = 0; i < bytes; ++i) {
        data[i] = static_cast<uint8_t>(first + i * 7);
    }
    return data;
}

struct Planned {
    const char* name;
    TensorType type;
    std::vector<uint64_t> shape;
    uint64_t bytes;
};
const std::vector<Planned> planned{{"a.weight", TensorType::F32, {3, 5}, 60},
                                   {"b.weight", TensorType::Q4_K, {512, 2, 3}, 1728},
                                   {"c.bias", TensorType::BF16, {7}, 14},
                                   {"d", TensorType::Q8_0, {32, 1, 2, 2}, 136},
                                   {"e", TensorType::Q6_K, {256}, 210}};

void writeAll(const fs::path& path, uint32_t alignment) {
    Writer writer(path, alignment);
    writer.add("general.architecture", std::string("hunyuan-large"));
    writer.add("n.u32", U32{4000000000U});
    writer.add("n.f32", F32{0.1F});
    writer.add("n.bool", false);
    writer.add("l.u32", std::vector<uint32_t>{1, 2, 4000000000U});
    writer.add("l.i32", std::vector<int32_t>{3, -4});
    writer.add("l.f32", std::vector<float>{0.5F, -2.0F});
    writer.add("l.empty", std::vector<std::string>{});
    writer.add("tokenizer.ggml.tokens", std::vector<std::string>{"", "山", std::string("\xff\0\x80", 3)});
    for (const Planned& tensor : planned) {
        writer.addTensor(tensor.name, tensor.type, tensor.shape);
    }
    writer.beginData();
    for (size_t i = 0; i < planned.size(); ++i) {
        const std::vector<uint8_t> data = counting(planned[i].bytes, static_cast<uint8_t>(i));
        // In two unequal pieces: the writer keeps count.
        writer.data(std::span(data).first(data.size() / 3));
        writer.data(std::span(data).subspan(data.size() / 3));
    }
    writer.commit();
}

TEST(RoundTrip, GivesBackWhatWasWritten) {
    const TemporaryFolder folder;
    for (const uint32_t alignment : {8U, 32U, 64U, 65536U}) {
        writeAll(folder / "m.gguf", alignment);
        const Reader reader(folder / "m.gguf");
        EXPECT_EQ(reader.text("general.architecture"), "hunyuan-large");
        EXPECT_EQ(reader.u32("n.u32"), 4000000000U);
        EXPECT_EQ(reader.f32("n.f32"), 0.1F);
        EXPECT_EQ(reader.boolean("n.bool"), false);
        EXPECT_EQ(reader.u32s("l.u32"), (std::vector<uint32_t>{1, 2, 4000000000U}));
        EXPECT_EQ(std::get<std::vector<int64_t>>(reader.metadata().at("l.i32")), (std::vector<int64_t>{3, -4}));
        EXPECT_EQ(std::get<std::vector<double>>(reader.metadata().at("l.f32")), (std::vector<double>{0.5, -2.0}));
        EXPECT_EQ(reader.f32s("l.f32"), (std::vector<float>{0.5F, -2.0F}));
        EXPECT_EQ(reader.f32s("l.i32"), (std::vector<float>{3, -4})) << "whole numbers are numbers";
        EXPECT_EQ(reader.f32s("absent"), std::nullopt);
        EXPECT_NE(sentenceOf("gguf.value", [&] { (void)reader.f32s("l.empty"); }).find("a list of 32-bit numbers"),
                  std::string::npos);
        EXPECT_NE(sentenceOf("gguf.value", [&] { (void)reader.f32s("n.f32"); }).find("a list of 32-bit numbers"),
                  std::string::npos);
        EXPECT_TRUE(reader.texts("l.empty")->empty());
        EXPECT_EQ(*reader.texts("tokenizer.ggml.tokens"),
                  (std::vector<std::string>{"", "山", std::string("\xff\0\x80", 3)}));
        ASSERT_EQ(reader.tensors().size(), planned.size());
        for (size_t i = 0; i < planned.size(); ++i) {
            const TensorInfo& info = reader.tensors()[i];
            EXPECT_EQ(info.name, planned[i].name);
            EXPECT_EQ(info.type, planned[i].type);
            EXPECT_EQ(info.shape, planned[i].shape);
            EXPECT_EQ(info.bytes, planned[i].bytes);
            EXPECT_EQ(info.offset % alignment, 0U);
            EXPECT_EQ(reader.find(info.name), &info);
            std::vector<uint8_t> data(info.bytes);
            reader.read(info, 0, data);
            EXPECT_EQ(data, counting(info.bytes, static_cast<uint8_t>(i)));
            std::vector<uint8_t> middle(5);
            reader.read(info, 4, middle);
            EXPECT_TRUE(std::equal(middle.begin(), middle.end(), data.begin() + 4));
            EXPECT_THROW(reader.read(info, info.bytes - 4, middle), std::out_of_range);
        }
        EXPECT_EQ(reader.tensors()[1].elements(), 3072U);
        EXPECT_EQ(reader.tensors()[1].rows(), 6U);
        EXPECT_EQ(reader.fileBytes(), fs::file_size(folder / "m.gguf"));
        EXPECT_EQ(reader.find("absent"), nullptr);
    }
}

TEST(RoundTrip, SameCallsGiveSameBytes) {
    const TemporaryFolder folder;
    writeAll(folder / "one.gguf", 32);
    writeAll(folder / "two.gguf", 32);
    EXPECT_EQ(test::readFile(folder / "one.gguf"), test::readFile(folder / "two.gguf"));
}

/** A file of another writer, the Python package gguf, with every type of value. */
TEST(RoundTrip, ReadsAnotherWritersFile) {
    const Reader reader(fs::path(MOESCOPE_TEST_DATA) / "gguf" / "python.gguf");
    EXPECT_EQ(reader.text("general.architecture"), "vectors");
    const auto& values = reader.metadata();
    EXPECT_EQ(std::get<uint64_t>(values.at("v.u8")), 200U);
    EXPECT_EQ(std::get<int64_t>(values.at("v.i8")), -100);
    EXPECT_EQ(std::get<uint64_t>(values.at("v.u16")), 60000U);
    EXPECT_EQ(std::get<int64_t>(values.at("v.i16")), -30000);
    EXPECT_EQ(std::get<uint64_t>(values.at("v.u32")), 4000000000U);
    EXPECT_EQ(std::get<int64_t>(values.at("v.i32")), -2000000000);
    EXPECT_EQ(std::get<uint64_t>(values.at("v.u64")), uint64_t{1} << 63);
    EXPECT_EQ(std::get<int64_t>(values.at("v.i64")), -(int64_t{1} << 62));
    EXPECT_EQ(reader.f32("v.f32"), 0.1F);
    EXPECT_EQ(std::get<double>(values.at("v.f64")), 0.1);
    EXPECT_EQ(reader.boolean("v.bool"), true);
    EXPECT_EQ(reader.text("v.text"), "山の上 ©");
    EXPECT_EQ(std::get<std::vector<int64_t>>(values.at("v.ints")), (std::vector<int64_t>{1, -2, 3}));
    EXPECT_EQ(std::get<std::vector<double>>(values.at("v.floats")), (std::vector<double>{0.5, -1.5}));
    EXPECT_EQ(std::get<std::vector<bool>>(values.at("v.bools")), (std::vector<bool>{true, false, true}));
    EXPECT_EQ(*reader.texts("tokenizer.ggml.tokens"), (std::vector<std::string>{"a", "\xff\xfe", "é"}));

    const TensorInfo* first = reader.find("first");
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(first->shape, (std::vector<uint64_t>{3, 2}));
    std::vector<uint8_t> bytes(first->bytes);
    reader.read(*first, 0, bytes);
    std::vector<float> weights(6);
    dequantize(first->type, bytes, weights);
    EXPECT_EQ(weights, (std::vector<float>{0, 1, 2, 3, 4, 5}));
    const TensorInfo* second = reader.find("second");
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(second->type, TensorType::Q8_0);
    std::vector<uint8_t> row(68);
    reader.read(*second, 68, row);
    weights.resize(64);
    dequantize(TensorType::Q8_0, row, weights);
    EXPECT_NEAR(weights.back(), 1.0F, 1e-3F);
}

TEST(RoundTrip, VocabularyOnlyFilesAreFine) {
    const TemporaryFolder folder;
    {
        Writer writer(folder / "v.gguf");
        writer.add("general.architecture", std::string("x"));
        writer.beginData();
        writer.commit();
    }
    const Reader reader(folder / "v.gguf");
    EXPECT_TRUE(reader.tensors().empty());
    EXPECT_EQ(reader.metadata().size(), 1U);
    test::writeFile(folder / "2.gguf", Raw().head(0, 0, 2).str());
    EXPECT_TRUE(Reader(folder / "2.gguf").metadata().empty());
}

TEST(RoundTrip, LongListsCrossTheReadAhead) {
    const TemporaryFolder folder;
    std::vector<std::string> tokens;
    std::vector<float> scores;
    for (int i = 0; i < 100000; ++i) {
        tokens.push_back(std::string(static_cast<size_t>(i % 37), static_cast<char>('a' + i % 26)) + std::to_string(i));
        scores.push_back(static_cast<float>(i) * 0.25F);
    }
    const std::string big(700000, 'x'); // longer than one piece of read-ahead
    {
        Writer writer(folder / "t.gguf");
        writer.add("tokenizer.ggml.tokens", tokens);
        writer.add("big", big);
        writer.add("tokenizer.ggml.scores", scores);
        writer.add("last", U32{9});
        writer.beginData();
        writer.commit();
    }
    const Reader reader(folder / "t.gguf");
    EXPECT_EQ(*reader.texts("tokenizer.ggml.tokens"), tokens);
    EXPECT_EQ(reader.text("big"), big);
    EXPECT_EQ(std::get<std::vector<double>>(reader.metadata().at("tokenizer.ggml.scores"))[99999], 24999.75);
    EXPECT_EQ(reader.u32("last"), 9U);
}

TEST(LookUps, NameTheKeyWhenTheTypeOrRangeIsWrong) {
    const TemporaryFolder folder;
    Raw raw;
    raw.head(0, 7).u32Entry("n", 5);
    raw.text("neg").u32(5).number(int32_t{-1});
    raw.text("wide").u32(10).u64(uint64_t{1} << 32);
    raw.text("s").u32(8).text("words");
    raw.text("nan").u32(6).number(std::numeric_limits<float>::quiet_NaN());
    raw.text("huge").u32(12).number(1e300);
    raw.text("list").u32(9).u32(5).u64(2).number(int32_t{1}).number(int32_t{-7});
    test::writeFile(folder / "l.gguf", raw.str());
    const Reader reader(folder / "l.gguf");

    EXPECT_EQ(reader.u32("n"), 5U);
    EXPECT_EQ(reader.u32("absent"), std::nullopt);
    EXPECT_EQ(reader.f32("absent"), std::nullopt);
    EXPECT_EQ(reader.text("absent"), std::nullopt);
    EXPECT_EQ(reader.boolean("absent"), std::nullopt);
    EXPECT_EQ(reader.texts("absent"), nullptr);
    EXPECT_EQ(reader.u32s("absent"), std::nullopt);
    EXPECT_EQ(sentenceOf("gguf.value", [&] { reader.u32("s"); }),
              "The entry “s” of the file “l.gguf” is the text “words”, but must be a whole number from 0 to "
              "4,294,967,295.");
    for (const char* key : {"neg", "wide", "s", "nan", "list"}) {
        EXPECT_NE(sentenceOf("gguf.value", [&] { reader.u32(key); }).find(key), std::string::npos);
    }
    for (const char* key : {"n", "nan", "huge", "s"}) {
        sentenceOf("gguf.value", [&] { reader.f32(key); });
    }
    sentenceOf("gguf.value", [&] { reader.text("n"); });
    sentenceOf("gguf.value", [&] { reader.boolean("n"); });
    sentenceOf("gguf.value", [&] { reader.texts("list"); });
    sentenceOf("gguf.value", [&] { reader.u32s("list"); });
    sentenceOf("gguf.value", [&] { reader.u32s("s"); });
}

TEST(Writing, MisuseIsRefused) {
    const TemporaryFolder folder;
    EXPECT_THROW(Writer(folder / "a", 0), std::invalid_argument);
    EXPECT_THROW(Writer(folder / "a", 24), std::invalid_argument);
    Writer writer(folder / "a");
    writer.add("k", true);
    EXPECT_THROW(writer.add("k", true), std::invalid_argument);
    EXPECT_THROW(writer.addTensor("t", TensorType::Q4_K, {100}), std::invalid_argument);
    EXPECT_THROW(writer.addTensor("t", TensorType::F32, {}), std::invalid_argument);
    EXPECT_THROW(writer.addTensor("t", TensorType::F32, {4, 0}), std::invalid_argument);
    EXPECT_THROW(writer.data(std::vector<uint8_t>(4)), std::logic_error);
    writer.addTensor("t", TensorType::F32, {4});
    writer.beginData();
    EXPECT_THROW(writer.add("late", true), std::logic_error);
    writer.data(std::vector<uint8_t>(12));
    EXPECT_THROW(writer.commit(), std::logic_error);
    EXPECT_THROW(writer.data(std::vector<uint8_t>(5)), std::logic_error);
    EXPECT_FALSE(fs::exists(folder / "a"));

    Writer twice(folder / "b");
    twice.addTensor("t", TensorType::F32, {4});
    twice.addTensor("t", TensorType::F32, {4});
    EXPECT_THROW(twice.beginData(), std::invalid_argument);
}

} // namespace
} // namespace moescope::gguf
