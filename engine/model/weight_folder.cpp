// SPDX-License-Identifier: Apache-2.0
#include "engine/model/weight_folder.h"

#include "engine/model/json.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <set>

namespace moescope::model {

using trace::Error;
namespace fs = std::filesystem;

namespace {

constexpr size_t mostShards = 10000;
constexpr size_t longestName = 255; ///< bytes of a file's name that file systems have room for

/** A name inside the folder: nothing that could lead out of it. */
bool isPlainName(const std::string& name) {
    return !name.empty() && name.size() <= longestName && name.front() != '.' &&
           name.find_first_of("/\\:") == std::string::npos && name.find('\0') == std::string::npos &&
           name.ends_with(".safetensors");
}

bool hasFileEndingIn(const fs::path& folder, std::string_view ending) {
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        if (displayName(at->path()).ends_with(ending)) {
            return true;
        }
    }
    return false;
}

} // namespace

void refuseFp8(const std::string& what) {
    throw Error(
        "hf.fp8",
        "“{what}” shows that the weights are stored in FP8, which is not supported; take the same model's folder "
        "with BF16 weights and convert that.",
        {{"what", shortened(what)}});
}

WeightFolder::WeightFolder(const fs::path& folder) {
    const fs::path single = folder / "model.safetensors";
    const fs::path index = folder / "model.safetensors.index.json";
    if (hasEntry(single)) {
        addShard(single);
    } else if (hasEntry(index)) {
        readIndex(index);
    } else if (hasFileEndingIn(folder, ".bin") || hasFileEndingIn(folder, ".bin.index.json")) {
        throw Error("hf.bin",
                    "“{folder}” holds PyTorch .bin weights, which can run code when they are opened; save the model as "
                    "safetensors first (save_pretrained with safe_serialization=True) and convert that folder.",
                    {{"folder", displayName(folder)}});
    } else {
        throw Error("hf.no_weights", "“{folder}” holds neither model.safetensors nor model.safetensors.index.json.",
                    {{"folder", displayName(folder)}});
    }
}

void WeightFolder::addShard(const fs::path& path) {
    m_paths.push_back(path);
    m_files.push_back(std::make_unique<SafetensorsFile>(path));
    for (const SafeTensor& tensor : m_files.back()->tensors()) {
        const auto [at, added] = m_tensors.emplace(tensor.name, &tensor);
        if (!added) {
            throw Error("hf.duplicate", "The tensor “{tensor}” is in “{first}” and in “{second}”.",
                        {{"tensor", shortened(tensor.name)},
                         {"first", displayName(at->second->file->path())},
                         {"second", displayName(path)}});
        }
        if (tensor.type == SafeType::Fp8 || tensor.name.ends_with("weight_scale")) {
            refuseFp8(tensor.name);
        }
    }
}

void WeightFolder::readIndex(const fs::path& index) {
    m_paths.push_back(index);
    const std::string name = displayName(index);
    const Json json = readJson(index, largeJson);
    const auto map = json.is_object() ? json.find("weight_map") : json.end();
    if (!json.is_object() || map == json.end() || !map->is_object() || map->empty()) {
        throw Error("hf.index", "“{file}” has no “weight_map” from tensors to files.", {{"file", name}});
    }
    std::set<std::string> shards;
    for (const auto& [tensor, shard] : map->items()) {
        if (!shard.is_string() || !isPlainName(shard.get<std::string>())) {
            throw Error("hf.index_path",
                        "“{file}” says that “{tensor}” is in {shard}; only names of .safetensors files in the same "
                        "folder are allowed.",
                        {{"file", name},
                         {"tensor", shortened(tensor)},
                         {"shard", shard.is_string() ? "“" + shortened(shard.get<std::string>()) + "”" : "no file"}});
        }
        shards.insert(shard.get<std::string>());
    }
    if (shards.size() > mostShards) {
        throw Error("hf.index", "“{file}” names {n} files; at most {most} are supported.",
                    {{"file", name}, {"n", trace::grouped(shards.size())}, {"most", trace::grouped(mostShards)}});
    }
    for (const std::string& shard : shards) {
        addShard(index.parent_path() / fs::path(std::u8string(shard.begin(), shard.end())));
    }
    for (const auto& [tensor, shard] : map->items()) {
        const SafeTensor* found = find(tensor);
        if (found == nullptr || displayName(found->file->path()) != shard.get<std::string>()) {
            throw Error("hf.index_tensor", "“{file}” says that “{tensor}” is in “{shard}”, but it is not there.",
                        {{"file", name}, {"tensor", shortened(tensor)}, {"shard", shard.get<std::string>()}});
        }
    }
}

const SafeTensor* WeightFolder::find(std::string_view name) const {
    const auto at = m_tensors.find(name);
    return at == m_tensors.end() ? nullptr : at->second;
}

} // namespace moescope::model
