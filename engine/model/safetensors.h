// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/mapped_file.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace moescope::model {

enum class SafeType : uint8_t { F32, F16, Bf16, Fp8, U8, Other };

struct SafeTensor {
    std::string name;
    std::string type_name; ///< as the file spells it
    SafeType type = SafeType::Other;
    std::vector<uint64_t> shape; ///< [out, in]: the row length comes last
    uint64_t offset = 0;         ///< from the start of the file
    uint64_t bytes = 0;
    const gguf::MappedFile* file = nullptr;

    uint64_t width() const { return shape.empty() ? 1 : shape.back(); }
};

/** One .safetensors file: its header, checked against the file's size before anything is read by it. */
class SafetensorsFile {
public:
    explicit SafetensorsFile(const std::filesystem::path& path);

    const std::filesystem::path& path() const { return m_file.path(); }
    /** In the order of their data. */
    const std::vector<SafeTensor>& tensors() const { return m_tensors; }

private:
    gguf::MappedFile m_file;
    std::vector<SafeTensor> m_tensors;
};

/** Decodes out.size() weights from the `first`-th on; the type must be F32, F16 or Bf16. */
void readWeights(const SafeTensor& tensor, uint64_t first, std::span<float> out);

/** "4 × 16". */
std::string shapeText(std::span<const uint64_t> shape);

} // namespace moescope::model
