// SPDX-License-Identifier: Apache-2.0
#include "engine/session/session_file.h"

#include "engine/gguf/file_text.h"

#include <array>
#include <cstring>

namespace moescope::session {

using trace::Error;

namespace {

constexpr std::array<char, 8> magic = {'M', 'S', 'K', 'V', 'F', 'I', 'L', 'E'};
constexpr uint32_t version = 1;
constexpr uint32_t mostKeyBytes = 1U << 20; ///< a bias for each of 48 × 128 experts takes 120 KiB

struct FileHeader {
    std::array<char, 8> magic;
    uint32_t version;
    uint32_t key_bytes;
    uint32_t block_tokens;
    uint32_t reserved;
};
static_assert(sizeof(FileHeader) == 24 && std::is_trivially_copyable_v<FileHeader>);

Error notASession(const gguf::MappedFile& file) {
    return Error("session.file", "“{path}” is no saved KV cache.", {{"path", gguf::shownPath(file.path())}});
}

template <typename T>
std::span<uint8_t> bytesOf(T& value) {
    return {reinterpret_cast<uint8_t*>(&value), sizeof(value)};
}

} // namespace

bool SessionReader::isSession(const std::filesystem::path& path) {
    try {
        const gguf::MappedFile file(path);
        std::array<char, magic.size()> begin{};
        if (file.size() >= begin.size()) {
            file.read(0, bytesOf(begin));
        }
        return file.size() == 0 || begin == magic;
    } catch (const Error&) {
        return false;
    }
}

SessionReader::SessionReader(const std::filesystem::path& path) : m_file(path) {
    FileHeader header{};
    if (m_file.size() < sizeof(header)) {
        throw notASession(m_file);
    }
    m_file.read(0, bytesOf(header));
    if (header.magic != magic) {
        throw notASession(m_file);
    }
    if (header.version != version) {
        throw Error("session.version", "“{path}” is a saved KV cache of version {version}, and {known} is known.",
                    {{"path", gguf::shownPath(path)},
                     {"version", std::to_string(header.version)},
                     {"known", std::to_string(version)}});
    }
    if (header.key_bytes > mostKeyBytes || header.key_bytes > m_file.size() - sizeof(header) ||
        header.block_tokens == 0 || header.block_tokens > blockTokens || header.reserved != 0) {
        throw notASession(m_file);
    }
    std::string text(header.key_bytes, '\0');
    m_file.read(sizeof(header), {reinterpret_cast<uint8_t*>(text.data()), text.size()});
    std::optional<KvKey> key = keyFromText(text);
    if (!key) {
        throw notASession(m_file);
    }
    m_key = std::move(*key);
    m_blockTokens = header.block_tokens;
    m_parent = rootOf(m_key);
    m_at = sizeof(header) + header.key_bytes;
}

void SessionReader::readInto(Space& space) const {
    const uint64_t left = m_file.size() - m_at;
    space.used = 0;
    if (left == 0) {
        return;
    }
    const auto cutShort = [] {
        return Error("session.damaged", "A block of the saved KV cache is damaged: {what}.",
                     {{"what", "it is cut short"}});
    };
    std::array<uint8_t, blockHeaderBytes> head{};
    if (left < head.size()) {
        throw cutShort();
    }
    m_file.read(m_at, head);
    const uint64_t bytes = readHeader(head, shape()).bytes();
    if (bytes > left) {
        throw cutShort();
    }
    if (bytes > space.room) {
        space.bytes = std::make_unique_for_overwrite<uint8_t[]>(bytes);
        space.room = bytes;
        gguf::preferHugePages(space.bytes.get(), bytes);
    }
    m_file.read(m_at, std::span(space.bytes.get(), bytes));
    space.used = bytes;
}

std::optional<BlockView> SessionReader::next() {
    const auto readAhead = [this] {
        m_ahead = std::async(std::launch::async, [this, &space = m_spaces[m_turn]] { readInto(space); });
    };
    if (!m_ahead.valid()) {
        readAhead();
    }
    m_ahead.get();
    const Space& space = m_spaces[m_turn];
    if (space.used == 0) {
        return std::nullopt;
    }
    m_turn = 1 - m_turn;
    m_at += space.used;
    readAhead();
    BlockView block = viewOf({space.bytes.get(), space.used}, shape());
    if (m_isPartial || block.first != m_tokens || !(block.parent == m_parent)) {
        throw Error("session.order", "The blocks of the saved KV cache do not follow one another.");
    }
    m_tokens += static_cast<uint32_t>(block.tokens.size());
    m_parent = block.id();
    m_isPartial = block.tokens.size() < m_blockTokens;
    return block;
}

SessionWriter::SessionWriter(const std::filesystem::path& path, const KvKey& key, uint32_t block_tokens)
    : m_file(path, gguf::Readers::Owner), m_parent(rootOf(key)) {
    const std::string text = toText(key);
    FileHeader header{magic, version, static_cast<uint32_t>(text.size()), block_tokens, 0};
    m_file.write(bytesOf(header));
    m_file.write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

void SessionWriter::add(KvBlock block) {
    block.parent = m_parent;
    block.first = m_tokens;
    m_file.write(toBytes(block));
    m_parent = block.id();
    m_tokens += static_cast<uint32_t>(block.tokens.size());
}

} // namespace moescope::session
