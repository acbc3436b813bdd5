// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unordered_set>

#include "engine/gguf/atomic_file.h"
#include "engine/gguf/reader.h"

#include <functional>

namespace moescope::gguf {

/** Explicit width of a scalar to write: GGUF's readers look for exact types (u32 for counts, f32 for floats). */
struct U32 {
    uint32_t value;
};
struct F32 {
    float value;
};
/** A value as another file has it (Reader::readEntry()). */
struct RawValue {
    std::vector<uint8_t> bytes;
};
using WriteValue = std::variant<RawValue, U32, F32, bool, std::string, std::vector<uint32_t>, std::vector<int32_t>,
                                std::vector<float>, std::vector<std::string>>;

/** Writes GGUF v3: all metadata and tensor headers first, then each tensor's data in the order added.
 *  Metadata is written in the order of add(); the same calls give the same bytes. */
class Writer {
public:
    explicit Writer(const std::filesystem::path& target, uint32_t alignment = 32);

    void add(std::string key, WriteValue value);
    void addTensor(std::string name, TensorType type, std::vector<uint64_t> shape);
    /** Ends the headers. Then call data() until each tensor's bytes are there, in order of addTensor(). */
    void beginData();
    void data(std::span<const uint8_t> bytes);
    /** Checks that every tensor is whole, syncs and renames. */
    void commit();

    uint64_t bytesWritten() const { return m_file.position(); }

private:
    AtomicFile m_file;
    uint32_t m_alignment;
    std::vector<std::pair<std::string, WriteValue>> m_metadata;
    std::unordered_set<std::string> m_keys; ///< of it
    std::vector<TensorInfo> m_tensors;
    size_t m_current = 0;        ///< tensor being written
    uint64_t m_currentBytes = 0; ///< of it so far
    bool m_inData = false;
};

} // namespace moescope::gguf
