// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/atomic_file.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace moescope::cli {

/** A NumPy .npy file (format 1.0, little-endian, C order), written front to back. */
class NpyFile {
public:
    enum class Type { Int32, Float32 };

    NpyFile(const std::filesystem::path& target, Type type, const std::vector<uint64_t>& shape);

    void append(std::span<const int32_t> values);
    void append(std::span<const float> values);
    /** Renames it into place. Throws std::logic_error unless the shape is filled exactly. */
    void commit();

private:
    void append(const void* values, size_t count, Type type);

    gguf::AtomicFile m_file;
    Type m_type;
    uint64_t m_missing = 1; ///< values
};

} // namespace moescope::cli
