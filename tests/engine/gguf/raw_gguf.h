// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/error.h"
#include "tests/engine/gguf/raw_bytes.h"

#include <gtest/gtest.h>

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

} // namespace moescope::gguf::test
