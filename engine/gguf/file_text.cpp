// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/file_text.h"

#include "engine/trace/utf8.h"

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace moescope::gguf {

namespace {

bool isControl(std::string_view sequence) {
    const auto first = static_cast<uint8_t>(sequence[0]);
    return first < 0x20 || first == 0x7f || (first == 0xc2 && static_cast<uint8_t>(sequence[1]) < 0xa0);
}

std::string shown(const std::filesystem::path& path) {
    const std::u8string raw = path.u8string();
    const std::string text(raw.begin(), raw.end());
    std::string clean;
    for (size_t at = 0; at < text.size();) {
        const trace::Utf8Sequence found = trace::utf8At(text, at);
        const std::string_view sequence = std::string_view(text).substr(at, found.valid ? found.bytes : 1);
        if (!found.valid || isControl(sequence)) {
            clean += '?';
        } else {
            clean += sequence;
        }
        at += sequence.size();
    }
    return clean;
}

} // namespace

bool isUtf8(std::string_view text) { return !trace::firstInvalidUtf8(text); }

bool isPlainName(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
        const trace::Utf8Sequence sequence = trace::utf8At(text, at);
        if (!sequence.valid || isControl(text.substr(at, sequence.bytes))) {
            return false;
        }
        at += sequence.bytes;
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
