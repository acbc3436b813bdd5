// SPDX-License-Identifier: Apache-2.0
// What is said of wrong usage names the word that is wrong, as it was typed.
#include "tests/app/cli/program.h"

#include <gtest/gtest.h>

namespace moescope::test {
namespace {

struct Wrong {
    std::vector<std::string> arguments;
    std::string sentence;
};

void expectSentences(const std::vector<Wrong>& all) {
    for (const Wrong& wrong : all) {
        const Outcome outcome = runCli(wrong.arguments);
        EXPECT_EQ(outcome.code, 2) << outcome.err;
        EXPECT_EQ(outcome.out, "");
        EXPECT_TRUE(outcome.err.starts_with(wrong.sentence + " “moescope-cli ")) << outcome.err << wrong.sentence;
        EXPECT_TRUE(has(outcome.err, "--help” lists")) << outcome.err;
        EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    }
}

TEST(UsageSentences, AnUnknownWordComesFirst) {
    expectSentences({
        {{"nosuch"}, "There is no command “nosuch”."},
        {{"nosuch", "--temp", "1"}, "There is no command “nosuch”."},
        {{"--bogus"}, "“moescope-cli” has no option “--bogus”."},
        {{"--bogus", "run"}, "“moescope-cli” has no option “--bogus”."},
        {{"run", "--bogus"}, "“run” has no option “--bogus”."},
        {{"run", "--bogus=3", "-p", "hi"}, "“run” has no option “--bogus”."},
        {{"chat", "--sytem", "x"}, "“chat” has no option “--sytem”."},
        {{"trace", "-p", "hi"}, "“trace” has no option “-p”."},
        {{"run", "hello"}, "“run” has no place for “hello”. A prompt stands behind -p, in quotes."},
        {{"run", "-p", "hello", "you"}, "“run” has no place for “you”. A prompt stands behind -p, in quotes."},
        {{"info", "builtin", "other"}, "“info” has no place for “other”."},
    });
}

TEST(UsageSentences, WhatIsMissingIsNamed) {
    expectSentences({
        {{}, "A command is missing."},
        {{"run"}, "“run” needs one of -p, --raw, --tokens or --chat."},
        {{"run", "-p", "a", "--raw", "b"},
         "“run” takes one of -p, --raw, --tokens or --chat, not -p and --raw together."},
        {{"plan", "-m", "a", "--config", "b"}, "“plan” takes one of -m or --config, not -m and --config together."},
        {{"tokenize", "text", "--decode", "1"},
         "“tokenize” takes one of -p, --file or --decode, not -p and --decode together."},
        {{"trace"}, "“trace” needs --tokens and --out."},
        {{"perplexity"}, "“perplexity” needs -f."},
        {{"convert", "one"}, "“convert” needs “output”."},
    });
}

TEST(UsageSentences, AWrongValueIsToldInOneForm) {
    const std::string count = "is no whole number from 1 to 4294967295.";
    expectSentences({
        {{"run", "-p", "a", "-n", "-3"}, "-n: “-3” " + count},
        {{"run", "-p", "a", "-n3x"}, "-n: “3x” " + count},
        {{"run", "-p", "a", "--count=many"}, "--count: “many” " + count},
        {{"run", "-p", "a", "-n", "0"}, "-n: “0” " + count},
        {{"run", "-p", "a", "-n", "4294967296"}, "-n: “4294967296” " + count},
        {{"run", "-p", "a", "-n"}, "-n: its value is missing."},
        {{"run", "-p", "a", "-p", "b"}, "-p: it is given more than once."},
        {{"run", "-p", ""}, "-p: the prompt is empty."},
        {{"run", "-p", "a", "--seed", "-1"}, "--seed: “-1” is no whole number from 0 to 18446744073709551615."},
        {{"run", "-p", "a", "--top-k", "-1"}, "--top-k: “-1” is no whole number from 0 to 4294967295."},
        {{"run", "-p", "a", "--ctx", "abc"}, "--ctx: “abc” is no whole number from 1 to 1073741824."},
        {{"chat", "--ctx", "-1"}, "--ctx: “-1” is no whole number from 1 to 1073741824."},
        {{"plan", "-c", "abc"}, "-c: “abc” is no whole number from 1 to 1073741824."},
        {{"perplexity", "x", "-c", "1"}, "-c: “1” is no whole number from 4 to 16777216."},
        {{"bench", "-p", "1,x"}, "-p: “x” is no whole number from 0 to 16777216."},
        {{"bench", "-r", "0"}, "-r: “0” is no whole number from 1 to 10000."},
        {{"run", "-p", "a", "--temp", "banana"}, "--temp: “banana” is no number from 0 to 1000."},
        {{"run", "-p", "a", "--kv", "f8"}, "--kv: “f8” is no type of KV cache; f32, f16 and q8_0 are."},
        {{"trace", "--tokens", "1", "--out", "x", "--logits", "some"}, "--logits: “some” is neither “all” nor “last”."},
    });
}

TEST(UsageSentences, AListOfExpertsSaysWhereItBreaks) {
    const std::string places = " is no list of LAYER:EXPERT: ";
    const std::string biases = " is no list of LAYER:EXPERT:BIAS: ";
    expectSentences({
        {{"run", "-p", "a", "--ban", "3"}, "--ban: “3”" + places + "“:” is expected where the end is."},
        {{"run", "-p", "a", "--ban", "3:"}, "--ban: “3:”" + places + "a whole number is expected where the end is."},
        {{"run", "-p", "a", "--ban", "3:1,"},
         "--ban: “3:1,”" + places + "a whole number is expected where the end is."},
        {{"run", "-p", "a", "--ban", "3:1;4:1"}, "--ban: “3:1;4:1”" + places + "“,” is expected where “;” is."},
        {{"run", "-p", "a", "--ban", "3:1 "}, "--ban: “3:1 ”" + places + "“,” is expected where “ ” is."},
        {{"run", "-p", "a", "--force", "ü:1"}, "--force: “ü:1”" + places + "a whole number is expected where “ü” is."},
        {{"run", "-p", "a", "--force", "0:-1"},
         "--force: “0:-1”" + places + "a whole number is expected where “-” is."},
        {{"run", "-p", "a", "--force", "0:4294967296"},
         "--force: “0:4294967296”" + places + "a whole number is expected where “4” is."},
        {{"run", "-p", "a", "--force="}, "--force: its value is missing."},
        {{"run", "-p", "a", "--force", "1:1", "--force", "1:2"}, "--force: it is given more than once."},
        {{"trace", "--tokens", "1", "--out", "x", "--bias", "0:1"},
         "--bias: “0:1”" + biases + "“:” is expected where the end is."},
        {{"trace", "--tokens", "1", "--out", "x", "--bias", "0:1:nan"},
         "--bias: “0:1:nan”" + biases + "a finite number is expected where “n” is."},
        {{"trace", "--tokens", "1", "--out", "x", "--bias", "0:1:2x"},
         "--bias: “0:1:2x”" + biases + "“,” is expected where “x” is."},
        {{"run", "-p", "a", "--experts-used", "0"}, "--experts-used: “0” is no whole number from 1 to 4294967295."},
        {{"run", "-p", "a", "--no-shared=maybe"}, "--no-shared: it takes no value."},
    });
}

TEST(UsageSentences, WhatIsTypedFirstNeedsNoOption) {
    const std::string model = goldenModel().string();
    EXPECT_EQ(runCli({"info", model, "--json"}).json(), runCli({"info", "-m", model, "--json"}).json());
    EXPECT_EQ(runCli({"tokenize", "-m", model, "The fox", "--json"}).json(),
              runCli({"tokenize", "-m", model, "-p", "The fox", "--json"}).json());
    const std::string text = (scratch() / "text.txt").string();
    writeAll(text, "The fox and the boat. The fox and the boat. The fox and the boat.");
    EXPECT_EQ(runCli({"perplexity", text, "-m", model, "-c", "8", "--json"}).json(),
              runCli({"perplexity", "-f", text, "-m", model, "-c", "8", "--json"}).json());
}

TEST(UsageSentences, FilesAreNamedAsTheyWereTyped) {
    const Outcome convert = runCli({"convert", "/nope/here", (scratch() / "o.gguf").string()});
    EXPECT_TRUE(convert.isFailure());
    EXPECT_EQ(convert.err, "“/nope/here” is no folder with a Hugging Face model.\n");
    const std::string config = (scratch() / "config.json").string();
    writeAll(config, "{}");
    EXPECT_EQ(runCli({"plan", "--config", config}).err,
              "“config.json” names no architecture: neither “architectures” nor “model_type” says one.\n");
    writeAll(config, "# A readme");
    const std::string wrong = "is not valid JSON at byte 1.\n";
    EXPECT_TRUE(runCli({"plan", "--config", config}).err.ends_with(wrong));
    EXPECT_EQ(runCli({"run", "--chat", config}).err, "“" + config + "” " + wrong);
    EXPECT_EQ(runCli({"template", "--chat", config}).err, "“" + config + "” " + wrong);
}

} // namespace
} // namespace moescope::test
