// SPDX-License-Identifier: Apache-2.0
#include "tests/app/cli/program.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <stdlib.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace moescope::test {

namespace fs = std::filesystem;

nlohmann::json Outcome::json() const {
    if (code != 0) {
        throw std::runtime_error("exit " + std::to_string(code) + ": " + err);
    }
    return nlohmann::json::parse(out);
}

bool Outcome::isFailure() const {
    return code == 1 && std::count(err.begin(), err.end(), '\n') == 1 && err.size() > 10;
}

Outcome runProgram(const char* program, const std::vector<std::string>& arguments, const Environment& environment) {
    const fs::path out = scratch() / "stdout";
    const fs::path err = scratch() / "stderr";
    const pid_t child = fork();
    if (child == 0) {
        for (const auto& [name, value] : environment) {
            if (value == unset) {
                unsetenv(name.c_str());
            } else {
                setenv(name.c_str(), value.c_str(), 1);
            }
        }
        const auto redirect = [](const char* path, int flags, int descriptor) {
            const int file = open(path, flags, 0600);
            if (file < 0 || dup2(file, descriptor) < 0) {
                _exit(126);
            }
        };
        redirect("/dev/null", O_RDONLY, 0);
        redirect(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 1);
        redirect(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 2);
        std::vector<char*> argv{const_cast<char*>(program)};
        for (const std::string& argument : arguments) {
            argv.push_back(const_cast<char*>(argument.c_str()));
        }
        argv.push_back(nullptr);
        execv(program, argv.data());
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        throw std::runtime_error("the program cannot be run");
    }
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status), readAll(out), readAll(err)};
}

Outcome runCli(const std::vector<std::string>& arguments, const Environment& environment) {
    return runProgram(MOESCOPE_CLI, arguments, environment);
}

const fs::path& scratch() {
    struct Folder {
        fs::path path;
        Folder() {
            std::string pattern = (fs::temp_directory_path() / "moescope-cli-test-XXXXXX").string();
            path = mkdtemp(pattern.data());
        }
        ~Folder() {
            std::error_code ignored;
            fs::remove_all(path, ignored);
        }
    };
    static const Folder folder;
    return folder.path;
}

fs::path goldenFolder() { return fs::path(MOESCOPE_TEST_DATA) / "golden" / "large_like"; }

fs::path secondModel() { return fs::path(MOESCOPE_TEST_DATA) / "second" / "second.gguf"; }

const fs::path& goldenModel() {
    static const fs::path model = [] {
        const fs::path target = scratch() / "large_like.gguf";
        const Outcome made = runCli({"convert", goldenFolder().string(), target.string(), "--type", "f32"});
        if (made.code != 0) {
            throw std::runtime_error("large_like cannot be converted: " + made.err);
        }
        return target;
    }();
    return model;
}

std::string readAll(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

void writeAll(const fs::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

bool hasTerminals() {
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0) {
        return false;
    }
    const char* name = grantpt(terminal) == 0 && unlockpt(terminal) == 0 ? ptsname(terminal) : nullptr;
    const int other = name != nullptr ? open(name, O_RDWR | O_NOCTTY) : -1;
    if (other >= 0) {
        close(other);
    }
    close(terminal);
    return other >= 0;
}

} // namespace moescope::test
