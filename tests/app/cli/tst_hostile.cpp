// SPDX-License-Identifier: Apache-2.0
// What a model writes reaches a terminal without what the terminal would obey, and what a person gives is read as text.
#include "tests/app/cli/program.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace moescope::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/** Runs moescope-cli with a terminal as its output (and, if `talk` is set, as its input, where it is typed). Bytes as the
 *  program wrote them, but "\r\n" for each end of a line; stderr goes to nowhere. */
std::string runInTerminal(const std::vector<std::string>& arguments, const std::string* talk = nullptr) {
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) {
        throw std::runtime_error("there is no terminal");
    }
    const std::string name = ptsname(terminal);
    const pid_t child = fork();
    if (child == 0) {
        setsid();
        const int own = open(name.c_str(), O_RDWR);
        const int nowhere = open("/dev/null", O_RDWR);
        if (own < 0 || nowhere < 0 || dup2(talk != nullptr ? own : nowhere, 0) < 0 || dup2(own, 1) < 0 ||
            dup2(nowhere, 2) < 0) {
            _exit(126);
        }
        std::vector<char*> argv{const_cast<char*>("moescope-cli")};
        for (const std::string& argument : arguments) {
            argv.push_back(const_cast<char*>(argument.c_str()));
        }
        argv.push_back(nullptr);
        execv(MOESCOPE_CLI, argv.data());
        _exit(127);
    }
    if (child < 0) {
        throw std::runtime_error("the program cannot be run");
    }
    std::string all;
    bool typed = talk == nullptr;
    for (char buffer[4096];;) {
        pollfd waiting{terminal, POLLIN, 0};
        if (poll(&waiting, 1, 60'000) <= 0) {
            kill(child, SIGKILL);
            break;
        }
        const ssize_t count = read(terminal, buffer, sizeof buffer);
        if (count <= 0) {
            break; // EIO: the program has ended
        }
        all.append(buffer, static_cast<size_t>(count));
        if (!typed && all.find("> ") != std::string::npos) {
            typed = true;
            if (write(terminal, talk->data(), talk->size()) != static_cast<ssize_t>(talk->size())) {
                throw std::runtime_error("the terminal takes no text");
            }
        }
    }
    close(terminal);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status << ": " << all;
    return all;
}

std::string withoutReturns(std::string text) {
    std::erase(text, '\r');
    return text;
}

int tokenOf(const std::string& text) {
    const Json ids = runCli({"tokenize", "-m", goldenModel().string(), "-p", text, "--json"}).json().at("tokens");
    return ids.size() == 1 ? ids.at(0).get<int>() : -1;
}

/** A model that can only say ESC and BEL: in its output matrix, the row of the one is the other's turned round, and every
 *  other row is zero. */
fs::path rudeModel() {
    const fs::path folder = scratch() / "rude";
    fs::create_directories(folder);
    for (const auto& entry : fs::directory_iterator(goldenFolder().parent_path() / "untied")) {
        fs::copy_file(entry.path(), folder / entry.path().filename(), fs::copy_options::overwrite_existing);
    }
    std::string bytes = readAll(folder / "model.safetensors");
    uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    const Json head = Json::parse(bytes.substr(8, length)).at("lm_head.weight");
    if (head.at("dtype") != "BF16") {
        throw std::runtime_error("the golden model is not BF16");
    }
    const size_t width = head.at("shape").at(1);
    const size_t rows = head.at("shape").at(0);
    const auto bf16 = [](float value) { // the numbers below are whole and small: nothing is rounded
        uint32_t bits = 0;
        std::memcpy(&bits, &value, sizeof bits);
        return static_cast<uint16_t>(bits >> 16U);
    };
    std::vector<uint16_t> matrix(rows * width, 0);
    for (size_t i = 0; i < width; ++i) {
        matrix[static_cast<size_t>(tokenOf("\x1B")) * width + i] = bf16(static_cast<float>(i + 1));
        matrix[static_cast<size_t>(tokenOf("\a")) * width + i] = bf16(-static_cast<float>(i + 1));
    }
    std::memcpy(bytes.data() + 8 + length + head.at("data_offsets").at(0).get<size_t>(), matrix.data(),
                matrix.size() * sizeof(uint16_t));
    writeAll(folder / "model.safetensors", bytes);
    const fs::path model = scratch() / "rude.gguf";
    EXPECT_EQ(runCli({"convert", folder.string(), model.string(), "--type", "f32"}).code, 0);
    return model;
}

class Terminal : public ::testing::Test {
protected:
    void SetUp() override {
        if (!hasTerminals()) {
            GTEST_SKIP() << "This machine gives out no pseudo-terminals: what a terminal is shown was not tested.";
        }
    }
};

TEST_F(Terminal, DecodedTextIsStrippedOfWhatATerminalWouldObey) {
    const std::string rude = "red \x1B[31mtext\x1B[0m, \x1B]0;a title\a, bell \a and \x1B]52;c;aGk=\x1B\\ done";
    const Json tokens = runCli({"tokenize", "-m", goldenModel().string(), "-p", rude, "--json"}).json().at("tokens");
    std::string ids;
    for (const auto& id : tokens) {
        ids += ids.empty() ? "" : ",";
        ids += std::to_string(id.get<int>());
    }
    const std::vector<std::string> arguments{"tokenize", "-m", goldenModel().string(), "--decode", ids};
    EXPECT_EQ(runCli(arguments).out, rude + "\n") << "into a file it is written as it is";
    EXPECT_EQ(withoutReturns(runInTerminal(arguments)), "red text, , bell  and  done\n");
}

TEST_F(Terminal, AnAnswerOfEscapesIsStripped) {
    ASSERT_GE(tokenOf("\x1B"), 0);
    ASSERT_GE(tokenOf("\a"), 0);
    const std::string model = rudeModel().string();
    const std::vector<std::string> arguments{"run", "-m", model,    "--tokens", "5,6,7",
                                             "-n",  "24", "--temp", "0",        "--ignore-eos"};
    const std::string written = runCli(arguments).out;
    EXPECT_EQ(written.size(), 25U) << "24 controls and the end of the line";
    EXPECT_EQ(written.find_first_not_of("\x1B\a\n"), std::string::npos);
    EXPECT_EQ(withoutReturns(runInTerminal(arguments)), "\n");
}

TEST_F(Terminal, AChatIsStripped) {
    const std::string model = rudeModel().string();
    // The terminal echoes what is typed; all else that it gets is the program's.
    const std::string talk = "/nothing\n/quit\n";
    const std::string all = runInTerminal({"chat", "-m", model, "--temp", "0", "--ctx", "64"}, &talk);
    EXPECT_TRUE(has(all, "There is no command “/nothing”")) << all;
    const std::string ask = "Hello\n/quit\n";
    const std::string answered = runInTerminal({"chat", "-m", model, "--temp", "0", "--ctx", "40"}, &ask);
    EXPECT_TRUE(has(answered, "\n> ") || has(answered, "\n\r\n> ")) << answered << ": nothing came after the answer";
    EXPECT_EQ(answered.find('\x1B'), std::string::npos) << answered;
    EXPECT_EQ(answered.find('\a'), std::string::npos) << answered;
}

TEST_F(Terminal, WhatIsSaidOfAFileIsStripped) {
    const fs::path file = scratch() / "\x1B[31mred\x1B]0;title\a.gguf";
    writeAll(file, "no model");
    for (const fs::path& path : {file, scratch() / "\x1B[2Jnone.gguf"}) {
        const Outcome info = runCli({"info", "-m", path.string()});
        EXPECT_TRUE(info.isFailure()) << info.code << info.err;
        EXPECT_EQ(info.err.find_first_of("\x1B\a"), std::string::npos) << info.err;
    }
    // A name inside a file is told as it stands to another program, and without its commands to a terminal.
    const fs::path folder = scratch() / "named";
    fs::create_directories(folder);
    for (const auto& entry : fs::directory_iterator(goldenFolder())) {
        fs::copy_file(entry.path(), folder / entry.path().filename(), fs::copy_options::overwrite_existing);
    }
    Json config = Json::parse(readAll(folder / "config.json"));
    config["_name_or_path"] = "Fox \x1B[31mred\x1B[0m";
    writeAll(folder / "config.json", config.dump());
    const std::string model = (scratch() / "named.gguf").string();
    ASSERT_EQ(runCli({"convert", folder.string(), model}).code, 0);
    const std::string shown = runInTerminal({"info", "-m", model});
    EXPECT_TRUE(has(shown, "Fox red")) << shown;
    EXPECT_EQ(shown.find('\x1B'), std::string::npos) << shown;
}

TEST(ControlTokens, InTextOfPersonsAreText) {
    const std::string model = goldenModel().string();
    const Json run = runCli({"run", "-m", model, "--system", "<|eos|> kind <|extra_4|>", "-p", "Hi <|eos|><|extra_0|>",
                             "-n", "1", "--temp", "0", "--json"})
                         .json();
    int controls = 0;
    for (const auto& id : run.at("prompt_tokens")) {
        const std::string piece =
            runCli({"tokenize", "-m", model, "--decode", std::to_string(id.get<int>()), "--json"}).json().at("text");
        EXPECT_NE(piece, "<|eos|>");
        controls += piece.starts_with("<|") ? 1 : 0;
    }
    EXPECT_EQ(controls, 3) << "those that the template writes";
}

// A terminal that closes and a system that shuts down end it as Ctrl-C does: without half a file.
TEST(Signals, EndAWriteWithoutAnythingLeftOfIt) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        const fs::path folder = scratch() / ("ended-" + std::to_string(signal));
        fs::create_directory(folder);
        const std::string file = (folder / "model.gguf").string();
        const pid_t child = fork();
        if (child == 0) {
            std::signal(signal, SIG_DFL); // whatever the tests were started with
            const int nowhere = open("/dev/null", O_RDWR);
            dup2(nowhere, 1);
            dup2(nowhere, 2);
            execl(MOESCOPE_CLI, "moescope-cli", "synth", "--like", "tiny", "--type", "f32", file.c_str(), nullptr);
            _exit(127);
        }
        ASSERT_GT(child, 0);
        const auto begun = [&] { return fs::directory_iterator(folder) != fs::directory_iterator(); };
        for (int i = 0; i < 2000 && !begun(); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        EXPECT_TRUE(begun()) << signal;
        kill(child, signal);
        int status = 0;
        waitpid(child, &status, 0);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << signal << ": " << status;
        EXPECT_FALSE(begun()) << signal;
        fs::remove_all(folder);
    }
}

TEST(Files, WhatIsNoFileIsNoInputEither) {
    const std::string model = goldenModel().string();
    for (const std::string& path : {scratch().string(), std::string("/dev/zero"), (scratch() / "none").string()}) {
        for (const auto& arguments : std::vector<std::vector<std::string>>{
                 {"tokenize", "-m", model, "--file", path},
                 {"template", "-m", model, "--chat", path},
                 {"run", "-m", model, "--chat", path},
                 {"trace", "-m", path, "--tokens", "1", "--out", (scratch() / "t").string()},
                 {"chat", "-m", path},
                 {"bench", "-m", path},
                 {"perplexity", "-m", model, "-f", path},
                 {"perplexity", "-m", path, "-f", model},
                 {"plan", "--config", path},
                 {"convert", path, (scratch() / "out.gguf").string()}}) {
            const Outcome outcome = runCli(arguments);
            EXPECT_TRUE(outcome.isFailure()) << arguments[0] << " " << path << ": " << outcome.code << outcome.err;
        }
    }
    EXPECT_FALSE(fs::exists(scratch() / "out.gguf"));
}

TEST(Input, APromptOfAHundredMegabytesIsASentence) {
    const fs::path file = scratch() / "long.json";
    {
        std::ofstream chat(file, std::ios::binary);
        chat << R"([{"role":"user","content":")";
        const std::string piece = "The fox and the boat. ";
        for (size_t written = 0; written < 100'000'000; written += piece.size()) {
            chat << piece;
        }
        chat << R"("}])";
    }
    const Outcome run = runCli({"run", "-m", goldenModel().string(), "--chat", file.string(), "-n", "1"});
    fs::remove(file);
    EXPECT_TRUE(run.isFailure()) << run.code << run.err.substr(0, 300);
    EXPECT_TRUE(has(run.err, "95.4 MiB") && has(run.err, "at most 32.0 MiB")) << run.err.substr(0, 300);
}

} // namespace
} // namespace moescope::test
