// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/file_text.h"
#include "engine/gguf/mapped_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <vector>

namespace moescope::gguf {

/** The bytes of a header from the front, read ahead in large pieces and never past the file's end. */
class HeaderSource {
public:
    explicit HeaderSource(const MappedFile& file) : m_file(file), m_end(std::min(file.size(), mostBytes)) {}

    uint64_t position() const { return m_position; }
    /** Bytes left for the header; memory is asked for only after a count was held against it. */
    uint64_t remaining() const { return m_end - m_position; }

    void read(void* out, uint64_t bytes) {
        if (bytes > remaining()) {
            failShort();
        }
        if (bytes > m_piece.size() - m_used) {
            refill(out, bytes);
            return;
        }
        std::memcpy(out, m_piece.data() + m_used, bytes);
        m_used += bytes;
        m_position += bytes;
    }

    /** A little-endian number. */
    template <typename T>
    T get() {
        static_assert(std::endian::native == std::endian::little || std::endian::native == std::endian::big);
        std::array<uint8_t, sizeof(T)> bytes{};
        read(bytes.data(), bytes.size());
        if constexpr (std::endian::native == std::endian::big) {
            std::reverse(bytes.begin(), bytes.end());
        }
        return std::bit_cast<T>(bytes);
    }

    /** A text with its length before it; `what` is for the sentence when it is longer than `most` or the file. */
    std::string text(uint64_t most, const std::string& what) {
        const auto length = get<uint64_t>();
        if (length > most || length > remaining()) {
            throw trace::Error("gguf.text_length",
                               "The file “{file}” claims {bytes} bytes for {what}, more than there can be. Download it "
                               "again.",
                               {{"file", shownName(m_file.path())}, {"bytes", trace::grouped(length)}, {"what", what}});
        }
        std::string text(length, '\0');
        read(text.data(), length);
        return text;
    }

private:
    /** The largest headers in use have some 20 MiB; whatever claims more is not a model. */
    static constexpr uint64_t mostBytes = uint64_t{64} << 20;
    static constexpr uint64_t pieceBytes = uint64_t{256} << 10;

    [[noreturn]] void failShort() const {
        if (m_end < m_file.size()) {
            throw trace::Error("gguf.header_size",
                               "The file “{file}” has more than {most} of metadata, which no model needs.",
                               {{"file", shownName(m_file.path())}, {"most", trace::bytesText(mostBytes)}});
        }
        throw trace::Error("gguf.truncated_header",
                           "The file “{file}” ends after {bytes} bytes, inside its metadata. Download it again.",
                           {{"file", shownName(m_file.path())}, {"bytes", trace::grouped(m_file.size())}});
    }

    /** read() of more than the piece still holds: first what is left there, then the rest from the file. */
    void refill(void* out, uint64_t bytes) {
        auto* to = static_cast<uint8_t*>(out);
        const uint64_t left = m_piece.size() - m_used;
        if (left > 0) {
            std::memcpy(to, m_piece.data() + m_used, left);
        }
        m_position += left;
        const uint64_t missing = bytes - left;
        if (missing >= pieceBytes) {
            m_file.read(m_position, {to + left, missing});
            m_piece.clear();
            m_used = 0;
        } else {
            m_piece.resize(std::min(pieceBytes, m_file.size() - m_position));
            m_file.read(m_position, m_piece);
            std::memcpy(to + left, m_piece.data(), missing);
            m_used = missing;
        }
        m_position += missing;
    }

    const MappedFile& m_file;
    uint64_t m_end;
    uint64_t m_position = 0;
    std::vector<uint8_t> m_piece; ///< m_used bytes of it are already given out
    size_t m_used = 0;
};

} // namespace moescope::gguf
