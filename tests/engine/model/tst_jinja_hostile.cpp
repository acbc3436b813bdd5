// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja.h"
#include "engine/model/jinja_json.h"
#include "tests/engine/model/model_files.h"

#include <chrono>
#include <random>
#include <thread>

using namespace moescope;
using namespace moescope::tests;
namespace jinja = moescope::model::jinja;

namespace {

std::string render(const std::string& source, const jinja::Limits& limits = {}) {
    jinja::Run run(limits);
    const jinja::Value variables = jinja::fromJson(run, R"({"x": "abc", "l": [1, 2, 3]})", "variables");
    return jinja::Template(source).render(run, variables.dict()).bytes();
}

std::string repeated(const std::string& text, size_t count) {
    std::string all;
    for (size_t i = 0; i < count; ++i) {
        all += text;
    }
    return all;
}

/** A loop of 10^5 turns whose body is `body`, within another one. */
std::string often(const std::string& body) {
    return "{% set ns = namespace(v='aaaaaaaa', l=[1], n=1) %}{% for i in range(99999) %}{% for j in range(99999) %}" +
           body + "{% endfor %}{% endfor %}";
}

} // namespace

TEST(JinjaHostile, EachLimitIsASentence) {
    const std::pair<std::string, const char*> cases[] = {
        {often(""), "template.limit"},
        {often("{{ x }}"), "template.limit"},
        {often("{% set ns.v = ns.v + ns.v %}"), "template.limit"},
        {often("{% set ns.v = ns.v ~ ns.v %}"), "template.limit"},
        {often("{% set ns.l = ns.l + ns.l %}"), "template.limit"},
        {often("{% set ns.l = [ns.l] %}"), "template.failed"},
        {often("{% set ns.l = [ns.l, ns.l] %}"), "template.failed"},
        {often("{% set ns.n = ns.n * 3 %}"), "template.failed"},
        {often("{% set ns.v = ns.v | replace('a', 'aa') %}"), "template.limit"},
        {often("{% set ns.v = ns.v | replace('', ns.v) %}"), "template.limit"},
        {often("{% set ns.v = ns.v | tojson %}{% set ns.v = ns.v | tojson ~ ns.v %}"), "template.limit"},
        {often("{% set ns.v = ns.v.join([ns.v, ns.v]) %}"), "template.limit"},
        {often("{% macro m() %}{{ x }}{% endmacro %}"), "template.limit"},
        {"{{ 'a' * 10**9 }}", "template.limit"},
        {"{{ 'a' * 10**18 }}", "template.limit"},
        {"{{ [1] * 10**18 }}", "template.limit"},
        {"{{ range(10**12) | list }}", "template.failed"},
        {"{{ range(-(10**18), 10**18, 1) }}", "template.failed"},
        {"{{ range(-(2**50), 2**50) }}", "template.failed"},
        {"{{ '%d' % 1e300 }}", "template.failed"},
        {"{{ 'a' | indent(10**12) }}", "template.limit"},
        {"{{ l | tojson(indent=10**12) }}", "template.limit"},
        {"{{ l | batch(10**12, 0) | list }}", "template.limit"},
        {"{{ 9**9**9 }}", "template.failed"},
        {"{{ 2**10**18 }}", "template.failed"},
        {"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "template.limit"},
        {"{% macro m(n) %}{{ m(n + 1) ~ m(n + 2) }}{% endmacro %}{{ m(1) }}", "template.limit"},
        {"{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}", "template.failed"},
        {"{% set ns = namespace() %}{% set ns.me = [ns] %}{{ ns.me | tojson }}", "template.failed"},
        {repeated("(", 100000) + "1", "template.syntax"},
        {"{{ " + repeated("(", 100000) + "1" + repeated(")", 100000) + " }}", "template.syntax"},
        {"{{ " + repeated("[", 100000) + " }}", "template.syntax"},
        {"{{ 1" + repeated(" + 1", 100000) + " }}", "template.syntax"},
        {"{{ x" + repeated(".a", 100000) + " }}", "template.syntax"},
        {"{{ x" + repeated("|trim", 100000) + " }}", "template.syntax"},
        {"{{ " + repeated("not ", 100000) + "x }}", "template.syntax"},
        {"{{ " + repeated("-", 100000) + "1 }}", "template.syntax"},
        {"{{ 1" + repeated(" if 1 else 1", 80000) + " }}", "template.syntax"},
        {repeated("{% if x %}", 50000), "template.syntax"},
        {repeated("{% raw %}", 100000), "template.syntax"},
        {"{{ 99999999999999999999 }}", "template.syntax"},
        {"{{ '\\ud800' }}", "template.syntax"},
        {std::string(size_t{2} << 20, 'a'), "template.size"},
        {"a\xff", "template.utf8"}};
    // A fortieth of the usual ones: all is reached as before, soon enough under sanitizers too.
    const jinja::Limits small{.steps = 500'000, .bytes = 16 << 20, .output = 2 << 20, .depth = 300};
    for (const auto& [source, id] : cases) {
        if (source.starts_with("(")) {
            EXPECT_EQ(render(source), source); // text, not an expression
            continue;
        }
        SCOPED_TRACE(source.substr(0, 200));
        expectSentence(errorOf([&, text = source] { render(text, small); }), id, {});
    }
}

TEST(JinjaHostile, TheLimitsAreWhatTheyAreSetTo) {
    EXPECT_EQ(render("{{ x * 100 }}").size(), 300U);
    expectSentence(errorOf([] { render("{{ x * 100 }}", {.output = 299}); }), "template.limit", {"299 bytes"});
    expectSentence(errorOf([] { render("{% for i in range(50) %}{{ i }}{% endfor %}", {.steps = 100}); }),
                   "template.limit", {"100 steps", "line 1"});
    expectSentence(errorOf([] { render("{{ x * 1000 }}", {.bytes = 2000}); }), "template.limit", {"1.95 KiB"});
    expectSentence(errorOf([] { render("{{ (((1 + 2)) + 3) + 4 }}", {.depth = 3}); }), "template.limit", {"3 levels"});
}

TEST(JinjaHostile, MutationsOfTemplatesEndWithATextOrASentence) {
    const Json file = readJsonFile(testData() / "model" / "jinja_cases.json");
    const std::string data = file["data"].dump();
    std::vector<std::string> sources;
    for (const Json& one : file["cases"]) {
        sources.push_back(one["template"]);
    }
    const std::string pieces[] = {"{%", "%}", "{{", "}}",   "-",     "(",    ")", "[",  "]",   "|",
                                  ".",  "'",  "{#", " if ", " for ", " in ", "9", "**", "{",   "}",
                                  "~",  "\\", "\n", "\xc3", "end",   "=",    ",", ":",  " is "};
    std::mt19937 random(7);
    const auto below = [&](size_t count) { return static_cast<size_t>(random() % count); };
    const jinja::Limits limits{.steps = 20000, .bytes = 1 << 22, .output = 1 << 20, .depth = 300};
    size_t texts = 0;
    size_t errors = 0;
    const auto tryOne = [&] {
        std::string source = sources[below(sources.size())];
        for (size_t changes = 1 + below(4); changes > 0; --changes) {
            const size_t at = below(source.size() + 1);
            switch (below(4)) {
            case 0: source.insert(at, pieces[below(std::size(pieces))]); break;
            case 1: source.erase(at, 1 + below(6)); break;
            case 2: source.insert(at, sources[below(sources.size())]); break;
            default: source = source.substr(0, at) + source.substr(below(source.size() + 1)); break;
            }
        }
        try {
            jinja::Run run(limits);
            const jinja::Value variables = jinja::fromJson(run, data, "variables");
            jinja::Template(source).render(run, variables.dict());
            ++texts;
        } catch (const trace::Error& error) {
            ++errors;
            ASSERT_TRUE(error.id().starts_with("template.")) << source << ": " << error.what();
        }
    };
    // A thread of its own for each thousand: what exceptions leave of a thread's frames slows AddressSanitizer down with the
    // square of their number.
    const auto begin = std::chrono::steady_clock::now();
    for (int thousand = 0; thousand < 20; ++thousand) {
        std::thread([&] {
            for (int i = 0; i < 1000; ++i) {
                tryOne();
            }
        }).join();
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(took.count(), 300);
    // Both ways are taken often.
    EXPECT_GT(texts, 3000U);
    EXPECT_GT(errors, 3000U);
}
