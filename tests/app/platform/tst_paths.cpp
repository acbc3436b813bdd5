// SPDX-License-Identifier: Apache-2.0
#include "app/platform/paths.h"
#include "engine/trace/error.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

namespace moescope::platform {
namespace {

namespace fs = std::filesystem;

/** Sets or, with nothing, takes away a variable for the life of this. */
class Variable {
public:
    Variable(const char* name, const std::optional<std::string>& value) : m_name(name) {
        if (const char* before = std::getenv(name)) {
            m_before = before;
        }
        set(value);
    }
    ~Variable() { set(m_before); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    void set(const std::optional<std::string>& value) const {
        if (value) {
            setenv(m_name, value->c_str(), 1);
        } else {
            unsetenv(m_name);
        }
    }
    const char* m_name;
    std::optional<std::string> m_before;
};

class Paths : public ::testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "moescope-paths-XXXXXX").string();
        folder = mkdtemp(pattern.data());
    }
    void TearDown() override {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
    }
    fs::path folder;
};

TEST_F(Paths, FollowTheXdgVariablesThenHome) {
    const Variable home("HOME", folder.string());
    {
        const Variable data("XDG_DATA_HOME", (folder / "data").string());
        const Variable cache("XDG_CACHE_HOME", (folder / "cache").string());
        EXPECT_EQ(dataFolder(), folder / "data" / "moescope");
        EXPECT_EQ(cacheFolder(), folder / "cache" / "moescope");
    }
    for (const std::optional<std::string>& none :
         {std::optional<std::string>(), std::optional<std::string>(""), std::optional<std::string>("relative/path")}) {
        const Variable data("XDG_DATA_HOME", none);
        const Variable cache("XDG_CACHE_HOME", none);
        EXPECT_EQ(dataFolder(), folder / ".local/share/moescope");
        EXPECT_EQ(cacheFolder(), folder / ".cache/moescope");
    }
}

TEST_F(Paths, WithoutHomeTheUserDatabaseSaysWhere) {
    const Variable data("XDG_DATA_HOME", std::nullopt);
    for (const std::optional<std::string>& none :
         {std::optional<std::string>(), std::optional<std::string>(""), std::optional<std::string>("not/absolute")}) {
        const Variable home("HOME", none);
        try {
            EXPECT_TRUE(dataFolder().is_absolute());
        } catch (const trace::Error& error) { // a user without an entry
            EXPECT_EQ(error.id(), "paths.home");
        }
    }
}

TEST_F(Paths, AUserWithoutAnyHomeIsASentenceForDataAndNoCache) {
    if (geteuid() != 0) {
        GTEST_SKIP() << "only an administrator can become a user who is not in the user database";
    }
    const Variable data("XDG_DATA_HOME", std::nullopt);
    const Variable cache("XDG_CACHE_HOME", std::nullopt);
    const Variable home("HOME", std::nullopt);
    const pid_t child = fork();
    if (child == 0) {
        if (setgroups(0, nullptr) != 0 || setgid(54321) != 0 || setuid(54321) != 0) {
            _exit(10);
        }
        try {
            dataFolder();
            _exit(11);
        } catch (const trace::Error& error) {
            if (error.id() != "paths.home" || std::string(error.what()).find("Set HOME") == std::string::npos) {
                _exit(12);
            }
        }
        _exit(cacheFolder().empty() && usableCacheFolder().empty() ? 0 : 13);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(Paths, ACacheThatCannotBeIsNone) {
    const Variable mesa("MESA_SHADER_CACHE_DISABLE", std::nullopt);
    std::ofstream(folder / "file") << "x";
    for (const std::string& bad : {(folder / "file").string(), std::string("/proc/moescope")}) {
        const Variable cache("XDG_CACHE_HOME", bad);
        EXPECT_EQ(usableCacheFolder(), fs::path()) << bad;
    }
    const Variable cache("XDG_CACHE_HOME", (folder / "new").string());
    EXPECT_EQ(usableCacheFolder(), folder / "new" / "moescope");
    EXPECT_TRUE(fs::is_directory(folder / "new" / "moescope"));
}

} // namespace
} // namespace moescope::platform
