// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja_value.h"

#include "engine/model/vocabulary.h"

#include <array>
#include <charconv>
#include <cmath>

namespace moescope::model::jinja {

namespace {

uint32_t depthOf(const Value& value) {
    return value.isSequence() ? value.sequence().depth : value.is(Kind::Dict) ? value.dict().depth() : 0;
}

uint32_t deeper(Run& run, uint32_t depth, const Value& child) {
    const uint32_t now = std::max(depth, depthOf(child) + 1);
    if (now > deepestValue) {
        run.fail("lists and dicts lie deeper within each other than " + std::to_string(deepestValue) + " levels");
    }
    return now;
}

} // namespace

Value Value::undefined(std::string what) {
    Value value;
    value.m_data = std::make_shared<const std::string>(std::move(what));
    return value;
}

std::string Value::undefinedName() const {
    const auto* name = std::get_if<std::shared_ptr<const std::string>>(&m_data);
    return name == nullptr ? "a value" : **name;
}

const std::vector<Value>& Value::items() const { return sequence().items; }

Value Object::call(Run& run, const Arguments&) { run.fail(std::string(name()) + " cannot be called"); }
std::optional<Value> Object::attribute(Run&, std::string_view) { return std::nullopt; }
bool Object::assign(Run&, std::string_view, Value) { return false; }

std::optional<std::string> keyOf(Run& run, const Value& value) {
    switch (value.kind()) {
    case Kind::String:
        run.look(value.bytes().size());
        run.hold(value.bytes().size());
        return std::string(1, 's').append(value.bytes());
    case Kind::None: return "0";
    case Kind::Undefined: return "u";
    case Kind::Bool:
    case Kind::Int: return std::string(1, 'n').append(std::to_string(value.integer()));
    case Kind::Float: {
        // 1 and 1.0 are one key.
        const double number = value.number();
        const bool whole = std::nearbyint(number) == number && std::abs(number) < 9e18;
        return std::string(1, 'n').append(whole ? std::to_string(static_cast<int64_t>(number)) : printFloat(number));
    }
    case Kind::Tuple: {
        std::string key = "t";
        for (const Value& item : value.items()) {
            // Not through tuples of tuples: the same one can stand in each of them twice.
            const std::optional<std::string> part = item.is(Kind::Tuple) ? std::nullopt : keyOf(run, item);
            if (!part) {
                return std::nullopt;
            }
            run.step();
            run.hold(part->size() + 8);
            key += std::to_string(part->size()) + ":" + *part;
        }
        return key;
    }
    default: return std::nullopt;
    }
}

const Value* Dict::find(Run& run, const Value& key) const {
    const std::optional<std::string> text = keyOf(run, key);
    const auto at = text ? m_index.find(*text) : m_index.end();
    return at == m_index.end() ? nullptr : &m_entries[at->second].second;
}

const Value* Dict::find(std::string_view key) const {
    const auto at = m_index.find(std::string(1, 's').append(key));
    return at == m_index.end() ? nullptr : &m_entries[at->second].second;
}

void Dict::set(Run& run, const Value& key, Value value) {
    std::optional<std::string> text = keyOf(run, key);
    if (!text) {
        run.fail(describe(key) + " cannot be a key");
    }
    m_depth = deeper(run, m_depth, value);
    run.hold(256 + text->size());
    const auto [at, added] = m_index.emplace(std::move(*text), m_entries.size());
    if (added) {
        m_entries.emplace_back(key, std::move(value));
    } else {
        m_entries[at->second].second = std::move(value);
    }
}

namespace {

constexpr size_t textBytes = 128; ///< of a text without its bytes, as they lie in memory

} // namespace

Value makeText(Run& run, Text text) {
    run.hold(2 * text.size() + textBytes);
    run.look(text.size());
    return std::make_shared<const Text>(std::move(text));
}

Value makeSlice(Run& run, const Text& text, size_t begin, size_t end) {
    run.hold(2 * (end - begin) + textBytes);
    run.look(end - begin);
    return std::make_shared<const Text>(text.slice(begin, end));
}

Text escapedText(Run& run, const Text& text) {
    run.look(8 * text.size());
    run.hold(12 * text.size());
    return escaped(text);
}

Value makeUndefined(Run& run, std::string what) {
    run.hold(64 + what.size());
    return Value::undefined(std::move(what));
}

void Writer::add(const Text& text, size_t begin, size_t end) {
    // Two bytes a byte, and as many again while it grows.
    m_run.hold(4 * (end - begin));
    m_run.look(end - begin);
    m_out.append(text, begin, end);
}

Value Writer::made(bool markup) {
    m_run.hold(textBytes);
    m_out.markup = markup;
    return std::make_shared<const Text>(std::move(m_out));
}

Value makeText(Run& run, std::string_view bytes) { return makeText(run, Text(bytes)); }

Value makeSequence(Run& run, Kind kind, std::vector<Value> items, std::string label) {
    run.hold(items.size() * sizeof(Value) + 96);
    run.step(items.size() / 16);
    auto sequence = std::make_shared<Sequence>();
    for (const Value& item : items) {
        sequence->depth = deeper(run, sequence->depth, item);
    }
    sequence->items = std::move(items);
    sequence->label = std::move(label);
    return {kind, std::move(sequence)};
}

Value makeDict(Run& run, Dict dict) {
    run.hold(128);
    return std::make_shared<const Dict>(std::move(dict));
}

std::string describe(const Value& value) {
    switch (value.kind()) {
    case Kind::Undefined: return value.undefinedName() + ", which is undefined,";
    case Kind::None: return "none";
    case Kind::Bool: return "a boolean";
    case Kind::Int:
    case Kind::Float: return "a number";
    case Kind::String: return "text";
    case Kind::List: return "a list";
    case Kind::Tuple: return "a tuple";
    case Kind::View: return "a view";
    case Kind::Iterator: return "an iterator";
    case Kind::Dict: return "a dict";
    case Kind::Object: return std::string(value.object()->name());
    }
    return {};
}

bool truth(const Value& value) {
    switch (value.kind()) {
    case Kind::Undefined:
    case Kind::None: return false;
    case Kind::Bool: return value.boolean();
    case Kind::Int: return value.integer() != 0;
    case Kind::Float: return value.number() != 0;
    case Kind::String: return !value.text().empty();
    case Kind::List:
    case Kind::Tuple:
    case Kind::View: return !value.items().empty();
    case Kind::Dict: return !value.dict().entries().empty();
    case Kind::Iterator:
    case Kind::Object: return true;
    }
    return false;
}

bool equal(Run& run, const Value& a, const Value& b) {
    run.step();
    if (a.isNumber() && b.isNumber()) {
        return a.isWhole() && b.isWhole() ? a.integer() == b.integer() : a.number() == b.number();
    }
    if (a.kind() != b.kind()) {
        return false;
    }
    switch (a.kind()) {
    case Kind::String: run.look(a.bytes().size()); return a.bytes() == b.bytes();
    case Kind::List:
    case Kind::Tuple:
    case Kind::View: {
        const std::vector<Value>& left = a.items();
        const std::vector<Value>& right = b.items();
        bool same = left.size() == right.size();
        for (size_t i = 0; same && i < left.size(); ++i) {
            same = equal(run, left[i], right[i]);
        }
        return same;
    }
    case Kind::Dict: {
        const auto& entries = a.dict().entries();
        bool same = entries.size() == b.dict().entries().size();
        for (size_t i = 0; same && i < entries.size(); ++i) {
            const Value* other = b.dict().find(run, entries[i].first);
            same = other != nullptr && equal(run, entries[i].second, *other);
        }
        return same;
    }
    case Kind::Iterator: return &a.sequence() == &b.sequence();
    case Kind::Object: return a.object() == b.object();
    default: return true; // none, undefined
    }
}

std::optional<int> order(Run& run, const Value& a, const Value& b) {
    run.step();
    if (a.isWhole() && b.isWhole()) {
        return a.integer() < b.integer() ? -1 : a.integer() > b.integer() ? 1 : 0;
    }
    if (a.isNumber() && b.isNumber()) {
        const double left = a.number();
        const double right = b.number();
        if (std::isnan(left) || std::isnan(right)) {
            return std::nullopt;
        }
        return left < right ? -1 : left > right ? 1 : 0;
    }
    if (a.is(Kind::String) && b.is(Kind::String)) {
        // The order of UTF-8 is that of code points.
        run.look(a.bytes().size());
        return a.bytes().compare(b.bytes());
    }
    if (a.kind() == b.kind() && (a.is(Kind::List) || a.is(Kind::Tuple))) {
        const std::vector<Value>& left = a.items();
        const std::vector<Value>& right = b.items();
        for (size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
            if (!equal(run, left[i], right[i])) {
                return order(run, left[i], right[i]);
            }
        }
        return left.size() < right.size() ? -1 : left.size() > right.size() ? 1 : 0;
    }
    run.fail(describe(a) + " and " + describe(b) + " have no order");
}

std::string printFloat(double value) {
    if (std::isnan(value)) {
        return "nan";
    }
    if (std::isinf(value)) {
        return value < 0 ? "-inf" : "inf";
    }
    std::array<char, 64> buffer{};
    const auto written =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
    std::string text(buffer.data(), written.ptr);
    const size_t e = text.find('e');
    const int exponent = std::atoi(text.c_str() + e + 1);
    if (exponent < -4 || exponent >= 16) {
        return text; // as Python writes it: at least two digits of exponent, and its sign
    }
    const auto plain = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
    text.assign(buffer.data(), plain.ptr);
    return text.find('.') == std::string::npos ? text + ".0" : text;
}

namespace {

void appendQuoted(Run& run, const Text& text, Text& out) {
    const std::string& bytes = text.bytes();
    run.look(16 * bytes.size());
    run.hold(4 * bytes.size());
    const char quote = bytes.find('\'') != std::string::npos && bytes.find('"') == std::string::npos ? '"' : '\'';
    out.append(std::string_view(&quote, 1));
    for (size_t at = 0; at < bytes.size();) {
        const Character character = characterAt(bytes, at);
        const Origin origin = text.origin(at);
        std::array<char, 16> code{};
        if (character.code == quote || character.code == '\\') {
            out.append("\\", origin);
            out.append(text, at, character.end);
        } else if (character.code == '\n' || character.code == '\r' || character.code == '\t') {
            out.append(character.code == '\n' ? "\\n" : character.code == '\r' ? "\\r" : "\\t", origin);
        } else if (isPrintable(character.code)) {
            out.append(text, at, character.end);
        } else {
            const auto value = static_cast<uint32_t>(character.code < 0 ? static_cast<uint8_t>(bytes[at])
                                                                        : static_cast<uint32_t>(character.code));
            const char* format = value < 0x100 ? "\\x%02x" : value < 0x10000 ? "\\u%04x" : "\\U%08x";
            std::snprintf(code.data(), code.size(), format, value);
            run.hold(4 * code.size());
            out.append(code.data(), origin);
        }
        at = character.end;
    }
    out.append(std::string_view(&quote, 1));
}

void appendRepr(Run& run, const Value& value, Text& out) {
    run.step();
    run.checkOutput(out.size());
    const auto list = [&](const char* open, const char* close) {
        out.append(open);
        for (size_t i = 0; i < value.items().size(); ++i) {
            out.append(i == 0 ? "" : ", ");
            appendRepr(run, value.items()[i], out);
        }
        out.append(value.is(Kind::Tuple) && value.items().size() == 1 ? ",)" : close);
    };
    switch (value.kind()) {
    case Kind::Undefined: out.append("Undefined"); break;
    case Kind::None: out.append("None"); break;
    case Kind::Bool: out.append(value.boolean() ? "True" : "False"); break;
    case Kind::Int: out.append(std::to_string(value.integer())); break;
    case Kind::Float: out.append(printFloat(value.number())); break;
    case Kind::String: appendQuoted(run, value.text(), out); break;
    case Kind::List: list("[", "]"); break;
    case Kind::Tuple: list("(", ")"); break;
    case Kind::View:
        out.append(value.sequence().label);
        if (!value.sequence().label.ends_with(')')) {
            list("([", "])");
        }
        break;
    case Kind::Dict: {
        out.append("{");
        bool first = true;
        for (const auto& [key, entry] : value.dict().entries()) {
            out.append(first ? "" : ", ");
            first = false;
            appendRepr(run, key, out);
            out.append(": ");
            appendRepr(run, entry, out);
        }
        out.append("}");
        break;
    }
    case Kind::Iterator:
    case Kind::Object: run.fail(describe(value) + " cannot be printed");
    }
}

} // namespace

Text repr(Run& run, const Value& value) {
    Text out;
    appendRepr(run, value, out);
    return out;
}

Text print(Run& run, const Value& value) {
    if (value.is(Kind::String)) {
        run.hold(2 * value.text().size());
        return value.text();
    }
    return value.is(Kind::Undefined) ? Text() : repr(run, value);
}

std::vector<Value> iterate(Run& run, const Value& value) {
    std::vector<Value> items;
    switch (value.kind()) {
    case Kind::Undefined: break;
    case Kind::String: {
        const Text& text = value.text();
        for (size_t at = 0; at < text.size();) {
            const size_t end = characterAt(text.bytes(), at).end;
            run.step();
            run.hold(2 * sizeof(Value)); // it grows
            items.push_back(makeSlice(run, text, at, end));
            at = end;
        }
        break;
    }
    case Kind::List:
    case Kind::Tuple:
    case Kind::View:
        run.hold(value.items().size() * sizeof(Value));
        items = value.items();
        break;
    case Kind::Iterator: {
        Sequence& sequence = value.sequence();
        run.hold((sequence.items.size() - sequence.next) * sizeof(Value));
        items.assign(sequence.items.begin() + static_cast<ptrdiff_t>(sequence.next), sequence.items.end());
        sequence.next = sequence.items.size();
        break;
    }
    case Kind::Dict:
        run.hold(value.dict().entries().size() * sizeof(Value));
        for (const auto& [key, entry] : value.dict().entries()) {
            items.push_back(key);
        }
        break;
    default: run.fail(describe(value) + " cannot be gone through");
    }
    run.step(items.size() / 16);
    return items;
}

int64_t length(Run& run, const Value& value) {
    switch (value.kind()) {
    case Kind::Undefined: return 0;
    case Kind::String: run.look(4 * value.bytes().size()); return static_cast<int64_t>(countCharacters(value.bytes()));
    case Kind::List:
    case Kind::Tuple:
    case Kind::View: return static_cast<int64_t>(value.items().size());
    case Kind::Dict: return static_cast<int64_t>(value.dict().entries().size());
    default: run.fail(describe(value) + " has no length");
    }
}

} // namespace moescope::model::jinja
