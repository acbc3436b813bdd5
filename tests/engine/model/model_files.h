// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/writer.h"
#include "engine/model/convert.h"
#include "engine/trace/error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

/** Files for the tests of engine/model: made, copied from the golden models, or bent. */
namespace moescope::tests {

using Json = nlohmann::json;
using Path = std::filesystem::path;

/** An empty folder that is removed again. */
class Scratch {
public:
    Scratch();
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    const Path& path() const { return m_path; }
    Path operator/(const std::string& name) const { return m_path / name; }

private:
    Path m_path;
};

Path testData();
Path golden(const std::string& name);
/** Names of the twelve golden models. */
std::vector<std::string> goldenNames();
/** A copy of a golden model's folder as `scratch`/`name`. */
Path copyGolden(const std::string& name, const Scratch& scratch);

std::string readBytes(const Path& path);
void writeBytes(const Path& path, std::string_view bytes);
Json readJsonFile(const Path& path);
/** Reads, changes and writes a JSON file. */
void editJson(const Path& path, const std::function<void(Json&)>& change);

/** A safetensors file in memory: no checks, so that it can be bent. */
struct Weights {
    struct Tensor {
        std::string dtype;
        std::vector<uint64_t> shape;
        std::string bytes;
    };
    std::map<std::string, Tensor> tensors;

    static Weights load(const Path& path);
    void save(const Path& path) const;
    /** model-0000i-of-0000n.safetensors and model.safetensors.index.json. */
    void saveShards(const Path& folder, size_t shards) const;
};

/** Bytes of a safetensors file from its header text and data. */
std::string safetensorsBytes(const std::string& header, std::string_view data);

/** A GGUF file with a vocabulary and nothing else: the 256 bytes, then what a test adds. */
struct VocabularyFile {
    std::vector<std::string> tokens;
    std::vector<int32_t> types;
    std::vector<std::string> merges;
    std::string model = "gpt2";
    std::string pre = "hunyuan";
    std::vector<std::pair<std::string, gguf::WriteValue>> more;

    VocabularyFile();
    int32_t add(const std::string& token, int32_t type = 1);
    /** A token of these bytes with the merge that makes it of `left` and `right` (as bytes). */
    int32_t addMerged(const std::string& left, const std::string& right);
    Path write(const Scratch& scratch, const std::string& name = "vocab.gguf") const;
};

/** The golden model as GGUF in `scratch`. */
Path converted(const Path& folder, const Scratch& scratch, gguf::TensorType type = gguf::TensorType::F32,
               const std::string& name = "out.gguf");

/** The error that `work` ends with; a failure of the test, and an error without id, if it does not. */
trace::Error errorOf(const std::function<void()>& work);

/** One line, ends as a sentence, and holds each of `parts`. */
void expectSentence(const trace::Error& error, const std::string& id, const std::vector<std::string>& parts);

} // namespace moescope::tests
