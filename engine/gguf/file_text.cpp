// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/file_text.h"

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace moescope::gguf {

namespace {

/** Bytes of the well-formed sequence at `at`, 0 if there is none. */
size_t sequenceLength(std::string_view text, size_t at) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[at + i]); };
    const uint8_t lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() - at < length) {
        return 0;
    }
    for (size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) {
            return 0;
        }
    }
    const uint8_t second = byte(1);
    const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    const bool surrogate = lead == 0xed && second >= 0xa0;
    const bool beyond = lead == 0xf4 && second >= 0x90;
    return overlong || surrogate || beyond ? 0 : length;
}

bool isControl(std::string_view sequence) {
    const auto first = static_cast<uint8_t>(sequence[0]);
    return first < 0x20 || first == 0x7f || (first == 0xc2 && static_cast<uint8_t>(sequence[1]) < 0xa0);
}

std::string shown(const std::filesystem::path& path) {
    const std::u8string raw = path.u8string();
    const std::string text(raw.begin(), raw.end());
    std::string clean;
    for (size_t at = 0; at < text.size();) {
        const size_t length = sequenceLength(text, at);
        const std::string_view sequence = std::string_view(text).substr(at, length == 0 ? 1 : length);
        if (length == 0 || isControl(sequence)) {
            clean += '?';
        } else {
            clean += sequence;
        }
        at += sequence.size();
    }
    return clean;
}

} // namespace

bool isUtf8(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
        const size_t length = sequenceLength(text, at);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

bool isPlainName(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
        const size_t length = sequenceLength(text, at);
        if (length == 0 || isControl(text.substr(at, length))) {
            return false;
        }
        at += length;
    }
    return true;
}

std::string shownPath(const std::filesystem::path& path) { return shown(path); }

std::string shownName(const std::filesystem::path& path) { return shown(path.has_filename() ? path.filename() : path); }

trace::Error openError(const std::filesystem::path& path, int code) {
    const std::error_code error(code, std::system_category());
    if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) {
        return trace::Error("file.missing", "There is no file “{path}”.", {{"path", shownPath(path)}});
    }
    if (error == std::errc::permission_denied || error == std::errc::operation_not_permitted) {
        return trace::Error("file.denied", "You are not allowed to read “{path}”.", {{"path", shownPath(path)}});
    }
    return trace::Error("file.open", "“{path}” cannot be opened: {reason}.",
                        {{"path", shownPath(path)}, {"reason", error.message()}});
}

void requireRegular(const std::filesystem::path& path) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    switch (status.type()) {
    case fs::file_type::regular: return;
    case fs::file_type::not_found: throw openError(path, ENOENT);
    case fs::file_type::directory:
        throw trace::Error("file.folder", "“{path}” is a folder, but a file is needed.", {{"path", shownPath(path)}});
    case fs::file_type::none: throw openError(path, error.value());
    default: break;
    }
    const std::string kind = status.type() == fs::file_type::fifo     ? "a pipe"
                             : status.type() == fs::file_type::socket ? "a socket"
                                                                      : "a device";
    throw trace::Error("file.special", "“{path}” is {kind}, but a regular file is needed.",
                       {{"path", shownPath(path)}, {"kind", kind}});
}

} // namespace moescope::gguf
