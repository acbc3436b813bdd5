// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/safetensors.h"

#include <map>
#include <memory>
#include <string_view>

namespace moescope::model {

/** The tensors of a Hugging Face folder: model.safetensors, or the shards that model.safetensors.index.json names.
 *  FP8 weights and folders with PyTorch's .bin files only are refused with a sentence that says what to do. */
class WeightFolder {
public:
    explicit WeightFolder(const std::filesystem::path& folder);

    const SafeTensor* find(std::string_view name) const;
    const std::map<std::string, const SafeTensor*, std::less<>>& tensors() const { return m_tensors; }
    /** All files that are read, the index included. */
    const std::vector<std::filesystem::path>& files() const { return m_paths; }

private:
    void addShard(const std::filesystem::path& path);
    void readIndex(const std::filesystem::path& index);

    std::vector<std::filesystem::path> m_paths;
    std::vector<std::unique_ptr<SafetensorsFile>> m_files;
    std::map<std::string, const SafeTensor*, std::less<>> m_tensors;
};

/** The sentence about FP8 weights; `what` is the file or tensor that shows it. */
[[noreturn]] void refuseFp8(const std::string& what);

} // namespace moescope::model
