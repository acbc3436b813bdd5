// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/reader.h"

namespace moescope::gguf {

/** What stands before the tensors' data. */
struct Header {
    std::map<std::string, Value> metadata;
    std::vector<EntryPlace> entries; ///< of the metadata, in the file's order
    std::vector<TensorInfo> tensors; ///< in the file's order, offsets from the start of the file
};

/** Reads and checks a header. Memory stays within a small multiple of the header's bytes, which are limited. */
Header parseHeader(const MappedFile& file);

/** A metadata value in words for sentences: "7", "a list of 3 texts". */
std::string describe(const Value& value);

} // namespace moescope::gguf
