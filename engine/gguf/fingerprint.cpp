// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/fingerprint.h"

#include "engine/gguf/atomic_file.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <memory>

namespace moescope::gguf {

namespace fs = std::filesystem;

namespace {

constexpr uint64_t sliceBytes = uint64_t{1} << 20;
constexpr size_t digits = 32;
constexpr size_t mostKept = 256; ///< lines of the file, newest first

std::string stateText(const Reader& file) {
    std::string text;
    for (const auto& part : file.parts()) {
        const FileState state = part->state();
        for (const uint64_t number : {state.device, state.inode, state.size, static_cast<uint64_t>(state.changed)}) {
            if (!text.empty()) {
                text += '-';
            }
            text += std::to_string(number);
        }
    }
    return text;
}

std::string hex(const XXH128_hash_t& hash) {
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, hash);
    static constexpr char nibbles[] = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : bytes.digest) {
        text += nibbles[byte >> 4];
        text += nibbles[byte & 15];
    }
    return text;
}

std::string hashOf(const Reader& file, trace::CancelFlag cancel) {
    const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), XXH3_freeState);
    XXH3_128bits_reset(state.get());
    std::vector<uint8_t> slice;
    for (const auto& part : file.parts()) {
        for (uint64_t at = 0; at < part->size(); at += slice.size()) {
            trace::stopIfCancelled(cancel);
            slice.resize(static_cast<size_t>(std::min(sliceBytes, part->size() - at)));
            part->read(at, slice);
            XXH3_128bits_update(state.get(), slice.data(), slice.size());
        }
    }
    return hex(XXH3_128bits_digest(state.get()));
}

/** Changed so lately that another change may have the same time: file systems count it in steps of up to two seconds. */
bool isYoung(const Reader& file) {
    return std::any_of(file.parts().begin(), file.parts().end(), [](const auto& part) {
        std::error_code error;
        const auto written = fs::last_write_time(part->path(), error);
        return error || fs::file_time_type::clock::now() - written < std::chrono::seconds(3);
    });
}

/** Lines "STATE FINGERPRINT" of a file that anyone may have written into: others are left out. */
std::vector<std::pair<std::string, std::string>> keptIn(const fs::path& path) {
    std::vector<std::pair<std::string, std::string>> kept;
    std::ifstream in(path);
    std::string line;
    while (kept.size() < mostKept && std::getline(in, line)) {
        const size_t space = line.find(' ');
        if (space != std::string::npos && line.size() - space - 1 == digits &&
            line.find_first_not_of("0123456789abcdef", space + 1) == std::string::npos) {
            kept.emplace_back(line.substr(0, space), line.substr(space + 1));
        }
    }
    return kept;
}

} // namespace

std::string fingerprintOf(const Reader& file, const fs::path& cache_folder, trace::CancelFlag cancel) {
    const std::string state = stateText(file);
    const fs::path path = cache_folder / "fingerprints";
    auto kept = cache_folder.empty() ? std::vector<std::pair<std::string, std::string>>() : keptIn(path);
    for (const auto& [of, fingerprint] : kept) {
        if (of == state) {
            return fingerprint;
        }
    }
    std::string fingerprint = hashOf(file, cancel);
    if (stateText(file) != state || isYoung(file)) { // the bytes read may be of two states
        return fingerprint;
    }
    if (!cache_folder.empty()) {
        kept.emplace(kept.begin(), state, fingerprint);
        kept.resize(std::min(kept.size(), mostKept));
        std::string text;
        for (const auto& [of, found] : kept) {
            text += of + ' ' + found + '\n';
        }
        try {
            AtomicFile out(path);
            out.write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
            out.commit();
        } catch (const trace::Error&) { // it is found again the next time
        }
    }
    return fingerprint;
}

} // namespace moescope::gguf
