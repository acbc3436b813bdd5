// SPDX-License-Identifier: Apache-2.0
#include "app/cli/intervention.h"

#include "app/cli/options.h"
#include "engine/trace/error.h"
#include "engine/trace/utf8.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace moescope::cli {
namespace {

/** Reads one piece of a list after the other. */
class ListReader {
public:
    ListReader(const std::string& list, const char* form) : m_list(list), m_form(form) {}

    trace::ExpertPlace place() {
        const auto layer = number<uint32_t>("a whole number");
        expect(':');
        return {layer, number<uint32_t>("a whole number")};
    }

    float bias() {
        expect(':');
        return number<float>("a finite number");
    }

    /** Past the comma before another piece; false: that was the last. */
    bool next() {
        if (m_at == m_list.size()) {
            return false;
        }
        expect(',');
        return true;
    }

private:
    template <typename Number>
    Number number(const char* wanted) {
        Number value = 0;
        const auto [next, error] = std::from_chars(m_list.data() + m_at, m_list.data() + m_list.size(), value);
        if (error != std::errc() || !std::isfinite(static_cast<double>(value))) {
            refuse(wanted);
        }
        m_at = static_cast<size_t>(next - m_list.data());
        return value;
    }

    void expect(char character) {
        if (m_at == m_list.size() || m_list[m_at] != character) {
            refuse("“" + std::string(1, character) + "”");
        }
        ++m_at;
    }

    [[noreturn]] void refuse(const std::string& wanted) const {
        const std::string_view rest = std::string_view(m_list).substr(m_at);
        const std::string found =
            rest.empty() ? "the end" : "“" + std::string(rest.substr(0, trace::utf8At(rest, 0).bytes)) + "”";
        throw trace::Error("cli.experts", "“{list}” is no list of {form}: {wanted} is expected where {found} is.",
                           {{"list", m_list.size() > 60 ? m_list.substr(0, 60) + "…" : m_list},
                            {"form", m_form},
                            {"wanted", wanted},
                            {"found", found}});
    }

    const std::string& m_list;
    const char* m_form;
    size_t m_at = 0;
};

/** `parse` runs as the option is read, so that what it refuses is wrong usage. */
template <typename Value, typename Parse>
void addList(CLI::App& command, const std::string& name, std::vector<Value>& values, const std::string& form,
             const std::string& help, Parse parse) {
    command
        .add_option_function<std::string>(
            name, [&values, parse](const std::string& list) { values = parse(list); }, help)
        ->type_name(form)
        ->check(parsedBy(parse, ""));
}

} // namespace

std::vector<trace::ExpertPlace> parsePlaces(const std::string& list) {
    ListReader reader(list, "LAYER:EXPERT");
    std::vector<trace::ExpertPlace> places;
    do {
        places.push_back(reader.place());
    } while (reader.next());
    return places;
}

std::vector<trace::ExpertBias> parseBiases(const std::string& list) {
    ListReader reader(list, "LAYER:EXPERT:BIAS");
    std::vector<trace::ExpertBias> biases;
    do {
        const trace::ExpertPlace place = reader.place();
        biases.push_back({place, reader.bias()});
    } while (reader.next());
    return biases;
}

void addIntervention(CLI::App& command, trace::Intervention& intervention) {
    addList(command, "--ban", intervention.banned, "L:E,…", "What if: experts that never answer, as LAYER:EXPERT",
            parsePlaces);
    addList(command, "--force", intervention.forced, "L:E,…", "What if: experts that answer every token", parsePlaces);
    addList(command, "--bias", intervention.biases, "L:E:X,…", "What if: X is added to the router's logit",
            parseBiases);
    command.add_flag("--no-shared", intervention.without_shared, "What if: shared experts add nothing");
    command.add_option("--experts-used", intervention.experts_used, "What if: so many experts answer each token")
        ->check(whole(1, std::numeric_limits<uint32_t>::max()));
}

} // namespace moescope::cli
