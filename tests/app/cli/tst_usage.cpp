// SPDX-License-Identifier: Apache-2.0
#include "tests/app/cli/program.h"

#include <gtest/gtest.h>

namespace moescope::test {
namespace {

const std::vector<std::string> commands{"devices", "info",  "tokenize", "template", "run",      "chat",
                                        "trace",   "bench", "plan",     "convert",  "quantize", "perplexity"};

TEST(Usage, HelpWorksOnEveryLevel) {
    const Outcome all = runCli({"--help"});
    EXPECT_EQ(all.code, 0);
    for (const std::string& command : commands) {
        EXPECT_TRUE(has(all.out, command)) << command;
        const Outcome one = runCli({command, "--help"});
        EXPECT_EQ(one.code, 0) << command;
        EXPECT_GT(one.out.size(), 50U) << command;
        EXPECT_EQ(one.err, "") << command;
    }
    EXPECT_EQ(runCli({"--version"}).code, 0);
}

TEST(Usage, WhatIsWrongUsageExitsWith2AndOneLine) {
    const std::vector<std::vector<std::string>> wrong{
        {},
        {"nosuchcommand"},
        {"run", "--no-such-option"},
        {"run"},
        {"run", "-p", "a", "--raw", "b"},
        {"run", "-p", "a", "--temp", "-1"},
        {"run", "-p", "a", "--temp", "nan"},
        {"run", "-p", "a", "--top-p", "1.5"},
        {"run", "-p", "a", "--top-k", "-3"},
        {"run", "-p", "a", "-n", "many"},
        {"run", "-p", "a", "--kv", "f8"},
        {"run", "-p", "a", "--variant", "coopmats=on"},
        {"run", "-p", "a", "--variant", "texels"},
        {"run", "-p", "a", "--variant", "texels=yes"},
        {"run", "-p", "a", "--variant", "texels=off", "--variant", "=on"},
        {"bench", "--variant", "sampling=ON"},
        {"bench", "--variant", "integer_dot=on", "--variant", "coopmat=on"},
        {"trace", "--tokens", "1", "--out", "x", "--variant", "threads="},
        {"run", "-p", "a", "--steps-in-flight", "-1"},
        {"run", "-p", "a", "--steps-in-flight", "all"},
        {"run", "-p", "a", "--steps-in-flight", "1000"},
        {"tokenize", "-m", "builtin"},
        {"tokenize", "-p", "a", "--decode", "1"},
        {"template"},
        {"trace", "--tokens", "1"},
        {"trace", "--tokens", "1", "--out", "x", "--logits", "some"},
        {"convert", "only-one"},
        {"convert", "a", "b", "--type", "q3_x"},
        {"plan", "-c", "0"},
        {"plan", "-m", "builtin", "--config", "c.json"},
        {"bench", "-p", "1,x"},
        {"bench", "-r", "0"},
        {"perplexity"},
        {"perplexity", "-f", "x", "-c", "1"},
    };
    for (const auto& arguments : wrong) {
        const Outcome outcome = runCli(arguments);
        const std::string shown = arguments.empty() ? "(nothing)" : arguments.back();
        EXPECT_EQ(outcome.code, 2) << shown << ": " << outcome.err;
        EXPECT_EQ(outcome.out, "") << shown;
        EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << shown << ": " << outcome.err;
    }
}

TEST(Usage, WithoutAVulkanDriverThereIsASentenceAndNoOtherPath) {
    const Environment none{{"VK_ICD_FILENAMES", "/nonexistent.json"}, {"VK_DRIVER_FILES", "/nonexistent.json"}};
    const std::string model = goldenModel().string();
    const Outcome run = runCli({"run", "-m", model, "--tokens", "1,2,3", "-n", "1"}, none);
    EXPECT_TRUE(run.isFailure()) << run.code << run.err;
    EXPECT_TRUE(has(run.err, "Vulkan")) << run.err;
    EXPECT_EQ(run.out, "");

    const auto devices = runCli({"devices", "--json"}, none).json();
    EXPECT_EQ(devices.at("devices").size(), 0U);
    for (const std::vector<std::string>& named :
         std::vector<std::vector<std::string>>{{}, {"--device", "0"}, {"--device", "no such device"}}) {
        std::vector<std::string> arguments{"plan", "-m", model, "--json"};
        arguments.insert(arguments.end(), named.begin(), named.end());
        const Outcome outcome = runCli(arguments, none);
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        const auto plan = outcome.json();
        EXPECT_TRUE(plan.at("device_free_bytes").is_null());
        EXPECT_TRUE(plan.at("fits").is_null());
        EXPECT_GT(plan.at("weights_bytes").get<uint64_t>(), 0U);
    }
    EXPECT_EQ(runCli({"info", "-m", model, "--json"}, none).code, 0);
    EXPECT_EQ(runCli({"tokenize", "-m", model, "-p", "Hello", "--json"}, none).code, 0);
}

TEST(Usage, DevicesSayWhatTheyAre) {
    const auto devices = runCli({"devices", "--json"}).json().at("devices");
    ASSERT_GT(devices.size(), 0U);
    for (const char* field : {"index", "name", "type", "driver", "api_version", "memory_bytes", "usable", "reason"}) {
        EXPECT_TRUE(devices[0].contains(field)) << field;
    }
    const Outcome unknown =
        runCli({"run", "-m", goldenModel().string(), "--tokens", "1", "-n", "1", "--device", "no such device"});
    EXPECT_TRUE(unknown.isFailure()) << unknown.code << unknown.err;
    EXPECT_TRUE(has(unknown.err, "no such device")) << unknown.err;
    // One rule for all commands: an index before a name, and the same sentence.
    const Outcome plan = runCli({"plan", "-m", goldenModel().string(), "--device", "no such device"});
    EXPECT_TRUE(plan.isFailure()) << plan.code << plan.err;
    EXPECT_EQ(plan.err, unknown.err);
    const Outcome beyond = runCli({"plan", "-m", goldenModel().string(), "--device", "99"});
    EXPECT_TRUE(beyond.isFailure()) << beyond.code << beyond.err;
    const auto first = runCli({"plan", "-m", goldenModel().string(), "--device", "0", "--json"}).json();
    EXPECT_GT(first.at("device_free_bytes").get<uint64_t>(), 0U);
}

TEST(Usage, NoHomeIsNoHindrance) {
    const std::vector<std::string> arguments{"run", "-m",    goldenModel().string(), "--tokens", "1,2", "-n",
                                             "1",   "--json"};
    for (const Environment& environment :
         {Environment{{"HOME", unset}, {"XDG_CACHE_HOME", unset}}, Environment{{"HOME", ""}, {"XDG_CACHE_HOME", unset}},
          Environment{{"XDG_CACHE_HOME", "/dev/null/nowhere"}}, Environment{{"XDG_CACHE_HOME", ""}}}) {
        const Outcome run = runCli(arguments, environment);
        EXPECT_EQ(run.code, 0) << run.err;
        EXPECT_EQ(run.err, "");
    }
}

} // namespace
} // namespace moescope::test
