// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/model/model_files.h"

#include "engine/model/byte_unicode.h"

#include <atomic>
#include <chrono>
#include <fstream>
#include <random>
#include <sstream>

namespace moescope::tests {

namespace fs = std::filesystem;

Scratch::Scratch() {
    static std::atomic<unsigned> next{0};
    std::random_device random;
    m_path = fs::temp_directory_path() / ("moescope-model-" + std::to_string(random()) + "-" + std::to_string(next++));
    fs::create_directories(m_path);
}

Scratch::~Scratch() {
    std::error_code error;
    fs::remove_all(m_path, error);
}

Path testData() { return MOESCOPE_TEST_DATA; }
Path golden(const std::string& name) { return testData() / "golden" / name; }

std::vector<std::string> goldenNames() {
    return {"a13b_like",  "cla4",       "cla_off",    "dense",        "f32",      "large_alpha",
            "large_like", "no_qk_norm", "odd_head80", "padded_vocab", "top2_cla", "untied"};
}

Path copyGolden(const std::string& name, const Scratch& scratch) {
    const Path target = scratch / name;
    fs::create_directories(target);
    for (const char* file :
         {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "generation_config.json"}) {
        writeBytes(target / file, readBytes(golden(name) / file));
    }
    return target;
}

std::string readBytes(const Path& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << path;
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
}

void writeBytes(const Path& path, std::string_view bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    EXPECT_TRUE(file) << path;
}

Json readJsonFile(const Path& path) { return Json::parse(readBytes(path)); }

void editJson(const Path& path, const std::function<void(Json&)>& change) {
    Json json = readJsonFile(path);
    change(json);
    writeBytes(path, json.dump(1));
}

std::string safetensorsBytes(const std::string& header, std::string_view data) {
    std::string out;
    for (unsigned i = 0; i < 8; ++i) {
        out += static_cast<char>(uint64_t{header.size()} >> (8 * i) & 0xFF);
    }
    out += header;
    out += data;
    return out;
}

Weights Weights::load(const Path& path) {
    const std::string bytes = readBytes(path);
    uint64_t length = 0;
    for (unsigned i = 0; i < 8; ++i) {
        length |= uint64_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
    }
    const Json header = Json::parse(bytes.substr(8, length));
    Weights weights;
    for (const auto& [name, entry] : header.items()) {
        if (name != "__metadata__") {
            const auto begin = entry["data_offsets"][0].get<uint64_t>();
            const auto end = entry["data_offsets"][1].get<uint64_t>();
            weights.tensors[name] = {entry["dtype"], entry["shape"], bytes.substr(8 + length + begin, end - begin)};
        }
    }
    return weights;
}

void Weights::save(const Path& path) const {
    Json header = {{"__metadata__", {{"format", "pt"}}}};
    std::string data;
    for (const auto& [name, tensor] : tensors) {
        while (data.size() % 4 != 0) {
            data += '\0';
        }
        header[name] = {{"dtype", tensor.dtype},
                        {"shape", tensor.shape},
                        {"data_offsets", {data.size(), data.size() + tensor.bytes.size()}}};
        data += tensor.bytes;
    }
    writeBytes(path, safetensorsBytes(header.dump(), data));
}

void Weights::saveShards(const Path& folder, size_t shards) const {
    Json map = Json::object();
    std::vector<Weights> parts(shards);
    size_t next = 0;
    for (const auto& [name, tensor] : tensors) {
        const size_t shard = next++ % shards;
        parts[shard].tensors[name] = tensor;
        map[name] = "model-0000" + std::to_string(shard + 1) + "-of-0000" + std::to_string(shards) + ".safetensors";
    }
    for (size_t i = 0; i < shards; ++i) {
        parts[i].save(folder / map[parts[i].tensors.begin()->first].get<std::string>());
    }
    writeBytes(folder / "model.safetensors.index.json", Json{{"metadata", Json::object()}, {"weight_map", map}}.dump());
}

VocabularyFile::VocabularyFile() {
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        add(model::toByteUnicode(std::string_view(&c, 1)));
    }
}

int32_t VocabularyFile::add(const std::string& token, int32_t type) {
    tokens.push_back(token);
    types.push_back(type);
    return static_cast<int32_t>(tokens.size() - 1);
}

int32_t VocabularyFile::addMerged(const std::string& left, const std::string& right) {
    merges.push_back(model::toByteUnicode(left) + " " + model::toByteUnicode(right));
    return add(model::toByteUnicode(left + right));
}

Path VocabularyFile::write(const Scratch& scratch, const std::string& name) const {
    Path path = scratch / name;
    gguf::Writer writer(path);
    writer.add("general.architecture", std::string("hunyuan-large"));
    writer.add("tokenizer.ggml.model", model);
    writer.add("tokenizer.ggml.pre", pre);
    writer.add("tokenizer.ggml.tokens", tokens);
    writer.add("tokenizer.ggml.token_type", types);
    writer.add("tokenizer.ggml.merges", merges);
    for (const auto& [key, value] : more) {
        writer.add(key, value);
    }
    writer.beginData();
    writer.commit();
    return path;
}

Path converted(const Path& folder, const Scratch& scratch, gguf::TensorType type, const std::string& name) {
    Path target = scratch / name;
    model::ConvertOptions options;
    options.type = type;
    model::convert(folder, target, options);
    return target;
}

trace::Error errorOf(const std::function<void()>& work) {
    try {
        work();
    } catch (const trace::Error& error) {
        return error;
    }
    ADD_FAILURE() << "Nothing was refused.";
    return {"", ""};
}

void expectSentence(const trace::Error& error, const std::string& id, const std::vector<std::string>& parts) {
    const std::string text = error.what();
    EXPECT_EQ(error.id(), id) << text;
    EXPECT_TRUE(text.ends_with(".")) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    EXPECT_EQ(text.find('{'), std::string::npos) << text;
    for (const std::string& part : parts) {
        EXPECT_NE(text.find(part), std::string::npos) << "“" << part << "” is not in: " << text;
    }
}

} // namespace moescope::tests
