// SPDX-License-Identifier: Apache-2.0
// A safetensors file, or the index of a folder of them (an input that begins with "{").
#include "engine/model/weight_folder.h"
#include "tests/fuzz/input.h"

#include <algorithm>

namespace moescope::fuzz {

namespace {

/** Two folders: one with model.safetensors, one with two good shards for any index. */
struct Folders {
    Folder single;
    Folder sharded;

    Folders() {
        sharded.write("model-00001-of-00002.safetensors", shard("a", "b"));
        sharded.write("model-00002-of-00002.safetensors", shard("c", "d"));
    }

    static std::string shard(const std::string& first, const std::string& second) {
        const std::string header = R"({")" + first + R"(":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]},")" +
                                   second + R"(":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})";
        std::string bytes(8, '\0');
        bytes[0] = static_cast<char>(header.size());
        return bytes + header + std::string(16, '\x3c');
    }
};

void readTensors(const model::WeightFolder& weights) {
    for (const auto& [name, tensor] : weights.tensors()) {
        require(weights.find(name) == tensor, "a tensor is not found by its name");
        require(tensor->offset + tensor->bytes <= tensor->file->size(), "a tensor lies beyond its file");
        require(!model::shapeText(tensor->shape).empty(), "a shape has no text");
        uint64_t elements = 1;
        for (const uint64_t size : tensor->shape) {
            elements *= size;
        }
        if (tensor->type <= model::SafeType::Bf16 && elements > 0) {
            std::vector<float> values(std::min<uint64_t>(elements, 64));
            model::readWeights(*tensor, 0, values);
            model::readWeights(*tensor, elements - values.size(), values);
        }
    }
}

} // namespace

bool run(std::string_view input) {
    static const Folders folders;
    const bool index = input.starts_with('{');
    const Folder& folder = index ? folders.sharded : folders.single;
    const std::filesystem::path path =
        folder.write(index ? "model.safetensors.index.json" : "model.safetensors", input);
    return accepts([&] { readTensors(model::WeightFolder(path.parent_path())); });
}

} // namespace moescope::fuzz
