// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/error.h"
#include "engine/trace/intervention.h"
#include "engine/trace/kv_type.h"

#include <optional>
#include <string>

namespace moescope::session {

/** Goes up whenever rows of the KV cache lie otherwise in a block. */
constexpr uint32_t kvLayoutVersion = 1;

/** What keys and values follow from beside the tokens: those of one key stand for those of another only if all is the same. */
struct KvKey {
    std::string model; ///< gguf::fingerprintOf()
    trace::KvType kv_type = trace::KvType::F16;
    std::string rope; ///< settings that turn keys, in words of the file format
    trace::Intervention intervention;
    std::string device; ///< name and driver
    std::string variant;
    uint32_t bytes_per_token = 0;

    bool operator==(const KvKey&) const = default;
};

/** JSON of one line: the same for equal keys, and for no others. */
std::string toText(const KvKey& key);
/** Nothing if it is no such text. Throws trace::Error{session.version} for a key of another layout version. */
std::optional<KvKey> keyFromText(const std::string& text);

/** Why what `stored` keys cannot stand for what `wanted` does, as trace::Error{session.model}, {session.kv_type}, {session.rope},
 *  {session.intervention}, {session.device}, {session.variant} or {session.layout}; nothing if it can. */
std::optional<trace::Error> difference(const KvKey& stored, const KvKey& wanted);

} // namespace moescope::session
