// SPDX-License-Identifier: Apache-2.0
#include "app/cli/usage.h"

#include <algorithm>
#include <optional>

namespace moescope::cli {
namespace {

/** The option groups of a command. */
std::vector<const CLI::App*> groupsOf(const CLI::App& command) {
    return command.get_subcommands([](const CLI::App* sub) { return sub->get_name().empty(); });
}

std::vector<const CLI::Option*> optionsOf(const CLI::App& command) {
    std::vector<const CLI::Option*> all = command.get_options();
    for (const CLI::App* group : groupsOf(command)) {
        const std::vector<const CLI::Option*> some = group->get_options();
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

/** "-f", or "--tokens" if there is no short one, or the name of a place. */
std::string shortestName(const CLI::Option& option) {
    if (!option.get_snames().empty()) {
        return "-" + option.get_snames().front();
    }
    return option.get_lnames().empty() ? "“" + option.get_name(true) + "”" : "--" + option.get_lnames().front();
}

/** The name that a person has used; the shortest if the value stood alone. */
std::string typedName(const CLI::Option& option, const std::vector<std::string>& arguments) {
    const auto holds = [](const std::vector<std::string>& names, const std::string& name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    for (const std::string& argument : arguments) {
        if (argument.starts_with("--") && holds(option.get_lnames(), argument.substr(2, argument.find('=') - 2))) {
            return argument.substr(0, argument.find('='));
        }
        if (argument.size() > 1 && argument[0] == '-' && holds(option.get_snames(), argument.substr(1, 1))) {
            return argument.substr(0, 2);
        }
    }
    return shortestName(option);
}

std::string joined(const std::vector<std::string>& names, const std::string& last) {
    std::string text;
    for (size_t i = 0; i < names.size(); ++i) {
        text += i == 0 ? "" : i + 1 == names.size() ? " " + last + " " : ", ";
        text += names[i];
    }
    return text;
}

/** The first word that belongs to nothing. */
std::optional<std::string> unknownWord(const CLI::App& app) {
    for (const std::string& word : app.remaining(false)) {
        if (word != "--") {
            return word;
        }
    }
    return std::nullopt;
}

bool isOption(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

std::string noOption(const std::string& owner, const std::string& word) {
    return "“" + owner + "” has no option “" + (word.starts_with("--") ? word.substr(0, word.find('=')) : word) + "”.";
}

/** What may have been meant by a word that `command` has no place for. */
std::string remedy(const CLI::App& command) {
    for (const CLI::Option* option : optionsOf(command)) {
        if (option->check_lname("prompt") && !option->get_positional()) {
            return " A prompt stands behind -p, in quotes.";
        }
    }
    return {};
}

/** What is required and not given, or given too often. */
std::string missing(const CLI::App& command) {
    const std::string owner = "“" + command.get_name() + "”";
    std::vector<std::string> needed;
    for (const CLI::Option* option : optionsOf(command)) {
        if (option->get_required() && option->count() == 0) {
            needed.push_back(shortestName(*option));
        }
    }
    if (!needed.empty()) {
        return owner + " needs " + joined(needed, "and") + ".";
    }
    for (const CLI::App* group : groupsOf(command)) {
        std::vector<std::string> all;
        std::vector<std::string> used;
        for (const CLI::Option* option : group->get_options()) {
            if (option == group->get_help_ptr()) { // each group has one of its own
                continue;
            }
            all.push_back(shortestName(*option));
            if (option->count() > 0) {
                used.push_back(all.back());
            }
        }
        if (used.size() < group->get_require_option_min()) {
            return owner + " needs one of " + joined(all, "or") + ".";
        }
        if (group->get_require_option_max() > 0 && used.size() > group->get_require_option_max()) {
            return owner + " takes one of " + joined(all, "or") + ", not " + joined(used, "and") + " together.";
        }
    }
    return {};
}

/** The option that the library's sentence is about: it names it by its first name. */
const CLI::Option* blamed(const CLI::App& command, const std::string& sentence) {
    const CLI::Option* found = nullptr;
    for (const CLI::Option* option : optionsOf(command)) {
        // The longest: “--top” is a part of “--top-k”.
        const std::string name = option->get_name();
        if (sentence.find(name) != std::string::npos && (found == nullptr || name.size() > found->get_name().size())) {
            found = option;
        }
    }
    return found;
}

std::string wrongValue(const CLI::App& command, const std::vector<std::string>& arguments,
                       const CLI::ParseError& error) {
    const std::string sentence = error.what();
    if (dynamic_cast<const CLI::ValidationError*>(&error) != nullptr) {
        // "NAME: reason", where the reason is one of this program's.
        for (const CLI::Option* option : optionsOf(command)) {
            const std::string head = option->get_name() + ": ";
            if (sentence.starts_with(head)) {
                const std::string reason = sentence.substr(head.size());
                return typedName(*option, arguments) + ": " + reason + (reason.ends_with('.') ? "" : ".");
            }
        }
        return {};
    }
    const CLI::Option* option = blamed(command, sentence);
    if (option == nullptr) {
        return {};
    }
    const std::string name = typedName(*option, arguments);
    if (option->get_items_expected_max() == 0) {
        return name + ": it takes no value.";
    }
    return name + (option->count() > 1 ? ": it is given more than once." : ": its value is missing.");
}

} // namespace

std::string usageSentence(const CLI::App& program, const std::vector<std::string>& arguments,
                          const CLI::ParseError& error) {
    const std::string& name = program.get_name();
    const std::vector<const CLI::App*> chosen =
        program.get_subcommands([](const CLI::App* command) { return command->count() > 0; });
    const std::string commands = " “" + name + " --help” lists the commands.";
    if (const auto word = unknownWord(program)) {
        return (isOption(*word) ? noOption(name, *word) : "There is no command “" + *word + "”.") + commands;
    }
    if (chosen.empty()) {
        return "A command is missing." + commands;
    }
    const CLI::App& command = *chosen.front();
    std::string sentence;
    if (const auto word = unknownWord(command)) {
        sentence = isOption(*word) ? noOption(command.get_name(), *word)
                                   : "“" + command.get_name() + "” has no place for “" + *word + "”." + remedy(command);
    } else if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
        sentence = missing(command);
    } else {
        sentence = wrongValue(command, arguments, error);
    }
    return (sentence.empty() ? std::string(error.what()) + "." : sentence) + " “" + name + " " + command.get_name() +
           " --help” lists what it takes.";
}

} // namespace moescope::cli
