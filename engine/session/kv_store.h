// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/session/kv_block.h"

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace moescope::session {

/** A block that lies in a KvStore. */
struct StoredBlock {
    BlockId id;
    BlockId parent;
    uint32_t first = 0;
    std::vector<int32_t> tokens;
    uint64_t bytes = 0; ///< of its file
    /** When it was last read or written, in any unit that grows. */
    int64_t used = 0;
};

/** The longest beginning of some tokens that lies in a KvStore. */
struct StoredPrefix {
    uint32_t tokens = 0;
    std::vector<BlockId> blocks; ///< in order; of the last one perhaps only the first tokens are meant
};

/** Blocks of many states in a folder, a file each, named by its id; states that begin alike share blocks. What lies there is the
 *  only truth: the folder is read when it is opened; files that are no blocks are left alone, blocks whose parent is gone are
 *  removed. One program at a time, one thread at a time. */
class KvStore {
public:
    /** Makes the folder if needed, for its owner alone. Throws trace::Error{session.folder} if that cannot be, or it cannot be
     *  listed. */
    explicit KvStore(const std::filesystem::path& folder);

    /** Files that are there, but cannot be blocks; they are not touched. */
    const std::vector<std::filesystem::path>& foreign() const { return m_foreign; }
    uint64_t bytes() const { return m_bytes; } ///< of all blocks
    size_t size() const { return m_blocks.size(); }
    const StoredBlock* find(const BlockId& id) const;

    StoredPrefix longest(const KvKey& key, std::span<const int32_t> tokens) const;
    /** Checked by its checksum; one that is damaged is removed with all that build on it, one that could not be read stays. Throws trace::Error{session.absent},
     *  {session.damaged}, {session.checksum}, {file.read}. */
    KvBlock read(const BlockId& id, uint32_t bytes_per_token);
    /** On the disk when this returns; nothing is written if it is there already. `instead_of`: the last block of the same state
     *  when it was shorter, which goes where no other state needs it. Returns the bytes written. Throws as gguf::AtomicFile
     *  does, and trace::Error{session.parent} if its parent is not there. */
    uint64_t write(const KvBlock& block, const std::optional<BlockId>& instead_of = std::nullopt);
    /** It was needed just now: others are removed before it. */
    void use(const BlockId& id);
    /** With all that build on it. */
    void remove(const BlockId& id);
    /** Removes what was used longest ago, and has nothing that builds on it, until no more than `most` bytes are left or no file
     *  can be removed. Returns the blocks removed. */
    std::vector<BlockId> shrinkTo(uint64_t most);
    /** Blocks that went since the last call though their state did not: replaced by a longer one, or removed to make room or for
     *  their damage; with what is left of the state in their place, nothing where that is nothing. */
    std::vector<std::pair<BlockId, std::optional<BlockId>>> takeMoves();
    /** Removes all blocks but these and those that they build on. */
    void keepOnly(std::span<const BlockId> leaves);

private:
    using Children = std::multimap<std::array<uint8_t, 16>, std::array<uint8_t, 16>>; ///< parent → ids

    /** Behind a block that ends at position `at`. */
    StoredPrefix longestBehind(const BlockId& parent, uint32_t at, std::span<const int32_t> tokens) const;
    std::filesystem::path fileOf(const BlockId& id) const;
    std::optional<StoredBlock> inspect(const std::filesystem::path& file) const;
    void add(StoredBlock block);
    /** False: its file could not be removed, and it stays. */
    bool forget(const BlockId& id);
    void touch(StoredBlock& block);

    std::filesystem::path m_folder;
    std::map<std::array<uint8_t, 16>, StoredBlock> m_blocks;
    Children m_children;
    std::vector<std::filesystem::path> m_foreign;
    uint64_t m_bytes = 0;
    int64_t m_clock = 0;
    std::vector<std::pair<BlockId, BlockId>> m_moves; ///< which went, and its parent or what took its place
};

} // namespace moescope::session
