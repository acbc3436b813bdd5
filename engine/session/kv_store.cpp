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
    if (error) { // an empty store would be taken for the truth
        throw Error("session.folder", "The folder “{folder}” for saved KV caches cannot be read: {reason}.",
                    {{"folder", gguf::shownPath(folder)}, {"reason", error.message()}});
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
        if (block.first != 0 && m_blocks.count(block.parent.bytes) == 0 && !fs::exists(fileOf(block.parent), error)) {
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
        block.id = idOf(block.parent, block.tokens, header.rows_sum);
        block.bytes = mapped.size();
        return fileOf(block.id) == file ? std::optional(std::move(block)) : std::nullopt;
    } catch (const Error&) {
        return std::nullopt;
    }
}

void KvStore::add(StoredBlock block) {
    block.used = ++m_clock;
    m_bytes += block.bytes;
    m_children.emplace(block.parent.bytes, block.id.bytes);
    m_blocks.insert_or_assign(block.id.bytes, std::move(block));
}

const StoredBlock* KvStore::find(const BlockId& id) const {
    const auto found = m_blocks.find(id.bytes);
    return found == m_blocks.end() ? nullptr : &found->second;
}

StoredPrefix KvStore::longest(const KvKey& key, std::span<const int32_t> tokens) const {
    return longestBehind(rootOf(key), 0, tokens);
}

StoredPrefix KvStore::longestBehind(const BlockId& parent, uint32_t at, std::span<const int32_t> tokens) const {
    StoredPrefix longest;
    const auto [begin, end] = m_children.equal_range(parent.bytes);
    for (auto child = begin; child != end; ++child) {
        const StoredBlock& block = m_blocks.at(child->second);
        if (block.first != at) { // its id does not cover where it says that it stands
            continue;
        }
        StoredPrefix prefix{commonOf(block.tokens, tokens), {block.id}};
        if (prefix.tokens ==
            blockTokens) { // a full one leads on, also where its tokens stand there twice with other rows
            const StoredPrefix rest = longestBehind(block.id, at + blockTokens, tokens.subspan(blockTokens));
            prefix.tokens += rest.tokens;
            prefix.blocks.insert(prefix.blocks.end(), rest.blocks.begin(), rest.blocks.end());
        }
        if (prefix.tokens > longest.tokens) {
            longest = std::move(prefix);
        }
    }
    return longest;
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
        return block;
    } catch (const Error& error) {
        if (error.id() == "session.damaged" || error.id() == "session.checksum" || error.id() == "session.order") {
            remove(id);
        }
        throw;
    }
}

void KvStore::use(const BlockId& id) {
    if (const auto found = m_blocks.find(id.bytes); found != m_blocks.end()) {
        touch(found->second);
    }
}

void KvStore::touch(StoredBlock& block) {
    block.used = ++m_clock;
    std::error_code ignored;
    fs::last_write_time(fileOf(block.id), fs::file_time_type::clock::now(), ignored); // what a restart knows of its use
}

uint64_t KvStore::write(const KvBlock& block, const std::optional<BlockId>& instead_of) {
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
    add({id, block.parent, block.first, block.tokens, bytes.size()});
    if (instead_of && m_children.count(instead_of->bytes) == 0 && m_blocks.count(instead_of->bytes) != 0) {
        if (forget(*instead_of)) {
            m_moves.emplace_back(*instead_of, id);
        }
    }
    return bytes.size();
}

bool KvStore::forget(const BlockId& id) {
    const auto found = m_blocks.find(id.bytes);
    std::error_code error;
    if (!fs::remove(fileOf(id), error) && error) {
        return false;
    }
    const auto [begin, end] = m_children.equal_range(found->second.parent.bytes);
    for (auto child = begin; child != end; ++child) {
        if (child->second == id.bytes) {
            m_children.erase(child);
            break;
        }
    }
    m_bytes -= found->second.bytes;
    m_blocks.erase(found);
    return true;
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
        if (const StoredBlock* block = find(*one)) {
            const BlockId parent = block->parent;
            if (forget(*one)) {
                m_moves.emplace_back(*one, parent);
            }
        }
    }
}

std::vector<std::pair<BlockId, std::optional<BlockId>>> KvStore::takeMoves() {
    std::map<std::array<uint8_t, 16>, BlockId> places;
    for (const auto& [from, to] : m_moves) {
        places.insert_or_assign(from.bytes, to);
    }
    std::vector<std::pair<BlockId, std::optional<BlockId>>> moves;
    for (const auto& [from, to] : m_moves) {
        if (m_blocks.count(from.bytes) != 0) {
            continue; // it was written again
        }
        BlockId left = to;
        for (size_t hops = 0; m_blocks.count(left.bytes) == 0 && hops < m_moves.size(); ++hops) {
            if (const auto next = places.find(left.bytes); next != places.end()) {
                left = next->second;
            }
        }
        moves.emplace_back(from, m_blocks.count(left.bytes) != 0 ? std::optional(left) : std::nullopt);
    }
    m_moves.clear();
    return moves;
}

std::vector<BlockId> KvStore::shrinkTo(uint64_t most) {
    std::set<std::pair<int64_t, std::array<uint8_t, 16>>> ends; // by use
    for (const auto& [id, block] : m_blocks) {
        if (m_children.count(id) == 0) {
            ends.emplace(block.used, id);
        }
    }
    std::vector<BlockId> removed;
    while (m_bytes > most && !ends.empty()) {
        const BlockId oldest{ends.begin()->second};
        const BlockId parent = m_blocks.at(oldest.bytes).parent;
        ends.erase(ends.begin());
        if (!forget(oldest)) {
            continue;
        }
        m_moves.emplace_back(oldest, parent);
        removed.push_back(oldest);
        if (const StoredBlock* left = find(parent); left != nullptr && m_children.count(parent.bytes) == 0) {
            ends.emplace(left->used, parent.bytes);
        }
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
    const auto moves = m_moves; // what no state needs leaves nothing behind
    for (const BlockId& id : doomed) {
        if (m_blocks.count(id.bytes) != 0) {
            remove(id);
        }
    }
    m_moves = moves;
}

} // namespace moescope::session
