// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja.h"
#include "engine/model/jinja_json.h"
#include "engine/trace/error.h"

#include <nlohmann/json.hpp>

#include <ctime>
#include <exception>
#include <iostream>

/** Renders chat templates for tests/conformance/chat_templates.py. A line of the input is {"template", "variables"}
 *  (a template that is left out is the last one), a line of the output {"text"} or {"error", "sentence"}. It is always
 *  noon of 2 March 2025. */
int main() {
    using namespace moescope;
    namespace jinja = model::jinja;
    std::ios::sync_with_stdio(false);
    std::string line;
    std::string source;
    while (std::getline(std::cin, line)) {
        nlohmann::json answer;
        try {
            const auto job = nlohmann::ordered_json::parse(line);
            source = job.value("template", source);
            jinja::Run run{jinja::Limits()};
            run.now = std::tm{};
            run.now->tm_year = 125;
            run.now->tm_mon = 2;
            run.now->tm_mday = 2;
            run.now->tm_hour = 12;
            run.now->tm_yday = 60;
            const jinja::Value variables = jinja::fromJson(run, job.at("variables").dump(), "variables");
            answer["text"] = jinja::Template(source).render(run, variables.dict()).bytes();
        } catch (const trace::Error& error) {
            answer = {{"error", error.id()}, {"sentence", error.what()}};
        }
        std::cout << answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
    }
    return 0;
}
