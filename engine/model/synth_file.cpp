// SPDX-License-Identifier: Apache-2.0
#include "engine/model/synth_file.h"

#include "engine/gguf/random_blocks.h"
#include "engine/gguf/writer.h"
#include "engine/model/byte_unicode.h"
#include "engine/model/hf_tokenizer.h"
#include "engine/model/hugging_face.h"
#include "engine/model/model_keys.h"
#include "engine/model/synth_shapes.h"
#include "engine/model/tokenizer_keys.h"
#include "engine/model/vocabulary.h"
#include "engine/model/weight_encoding.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>

namespace moescope::model {

using gguf::TensorType;

namespace {

constexpr uint64_t sliceBytes = uint64_t{4} << 20;

uint64_t rowsOf(const ExpectedTensor& tensor) {
    uint64_t rows = 1;
    for (size_t i = 1; i < tensor.shape.size(); ++i) {
        rows *= tensor.shape[i];
    }
    return rows;
}

/** The 256 bytes, one merge (other readers insist on some), made-up tokens, and one that ends an answer. */
TokenizerTables syntheticTokenizer(uint32_t rows) {
    TokenizerTables t;
    t.model = "gpt2";
    t.pre = "gpt-2";
    for (uint32_t byte = 0; byte < 256; ++byte) {
        t.tokens.push_back(toByteUnicode(std::string(1, static_cast<char>(byte))));
    }
    t.tokens.emplace_back("aa");
    t.merges.emplace_back("a a");
    while (t.tokens.size() + 1 < rows) {
        t.tokens.push_back("~" + std::to_string(t.tokens.size()));
    }
    t.types.assign(t.tokens.size(), static_cast<int32_t>(TokenType::Normal));
    t.eos = static_cast<int32_t>(t.tokens.size());
    t.tokens.emplace_back("<|end|>");
    t.types.push_back(static_cast<int32_t>(TokenType::Control));
    return t;
}

void addMetadata(gguf::Writer& writer, const SynthShape& shape, const ModelConfig& config, TensorType type) {
    writer.add("general.architecture", config.architecture);
    writer.add("general.name", "Random weights in the shape of " + std::string(shape.title));
    writer.add("general.file_type", gguf::U32{fileType(type)});
    if (isBlockType(type)) {
        writer.add("general.quantization_version", gguf::U32{2});
    }
    writer.add("moescope.synthetic", true);
    addModelKeys(writer, config);
    TokenizerTables tokenizer = syntheticTokenizer(config.vocab_size);
    const auto eos = static_cast<uint32_t>(tokenizer.eos);
    for (auto& [key, value] : tokenizerKeys(std::move(tokenizer), false)) {
        writer.add(key, std::move(value));
    }
    writer.add("moescope.stop_token_ids", std::vector<uint32_t>{eos});
}

void checkRoom(const std::filesystem::path& target, uint64_t bytes) {
    std::error_code error;
    const std::filesystem::path folder = std::filesystem::absolute(target, error).parent_path();
    const std::filesystem::space_info space = std::filesystem::space(folder, error);
    if (!error && space.available < bytes) {
        throw trace::Error("synth.room",
                           "“{file}” would take {bytes} and its folder has room for {free}, so it was not written.",
                           {{"file", target.filename().string()},
                            {"bytes", trace::bytesText(bytes)},
                            {"free", trace::bytesText(space.available)}});
    }
}

/** Writes the weights of one tensor after the other. */
class RandomWeights {
public:
    RandomWeights(gguf::Writer& writer, std::string file_name, const SynthOptions& options, uint64_t total)
        : m_writer(writer), m_fileName(std::move(file_name)), m_options(options), m_total(total) {}

    void write(const ExpectedTensor& tensor, TensorType type) {
        if (tensor.shape.size() == 1) {
            const std::vector<float> ones(tensor.shape[0], 1);
            put({reinterpret_cast<const uint8_t*>(ones.data()), ones.size() * sizeof(float)});
            return;
        }
        // Rows of this length make of inputs near 1 outputs near 1.
        const float deviation = 1 / std::sqrt(static_cast<float>(tensor.shape[0]));
        gguf::RandomBlocks random(type, deviation, m_options.seed + ++m_tensors * tensorSeeds);
        const uint64_t block = gguf::blockShape(type).bytes;
        for (uint64_t left = rowsOf(tensor) * gguf::rowBytes(type, tensor.shape[0]); left > 0;) {
            m_slice.resize(std::min(left, sliceBytes / block * block));
            random.fill(m_slice);
            put(m_slice);
            left -= m_slice.size();
        }
    }

private:
    static constexpr uint64_t tensorSeeds = 0xD1342543DE82EF95U; ///< keeps their sequences apart

    void put(std::span<const uint8_t> bytes) {
        m_writer.data(bytes);
        m_done += bytes.size();
        if (m_options.progress && !m_options.progress(m_done, m_total)) {
            throw trace::Error("synth.cancelled", "The model “{file}” was cancelled; no file was written.",
                               {{"file", m_fileName}});
        }
    }

    gguf::Writer& m_writer;
    std::string m_fileName;
    const SynthOptions& m_options;
    uint64_t m_total = 0;
    uint64_t m_done = 0;
    uint64_t m_tensors = 0;
    std::vector<uint8_t> m_slice;
};

} // namespace

SynthResult synthFile(const std::filesystem::path& target, const SynthOptions& options) {
    return synthFile(target, findSynthShape(options.like), options);
}

SynthResult synthFile(const std::filesystem::path& target, const SynthShape& shape, const SynthOptions& options) {
    const auto start = std::chrono::steady_clock::now();
    const ModelConfig config = synthConfig(shape, options.layers);
    std::vector<ExpectedTensor> tensors = expectedTensors(config);

    gguf::Writer writer(target);
    addMetadata(writer, shape, config, options.type);
    SynthResult result;
    uint64_t total = 0;
    for (ExpectedTensor& tensor : tensors) {
        tensor.fine = false; // nothing to be exact about: all matrices in one type, as the name of the file says
        const TensorType type = storedType(tensor, options.type);
        writer.addTensor(tensor.name, type, tensor.shape);
        if (type != TensorType::F32 && tensor.shape[0] % gguf::blockShape(options.type).weights != 0) {
            ++result.other_type;
        }
        total += rowsOf(tensor) * gguf::rowBytes(type, tensor.shape[0]);
        result.parameters += rowsOf(tensor) * tensor.shape[0];
    }
    checkRoom(target, total);
    writer.beginData();
    RandomWeights weights(writer, target.filename().string(), options, total);
    for (const ExpectedTensor& tensor : tensors) {
        weights.write(tensor, storedType(tensor, options.type));
    }
    writer.commit();
    result.bytes = writer.bytesWritten();
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
}

} // namespace moescope::model
