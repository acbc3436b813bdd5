// SPDX-License-Identifier: Apache-2.0
#include "engine/trace/error.h"
#include "tests/app/cli/program.h"

#include <gtest/gtest.h>

#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

namespace moescope::test {
namespace {

/** What moescope-cli writes to a terminal. */
std::string runOnTerminal(const std::vector<std::string>& arguments) {
    std::vector<char*> argv{const_cast<char*>("moescope-cli")};
    for (const std::string& argument : arguments) {
        argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    int terminal = -1;
    const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
    if (child == 0) {
        execv(MOESCOPE_CLI, argv.data());
        _exit(127);
    }
    std::string shown;
    char piece[4096];
    for (;;) {
        const ssize_t size = read(terminal, piece, sizeof piece);
        if (size <= 0) {
            break; // an error is how the end of the other side is told
        }
        shown.append(piece, static_cast<size_t>(size));
    }
    close(terminal);
    int status = 0;
    EXPECT_TRUE(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        << shown;
    return shown;
}

using Json = nlohmann::json;

std::vector<std::string> runWith(const std::vector<std::string>& more) {
    std::vector<std::string> all{"run", "-m", goldenModel().string(), "--json"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

TEST(Run, GivesEveryField) {
    const Json run = runCli(runWith({"--tokens", "5,6,7", "-n", "4", "--temp", "0", "--ignore-eos"})).json();
    EXPECT_EQ(run.at("prompt_tokens"), (std::vector<int>{5, 6, 7}));
    EXPECT_EQ(run.at("tokens").size(), 4U);
    EXPECT_EQ(run.at("stop"), "length");
    EXPECT_TRUE(run.at("session").is_null());
    EXPECT_TRUE(run.at("text").is_string());
    EXPECT_TRUE(run.at("device").is_string());
    for (const char* field :
         {"load_ms", "prefill_ms", "prefill_tokens", "first_token_ms", "decode_ms", "decode_tokens"}) {
        EXPECT_TRUE(run.at("timings").at(field).is_number()) << field;
    }
    EXPECT_EQ(run.at("timings").at("prefill_tokens"), 3);
}

/** The first prompt of a golden file continued by its model, whose tokens must be the reference's. */
void expectGoldenTokens(const std::filesystem::path& model, const std::filesystem::path& golden) {
    const Json prompt = Json::parse(readAll(golden)).at("prompts").at(0);
    std::string ids;
    for (const auto& id : prompt.at("ids")) {
        ids += ids.empty() ? "" : ",";
        ids += std::to_string(id.get<int>());
    }
    const Json run =
        runCli({"run", "-m", model.string(), "--tokens", ids, "-n", std::to_string(prompt.at("greedy").size()),
                "--temp", "0", "--ignore-eos", "--kv", "f32", "--json"})
            .json();
    EXPECT_EQ(run.at("tokens"), prompt.at("greedy"));
}

TEST(Run, AWhatIfWritesOtherTokensAndAnEmptyOneTheSame) {
    const auto tokens = [](std::vector<std::string> more) {
        more.insert(more.end(), {"--tokens", "5,6,7,8,9,10", "-n", "16", "--temp", "0", "--ignore-eos", "--kv", "f32"});
        return runCli(runWith(more)).json().at("tokens");
    };
    const Json free = tokens({});
    EXPECT_EQ(tokens({"--experts-used", "1", "--bias", "0:0:0"}), free);
    EXPECT_NE(tokens({"--no-shared"}), free);
    EXPECT_NE(tokens({"--experts-used", "4"}), free);
    EXPECT_NE(tokens({"--force", "0:1,1:1,2:1,3:1"}), free);
    const Outcome beyond = runCli({"run", "-m", goldenModel().string(), "--tokens", "1", "--ban", "9:9"});
    EXPECT_TRUE(beyond.isFailure()) << beyond.code << beyond.err;
    EXPECT_EQ(beyond.err, "There is no layer 9 to intervene in: the layers with experts are 0 to 3.\n");
}

TEST(Run, TheGoldenTokensComeOut) { expectGoldenTokens(goldenModel(), goldenFolder() / "golden.json"); }

TEST(Run, TheSecondModelsGoldenTokensComeOut) {
    expectGoldenTokens(secondModel(), secondModel().parent_path() / "golden.json");
}

TEST(Run, TheSameSeedGivesTheSameTokens) {
    const auto with = [](const char* seed) {
        return runCli(runWith({"-p", "Hello", "-n", "12", "--temp", "1.5", "--top-k", "0", "--top-p", "1",
                               "--ignore-eos", "--seed", seed}))
            .json()
            .at("tokens");
    };
    EXPECT_EQ(with("7"), with("7"));
    EXPECT_NE(with("7"), with("8"));
}

TEST(Run, AForcedVariantComputesTheSame) {
    const auto with = [](std::vector<std::string> more) {
        more.insert(more.end(), {"--tokens", "5,6,7,8", "-n", "8", "--temp", "0", "--ignore-eos", "--kv", "f32"});
        return runCli(runWith(more));
    };
    const Json tokens = with({}).json().at("tokens");
    EXPECT_EQ(with({"--variant", "texels=off"}).json().at("tokens"), tokens);
    EXPECT_EQ(with({"--variant", "sampling=on", "--variant", "whole_steps=on"}).json().at("tokens"), tokens);
    // Whatever the device has, not both.
    const Outcome both = with({"--variant", "texels=on", "--variant", "coopmat=on"});
    EXPECT_EQ(both.code, 2) << both.err;
    EXPECT_TRUE(has(both.err, "The variants “texels” and “coopmat” exclude each other")) << both.err;
    EXPECT_TRUE(has(runCli({"run", "-p", "a", "--variant", "coopmats=on"}).err, "“integer_dot”"));
}

TEST(Run, AnyNumberOfStepsInFlightGivesTheSameText) {
    const auto with = [](const char* steps) {
        return runCli(runWith({"-p", "Hello", "-n", "24", "--seed", "3", "--top-k", "40", "--ignore-eos", "--variant",
                               "sampling=on", "--steps-in-flight", steps}))
            .json()
            .at("text");
    };
    const Json one = with("1");
    EXPECT_FALSE(one.get<std::string>().empty());
    EXPECT_EQ(with("2"), one);
    EXPECT_EQ(with("4"), one);
}

TEST(Run, OnATerminalTheProgressIsGoneBeforeTheAnswer) {
    if (!hasTerminals()) {
        GTEST_SKIP() << "This machine gives out no pseudo-terminals: the progress on one was not tested.";
    }
    const std::string shown =
        runOnTerminal({"run", "-m", goldenModel().string(), "-p", "Hello", "-n", "8", "--temp", "0", "--ignore-eos"});
    const std::string erase = "\x1B[K";
    EXPECT_TRUE(has(shown, "Reading [")) << shown;
    const size_t last = shown.rfind(erase);
    ASSERT_NE(last, std::string::npos) << shown;
    const std::string answer = shown.substr(last + erase.size());
    EXPECT_GT(answer.size(), 2U) << shown;
    EXPECT_TRUE(answer.ends_with("\r\n")) << shown;
}

TEST(Run, MemoryIsAsPlanned) {
    for (const char* kv : {"f16", "f32"}) {
        const Json run = runCli(runWith({"--tokens", "1,2", "-n", "1", "--ctx", "96", "--kv", kv})).json();
        const Json plan = runCli({"plan", "-m", goldenModel().string(), "-c", "96", "--kv", kv, "--json"}).json();
        EXPECT_EQ(run.at("memory").at("kv_bytes"), plan.at("kv_bytes")) << kv;
        EXPECT_EQ(run.at("memory").at("weights_bytes"), plan.at("weights_bytes")) << kv;
        EXPECT_EQ(run.at("memory").at("workspace_bytes"), plan.at("workspace_bytes")) << kv;
    }
}

TEST(Run, TokensThatCannotBeAreRefused) {
    struct Case {
        const char* tokens;
        const char* says;
    };
    for (const Case& c : {Case{"", "empty"},
                          {" ", "empty"},
                          {"-1", "-1"},
                          {"1,-2", "-2"},
                          {"999999999", "999999999"},
                          {"99999999999999999999999", "99999999999999999999999"},
                          {"1,,2", "number 2"},
                          {"1,2,", "comma"},
                          {"1;2", "comma"},
                          {"one", "one"},
                          {"1.5", "comma"}}) {
        const Outcome outcome = runCli(runWith({"--tokens", c.tokens, "-n", "1"}));
        EXPECT_TRUE(outcome.isFailure()) << c.tokens << ": " << outcome.code << outcome.err;
        EXPECT_TRUE(has(outcome.err, c.says)) << c.tokens << ": " << outcome.err;
        EXPECT_EQ(outcome.out, "");
    }
}

TEST(Run, APromptBeyondTheContextIsRefusedWithBothNumbers) {
    const Outcome small = runCli(runWith({"--tokens", "1,2,3,4,5,6,7,8,9", "-n", "1", "--ctx", "4"}));
    EXPECT_TRUE(small.isFailure()) << small.code << small.err;
    EXPECT_TRUE(has(small.err, "9 tokens") && has(small.err, "holds 4")) << small.err;
    const Outcome large = runCli(runWith({"--tokens", "1", "-n", "1", "--ctx", "99000000"}));
    EXPECT_TRUE(large.isFailure()) << large.code << large.err;
    EXPECT_TRUE(has(large.err, "99,000,000")) << large.err;
}

TEST(Run, AFullContextIsSaidWithItsNumbers) {
    const std::vector<std::string> arguments{"run",   "-m", goldenModel().string(), "--tokens", "5,6,7", "-n", "40",
                                             "--ctx", "16", "--ignore-eos"};
    std::vector<std::string> json = arguments;
    json.emplace_back("--json");
    const Outcome counted = runCli(json);
    EXPECT_EQ(counted.json().at("stop"), "context");
    EXPECT_EQ(counted.err, "");
    const std::string limit =
        trace::grouped(runCli({"info", goldenModel().string(), "--json"}).json().at("context_length").get<uint64_t>());
    EXPECT_EQ(runCli(arguments).err,
              "The answer ends after " + std::to_string(counted.json().at("tokens").size()) +
                  " tokens, because the context is full: it holds 16, and the prompt took 3 of them. With --ctx it can "
                  "hold up to " +
                  limit + ".\n");
    EXPECT_EQ(runCli({"run", "-m", goldenModel().string(), "--tokens", "5,6,7", "-n", "4", "--ignore-eos"}).err, "");
}

TEST(Run, StopTextsEndTheAnswer) {
    const Json free = runCli(runWith({"--tokens", "5,6,7", "-n", "24", "--temp", "0", "--ignore-eos"})).json();
    const std::string text = free.at("text");
    ASSERT_GT(text.size(), 12U);
    // A letter: of random weights, anything else may be bytes that JSON cannot hold.
    const size_t at = text.find_first_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 1);
    ASSERT_NE(at, std::string::npos);
    const std::string stop = text.substr(at, 1);
    const Json stopped = runCli(runWith({"--tokens", "5,6,7", "-n", "24", "--temp", "0", "--ignore-eos", "--stop",
                                         "[never]", "--stop", stop}))
                             .json();
    EXPECT_EQ(stopped.at("stop"), "stop");
    EXPECT_EQ(stopped.at("text"), text.substr(0, text.find(stop)));
}

TEST(Bench, NamesItsTests) {
    const Json bench =
        runCli({"bench", "-m", goldenModel().string(), "-p", "8,16", "-n", "4", "-d", "0,32", "-r", "2", "--json"})
            .json();
    std::vector<std::string> names;
    for (const Json& test : bench.at("tests")) {
        names.push_back(test.at("name"));
        EXPECT_EQ(test.at("runs").size(), 2U);
        EXPECT_GT(test.at("tokens_per_second").at("median").get<double>(), 0);
        EXPECT_LE(test.at("tokens_per_second").at("min"), test.at("tokens_per_second").at("max"));
        const bool deep = has(names.back(), "@d32");
        EXPECT_EQ(test.at("depth_filled"), deep ? Json("synthetic") : Json()) << names.back();
    }
    EXPECT_EQ(names, (std::vector<std::string>{"pp8", "pp16", "tg4", "pp8@d32", "pp16@d32", "tg4@d32"}));
    EXPECT_GT(bench.at("bytes_per_token").get<uint64_t>(), 1000U);
    EXPECT_GT(bench.at("copy_gb_per_second").get<double>(), 0);
}

TEST(Chat, AnswersLinesUntilTheirEnd) {
    // stdin is empty here: the chat ends at once, and well.
    const Outcome chat = runCli({"chat", "-m", goldenModel().string()});
    EXPECT_EQ(chat.code, 0) << chat.err;
    EXPECT_EQ(chat.err, "");
}

TEST(Chat, TheSecondModelAnswersAsItDoesToAPrompt) {
    const std::string model = secondModel().string();
    const Json run =
        runCli({"run", "-m", model, "-p", "Where is the boat?", "-n", "4", "--temp", "0", "--json"}).json();
    const Outcome chat = runProgram(
        "/bin/sh",
        {"-c", "printf 'Where is the boat?\\n/quit\\n' | \"$0\" chat -m \"$1\" --temp 0 --ctx 48", MOESCOPE_CLI, model},
        {});
    EXPECT_EQ(chat.code, 0) << chat.err;
    EXPECT_GT(run.at("text").get<std::string>().size(), 3U);
    EXPECT_TRUE(chat.out.starts_with(run.at("text").get<std::string>())) << chat.out << run.at("text");
}

/** large_like with a template that opens a thinking in the prompt. */
std::filesystem::path thinkingModel() {
    namespace fs = std::filesystem;
    const fs::path source = scratch() / "thinking";
    fs::copy(goldenFolder(), source);
    const fs::path file = source / "tokenizer_config.json";
    Json config = Json::parse(readAll(file));
    config["chat_template"] = "{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}"
                              "{{ 'A: <think>\\n' }}";
    fs::remove(file); // it may be read only
    writeAll(file, config.dump());
    const fs::path model = scratch() / "thinking.gguf";
    const Outcome made = runCli({"convert", source.string(), model.string(), "--type", "f32"});
    EXPECT_EQ(made.code, 0) << made.err;
    return model;
}

TEST(Chat, AThinkingThatThePromptOpenedIsShownAndNotSentBack) {
    const std::string model = thinkingModel().string();
    const std::filesystem::path turns = scratch() / "turns.json";
    const auto answer = [&](const Json& chat) {
        writeAll(turns, chat.dump());
        const Outcome run =
            runCli({"run", "-m", model, "--chat", turns.string(), "-n", "96", "--ctx", "96", "--temp", "0", "--json"});
        EXPECT_EQ(run.code, 0) << run.err;
        return run.json().at("text").get<std::string>();
    };
    const Json first{{"role", "user"}, {"content", "One"}};
    const std::string one = answer(Json::array({first}));
    ASSERT_FALSE(one.empty());
    ASSERT_FALSE(has(one, "</think>")) << "all of the answer is to be thinking";
    const std::string two =
        answer(Json::array({first, {{"role", "assistant"}, {"content", ""}}, {{"role", "user"}, {"content", "Two"}}}));
    const Outcome chat = runProgram(
        "/bin/sh",
        {"-c", "printf 'One\\nTwo\\n/quit\\n' | \"$0\" chat -m \"$1\" --temp 0 --ctx 96", MOESCOPE_CLI, model}, {});
    EXPECT_EQ(chat.code, 0) << chat.err;
    EXPECT_TRUE(chat.out.starts_with("<think>\n" + one)) << chat.out << one;
    EXPECT_TRUE(has(chat.out, "\n<think>\n" + two)) << chat.out << two;
}

} // namespace
} // namespace moescope::test
