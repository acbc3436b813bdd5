// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/atomic_file.h"
#include "engine/gguf/mapped_file.h"
#include "engine/session/kv_block.h"

#include <array>
#include <filesystem>
#include <future>
#include <memory>
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
    /** The next block, where it lies until the next call; nothing behind the last. The one behind it is read meanwhile. Throws as
     *  viewOf() does, and {session.order} for one that does not follow the one before. */
    std::optional<BlockView> next();

private:
    /** Bytes of a block, as much as any before needed. */
    struct Space {
        std::unique_ptr<uint8_t[]> bytes;
        uint64_t room = 0;
        uint64_t used = 0;
    };
    /** Reads the block at m_at, if there is one, into `space`. */
    void readInto(Space& space) const;

    gguf::MappedFile m_file;
    KvKey m_key;
    uint32_t m_blockTokens = 0;
    BlockId m_parent;
    uint64_t m_at = 0;
    uint32_t m_tokens = 0;
    bool m_isPartial = false; ///< the last block was not full, so none follows
    std::array<Space, 2> m_spaces;
    size_t m_turn = 0; ///< of the spaces: which the next block is read into
    std::future<void>
        m_ahead; ///< the reading of the next block; last, so that it is over before what it reads into goes
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
