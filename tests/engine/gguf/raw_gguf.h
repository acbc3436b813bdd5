// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/error.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <string_view>

namespace moescope::gguf::test {

namespace fs = std::filesystem;

/** A folder of its own, in memory where the system has that, removed at the end. */
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::error_code error;
        const fs::path base = fs::is_directory("/dev/shm", error) ? fs::path("/dev/shm") : fs::temp_directory_path();
        std::random_device random;
        do {
            m_path = base / ("moescope-test-" + std::to_string(random()) + std::to_string(random()));
        } while (!fs::create_directory(m_path));
    }
    ~TemporaryFolder() {
        std::error_code error;
        fs::remove_all(m_path, error);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const fs::path& path() const { return m_path; }
    fs::path operator/(const fs::path& name) const { return m_path / name; }

private:
    fs::path m_path;
};

inline void writeFile(const fs::path& path, std::string_view bytes) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    ASSERT_TRUE(out.flush()) << path;
}

inline std::string readFile(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    EXPECT_TRUE(in) << path;
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/** The error of `action`, whose id must be `id`. */
inline std::string sentenceOf(const std::string& id, const std::function<void()>& action) {
    try {
        action();
    } catch (const trace::Error& error) {
        EXPECT_EQ(error.id(), id) << error.what();
        EXPECT_EQ(std::string_view(error.what()).find('{'), std::string_view::npos) << error.what();
        return error.what();
    }
    ADD_FAILURE() << "no error, but " << id << " was due";
    return {};
}

/** The bytes of a GGUF file, true or lying, one field at a time. */
class Raw {
public:
    template <typename T>
    Raw& number(T value) {
        std::string bytes(sizeof(T), '\0');
        std::memcpy(bytes.data(), &value, sizeof(T));
        m_bytes += bytes;
        return *this;
    }
    Raw& u32(uint32_t value) { return number(value); }
    Raw& u64(uint64_t value) { return number(value); }
    Raw& bytes(std::string_view value) {
        m_bytes += value;
        return *this;
    }
    Raw& text(std::string_view value) { return u64(value.size()).bytes(value); }
    Raw& head(uint64_t tensors, uint64_t keys, uint32_t version = 3) {
        return bytes("GGUF").u32(version).u64(tensors).u64(keys);
    }
    Raw& u32Entry(std::string_view key, uint32_t value) { return text(key).u32(4).u32(value); }
    Raw& tensor(std::string_view name, std::initializer_list<uint64_t> shape, uint32_t type, uint64_t offset) {
        text(name).u32(static_cast<uint32_t>(shape.size()));
        for (const uint64_t size : shape) {
            u64(size);
        }
        return u32(type).u64(offset);
    }
    /** Zeros up to a multiple of `step`, then `count` more. */
    Raw& data(uint64_t count, uint64_t step = 32) {
        m_bytes.resize((m_bytes.size() + step - 1) / step * step + count, '\0');
        return *this;
    }
    const std::string& str() const { return m_bytes; }

private:
    std::string m_bytes;
};

} // namespace moescope::gguf::test
