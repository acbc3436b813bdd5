// SPDX-License-Identifier: Apache-2.0
#include "tests/app/cli/program.h"

#include <gtest/gtest.h>

namespace moescope::test {
namespace {

namespace fs = std::filesystem;

/** Greedy tokens behind `prompt`. */
Outcome answer(const std::string& prompt, const std::vector<std::string>& more, const std::string& kv = "f32") {
    std::vector<std::string> arguments{
        "run",  "-m", goldenModel().string(), "--tokens", prompt, "--temp", "0", "-n", "12", "--json", "--ctx", "128",
        "--kv", kv,   "--ignore-eos"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return runCli(arguments);
}

std::string prompt(uint32_t tokens) {
    std::string list;
    for (uint32_t i = 0; i < tokens; ++i) {
        list.append(i == 0 ? "" : ",").append(std::to_string(5 + i * 7 % 60));
    }
    return list;
}

TEST(Session, the_second_run_reads_its_new_tokens_alone) {
    const fs::path file = scratch() / "one.kv";
    const nlohmann::json fresh = answer(prompt(40), {}).json();
    EXPECT_TRUE(fresh["session"].is_null());
    const nlohmann::json first = answer(prompt(40), {"--session", file.string()}).json();
    EXPECT_EQ(first["tokens"], fresh["tokens"]);
    EXPECT_EQ(first["session"]["restored_tokens"], 0);
    EXPECT_EQ(first["session"]["computed_tokens"], 40);
    EXPECT_EQ(first["session"]["bytes"], fs::file_size(file));
    EXPECT_TRUE(has(first["session"]["reason"], "Nothing was saved"));

    const nlohmann::json second = answer(prompt(60), {"--session", file.string()}).json();
    EXPECT_EQ(second["tokens"], answer(prompt(60), {}).json()["tokens"]);
    EXPECT_EQ(second["session"]["restored_tokens"], 40);
    EXPECT_EQ(second["session"]["computed_tokens"], 20);
    EXPECT_TRUE(has(second["session"]["reason"], "differs from the saved one at token 40")) << second["session"];

    const nlohmann::json same = answer(prompt(60), {"--session", file.string()}).json();
    EXPECT_EQ(same["session"]["restored_tokens"], 59); // the last token is always computed
    EXPECT_TRUE(same["session"]["reason"].is_null());
    EXPECT_EQ(same["tokens"], second["tokens"]);
}

TEST(Session, what_does_not_fit_is_computed_afresh_and_said) {
    const fs::path file = scratch() / "two.kv";
    ASSERT_EQ(answer(prompt(40), {"--session", file.string()}).code, 0);
    const auto reason = [&](const std::vector<std::string>& more) {
        std::vector<std::string> arguments{"--session", file.string()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const nlohmann::json session = answer(prompt(40), arguments, "f16").json()["session"];
        EXPECT_EQ(session["restored_tokens"], 0);
        EXPECT_EQ(session["computed_tokens"], 40);
        return session["reason"].get<std::string>();
    };
    EXPECT_TRUE(has(reason({}), "of another type: f32, and this one is f16"));
    EXPECT_TRUE(has(reason({"--ban", "0:1"}), "another intervention"));
    EXPECT_EQ(answer(prompt(40), {"--session", file.string(), "--ban", "0:1"}, "f16").json()["tokens"],
              answer(prompt(40), {"--ban", "0:1"}, "f16").json()["tokens"]);

    std::string bytes = readAll(file);
    bytes[bytes.size() - 40] = static_cast<char>(bytes[bytes.size() - 40] ^ 1);
    writeAll(file, bytes);
    EXPECT_TRUE(has(reason({"--ban", "0:1"}), "checksum"));
}

TEST(Session, no_other_file_is_replaced) {
    const fs::path notes = scratch() / "notes.txt";
    writeAll(notes, "mine, and not a session");
    const Outcome outcome = answer(prompt(5), {"--session", notes.string()});
    EXPECT_TRUE(outcome.isFailure());
    EXPECT_TRUE(has(outcome.err, "is no saved KV cache, so it is not replaced")) << outcome.err;
    EXPECT_EQ(readAll(notes), "mine, and not a session");
    EXPECT_TRUE(answer(prompt(5), {"--session", goldenModel().string()}).isFailure());
}

TEST(Session, one_that_cannot_be_written_costs_no_answer) {
    const Outcome outcome = answer(prompt(20), {"--session", (scratch() / "nowhere" / "x.kv").string()});
    EXPECT_TRUE(outcome.isFailure()) << outcome.err;
    EXPECT_TRUE(has(outcome.err, "no folder")) << outcome.err;
    EXPECT_EQ(nlohmann::json::parse(outcome.out)["tokens"].size(), 12U);
}

} // namespace
} // namespace moescope::test
