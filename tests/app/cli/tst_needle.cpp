// SPDX-License-Identifier: Apache-2.0
#include "tests/app/cli/program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace moescope::test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> needle(const fs::path& out, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"needle",  "--lengths", "112,128", "--depths",  "0,100",
                                       "--cases", "40",        "--out",   out.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

fs::path partOf(const fs::path& out) { return out.string() + ".part"; }

/** Cases that are written down whole. */
size_t casesIn(const fs::path& part) {
    std::error_code error;
    if (!fs::exists(part, error)) {
        return 0;
    }
    const std::string text = readAll(part);
    const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
    return lines > 0 ? lines - 1 : 0;
}

/** Starts the program and sends it a signal once so many cases are written down. The status that it ended with; nothing: it
 *  was over before. */
std::optional<int> endAfter(size_t cases, const fs::path& out, const std::vector<std::string>& arguments, int signal) {
    const pid_t child = fork();
    if (child == 0) {
        const int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        std::vector<char*> argv{const_cast<char*>(MOESCOPE_CLI)};
        for (const std::string& argument : arguments) {
            argv.push_back(const_cast<char*>(argument.c_str()));
        }
        argv.push_back(nullptr);
        execv(MOESCOPE_CLI, argv.data());
        _exit(127);
    }
    int status = 0;
    while (casesIn(partOf(out)) < cases) {
        if (waitpid(child, &status, WNOHANG) == child) {
            return std::nullopt;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    kill(child, signal);
    waitpid(child, &status, 0);
    return status;
}

bool killAfter(size_t cases, const fs::path& out, const std::vector<std::string>& arguments) {
    const std::optional<int> status = endAfter(cases, out, arguments, SIGKILL);
    return status && WIFSIGNALED(*status);
}

class Needle : public testing::Test {
protected:
    static void SetUpTestSuite() {
        s_undisturbed = scratch() / "undisturbed.csv";
        s_outcome = runCli(needle(s_undisturbed, {"--json"}));
    }
    static fs::path s_undisturbed;
    static Outcome s_outcome;
};
fs::path Needle::s_undisturbed;
Outcome Needle::s_outcome;

TEST_F(Needle, gives_a_cell_for_each_length_and_depth) {
    const nlohmann::json result = s_outcome.json();
    EXPECT_EQ(s_outcome.err, "");
    ASSERT_EQ(result["cells"].size(), 4U);
    EXPECT_EQ(result["cases"], 160);
    EXPECT_EQ(result["resumed_cases"], 0);
    uint32_t found = 0;
    for (const nlohmann::json& cell : result["cells"]) {
        EXPECT_EQ(cell["kind"], "single");
        EXPECT_EQ(cell["n"], 40);
        EXPECT_LE(cell["low"].get<double>() * 40, cell["found"].get<double>());
        EXPECT_GE(cell["high"].get<double>() * 40, cell["found"].get<double>());
        EXPECT_GT(cell["seconds"].get<double>(), 0);
        found += cell["found"].get<uint32_t>();
    }
    EXPECT_GE(found, 80U) << "the built-in model finds four of five";
    const std::string csv = readAll(s_undisturbed);
    EXPECT_EQ(csv.substr(0, csv.find('\n')), "length,depth,kind,found,n,low,high");
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 5);
    EXPECT_FALSE(fs::exists(partOf(s_undisturbed)));
}

TEST_F(Needle, killed_twice_it_goes_on_and_writes_the_same_file) {
    const fs::path out = scratch() / "killed.csv";
    ASSERT_TRUE(killAfter(3, out, needle(out))); // within a prefill or an answer
    EXPECT_FALSE(fs::exists(out));
    const std::string first = readAll(partOf(out));
    ASSERT_TRUE(killAfter(9, out, needle(out, {"--resume"})));
    const std::string second = readAll(partOf(out));
    EXPECT_EQ(second.substr(0, first.rfind('\n') + 1), first.substr(0, first.rfind('\n') + 1)) << "a case ran again";
    // As if the kill had come within a write.
    const size_t whole = casesIn(partOf(out));
    fs::resize_file(partOf(out), second.rfind('\n') - 5);

    const Outcome last = runCli(needle(out, {"--resume", "--json"}));
    EXPECT_EQ(last.json()["resumed_cases"], whole - 1);
    EXPECT_EQ(readAll(out), readAll(s_undisturbed));
    EXPECT_FALSE(fs::exists(partOf(out)));
}

TEST_F(Needle, other_arguments_do_not_go_on) {
    const fs::path out = scratch() / "other.csv";
    ASSERT_TRUE(killAfter(2, out, needle(out)));
    const std::string before = readAll(partOf(out));
    for (const auto& [more, name] : std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{"--seed", "2"}, "seed"},
             {{"--kv", "f32"}, "type of KV cache"},
             {{"--kind", "multikey"}, "kind of needle"},
             {{"--haystack", fs::path(MOESCOPE_TEXT).string()}, "haystack"}}) {
        std::vector<std::string> arguments = needle(out, more);
        arguments.emplace_back("--resume");
        const Outcome outcome = runCli(arguments);
        EXPECT_TRUE(outcome.isFailure()) << outcome.err;
        EXPECT_TRUE(has(outcome.err, "(" + name)) << outcome.err;
        EXPECT_EQ(readAll(partOf(out)), before);
    }
}

TEST_F(Needle, ctrl_c_keeps_what_is_done) {
    const fs::path out = scratch() / "interrupted.csv";
    const std::optional<int> status = endAfter(2, out, needle(out), SIGINT);
    ASSERT_TRUE(status.has_value());
    ASSERT_TRUE(WIFEXITED(*status));
    EXPECT_EQ(WEXITSTATUS(*status), 1);
    EXPECT_GE(casesIn(partOf(out)), 2U);
    EXPECT_FALSE(fs::exists(out));
    ASSERT_EQ(runCli(needle(out, {"--resume"})).code, 0);
    EXPECT_EQ(readAll(out), readAll(s_undisturbed)) << "the case that was interrupted was counted";
}

TEST_F(Needle, nothing_of_yours_is_written_over) {
    const fs::path out = scratch() / "again.csv";
    ASSERT_TRUE(killAfter(2, out, needle(out)));
    const std::string before = readAll(partOf(out));
    const Outcome forgotten = runCli(needle(out)); // without --resume
    EXPECT_TRUE(forgotten.isFailure());
    EXPECT_TRUE(has(forgotten.err, "finished cases of a grid")) << forgotten.err;
    EXPECT_EQ(readAll(partOf(out)), before);

    const fs::path text = scratch() / "book.txt";
    writeAll(text, "One sentence. Another one.");
    const Outcome same = runCli({"needle", "--lengths", "256", "--haystack", text.string(), "--out", text.string()});
    EXPECT_TRUE(same.isFailure());
    EXPECT_TRUE(has(same.err, "is read, so it cannot be written")) << same.err;
    EXPECT_EQ(readAll(text), "One sentence. Another one.");

    writeAll(scratch() / "mine.csv.part", "notes");
    EXPECT_TRUE(runCli(needle(scratch() / "mine.csv")).isFailure());
    EXPECT_EQ(readAll(scratch() / "mine.csv.part"), "notes");
}

TEST_F(Needle, what_cannot_be_made_is_told_before_anything_runs) {
    const fs::path out = scratch() / "late.csv";
    const Outcome outcome = runCli({"needle", "--lengths", "256,60", "--cases", "2", "--out", out.string()});
    EXPECT_TRUE(outcome.isFailure());
    EXPECT_TRUE(has(outcome.err, "does not fit 60")) << outcome.err;
    EXPECT_FALSE(fs::exists(partOf(out)));
}

TEST_F(Needle, wrong_usage_is_told) {
    const fs::path out = scratch() / "never.csv";
    const auto codeOf = [](const std::vector<std::string>& arguments) { return runCli(arguments).code; };
    EXPECT_EQ(codeOf({"needle", "--lengths", "256"}), 2);
    EXPECT_EQ(codeOf({"needle", "--out", out.string()}), 2);
    EXPECT_EQ(codeOf({"needle", "--lengths", "0", "--out", out.string()}), 2);
    EXPECT_EQ(codeOf({"needle", "--lengths", "256", "--depths", "101", "--out", out.string()}), 2);
    EXPECT_EQ(codeOf({"needle", "--lengths", "256", "--kind", "fork", "--out", out.string()}), 2);
    EXPECT_EQ(codeOf({"needle", "--lengths", "256", "--cases", "0", "--out", out.string()}), 2);
    const Outcome beyond = runCli({"needle", "--lengths", "4096", "--out", out.string()});
    EXPECT_TRUE(beyond.isFailure());
    EXPECT_TRUE(has(beyond.err, "2,048")) << beyond.err;
    const Outcome tiny = runCli({"needle", "--lengths", "40", "--out", out.string()});
    EXPECT_TRUE(tiny.isFailure());
    EXPECT_TRUE(has(tiny.err, "does not fit 40")) << tiny.err;
    const Outcome folder = runCli(needle(scratch() / "nowhere" / "R.csv"));
    EXPECT_TRUE(folder.isFailure()) << folder.err;
    EXPECT_FALSE(fs::exists(out));
}

} // namespace
} // namespace moescope::test
