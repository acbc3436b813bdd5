// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/pipeline_cache.h"

#include <array>
#include <chrono>
#include <cstring>
#include <fstream>
#include <string>

namespace moescope::vulkan {

namespace {

constexpr uint64_t maxCacheBytes = 256ULL << 20U;
constexpr std::array<char, 8> magic{'M', 'O', 'E', 'P', 'I', 'P', 'E', '1'};

/** Before the driver's own data: damage is found here, as not every driver survives it. */
struct FileHeader {
    std::array<char, 8> magic;
    uint64_t bytes;
    uint64_t checksum;
};

/** FNV-1a. */
uint64_t checksumOf(const std::vector<uint8_t>& data) {
    uint64_t hash = 0xCBF29CE484222325ULL;
    for (const uint8_t byte : data) {
        hash = (hash ^ byte) * 0x100000001B3ULL;
    }
    return hash;
}

std::string hex(uint64_t value, int digits) {
    std::string text;
    for (int i = digits - 1; i >= 0; --i) {
        text += "0123456789abcdef"[(value >> (4 * i)) & 15U];
    }
    return text;
}

bool isOfDriver(const std::vector<uint8_t>& data, const VkPhysicalDeviceProperties& properties) {
    VkPipelineCacheHeaderVersionOne header{};
    if (data.size() < sizeof(header)) {
        return false;
    }
    std::memcpy(&header, data.data(), sizeof(header));
    return header.headerSize >= sizeof(header) && header.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE &&
           header.vendorID == properties.vendorID && header.deviceID == properties.deviceID &&
           std::memcmp(header.pipelineCacheUUID, properties.pipelineCacheUUID, VK_UUID_SIZE) == 0;
}

} // namespace

std::filesystem::path deviceCacheFile(const std::filesystem::path& folder, const VkPhysicalDeviceProperties& properties,
                                      uint64_t shader_hash, const std::string& what, const std::string& suffix) {
    if (folder.empty()) {
        return {};
    }
    std::string name = what + "-";
    for (const uint8_t byte : properties.pipelineCacheUUID) {
        name += hex(byte, 2);
    }
    return folder / (name + "-" + hex(properties.driverVersion, 8) + "-" + hex(shader_hash, 16) + suffix);
}

std::vector<uint8_t> readPipelineCache(const std::filesystem::path& file,
                                       const VkPhysicalDeviceProperties& properties) {
    try {
        std::error_code error;
        if (file.empty() || !std::filesystem::is_regular_file(file, error)) {
            return {};
        }
        const uint64_t size = std::filesystem::file_size(file, error);
        FileHeader header{};
        if (error || size < sizeof(header) || size > maxCacheBytes) {
            return {};
        }
        std::ifstream in(file, std::ios::binary);
        in.read(reinterpret_cast<char*>(&header), sizeof(header));
        if (!in || header.magic != magic || header.bytes != size - sizeof(header)) {
            return {};
        }
        std::vector<uint8_t> data(header.bytes);
        in.read(reinterpret_cast<char*>(data.data()), static_cast<std::streamsize>(data.size()));
        if (!in || header.checksum != checksumOf(data) || !isOfDriver(data, properties)) {
            return {};
        }
        return data;
    } catch (const std::exception&) {
        return {}; // as good as no cache: pipelines are compiled anew
    }
}

bool writePipelineCache(const std::filesystem::path& file, const std::vector<uint8_t>& data) {
    std::filesystem::path temporary;
    std::error_code error;
    try {
        std::filesystem::create_directories(file.parent_path(), error);
        temporary = file;
        // Two programs that save at once must not write into one file.
        temporary += ".";
        temporary += hex(static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()), 16);
        const FileHeader header{magic, data.size(), checksumOf(data)};
        std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
        out.write(reinterpret_cast<const char*>(&header), sizeof(header));
        out.write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
        out.close();
        if (out) {
            std::filesystem::rename(temporary, file, error);
            if (!error) {
                return true;
            }
        }
    } catch (const std::exception&) {
        error = std::make_error_code(std::errc::io_error);
    }
    std::filesystem::remove(temporary, error);
    return false;
}

} // namespace moescope::vulkan
