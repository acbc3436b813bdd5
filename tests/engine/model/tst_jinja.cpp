// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja.h"

#include "engine/model/jinja_json.h"
#include "tests/engine/model/model_files.h"

using namespace moescope;
using namespace moescope::tests;
namespace jinja = moescope::model::jinja;

namespace {

/** As Python's render(**variables); `now` is what tests/conformance says. */
std::string render(const std::string& source, const std::string& variables = "{}") {
    jinja::Run run{jinja::Limits()};
    run.now = std::tm{};
    run.now->tm_year = 125;
    run.now->tm_mon = 2;
    run.now->tm_mday = 2;
    run.now->tm_hour = 12;
    return jinja::Template(source).render(run, jinja::fromJson(run, variables, "variables").dict()).bytes();
}

} // namespace

TEST(Jinja, EqualsJinja2) {
    const auto file = nlohmann::ordered_json::parse(readBytes(testData() / "model" / "jinja_cases.json"));
    const std::string data = file["data"].dump();
    EXPECT_GT(file["cases"].size(), 350U);
    for (const auto& one : file["cases"]) {
        const std::string source = one["template"];
        std::optional<std::string> text;
        try {
            text = render(source, data);
        } catch (const trace::Error& error) {
            EXPECT_FALSE(one.contains("text")) << source << ": " << error.what();
            EXPECT_TRUE(error.id().starts_with("template.")) << source << ": " << error.id();
            EXPECT_EQ(std::string(error.what()).back(), '.') << error.what();
        }
        if (text) {
            ASSERT_TRUE(one.contains("text")) << source << " gives " << *text;
            EXPECT_EQ(*text, one["text"].get<std::string>()) << source;
        }
    }
}

TEST(Jinja, WhatIsNotSupportedIsNamedWithItsLine) {
    const std::pair<const char*, const char*> cases[] = {{"{% include 'a' %}", "the tag “include”"},
                                                         {"{% import 'a' as b %}", "the tag “import”"},
                                                         {"{% from 'a' import b %}", "the tag “from”"},
                                                         {"{% extends 'a' %}", "the tag “extends”"},
                                                         {"{% block b %}{% endblock %}", "the tag “block”"},
                                                         {"{% for i in x recursive %}{% endfor %}", "a recursive loop"},
                                                         {"{{ x | urlize }}", "the filter “urlize”"},
                                                         {"{{ x is wonderful }}", "the test “wonderful”"},
                                                         {"{{ f(*x) }}", "a call with “*”"},
                                                         {"{{ f(**x) }}", "a call with “**”"},
                                                         {"{{ '\\N{DASH}' }}", "a character by its name"},
                                                         {"{{ x[1, 2] }}", "an index of several values"}};
    for (const auto& [source, construct] : cases) {
        const std::string second = std::string("a\n") + source;
        expectSentence(errorOf([&] { jinja::Template{second}; }), "template.unsupported", {construct, "line 2"});
    }
}

TEST(Jinja, KeepsTheOrderOfKeysAndTheOriginOfText) {
    EXPECT_EQ(render("{{ d | tojson }}", R"({"d": {"z": 1, "a": [true, null, 2.50]}})"),
              R"({"z": 1, "a": [true, null, 2.5]})");
    jinja::Run run{jinja::Limits()};
    const jinja::Value variables = jinja::fromJson(run, R"({"x": "é<"})", "variables");
    const jinja::Text text = jinja::Template("a{{ x | upper }}b{{ x | e }}").render(run, variables.dict());
    EXPECT_EQ(text.bytes(), "aÉ<bé&lt;");
    std::string origins;
    for (size_t i = 0; i < text.size(); ++i) {
        origins += static_cast<char>(text.origin(i));
    }
    EXPECT_EQ(origins, "tccctcccccc");
}
