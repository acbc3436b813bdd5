// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja_filters.h"

#include "engine/model/jinja_json.h"
#include "engine/model/jinja_methods.h"
#include "engine/model/jinja_operators.h"
#include "engine/model/vocabulary.h"

#include <array>
#include <charconv>
#include <cmath>

namespace moescope::model::jinja {

namespace {

/** Text as it is, anything else printed. */
Value asText(Run& run, const Value& value) { return value.is(Kind::String) ? value : makeText(run, print(run, value)); }

template <size_t length>
Value byMethod(Run& run, const char (&name)[length], const Value& value, const Arguments& given) {
    return *callMethod(run, asText(run, value), name, given);
}

Value upperFilter(Run& run, const Value& value, const Arguments& given) { return byMethod(run, "upper", value, given); }
Value lowerFilter(Run& run, const Value& value, const Arguments& given) { return byMethod(run, "lower", value, given); }
Value titleFilter(Run& run, const Value& value, const Arguments& given) {
    // Unlike the method: a word begins behind blanks, hyphens and opening brackets alone.
    const Bound none(run, "title", given, {});
    const Value text = asText(run, value);
    run.look(32 * text.bytes().size());
    run.hold(4 * text.bytes().size());
    Text out;
    bool begins = true;
    for (size_t at = 0; at < text.bytes().size();) {
        const Character character = characterAt(text.bytes(), at);
        out.append(changeCase(text.text().slice(at, character.end), begins ? Case::Upper : Case::Lower));
        const int32_t code = character.code;
        begins = isSpace(code) || code == '-' || code == '(' || code == '{' || code == '[' || code == '<';
        at = character.end;
    }
    return makeText(run, std::move(out));
}
Value capitalizeFilter(Run& run, const Value& value, const Arguments& given) {
    return byMethod(run, "capitalize", value, given);
}
Value trimFilter(Run& run, const Value& value, const Arguments& given) { return byMethod(run, "strip", value, given); }

Value replaceFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "replace", arguments, {"old", "new", "count"}, 2);
    Arguments texts;
    for (size_t i = 0; i < 2; ++i) {
        Text text = print(run, given.value(i));
        text.markup = false;
        texts.positional.push_back(makeText(run, std::move(text)));
    }
    texts.positional.emplace_back(given.whole(2, -1));
    Text plain = print(run, value);
    plain.markup = false;
    return *callMethod(run, makeText(run, std::move(plain)), "replace", texts);
}

Value stringFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "string", arguments, {});
    return asText(run, value);
}

Value safeFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "safe", arguments, {});
    Text text = print(run, value);
    text.markup = true;
    return makeText(run, std::move(text));
}

Value escapeFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "escape", arguments, {});
    if (value.is(Kind::String) && value.text().markup) {
        return value;
    }
    return makeText(run, escapedText(run, print(run, value)));
}

Value defaultFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "default", arguments, {"default_value", "boolean"});
    if (value.is(Kind::Undefined) || (given.flag(1, false) && !truth(value))) {
        return given[0] != nullptr ? given.value(0) : makeText(run, "");
    }
    return value;
}

Value lengthFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "length", arguments, {});
    return length(run, value);
}

/** Without blanks around it and the underscores of long numbers. */
std::string digitsOf(Run& run, const Text& text) {
    run.look(16 * text.size());
    run.hold(text.size());
    const auto [begin, end] = strip(text.bytes(), Ends::Both);
    std::string bytes = text.bytes().substr(begin, end - begin);
    std::erase(bytes, '_');
    return bytes;
}

/** A number as Python's int() and float() read it; nothing if it is none. */
std::optional<double> readReal(Run& run, const Text& text) {
    std::string bytes = digitsOf(run, text);
    const size_t sign = bytes.starts_with('+') ? 1 : 0;
    double value = 0;
    const auto [at, error] = std::from_chars(bytes.data() + sign, bytes.data() + bytes.size(), value);
    return error == std::errc() && at == bytes.data() + bytes.size() ? std::optional(value) : std::nullopt;
}

std::optional<int64_t> wholeOf(Run& run, double real) {
    if (std::isnan(real) || std::isinf(real)) {
        return std::nullopt;
    }
    if (std::abs(real) > 9.2e18) {
        run.fail("a number becomes too large");
    }
    return static_cast<int64_t>(real);
}

Value intFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "int", arguments, {"default", "base"});
    const Value other = given[0] != nullptr ? given.value(0) : Value(int64_t{0});
    if (value.isWhole()) {
        return value.integer();
    }
    if (value.is(Kind::Undefined)) {
        run.fail(describe(value) + " is no number");
    }
    std::optional<double> real;
    if (value.is(Kind::Float)) {
        real = value.number();
        if (std::isinf(*real)) {
            run.fail("a number becomes too large");
        }
    } else if (value.is(Kind::String)) {
        const std::string bytes = digitsOf(run, value.text());
        const size_t sign = bytes.starts_with('+') ? 1 : 0;
        const int64_t base = given.whole(1, 10);
        if (base < 2 || base > 36) {
            run.fail("“int” is given a base that is not supported");
        }
        int64_t whole = 0;
        const char* const end = bytes.data() + bytes.size();
        const auto [at, error] = std::from_chars(bytes.data() + sign, end, whole, static_cast<int>(base));
        if (error == std::errc() && at == end) {
            return whole;
        }
        if (error == std::errc::result_out_of_range && at == end) {
            run.fail("a number becomes too large");
        }
        real = readReal(run, value.text());
    }
    const std::optional<int64_t> whole = real ? wholeOf(run, *real) : std::nullopt;
    return whole ? Value(*whole) : other;
}

Value floatFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "float", arguments, {"default"});
    if (value.isNumber()) {
        return value.number();
    }
    if (value.is(Kind::Undefined)) {
        run.fail(describe(value) + " is no number");
    }
    const std::optional<double> real = value.is(Kind::String) ? readReal(run, value.text()) : std::nullopt;
    return real ? Value(*real) : given[0] != nullptr ? given.value(0) : Value(0.0);
}

Value absFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "abs", arguments, {});
    if (!value.isNumber()) {
        run.fail(describe(value) + " has no magnitude");
    }
    return value.number() < 0 ? negated(run, value) : value.isWhole() ? Value(value.integer()) : value;
}

Value roundFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "round", arguments, {"precision", "method"});
    const int64_t digits = given.whole(0, 0);
    const std::string method = given.text(1) == nullptr ? "common" : given.text(1)->bytes();
    if (!value.isNumber() || digits < -300 || digits > 300 ||
        (method != "common" && method != "ceil" && method != "floor")) {
        run.fail("“round” is given what it cannot round");
    }
    if (method != "common") {
        const double scale = std::pow(10.0, static_cast<double>(digits));
        const double scaled = value.number() * scale;
        return (method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale;
    }
    if (value.isWhole() && digits >= 0) {
        return value.integer();
    }
    if (digits < 0) {
        run.fail("“round” to tens is not supported");
    }
    // The nearest decimal of the binary value, halves to even: as Python rounds.
    run.step(20); // hundreds of digits may be computed
    std::array<char, 1024> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.*f", static_cast<int>(digits), value.number());
    return readReal(run, Text(buffer.data())).value_or(value.number());
}

Value indentFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "indent", arguments, {"width", "first", "blank"});
    if (!value.is(Kind::String)) {
        run.fail(describe(value) + " cannot be indented");
    }
    Text indent;
    if (given[0] != nullptr && given.value(0).is(Kind::String)) {
        indent = given.value(0).text();
    } else {
        const int64_t width = std::max<int64_t>(given.whole(0, 4), 0);
        run.hold(2 * static_cast<uint64_t>(width));
        indent = Text(std::string(static_cast<size_t>(width), ' '));
    }
    const bool blank = given.flag(2, false);
    run.look(8 * value.text().size());
    run.hold(2 * value.text().size() + 2);
    Text text = value.text();
    text.append("\n");
    const Text end("\n");
    Writer out(run);
    bool first = true;
    splitLines(text.bytes(), false, [&](size_t from, size_t to) {
        run.step();
        if (!first) {
            out.add(end);
        }
        if (first ? given.flag(1, false) : blank || from < to) {
            out.add(indent);
        }
        out.add(text, from, to);
        first = false;
    });
    return out.made();
}

Value formatFilter(Run& run, const Value& value, const Arguments& arguments) {
    if (!arguments.named.empty()) {
        run.fail("“format” with named values is not supported");
    }
    return formatPercent(run, print(run, value), makeSequence(run, Kind::Tuple, arguments.positional));
}

Value attrFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "attr", arguments, {"name"}, 1);
    // Attributes alone, no items.
    const std::string name = given.text(0) == nullptr ? "" : given.text(0)->bytes();
    std::optional<Value> found =
        value.is(Kind::Object) ? value.object()->attribute(run, name) : method(run, value, name);
    return found ? *found : makeUndefined(run, "the attribute “" + shortened(name) + "”");
}

constexpr NamedFilter filters[] = {{"abs", absFilter},       {"attr", attrFilter},     {"capitalize", capitalizeFilter},
                                   {"count", lengthFilter},  {"d", defaultFilter},     {"default", defaultFilter},
                                   {"e", escapeFilter},      {"escape", escapeFilter}, {"float", floatFilter},
                                   {"format", formatFilter}, {"indent", indentFilter}, {"int", intFilter},
                                   {"length", lengthFilter}, {"lower", lowerFilter},   {"replace", replaceFilter},
                                   {"round", roundFilter},   {"safe", safeFilter},     {"string", stringFilter},
                                   {"title", titleFilter},   {"tojson", toJson},       {"trim", trimFilter},
                                   {"upper", upperFilter}};

} // namespace

FilterCall findScalarFilter(std::string_view name) {
    for (const NamedFilter& filter : filters) {
        if (filter.name == name) {
            return filter.call;
        }
    }
    return nullptr;
}

bool isFilter(std::string_view name) { return findScalarFilter(name) != nullptr || findListFilter(name) != nullptr; }

Value applyFilter(Run& run, std::string_view name, const Value& value, const Arguments& arguments) {
    run.step();
    FilterCall call = findScalarFilter(name);
    call = call != nullptr ? call : findListFilter(name);
    if (call == nullptr) {
        run.fail("the filter “" + shortened(name) + "” is needed, which is not supported");
    }
    return call(run, value, arguments);
}

} // namespace moescope::model::jinja
