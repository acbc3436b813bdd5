// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/reader.h"
#include "engine/trace/error.h"

/** Models in several files: what makes them parts of one, and the sentences when they are not. Parts count from 0 here
 *  and in the files, from 1 in names and sentences. */
namespace moescope::gguf {

inline constexpr std::string_view splitNumber = "split.no";
inline constexpr std::string_view splitCount = "split.count";
inline constexpr std::string_view splitTensors = "split.tensors.count";

/** Path of part `wanted`, beside part `number` of `count`. Throws trace::Error{gguf.split_number} for numbers that
 *  cannot be, {gguf.split_name} if the name of `path` does not say the same as they do. */
std::filesystem::path partPath(const std::filesystem::path& path, uint32_t number, uint32_t count, uint32_t wanted);

/** Throws trace::Error{gguf.split_other} if the metadata of `part` is not that of part `number` of `count` of the model
 *  that begins in `first`. */
void requireSameModel(const std::filesystem::path& first, const std::map<std::string, Value>& metadata,
                      const std::filesystem::path& part, const std::map<std::string, Value>& partMetadata,
                      uint32_t number, uint32_t count);

trace::Error notFirstError(const std::filesystem::path& path, const std::filesystem::path& first, uint32_t number,
                           uint32_t count);
trace::Error unstatedError(const std::filesystem::path& first);
trace::Error missingPartError(const std::filesystem::path& first, const std::filesystem::path& part, uint32_t count);
trace::Error tensorCountError(const std::filesystem::path& first, uint64_t found, uint64_t wanted);
/** A tensor in two files: twice in one is refused before. */
trace::Error twiceError(const std::filesystem::path& one, const std::filesystem::path& other,
                        const std::string& tensor);

} // namespace moescope::gguf
