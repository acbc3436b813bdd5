// SPDX-License-Identifier: Apache-2.0
#include "engine/model/quantize_file.h"

#include "engine/gguf/reader.h"
#include "tests/engine/model/model_files.h"

#include <cmath>
#include <limits>

namespace moescope::tests {
namespace {

using gguf::TensorType;

std::vector<uint8_t> bytesOf(const gguf::Reader& file, const gguf::TensorInfo& tensor) {
    std::vector<uint8_t> bytes(tensor.bytes);
    file.read(tensor, 0, bytes);
    return bytes;
}

std::vector<float> weightsOf(const gguf::Reader& file, const gguf::TensorInfo& tensor) {
    std::vector<float> weights(tensor.elements());
    gguf::dequantize(tensor.type, bytesOf(file, tensor), weights);
    return weights;
}

Path quantized(const Path& source, const Path& target, TensorType type) {
    model::QuantizeOptions options;
    options.type = type;
    model::quantizeFile(source, target, options);
    return target;
}

/** A model of an architecture that nobody knows, with rows that every block divides. */
struct OddFile {
    std::vector<std::pair<std::string, std::vector<uint64_t>>> tensors{{"token_embd.weight", {512, 6}},
                                                                       {"blk.0.attn_q.weight", {512, 3}},
                                                                       {"blk.0.attn_q.bias", {512}},
                                                                       {"blk.0.ffn_gate_inp.weight", {512, 4}},
                                                                       {"blk.0.ffn_up_exps.weight", {256, 2, 4}},
                                                                       {"blk.0.ffn_up_exps.bias", {2, 4}},
                                                                       {"blk.0.ffn_norm.weight", {512}},
                                                                       {"blk.0.ffn_down.weight", {48, 2}}};
    float odd = 0; ///< what the first weight of blk.0.attn_q is if it is not 0

    Path write(const Path& path) const {
        gguf::Writer writer(path, 64);
        writer.add("general.architecture", std::string("unheard-of"));
        writer.add("general.file_type", gguf::U32{0});
        writer.add("unheard-of.some.list", std::vector<int32_t>{-1, 2});
        writer.add("quantize.imatrix.file", std::string("somewhere"));
        writer.add("general.quantization_version", gguf::U32{1});
        writer.add("tokenizer.ggml.scores", std::vector<float>{0.5F, -1.5F});
        for (const auto& [name, shape] : tensors) {
            writer.addTensor(name, TensorType::F32, shape);
        }
        writer.beginData();
        for (const auto& [name, shape] : tensors) {
            std::vector<float> weights(gguf::TensorInfo{name, TensorType::F32, shape}.elements());
            for (size_t i = 0; i < weights.size(); ++i) {
                weights[i] = std::sin(static_cast<float>(i * (name.size() + 3))) * 0.1F;
            }
            if (odd != 0 && name == "blk.0.attn_q.weight") {
                weights[0] = odd;
            }
            std::vector<uint8_t> bytes(weights.size() * 4);
            gguf::quantize(TensorType::F32, weights, bytes);
            writer.data(bytes);
        }
        writer.commit();
        return path;
    }
};

/** f32 → type → f32 is what the block functions make of the weights, tensor by tensor, in every type. */
TEST(QuantizeFile, ThereAndBackIsWhatTheBlocksMakeOfTheWeights) {
    const Scratch scratch;
    const Path source = OddFile().write(scratch / "f32.gguf");
    const gguf::Reader exact(source);
    for (const TensorType type : gguf::tensorTypes()) {
        SCOPED_TRACE(gguf::typeName(type));
        const gguf::Reader stored(quantized(source, scratch / "q.gguf", type));
        const gguf::Reader back(quantized(scratch / "q.gguf", scratch / "back.gguf", TensorType::F32));
        ASSERT_EQ(stored.tensors().size(), exact.tensors().size());
        for (size_t i = 0; i < exact.tensors().size(); ++i) {
            const gguf::TensorInfo& tensor = exact.tensors()[i];
            const gguf::TensorInfo& kept = stored.tensors()[i];
            EXPECT_EQ(kept.name, tensor.name);
            EXPECT_EQ(kept.shape, tensor.shape);
            EXPECT_EQ(kept.type, model::storedType(model::expectedFromFile(exact, tensor), type)) << tensor.name;
            std::vector<uint8_t> encoded;
            const std::vector<float> weights = weightsOf(exact, tensor);
            for (size_t row = 0; row < tensor.rows(); ++row) {
                std::vector<uint8_t> bytes(gguf::rowBytes(kept.type, tensor.shape[0]));
                gguf::quantize(kept.type, std::span(weights).subspan(row * tensor.shape[0], tensor.shape[0]), bytes);
                encoded.insert(encoded.end(), bytes.begin(), bytes.end());
            }
            EXPECT_TRUE(bytesOf(stored, kept) == encoded) << tensor.name;
            EXPECT_EQ(back.tensors()[i].type, TensorType::F32);
            EXPECT_TRUE(weightsOf(back, back.tensors()[i]) == weightsOf(stored, kept)) << tensor.name;
        }
    }
}

TEST(QuantizeFile, ChoosesTypesByNameAndShape) {
    const Scratch scratch;
    const gguf::Reader file(quantized(OddFile().write(scratch / "f32.gguf"), scratch / "q.gguf", TensorType::Q4_K));
    const std::pair<const char*, TensorType> wanted[] = {
        {"token_embd.weight", TensorType::Q6_K},        {"blk.0.attn_q.weight", TensorType::Q4_K},
        {"blk.0.attn_q.bias", TensorType::F32},         {"blk.0.ffn_gate_inp.weight", TensorType::F32},
        {"blk.0.ffn_up_exps.weight", TensorType::Q4_K}, {"blk.0.ffn_up_exps.bias", TensorType::F32},
        {"blk.0.ffn_norm.weight", TensorType::F32},     {"blk.0.ffn_down.weight", TensorType::F16}};
    for (const auto& [name, type] : wanted) {
        EXPECT_EQ(gguf::typeName(file.find(name)->type), gguf::typeName(type)) << name;
    }
}

TEST(QuantizeFile, ChoosesTypesAsConvertDoes) {
    for (const std::string& name : goldenNames()) {
        const Scratch scratch;
        const Path exact = converted(golden(name), scratch);
        const gguf::Reader file(exact);
        const std::vector<model::ExpectedTensor> expected = model::expectedTensors(model::readConfig(file));
        for (const model::ExpectedTensor& tensor : expected) {
            const model::ExpectedTensor judged = model::expectedFromFile(file, *file.find(tensor.name));
            EXPECT_EQ(judged.always_f32, tensor.always_f32) << name << " " << tensor.name;
            EXPECT_EQ(judged.fine, tensor.fine) << name << " " << tensor.name;
        }
        const gguf::Reader ours(quantized(exact, scratch / "q.gguf", TensorType::Q8_0));
        const gguf::Reader theirs(converted(golden(name), scratch, TensorType::Q8_0, "c.gguf"));
        for (const model::ExpectedTensor& tensor : expected) {
            EXPECT_TRUE(bytesOf(ours, *ours.find(tensor.name)) == bytesOf(theirs, *theirs.find(tensor.name)))
                << name << " " << tensor.name;
        }
    }
}

TEST(QuantizeFile, KeepsMetadataAndSaysWhatItDid) {
    const Scratch scratch;
    const Path source = OddFile().write(scratch / "f32.gguf");
    model::QuantizeOptions options;
    options.type = TensorType::Q5_1;
    const model::ConvertResult result = model::quantizeFile(source, scratch / "q.gguf", options);
    const gguf::Reader before(source);
    const gguf::Reader file(scratch / "q.gguf");
    EXPECT_EQ(file.u32("general.file_type"), 9U);
    EXPECT_EQ(file.u32("general.quantization_version"), 2U);
    EXPECT_EQ(file.metadata().count("quantize.imatrix.file"), 0U);
    EXPECT_EQ(file.metadata().count("general.alignment"), 0U);
    for (const char* key : {"general.architecture", "unheard-of.some.list", "tokenizer.ggml.scores"}) {
        EXPECT_EQ(file.metadata().at(key), before.metadata().at(key)) << key;
    }
    EXPECT_EQ(file.entries()[1].key, "unheard-of.some.list") << "in the same order";
    EXPECT_TRUE(file.readEntry(file.entries()[1]) == before.readEntry(before.entries()[3])) << "with the same type";
    EXPECT_EQ(result.tensors, 8U);
    EXPECT_EQ(result.bytes, std::filesystem::file_size(scratch / "q.gguf"));
    ASSERT_EQ(result.warnings.size(), 1U);
    EXPECT_EQ(result.warnings[0],
              "1 tensor has rows that the blocks of Q5_1, 32 weights each, do not divide; stored instead: 1 as F16.");
    const gguf::Reader back(quantized(scratch / "q.gguf", scratch / "f16.gguf", TensorType::F16));
    EXPECT_EQ(back.u32("general.file_type"), 1U);
    EXPECT_EQ(back.metadata().count("general.quantization_version"), 0U) << "nothing is quantised";
}

TEST(QuantizeFile, WhatHasItsTypeAlreadyIsCopied) {
    const Scratch scratch;
    const Path source = OddFile().write(scratch / "f32.gguf");
    const Path once = quantized(source, scratch / "once.gguf", TensorType::Q3_K);
    const Path twice = quantized(once, scratch / "twice.gguf", TensorType::Q3_K);
    EXPECT_TRUE(readBytes(once) == readBytes(twice));
}

TEST(QuantizeFile, WeightsThatTheTypeCannotHoldAreNamed) {
    const Scratch scratch;
    const auto refused = [&](float odd, TensorType type) {
        OddFile file;
        file.odd = odd;
        file.write(scratch / "f32.gguf");
        return errorOf([&] { quantized(scratch / "f32.gguf", scratch / "q.gguf", type); });
    };
    expectSentence(refused(NAN, TensorType::Q2_K), "convert.not_finite", {"blk.0.attn_q.weight"});
    expectSentence(refused(-INFINITY, TensorType::F16), "convert.not_finite", {"blk.0.attn_q.weight"});
    expectSentence(refused(70000.0F, TensorType::Q4_0), "convert.too_large", {"blk.0.attn_q.weight", "70000", "Q4_0"});
    EXPECT_FALSE(std::filesystem::exists(scratch / "q.gguf"));
    OddFile file;
    file.odd = 70000.0F;
    EXPECT_NO_THROW(quantized(file.write(scratch / "f32.gguf"), scratch / "q.gguf", TensorType::MXFP4));
}

TEST(QuantizeFile, OutputThatIsInputIsRefused) {
    const Scratch scratch;
    const Path source = OddFile().write(scratch / "f32.gguf");
    const std::string before = readBytes(source);
    std::filesystem::create_symlink(source, scratch / "link.gguf");
    for (const Path& target : {source, scratch.path() / "." / "f32.gguf", scratch / "link.gguf"}) {
        expectSentence(errorOf([&] { quantized(source, target, TensorType::Q8_0); }), "quantize.same_file",
                       {"f32.gguf"});
    }
    EXPECT_TRUE(readBytes(source) == before);
}

TEST(QuantizeFile, CancelledLeavesTheOldFile) {
    const Scratch scratch;
    const Path source = OddFile().write(scratch / "f32.gguf");
    writeBytes(scratch / "out.gguf", "old");
    model::QuantizeOptions options;
    uint64_t last = 0;
    options.progress = [&last](uint64_t done, uint64_t total) {
        last = done;
        return done < total / 2;
    };
    expectSentence(errorOf([&] { model::quantizeFile(source, scratch / "out.gguf", options); }), "quantize.cancelled",
                   {});
    EXPECT_GT(last, 0U);
    EXPECT_EQ(readBytes(scratch / "out.gguf"), "old");
}

TEST(QuantizeFile, DamagedFilesAreRefused) {
    const Scratch scratch;
    const Path source = OddFile().write(scratch / "f32.gguf");
    std::filesystem::resize_file(source, std::filesystem::file_size(source) - 1);
    expectSentence(errorOf([&] { quantized(source, scratch / "q.gguf", TensorType::Q8_0); }), "gguf.truncated", {});
    expectSentence(errorOf([&] { quantized(scratch / "none.gguf", scratch / "q.gguf", TensorType::Q8_0); }),
                   "file.missing", {});
    EXPECT_FALSE(std::filesystem::exists(scratch / "q.gguf"));
}

} // namespace
} // namespace moescope::tests
