// SPDX-License-Identifier: Apache-2.0
#include "engine/model/convert.h"

#include "engine/gguf/file_text.h"
#include "engine/gguf/writer.h"
#include "engine/model/hf_config.h"
#include "engine/model/hf_generation.h"
#include "engine/model/hf_model_card.h"
#include "engine/model/hf_tensors.h"
#include "engine/model/hf_tokenizer.h"
#include "engine/model/model_keys.h"
#include "engine/model/tokenizer_keys.h"
#include "engine/model/weight_encoding.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace moescope::model {

using gguf::TensorType;
using trace::Error;
namespace fs = std::filesystem;

namespace {

/** Everything that was read of the folder but the weights themselves. */
struct Folder {
    Json json;
    WeightFolder weights;
    HfModel model;
    TokenizerTables tokenizer;
    Generation generation;
    ChatTemplates templates;

    explicit Folder(const fs::path& path)
        : json(readJson(path / "config.json", smallJson)), weights(openWeights(path, json)),
          model(parseHuggingFace(json, &weights)), tokenizer(readTokenizerFolder(path, model.config.vocab_size)),
          generation(readGeneration(path, json, model.config.vocab_size)), templates(readChatTemplates(path)) {
        readEnds();
    }

private:
    /** A text ends with the tokenizer's eos_token, or where a generation ends first. */
    void readEnds() {
        if (tokenizer.eos < 0 && !generation.stop.empty()) {
            tokenizer.eos = static_cast<int32_t>(generation.stop.front());
        }
        if (tokenizer.eos < 0) {
            throw Error("hf.no_stop",
                        "No file of the folder names the token that ends an answer: neither “eos_token_id” in "
                        "“generation_config.json” or “config.json” nor “eos_token” in “tokenizer_config.json”.");
        }
        const auto eos = static_cast<uint32_t>(tokenizer.eos);
        if (std::find(generation.stop.begin(), generation.stop.end(), eos) == generation.stop.end()) {
            generation.stop.push_back(eos);
        }
    }

    /** Checks config.json alone first: its sentences say more than those about the tensors that it does not fit. */
    static WeightFolder openWeights(const fs::path& path, const Json& config) {
        parseHuggingFace(config, nullptr);
        return WeightFolder(path);
    }
};

void refuseOwnInput(const fs::path& folder, const WeightFolder& weights, const fs::path& target) {
    std::vector<fs::path> inputs = weights.files();
    for (const char* name : {"config.json", "tokenizer.json", "hy.tiktoken", "tokenizer_config.json",
                             "generation_config.json", "chat_template.jinja", "README.md"}) {
        inputs.push_back(folder / name);
    }
    for (const fs::path& input : inputs) {
        if (gguf::isSameFile(input, target)) {
            throw Error("convert.same_file", "“{file}” is read for the conversion and cannot be its output too.",
                        {{"file", displayName(input)}});
        }
    }
}

void addTokenizerKeys(gguf::Writer& writer, Folder& folder) {
    const bool statesRstrip = findFamily(folder.model.config.architecture)->specials_rstrip;
    for (auto& [key, value] : tokenizerKeys(std::move(folder.tokenizer), statesRstrip)) {
        writer.add(key, std::move(value));
    }
    const Generation& g = folder.generation;
    if (g.padding) {
        writer.add("tokenizer.ggml.padding_token_id", gguf::U32{*g.padding});
    }
    if (!folder.templates.chat.empty()) {
        writer.add("tokenizer.chat_template", folder.templates.chat);
    }
    if (!folder.templates.tool_use.empty()) {
        writer.add("tokenizer.chat_template.tool_use", folder.templates.tool_use);
    }
    writer.add("moescope.stop_token_ids", g.stop);
    if (g.temperature) {
        writer.add("moescope.sampling.temperature", gguf::F32{*g.temperature});
    }
    if (g.top_k) {
        writer.add("moescope.sampling.top_k", gguf::U32{*g.top_k});
    }
    if (g.top_p) {
        writer.add("moescope.sampling.top_p", gguf::F32{*g.top_p});
    }
    if (g.repetition_penalty) {
        writer.add("moescope.sampling.repetition_penalty", gguf::F32{*g.repetition_penalty});
    }
}

class WeightCopy {
public:
    WeightCopy(gguf::Writer& writer, const ConvertOptions& options, uint64_t total)
        : m_writer(writer), m_options(options), m_total(total) {}

    void copy(const TensorSource& source, TensorType type) {
        if (!source.values.empty()) {
            encode(source.values, type);
        }
        for (const RowRun& run : source.runs) {
            const uint64_t step = std::max<uint64_t>(1, sliceWeights / run.width);
            for (uint64_t row = 0; row < run.rows; row += step) {
                const uint64_t count = std::min(step, run.rows - row);
                m_weights.resize(count * run.width);
                readRows(run, row, count, m_weights, m_scratch);
                checkWeights(run.tensor->name, m_weights, type);
                if (run.scales != nullptr && type == TensorType::MXFP4) {
                    readMxfp4(run, row, count, m_encoded);
                    write();
                } else {
                    encode(m_weights, type);
                }
            }
        }
    }

private:
    void encode(std::span<const float> weights, TensorType type) {
        encodeBlocks(type, weights, m_encoded);
        write();
    }

    void write() {
        m_writer.data(m_encoded);
        m_done += m_encoded.size();
        if (m_options.progress && !m_options.progress(m_done, m_total)) {
            throw Error("convert.cancelled", "The conversion was cancelled; no file was written.");
        }
    }

    gguf::Writer& m_writer;
    const ConvertOptions& m_options;
    uint64_t m_total = 0;
    uint64_t m_done = 0;
    std::vector<float> m_weights;
    std::vector<float> m_scratch; ///< what is read between the weights that are wanted
    std::vector<uint8_t> m_encoded;
};

} // namespace

ConvertResult convert(const fs::path& path, const fs::path& target, const ConvertOptions& options) {
    const auto start = std::chrono::steady_clock::now();
    std::error_code error;
    if (fs::is_regular_file(path, error)) {
        throw Error("convert.file",
                    "“{file}” is a file, but a Hugging Face model is a folder with config.json and safetensors. A GGUF "
                    "file needs no conversion: it can be loaded as it is, or quantised to another type.",
                    {{"file", gguf::shownPath(path)}});
    }
    if (!fs::is_directory(path, error)) {
        throw Error("convert.folder", "“{folder}” is no folder with a Hugging Face model.",
                    {{"folder", gguf::shownPath(path)}});
    }
    Folder folder(path);
    ConvertResult result;
    const std::vector<TensorSource> sources = mapTensors(folder.model, folder.weights, result.warnings);
    refuseOwnInput(path, folder.weights, target);

    Fallbacks fallbacks(options.type);
    for (const TensorSource& source : sources) {
        fallbacks.add(source.expected);
    }
    if (auto warning = fallbacks.warning()) {
        result.warnings.push_back(std::move(*warning));
    }
    gguf::Writer writer(target);
    const std::string name = options.name.empty() ? readName(path, folder.json) : options.name;
    const std::string license = options.license.empty() ? readLicense(path, folder.json) : options.license;
    writer.add("general.architecture", folder.model.config.architecture);
    writer.add("general.name", name.empty() ? folder.model.config.architecture : name);
    if (!license.empty()) {
        writer.add("general.license", license);
    }
    writer.add("general.file_type", gguf::U32{fileType(options.type)});
    const bool anyBlocks = std::any_of(sources.begin(), sources.end(), [&](const TensorSource& source) {
        return isBlockType(storedType(source.expected, options.type));
    });
    if (anyBlocks) {
        writer.add("general.quantization_version", gguf::U32{2});
    }
    addModelKeys(writer, folder.model.config);
    addTokenizerKeys(writer, folder);

    uint64_t total = 0;
    for (const TensorSource& source : sources) {
        const TensorType type = storedType(source.expected, options.type);
        writer.addTensor(source.expected.name, type, source.expected.shape);
        uint64_t rows = 1;
        for (size_t i = 1; i < source.expected.shape.size(); ++i) {
            rows *= source.expected.shape[i];
        }
        total += rows * gguf::rowBytes(type, source.expected.shape[0]);
    }
    writer.beginData();
    WeightCopy weights(writer, options, total);
    for (const TensorSource& source : sources) {
        weights.copy(source, storedType(source.expected, options.type));
    }
    writer.commit();
    result.tensors = sources.size();
    result.bytes = writer.bytesWritten();
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
}

} // namespace moescope::model
