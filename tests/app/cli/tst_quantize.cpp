// SPDX-License-Identifier: Apache-2.0
// Files in other types, and models in several files.
#include "engine/gguf/writer.h"
#include "tests/app/cli/program.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace moescope::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
    return out;
}

/** Writes a model as `count` files in a folder of its own, tensor i in part i % count. Gives the first. */
fs::path split(const fs::path& model, uint32_t count) {
    const gguf::Reader file(model);
    const fs::path folder = scratch() / "split";
    fs::remove_all(folder);
    fs::create_directories(folder);
    const auto name = [&](uint32_t part) {
        return folder / ("m-0000" + std::to_string(part + 1) + "-of-0000" + std::to_string(count) + ".gguf");
    };
    for (uint32_t part = 0; part < count; ++part) {
        gguf::Writer writer(name(part));
        writer.add("split.no", gguf::U32{part});
        writer.add("split.count", gguf::U32{count});
        writer.add("split.tensors.count", gguf::U32{static_cast<uint32_t>(file.tensors().size())});
        for (const gguf::EntryPlace& entry : file.entries()) {
            if (part == 0) {
                writer.add(entry.key, gguf::RawValue{file.readEntry(entry)});
            }
        }
        std::vector<const gguf::TensorInfo*> own;
        for (size_t i = part; i < file.tensors().size(); i += count) {
            own.push_back(&file.tensors()[i]);
            writer.addTensor(own.back()->name, own.back()->type, own.back()->shape);
        }
        writer.beginData();
        for (const gguf::TensorInfo* tensor : own) {
            std::vector<uint8_t> bytes(tensor->bytes);
            file.read(*tensor, 0, bytes);
            writer.data(bytes);
        }
        writer.commit();
    }
    return name(0);
}

/** Tokens that a model goes on with. */
Json continued(const fs::path& model) {
    return runCli(
               {"run", "-m", model.string(), "--tokens", "1,2,3,4", "-n", "6", "--temp", "0", "--ignore-eos", "--json"})
        .json()
        .at("tokens");
}

TEST(Quantize, EveryTypeIsWrittenReadAndRun) {
    const uint64_t whole = fs::file_size(goldenModel());
    for (const gguf::TensorType type : gguf::tensorTypes()) {
        const std::string name = lower(gguf::typeName(type));
        SCOPED_TRACE(name);
        const fs::path target = scratch() / (name + ".gguf");
        const Json result = runCli({"quantize", goldenModel().string(), target.string(), name, "--json"}).json();
        EXPECT_EQ(result.at("bytes").get<uint64_t>(), fs::file_size(target));
        EXPECT_EQ(result.at("tensors"), 58);
        EXPECT_GE(result.at("seconds").get<double>(), 0);
        EXPECT_EQ(result.size(), 3U);
        EXPECT_TRUE(type == gguf::TensorType::F32 ? fs::file_size(target) <= whole : fs::file_size(target) < whole);
        EXPECT_EQ(continued(target).size(), 6U);
        const Json info = runCli({"info", "-m", target.string(), "--json"}).json();
        // Rows of 64 hold no super-block.
        const bool fits = 64 % gguf::blockShape(type).weights == 0;
        EXPECT_EQ(info.at("quantization").contains(std::string(gguf::typeName(type))), fits) << info.at("quantization");
        fs::remove(target);
    }
}

TEST(Quantize, BackToF32TheModelIsTheSame) {
    const fs::path target = scratch() / "same.gguf";
    ASSERT_EQ(runCli({"quantize", goldenModel().string(), target.string(), "F32"}).code, 0);
    EXPECT_EQ(continued(target), continued(goldenModel()));
}

TEST(Quantize, FailuresAreSentencesAndLeaveTheTarget) {
    const fs::path target = scratch() / "kept.gguf";
    writeAll(target, "something older");
    const std::string before = readAll(goldenModel());
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"quantize", goldenModel().string(), goldenModel().string(), "q8_0"},
             {"quantize", (scratch() / "none.gguf").string(), target.string(), "q8_0"},
             {"quantize", target.string(), (scratch() / "x.gguf").string(), "q8_0"},
             {"quantize", "/dev/zero", target.string(), "q8_0"},
             {"quantize", scratch().string(), target.string(), "q8_0"},
             {"quantize", goldenModel().string(), (scratch() / "no" / "such" / "x.gguf").string(), "q8_0"}}) {
        const Outcome outcome = runCli(arguments);
        EXPECT_TRUE(outcome.isFailure()) << outcome.code << outcome.err;
    }
    EXPECT_EQ(readAll(target), "something older");
    EXPECT_TRUE(readAll(goldenModel()) == before);
    EXPECT_FALSE(fs::exists(scratch() / "x.gguf"));
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"quantize", "a.gguf", "b.gguf"}, {"quantize", "a.gguf", "b.gguf", "q3_x"}, {"quantize"}}) {
        EXPECT_EQ(runCli(arguments).code, 2);
    }
}

TEST(Quantize, RowsThatDoNotFitAreSaidOnce) {
    const fs::path target = scratch() / "warned.gguf";
    const Outcome said = runCli({"quantize", goldenModel().string(), target.string(), "iq4_nl"});
    EXPECT_EQ(said.code, 0) << said.err;
    EXPECT_TRUE(has(
        said.out,
        "8 tensors have rows that the blocks of IQ4_NL, 32 weights each, do not divide; stored instead: 8 as F16.\n"))
        << said.out;
    EXPECT_EQ(said.err, "");
}

TEST(SplitModel, IsReadAsOneByEveryCommand) {
    const fs::path first = split(goldenModel(), 3);
    Json parts = runCli({"info", "-m", first.string(), "--json"}).json();
    Json whole = runCli({"info", "-m", goldenModel().string(), "--json"}).json();
    EXPECT_GT(parts.at("file_bytes").get<uint64_t>(), fs::file_size(first));
    parts.erase("file_bytes");
    whole.erase("file_bytes");
    EXPECT_EQ(parts, whole);
    EXPECT_EQ(continued(first), continued(goldenModel()));

    const fs::path joined = scratch() / "joined.gguf";
    const fs::path direct = scratch() / "direct.gguf";
    ASSERT_EQ(runCli({"quantize", first.string(), joined.string(), "q8_0"}).code, 0);
    ASSERT_EQ(runCli({"quantize", goldenModel().string(), direct.string(), "q8_0"}).code, 0);
    EXPECT_EQ(continued(joined), continued(direct));
    EXPECT_EQ(fs::file_size(joined), fs::file_size(direct));
    const Outcome own =
        runCli({"quantize", first.string(), (first.parent_path() / "m-00002-of-00003.gguf").string(), "q8_0"});
    EXPECT_TRUE(own.isFailure()) << own.err;

    fs::remove(first.parent_path() / "m-00003-of-00003.gguf");
    for (const auto& arguments : std::vector<std::vector<std::string>>{{"info", "-m", first.string()},
                                                                       {"run", "-m", first.string(), "-p", "a"},
                                                                       {"plan", "-m", first.string()}}) {
        const Outcome outcome = runCli(arguments);
        EXPECT_TRUE(outcome.isFailure()) << outcome.code;
        EXPECT_TRUE(has(outcome.err, "there is no “m-00003-of-00003.gguf”")) << outcome.err;
    }
}

} // namespace
} // namespace moescope::test
