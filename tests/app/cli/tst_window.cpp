// SPDX-License-Identifier: Apache-2.0
// The program with the window where no window can open.
#include "tests/app/cli/program.h"

#include <gtest/gtest.h>

namespace moescope::test {
namespace {

Outcome start(const std::vector<std::string>& arguments, Environment more) {
    Environment environment{{"DISPLAY", unset},        {"WAYLAND_DISPLAY", unset},
                            {"WAYLAND_SOCKET", unset}, {"QT_QPA_PLATFORM", unset},
                            {"HOME", "/nonexistent"},  {"MOESCOPE_DATA", "/dev/null/none"}};
    environment.insert(environment.end(), more.begin(), more.end());
    return runProgram(MOESCOPE_WINDOW, arguments, environment);
}

TEST(Window, WithoutADisplayThereIsOneSentence) {
    for (const Environment& environment : {Environment{}, Environment{{"DISPLAY", ""}, {"QT_QPA_PLATFORM", ""}}}) {
        const Outcome outcome = start({}, environment);
        EXPECT_EQ(outcome.code, 1);
        EXPECT_EQ(outcome.out, "");
        EXPECT_EQ(outcome.err,
                  "There is no display, so no window can open; “moescope-cli chat” chats in the terminal.\n");
    }
}

TEST(Window, ADisplayThatCannotBeOpenedIsNoCrash) {
    const std::string sentence = "The display cannot be opened; “moescope-cli chat” chats in the terminal.\n";
    for (const auto& [arguments, environment] :
         {std::pair{std::vector<std::string>{}, Environment{{"DISPLAY", ":7654"}}},
          std::pair{std::vector<std::string>{"-display", ":7654"}, Environment{}}}) {
        const Outcome outcome = start(arguments, environment);
        EXPECT_EQ(outcome.code, 1) << outcome.err;
        EXPECT_TRUE(outcome.err.ends_with(sentence)) << outcome.err;
        EXPECT_FALSE(has(outcome.err, "no display,")) << outcome.err;
    }
}

TEST(Window, ANamedPlatformNeedsNoDisplay) {
    const Outcome argument = start({"-platform", "offscreen", "--no-such"}, {});
    EXPECT_EQ(argument.code, 2);
    EXPECT_TRUE(has(argument.err, "no-such")) << argument.err;
    const Outcome variable = start({"--no-such"}, {{"QT_QPA_PLATFORM", "offscreen"}});
    EXPECT_EQ(variable.code, 2);
    EXPECT_TRUE(has(variable.err, "no-such")) << variable.err;
}

TEST(Window, WrongUsageIsOneSentenceAndExitsWith2) {
    const std::string lists = " “moescope --help” lists what it takes.\n";
    for (const auto& [arguments, sentence] :
         {std::pair{std::vector<std::string>{"--frob"}, "“moescope” has no option “--frob”."},
          std::pair{std::vector<std::string>{"-frob=3", "--device", "0"}, "“moescope” has no option “-frob”."},
          std::pair{std::vector<std::string>{"builtin", "--model"}, "--model: its value is missing."}}) {
        const Outcome outcome = start(arguments, {{"QT_QPA_PLATFORM", "offscreen"}});
        EXPECT_EQ(outcome.code, 2);
        EXPECT_EQ(outcome.out, "");
        EXPECT_TRUE(outcome.err.ends_with(sentence + lists)) << outcome.err; // Qt may have warned before
    }
}

} // namespace
} // namespace moescope::test
