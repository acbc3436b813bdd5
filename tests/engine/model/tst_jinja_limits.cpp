// SPDX-License-Identifier: Apache-2.0
// Templates that are made to take long or much, under the limits that a chat has.
#include "engine/model/jinja.h"
#include "engine/model/jinja_json.h"
#include "engine/model/jinja_search.h"
#include "tests/engine/model/model_files.h"

#include <chrono>
#include <fstream>
#include <random>

using namespace moescope;
using namespace moescope::tests;
namespace jinja = moescope::model::jinja;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true; // several times slower, and what is freed stays
#else
constexpr bool sanitized = false;
#endif

std::string render(jinja::Run& run, const std::string& source) {
    return jinja::Template(source).render(run, jinja::Dict()).bytes();
}

/** The most that this process ever held, in MiB; nothing where the system does not say. */
std::optional<uint64_t> peakMemory() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) {
            return std::stoull(line.substr(6)) / 1024;
        }
    }
    return std::nullopt;
}

/** A loop of 10^10 turns whose body is `body`, behind `before`. */
std::string often(const std::string& before, const std::string& body) {
    return before + "{% for i in range(99999) %}{% for j in range(99999) %}" + body + "{% endfor %}{% endfor %}";
}

/** “a”: a text of 20 MB. */
std::string text(const std::string& letter) { return "{% set a = '" + letter + "' * 1000 * 20000 %}"; }

std::string repeated(const std::string& part, size_t count) {
    std::string all;
    for (size_t i = 0; i < count; ++i) {
        all += part;
    }
    return all;
}

/** Steps that `expression` takes where a is a text of `letters` letters. */
uint64_t stepsOf(const std::string& expression, size_t letters) {
    jinja::Run run{jinja::Limits()};
    const std::string before = "{% set a = 'a' * 100 * " + std::to_string(letters / 100) + " %}";
    render(run, before);
    const uint64_t made = run.steps();
    render(run, before + "{% set x = " + expression + " %}");
    return run.steps() - 2 * made;
}

} // namespace

TEST(JinjaLimits, EndWhatTakesLongOrMuch) {
    const std::string many = "' * 1000 * 60000)"; // of one character: 60 MB
    const std::string sources[] = {
        often("", ""),
        often("", "{% for a in [1] if a %}{% endfor %}"),
        often("", "{% macro m() %}{% endmacro %}"),
        often("", "{% set x = 1e300 | round(300) %}"),
        often("", "{% set x = strftime_now('%B') %}"),
        often(text("a") + "{% set b = 'a' * 9999999 ~ 'b' %}", "{% set x = b in a %}"),
        often(text("a") + "{% set b = 'b' ~ 'a' * 9999999 %}", "{% set x = a.rfind(b) %}"),
        often(text("a"), "{% set x = a.count('aa') %}"),
        often(text("a") + "{% set t = ((a ~ 'b')[1:],) * 99999 %}", "{% set x = a.startswith(t) %}"),
        often(text(" "), "{% set x = a | int %}"),
        often(text(" "), "{% set x = a | length %}"),
        often(text("a"), "{% set x = a is lower %}"),
        often("{% set t = (1,) * 1000000 %}{% set d = {} %}", "{% set x = d[t] %}"),
        "{{ ('{{" + many + ".format() }}",
        "{{ ('%%" + many + " % () }}",
        "{{ (',' * 1000 * 60000).split(',') | length }}",
        "{{ (' a" + many + ".split() | length }}",
        "{{ ('\\n" + many + ".splitlines() | length }}",
        "{{ ('\\n" + many + " | indent(1, true, true) }}",
        "{{ ('a" + many + " | replace('', 'b') }}",
        "{% for c in ('a" + many + " %}{% endfor %}",
        "{{ ('a' * 2**24) * 2**40 }}",
        "{{ ('' | safe) + ('<" + many + " }}",
        "{{ ([['a' * 1000 * 60000]] * 100) | join }}",
        "{% set x = 'a' * 1000 * 60000 %}" + repeated("{% set a %}{{ x }}", 45) + repeated("{% endset %}", 45),
    };
    for (const std::string& source : sources) {
        SCOPED_TRACE(source.substr(0, 160));
        const auto begin = std::chrono::steady_clock::now();
        jinja::Limits limits;
        limits.steps /= sanitized ? 8 : 1; // the same code is reached
        jinja::Run run(limits);
        expectSentence(errorOf([&] { render(run, source); }), "template.limit", {"in line 1"});
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        EXPECT_LT(took.count(), sanitized ? 60 : 10); // about one second
        // The last count of each is the one that was too much.
        const std::optional<uint64_t> peak = peakMemory();
        ASSERT_TRUE(sanitized || !peak || *peak < 1024) << "MiB: " << *peak;
    }
}

TEST(JinjaLimits, StepsGrowWithWhatIsLookedAt) {
    constexpr size_t few = 100'000;
    constexpr size_t more = 4 * few;
    for (const char* expression : {"('a' * 50000 ~ 'b') in a",
                                   "a.find('a' * 50000 ~ 'b')",
                                   "a.rfind('b' ~ 'a' * 50000)",
                                   "a.count('ab')",
                                   "a.split('b')",
                                   "a.split('ab')",
                                   "a.rsplit('ab')",
                                   "a.partition('ab')",
                                   "a.replace('ab', '')",
                                   "a.startswith(a)",
                                   "a.endswith(a)",
                                   "a.removeprefix(a)",
                                   "a.removesuffix(a)",
                                   "a.strip()",
                                   "a.strip('ab')",
                                   "a.isalpha()",
                                   "a is lower",
                                   "a | length",
                                   "a | int",
                                   "a | float",
                                   "a | tojson",
                                   "[a] | string"}) {
        SCOPED_TRACE(expression);
        const uint64_t small = stepsOf(expression, few);
        const uint64_t large = stepsOf(expression, more);
        EXPECT_GE(large - small, (more - few) / 64);
        EXPECT_LE(large - small, (more - few) / 2); // of no square
    }
}

TEST(JinjaLimits, SearchFindsWhatStringsFind) {
    std::mt19937 random(11);
    const auto below = [&](size_t count) { return static_cast<size_t>(random() % count); };
    size_t found = 0;
    for (int i = 0; i < 200000; ++i) {
        jinja::Run run{jinja::Limits()};
        const size_t letters = 1 + below(3);
        const auto made = [&](size_t size) {
            std::string text;
            for (size_t k = 0; k < size; ++k) {
                text += static_cast<char>(k % 7 == 6 ? 0xe0 + below(letters) : 'a' + below(letters));
            }
            return text;
        };
        const std::string whole = made(below(60));
        const size_t size = below(std::min<size_t>(whole.size(), 25) + 1);
        const std::string part = below(3) == 0 ? made(size) : whole.substr(below(whole.size() - size + 1), size);
        const size_t at = jinja::Search(run, part).in(whole);
        ASSERT_EQ(at, whole.find(part)) << part << " in " << whole;
        ASSERT_EQ(jinja::Search(run, part, true).in(whole), whole.rfind(part)) << part << " in " << whole;
        found += at != std::string::npos && at > 0 ? 1 : 0;
    }
    EXPECT_GT(found, 50000U);
}

TEST(JinjaLimits, LongSearchesEndWhenTheyAreCancelled) {
    const std::string whole(size_t{1} << 20, 'a');
    const std::string part = std::string(100, 'a') + 'b';
    const std::atomic<bool> cancelled{true};
    jinja::Run run{jinja::Limits(), &cancelled};
    expectSentence(errorOf([&] { jinja::Search(run, part).in(whole); }), "work.cancelled", {});
    EXPECT_LT(run.steps(), 16384U);
}

TEST(JinjaLimits, LongNamesAreRefused) {
    jinja::Run run{jinja::Limits()};
    EXPECT_EQ(render(run, "{% set " + std::string(256, 'n') + " = 1 %}x"), "x");
    expectSentence(errorOf([&] { render(run, "\n{{ " + std::string(257, 'n') + " }}"); }), "template.syntax",
                   {"256 bytes", "line 2"});
}
