// SPDX-License-Identifier: Apache-2.0
#include "app/cli/command.h"
#include "app/cli/output.h"
#include "app/cli/usage.h"
#include "app/platform/console.h"
#include "engine/inference/engine.h"

#include <algorithm>
#include <new>

namespace {

constexpr int failed = 1;
constexpr int wrongUsage = 2;

int parse(CLI::App& program, const std::vector<std::string>& arguments) {
    // CLI11 takes a vector back to front and without the program's name.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend() - 1);
    try {
        program.parse(std::move(reversed));
        return 0;
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) { // --help and --version are "errors" too
            program.exit(error);
            return -1;
        }
        moescope::cli::printFailure(
            moescope::cli::usageSentence(program, {arguments.begin() + 1, arguments.end()}, error));
        return wrongUsage;
    }
}

} // namespace

int main(int argc, char** argv) {
    using namespace moescope;
    try {
        inference::prepareProcess();
        platform::setUpConsole();
        CLI::App program("Mixture-of-experts models on Vulkan, from the command line.", "moescope-cli");
        program.set_version_flag("--version", "moescope-cli " MOESCOPE_VERSION);
        program.require_subcommand(1);
        cli::Action action;
        cli::addRun(program, action);
        cli::addChat(program, action);
        cli::addTrace(program, action);
        cli::addBench(program, action);
        cli::addPerplexity(program, action);
        cli::addNeedle(program, action);
        cli::addPlan(program, action);
        cli::addConvert(program, action);
        cli::addQuantize(program, action);
        cli::addSynth(program, action);
        cli::addInfo(program, action);
        cli::addTokenize(program, action);
        cli::addTemplate(program, action);
        cli::addDevices(program, action);

        if (const int code = parse(program, platform::utf8Arguments(argc, argv)); code != 0) {
            return std::max(code, 0);
        }
        action();
        cli::finishOutput();
        return 0;
    } catch (const std::bad_alloc&) {
        cli::printFailure("This machine has not enough memory left for that.");
    } catch (const std::exception& error) {
        cli::printFailure(error.what());
    }
    return failed;
}
