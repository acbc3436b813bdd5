// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/atomic_file.h"
#include "engine/gguf/mapped_file.h"
#include "engine/session/kv_block.h"

#include <filesystem>
#include <optional>

namespace moescope::session {

/** Blocks of one state in one file, read from the front: a key, then block after block, each checked to follow the one before. */
class SessionReader {
public:
    /** Whether a file that is there begins as a saved KV cache, or is empty; false as well for what cannot be read. */
    static bool isSession(const std::filesystem::path& path);
    /** Throws trace::Error{session.file} if it is no session file or its key is none, {session.version} of another version, and as
     *  gguf::MappedFile does. */
    explicit SessionReader(const std::filesystem::path& path);

    const KvKey& key() const { return m_key; }
    BlockShape shape() const { return {m_blockTokens, m_key.bytes_per_token}; }
    /** Of the file. */
    uint64_t bytes() const { return m_file.size(); }
    /** The next block; nothing behind the last. Throws as blockFromBytes() does, and {session.order} for one that does not
     *  follow the one before. */
    std::optional<KvBlock> next();

private:
    gguf::MappedFile m_file;
    KvKey m_key;
    uint32_t m_blockTokens = 0;
    BlockId m_parent;
    uint64_t m_at = 0;
    uint32_t m_tokens = 0;
    bool m_isPartial = false; ///< the last block was not full, so none follows
};

/** Writes one, which appears whole or not at all, readable by its owner alone. */
class SessionWriter {
public:
    /** `block_tokens`: of a full block, at most blockTokens. Throws as gguf::AtomicFile does. */
    SessionWriter(const std::filesystem::path& path, const KvKey& key, uint32_t block_tokens = blockTokens);

    /** In order; all but the last are full. The block's parent and first position are what the ones before make them. */
    void add(KvBlock block);
    void commit() { m_file.commit(); }
    /** Written so far. */
    uint64_t bytes() const { return m_file.position(); }

private:
    gguf::AtomicFile m_file;
    BlockId m_parent;
    uint32_t m_tokens = 0;
};

} // namespace moescope::session
