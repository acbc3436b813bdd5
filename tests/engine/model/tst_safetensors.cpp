// SPDX-License-Identifier: Apache-2.0
#include "engine/model/safetensors.h"

#include "engine/model/weight_folder.h"
#include "tests/engine/model/model_files.h"

using namespace moescope;
using namespace moescope::tests;

namespace {

std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

trace::Error refusedBytes(const std::string& bytes) {
    const Scratch scratch;
    writeBytes(scratch / "model.safetensors", bytes);
    return errorOf([&] { model::SafetensorsFile(scratch / "model.safetensors"); });
}

/** 16 bytes of data behind this header. */
trace::Error refused(const std::string& header) {
    return refusedBytes(safetensorsBytes(header, std::string(16, '\0')));
}

trace::Error refusedOne(const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return refused("{\"a\":" + entry(dtype, shape, offsets) + "}");
}

/** A folder whose index is `index`, beside two shards with one tensor each. */
trace::Error refusedIndex(const std::string& index) {
    const Scratch scratch;
    const std::string data(4, '\0');
    writeBytes(scratch / "one.safetensors", safetensorsBytes("{\"a\":" + entry("F32", "[1]", "[0,4]") + "}", data));
    writeBytes(scratch / "two.safetensors", safetensorsBytes("{\"b\":" + entry("F32", "[1]", "[0,4]") + "}", data));
    writeBytes(scratch / "again.safetensors", safetensorsBytes("{\"b\":" + entry("F32", "[1]", "[0,4]") + "}", data));
    writeBytes(scratch / "model.safetensors.index.json", index);
    return errorOf([&] { model::WeightFolder{scratch.path()}; });
}

} // namespace

TEST(Safetensors, ReadsTensorsInTheOrderOfTheirData) {
    const Scratch scratch;
    const std::string header = "{\"__metadata__\":{\"format\":\"pt\"},\"b\":" + entry("F32", "[2]", "[4,12]") +
                               ",\"a\":" + entry("BF16", "[1,2]", "[0,4]") + ",\"c\":" + entry("F16", "[]", "[12,14]") +
                               "}";
    std::string data("\x80\x3F\x00\x40\x00\x00\x80\x3F\x00\x00\x00\xC0\x00\x3C\x00\x00", 16);
    writeBytes(scratch / "x.safetensors", safetensorsBytes(header, data));
    const model::SafetensorsFile file(scratch / "x.safetensors");
    ASSERT_EQ(file.tensors().size(), 3U);
    EXPECT_EQ(file.tensors()[0].name, "a");
    std::vector<float> two(2);
    model::readWeights(file.tensors()[0], 0, two);
    EXPECT_EQ(two, (std::vector<float>{1, 2}));
    model::readWeights(file.tensors()[1], 0, two);
    EXPECT_EQ(two, (std::vector<float>{1, -2}));
    std::vector<float> one(1);
    model::readWeights(file.tensors()[2], 0, one);
    EXPECT_EQ(one[0], 1.0F);
}

TEST(Safetensors, HeadersThatLieAboutTheirLength) {
    expectSentence(refusedBytes(""), "safetensors.header", {"model.safetensors"});
    expectSentence(refusedBytes("1234567"), "safetensors.header", {"7", "Download it again"});
    expectSentence(refusedBytes(std::string("\0\0\0\0\0\0\0\x80{}", 10)), "safetensors.header",
                   {"9223372036854775808"});
    expectSentence(refusedBytes(std::string(8, '\xFF') + "{}"), "safetensors.header", {"18446744073709551615"});
    expectSentence(refusedBytes(std::string("\3\0\0\0\0\0\0\0{}", 10)), "safetensors.header",
                   {"3", "cut short", "download it again"});
    expectSentence(refusedBytes(std::string(8, '\0')), "json.syntax", {});
    expectSentence(refused("[]"), "safetensors.header", {});
    expectSentence(refused("{\"a\":" + std::string(100000, '[')), "json.depth", {});
}

TEST(Safetensors, OffsetsOutsideUnalignedOrOverlapping) {
    expectSentence(refusedOne("F32", "[4]", "[4,20]"), "safetensors.offsets",
                   {"“a”", "4", "20", "16", "cut short", "Download it again"});
    expectSentence(refusedOne("F32", "[4]", "[16,0]"), "safetensors.offsets", {"“a”"});
    expectSentence(refusedOne("F32", "[1]", "[18446744073709551612,18446744073709551615]"), "safetensors.offsets",
                   {"“a”"});
    expectSentence(refusedOne("F32", "[1]", "[-4,0]"), "safetensors.entry", {"“a”"});
    expectSentence(refusedOne("F32", "[1]", "[0]"), "safetensors.entry", {"“a”"});
    expectSentence(refusedOne("F32", "[2]", "[2,10]"), "safetensors.unaligned", {"“a”", "2", "4"});
    expectSentence(refusedOne("BF16", "[2]", "[1,5]"), "safetensors.unaligned", {"“a”", "1"});
    expectSentence(refused("{\"a\":" + entry("F32", "[2]", "[0,8]") + ",\"b\":" + entry("F32", "[2]", "[4,12]") + "}"),
                   "safetensors.overlap", {"“a”", "“b”"});
}

TEST(Safetensors, ShapesTypesAndBytesThatDisagree) {
    expectSentence(refusedOne("F32", "[3]", "[0,16]"), "safetensors.bytes", {"“a”", "16", "12"});
    expectSentence(refusedOne("F32", "[4294967296,4294967296]", "[0,16]"), "safetensors.shape", {"“a”"});
    expectSentence(refusedOne("F32", "[18446744073709551615,2]", "[0,16]"), "safetensors.shape", {"“a”"});
    expectSentence(refusedOne("F32", "[-4]", "[0,16]"), "safetensors.entry", {"“a”"});
    expectSentence(refusedOne("F32", "[1,1,1,1,1,1,1,1,4]", "[0,16]"), "safetensors.entry", {"“a”"});
    expectSentence(refusedOne("F32", "4", "[0,16]"), "safetensors.entry", {"“a”"});
    expectSentence(refusedOne("Q7", "[4]", "[0,16]"), "safetensors.type", {"“a”", "“Q7”"});
    expectSentence(refused("{\"a\":3}"), "safetensors.entry", {"“a”"});
    expectSentence(refused("{\"a\":{}}"), "safetensors.entry", {"“a”"});
}

TEST(Safetensors, NamesThatAreThereTwice) {
    const std::string one = "\"a\":" + entry("F32", "[1]", "[0,4]");
    expectSentence(refused("{" + one + "," + one + "}"), "json.duplicate", {"“a”"});
}

TEST(Safetensors, IndexesThatLeadOutOfTheFolder) {
    for (const char* name :
         {"../x.safetensors", "/etc/x.safetensors", "a/../../x.safetensors", "..", "C:\\\\x.safetensors",
          "a\\\\b.safetensors", "", "x.bin", ".safetensors", "x\\u0000.safetensors"}) {
        SCOPED_TRACE(name);
        expectSentence(refusedIndex("{\"weight_map\":{\"a\":\"" + std::string(name) + "\"}}"), "hf.index_path",
                       {"“a”"});
    }
    const std::string endless = std::string(4200, 'x') + ".safetensors"; // no file is called so
    expectSentence(refusedIndex("{\"weight_map\":{\"a\":\"" + endless + "\"}}"), "hf.index_path", {"“a”", "x…”"});
    expectSentence(refusedIndex("{\"weight_map\":{\"a\":3}}"), "hf.index_path", {"“a”"});
}

TEST(Safetensors, IndexesThatDoNotFitTheirShards) {
    expectSentence(refusedIndex("{}"), "hf.index", {"weight_map"});
    expectSentence(refusedIndex("[]"), "hf.index", {"weight_map"});
    expectSentence(refusedIndex("{\"weight_map\":{}}"), "hf.index", {"weight_map"});
    expectSentence(refusedIndex(R"({"weight_map":{"a":"two.safetensors"}})"), "hf.index_tensor",
                   {"“a”", "two.safetensors"});
    expectSentence(
        refusedIndex(R"({"weight_map":{"a":"one.safetensors","b":"two.safetensors","c":"again.safetensors"}})"),
        "hf.duplicate", {"“b”", "again.safetensors", "two.safetensors"});
    const trace::Error absent = refusedIndex(R"({"weight_map":{"a":"three.safetensors"}})");
    EXPECT_NE(std::string(absent.what()).find("three.safetensors"), std::string::npos) << absent.what();
    expectSentence(refusedIndex(R"({"weight_map":{"a":"one.safetensors","a":"two.safetensors"}})"), "json.duplicate",
                   {"“a”"});
}

TEST(Safetensors, Fp8FoldersAreToldWhatToDo) {
    const Scratch scratch;
    const std::string header = "{\"model.layers.0.self_attn.q_proj.weight\":" + entry("F8_E4M3", "[4]", "[0,4]") + "}";
    writeBytes(scratch / "model.safetensors", safetensorsBytes(header, std::string(4, '\0')));
    const trace::Error error = errorOf([&] { model::WeightFolder{scratch.path()}; });
    expectSentence(error, "hf.fp8", {"q_proj", "FP8", "BF16 weights and convert that"});
}
