// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/mapped_file.h"
#include "engine/gguf/tensor_type.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace moescope::gguf {

/** A metadata value. Integers of all widths become int64/uint64, floats double; arrays are homogeneous. */
using Value = std::variant<uint64_t, int64_t, double, bool, std::string, std::vector<uint64_t>, std::vector<int64_t>,
                           std::vector<double>, std::vector<bool>, std::vector<std::string>>;

/** Where a metadata value stands in the file: its type, then itself. */
struct EntryPlace {
    std::string key;
    uint64_t offset = 0;
    uint64_t bytes = 0;
};

struct TensorInfo {
    std::string name;
    TensorType type = TensorType::F32;
    std::vector<uint64_t> shape; ///< ggml's order: shape[0] is the row length
    uint64_t offset = 0;         ///< from the start of its file
    uint64_t bytes = 0;
    uint32_t part = 0; ///< which of the model's files

    uint64_t elements() const;
    uint64_t rows() const { return shape.empty() || shape[0] == 0 ? 0 : elements() / shape[0]; }
};

/** A GGUF file (version 2 or 3, little-endian), every bound checked against the file's size before it is used.
 *  Throws trace::Error with a sentence that names the file and what is wrong.
 *
 *  The first part of a model in several files (NAME-00001-of-00003.gguf) opens the others beside it, and reads as one
 *  file: its metadata without the keys split.*, the tensors of all. */
class Reader {
public:
    explicit Reader(const std::filesystem::path& path);

    /** Of the first file. */
    const std::filesystem::path& path() const { return m_files.front()->path(); }
    /** The files of the model, in order. */
    const std::vector<std::unique_ptr<MappedFile>>& parts() const { return m_files; }
    std::vector<std::filesystem::path> files() const;
    /** Of all files. */
    uint64_t fileBytes() const;
    const std::map<std::string, Value>& metadata() const { return m_metadata; }
    const std::vector<TensorInfo>& tensors() const { return m_tensors; }
    const TensorInfo* find(std::string_view name) const;

    /** Typed look-ups. Absent: nullopt. Present with another type or out of range: trace::Error naming the key. */
    std::optional<std::string> text(std::string_view key) const;
    std::optional<uint32_t> u32(std::string_view key) const;
    std::optional<float> f32(std::string_view key) const;
    std::optional<bool> boolean(std::string_view key) const;
    const std::vector<std::string>* texts(std::string_view key) const;
    /** Any array of integers, each in 0…2³²−1. */
    std::optional<std::vector<uint32_t>> u32s(std::string_view key) const;
    /** Any array of numbers in the range of f32, NaN and infinities too. */
    std::optional<std::vector<float>> f32s(std::string_view key) const;

    /** Entries of metadata() in the file's order, and the bytes of one, for copies that keep every value's type. */
    const std::vector<EntryPlace>& entries() const { return m_entries; }
    std::vector<uint8_t> readEntry(const EntryPlace& entry) const;

    /** Copies bytes [offset, offset + out.size()) of a tensor's data. */
    void read(const TensorInfo& tensor, uint64_t offset, std::span<uint8_t> out) const;

private:
    void openParts();
    void addPart(std::unique_ptr<MappedFile> file, uint32_t number, uint32_t count, uint64_t tensors);

    std::vector<std::unique_ptr<MappedFile>> m_files; ///< by part
    std::map<std::string, Value> m_metadata;
    std::vector<EntryPlace> m_entries; ///< in the first file
    std::vector<TensorInfo> m_tensors;
    std::map<std::string, size_t, std::less<>> m_index;
};

} // namespace moescope::gguf
