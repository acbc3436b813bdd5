// SPDX-License-Identifier: Apache-2.0
#include "engine/session/kv_store.h"

#include "engine/gguf/atomic_file.h"
#include "engine/gguf/file_text.h"
#include "engine/gguf/mapped_file.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace moescope::session {

namespace fs = std::filesystem;
using trace::Error;

namespace {

constexpr const char* suffix = ".kv";

bool beginsWith(std::span<const int32_t> tokens, std::span<const int32_t> beginning) {
    return beginning.size() <= tokens.size() && std::equal(beginning.begin(), beginning.end(), tokens.begin());
}

/** What gguf::AtomicFile leaves of a program that was killed. */
bool isUnfinished(const fs::path& file) {
    const std::string name = file.filename().string();
    return name.starts_with(".moescope-") && name.ends_with(".part");
}

uint32_t commonOf(std::span<const int32_t> a, std::span<const int32_t> b) {
    return static_cast<uint32_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

} // namespace

KvStore::KvStore(const fs::path& folder) : m_folder(folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    fs::permissions(folder, fs::perms::owner_all, error);
    if (!fs::is_directory(folder, error)) {
        throw Error("session.folder", "The folder “{folder}” for saved KV caches cannot be made.",
                    {{"folder", gguf::shownPath(folder)}});
    }
    std::vector<std::pair<fs::file_time_type, StoredBlock>> found;
    std::vector<fs::path> unfinished;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        if (isUnfinished(it->path())) {
            unfinished.push_back(it->path());
        } else if (it->path().extension() != suffix) {
            m_foreign.push_back(it->path());
        } else if (std::optional<StoredBlock> block = inspect(it->path())) {
            found.emplace_back(it->last_write_time(error), std::move(*block));
        } else {
            m_foreign.push_back(it->path());
        }
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [time, block] : found) {
        add(std::move(block));
    }
    for (const fs::path& file : unfinished) {
        fs::remove(file, error);
    }
    // Whoever removed a parent left what builds on it without use.
    std::vector<BlockId> orphans;
    for (const auto& [id, block] : m_blocks) {
        if (block.first != 0 && m_blocks.count(block.parent.bytes) == 0) {
            orphans.push_back(block.id);
        }
    }
    for (const BlockId& id : orphans) {
        remove(id);
    }
}

fs::path KvStore::fileOf(const BlockId& id) const { return m_folder / (id.hex() + suffix); }

std::optional<StoredBlock> KvStore::inspect(const fs::path& file) const {
    try {
        const gguf::MappedFile mapped(file);
        std::array<uint8_t, blockHeaderBytes> head{};
        if (mapped.size() < head.size()) {
            return std::nullopt;
        }
        mapped.read(0, head);
        // What a token's rows take is not known here: the size of the file says it.
        const BlockHeader header = readHeader(head, {});
        if (header.bytes() != mapped.size()) {
            return std::nullopt;
        }
        StoredBlock block;
        block.parent = header.parent;
        block.first = header.first;
        block.tokens.resize(header.tokens);
        mapped.read(blockHeaderBytes,
                    {reinterpret_cast<uint8_t*>(block.tokens.data()), header.tokens * sizeof(int32_t)});
        block.id = idOf(block.parent, block.tokens);
        block.bytes = mapped.size();
        return fileOf(block.id) == file ? std::optional(std::move(block)) : std::nullopt;
    } catch (const Error&) {
        return std::nullopt;
    }
}

void KvStore::add(StoredBlock block) {
    touch(block);
    m_bytes += block.bytes;
    m_children.emplace(block.parent.bytes, block.id.bytes);
    m_blocks.insert_or_assign(block.id.bytes, std::move(block));
}

void KvStore::touch(StoredBlock& block) { block.used = ++m_clock; }

const StoredBlock* KvStore::find(const BlockId& id) const {
    const auto found = m_blocks.find(id.bytes);
    return found == m_blocks.end() ? nullptr : &found->second;
}

StoredPrefix KvStore::longest(const KvKey& key, std::span<const int32_t> tokens) const {
    StoredPrefix prefix;
    BlockId at = rootOf(key);
    for (;;) {
        // Of the blocks that follow, one that goes on farthest; a full one leads on.
        const StoredBlock* best = nullptr;
        uint32_t most = 0;
        const auto [begin, end] = m_children.equal_range(at.bytes);
        for (auto child = begin; child != end; ++child) {
            const StoredBlock& block = m_blocks.at(child->second);
            if (const uint32_t common = commonOf(block.tokens, tokens.subspan(prefix.tokens)); common > most) {
                most = common;
                best = &block;
            }
        }
        if (best == nullptr) {
            return prefix;
        }
        prefix.tokens += most;
        prefix.blocks.push_back(best->id);
        if (most < blockTokens) {
            return prefix;
        }
        at = best->id;
    }
}

KvBlock KvStore::read(const BlockId& id, uint32_t bytes_per_token) {
    const auto found = m_blocks.find(id.bytes);
    if (found == m_blocks.end()) {
        throw Error("session.absent", "Nothing was saved there yet.");
    }
    try {
        const gguf::MappedFile file(fileOf(id));
        std::vector<uint8_t> bytes(file.size());
        file.read(0, bytes);
        KvBlock block = blockFromBytes(bytes, {.bytes_per_token = bytes_per_token});
        if (!(block.id() == id)) {
            throw Error("session.order", "The blocks of the saved KV cache do not follow one another.");
        }
        touch(found->second);
        std::error_code ignored;
        fs::last_write_time(fileOf(id), fs::file_time_type::clock::now(), ignored); // what a restart knows of its use
        return block;
    } catch (const Error&) {
        remove(id);
        throw;
    }
}

uint64_t KvStore::write(const KvBlock& block) {
    const BlockId id = block.id();
    if (const auto found = m_blocks.find(id.bytes); found != m_blocks.end()) {
        touch(found->second);
        return 0;
    }
    if (block.first != 0 && m_blocks.find(block.parent.bytes) == m_blocks.end()) {
        throw Error("session.parent", "What this block of the KV cache builds on is not saved any more.");
    }
    const std::vector<uint8_t> bytes = toBytes(block);
    gguf::AtomicFile file(fileOf(id), gguf::Readers::Owner);
    file.write(bytes);
    file.commit();
    std::vector<BlockId> shorter;
    const auto [begin, end] = m_children.equal_range(block.parent.bytes);
    for (auto child = begin; child != end; ++child) {
        if (beginsWith(block.tokens, m_blocks.at(child->second).tokens)) {
            shorter.push_back({child->second});
        }
    }
    add({id, block.parent, block.first, block.tokens, bytes.size()});
    for (const BlockId& one : shorter) {
        remove(one);
    }
    return bytes.size();
}

void KvStore::forget(const BlockId& id) {
    const auto found = m_blocks.find(id.bytes);
    const auto [begin, end] = m_children.equal_range(found->second.parent.bytes);
    for (auto child = begin; child != end; ++child) {
        if (child->second == id.bytes) {
            m_children.erase(child);
            break;
        }
    }
    m_bytes -= found->second.bytes;
    m_blocks.erase(found);
    std::error_code ignored;
    fs::remove(fileOf(id), ignored);
}

void KvStore::remove(const BlockId& id) {
    std::vector<BlockId> doomed{id};
    for (size_t i = 0; i < doomed.size(); ++i) {
        const auto [begin, end] = m_children.equal_range(doomed[i].bytes);
        for (auto child = begin; child != end; ++child) {
            doomed.push_back({child->second});
        }
    }
    // From the ends, so that a kill leaves no block without its parent.
    for (auto one = doomed.rbegin(); one != doomed.rend(); ++one) {
        if (m_blocks.count(one->bytes) != 0) {
            forget(*one);
        }
    }
}

std::vector<BlockId> KvStore::shrinkTo(uint64_t most) {
    std::vector<BlockId> removed;
    while (m_bytes > most) {
        const StoredBlock* oldest = nullptr;
        for (const auto& [id, block] : m_blocks) {
            if (m_children.count(id) == 0 && (oldest == nullptr || block.used < oldest->used)) {
                oldest = &block;
            }
        }
        removed.push_back(oldest->id);
        forget(removed.back());
    }
    return removed;
}

void KvStore::keepOnly(std::span<const BlockId> leaves) {
    std::set<std::array<uint8_t, 16>> kept;
    for (const BlockId& leaf : leaves) {
        for (const StoredBlock* block = find(leaf); block != nullptr && kept.insert(block->id.bytes).second;
             block = find(block->parent)) {
        }
    }
    std::vector<BlockId> doomed;
    for (const auto& [id, block] : m_blocks) {
        if (kept.count(id) == 0) {
            doomed.push_back(block.id);
        }
    }
    for (const BlockId& id : doomed) {
        if (m_blocks.count(id.bytes) != 0) {
            remove(id);
        }
    }
}

} // namespace moescope::session
