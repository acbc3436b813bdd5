// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja_json.h"

#include "engine/model/jinja_methods.h"
#include "engine/model/json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace moescope::model::jinja {

namespace {

using Ordered = nlohmann::ordered_json;

Value valueOf(Run& run, const Ordered& json, Origin origin) {
    switch (json.type()) {
    case Ordered::value_t::boolean: return json.get<bool>();
    case Ordered::value_t::number_unsigned:
        if (json.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
            run.fail("a number of the conversation is too large");
        }
        return json.get<int64_t>();
    case Ordered::value_t::number_integer: return json.get<int64_t>();
    case Ordered::value_t::number_float: return json.get<double>();
    case Ordered::value_t::string: return makeText(run, Text(json.get_ref<const std::string&>(), origin));
    case Ordered::value_t::array: {
        std::vector<Value> items;
        for (const Ordered& entry : json) {
            items.push_back(valueOf(run, entry, origin));
        }
        return makeList(run, std::move(items));
    }
    case Ordered::value_t::object: {
        Dict dict;
        for (const auto& [key, entry] : json.items()) {
            dict.set(run, makeText(run, Text(key, origin)), valueOf(run, entry, origin));
        }
        return makeDict(run, std::move(dict));
    }
    default: return nullptr;
    }
}

struct Layout {
    bool ascii = false;
    bool sorted = false;
    std::optional<Text> indent; ///< of one level; nothing: all in one line
    Text item;                  ///< between items
    Text key;                   ///< between key and value
};

class Dumper {
public:
    Dumper(Run& run, const Layout& layout) : m_run(run), m_layout(layout) {}

    Text dump(const Value& value) {
        write(value, 0);
        return std::move(m_out);
    }

private:
    void write(const Value& value, size_t level) {
        m_run.step();
        m_run.checkOutput(m_out.size());
        switch (value.kind()) {
        case Kind::None: m_out.append("null"); break;
        case Kind::Bool: m_out.append(value.boolean() ? "true" : "false"); break;
        case Kind::Int: m_out.append(std::to_string(value.integer())); break;
        case Kind::Float: m_out.append(number(value.number())); break;
        case Kind::String: string(value.text()); break;
        case Kind::List:
        case Kind::Tuple: {
            const std::vector<Value>& items = value.items();
            m_out.append("[");
            for (size_t i = 0; i < items.size(); ++i) {
                separate(i == 0, level + 1);
                write(items[i], level + 1);
            }
            close(items.empty(), level, "]");
            break;
        }
        case Kind::Dict: dict(value.dict(), level); break;
        default: m_run.fail(describe(value) + " cannot be written as JSON");
        }
    }

    static std::string number(double value) {
        return std::isnan(value)   ? "NaN"
               : std::isinf(value) ? (value < 0 ? "-Infinity" : "Infinity")
                                   : printFloat(value);
    }

    void separate(bool first, size_t level) {
        if (!first) {
            m_out.append(m_layout.item);
        }
        newLine(level);
    }

    void close(bool empty, size_t level, std::string_view bracket) {
        if (!empty) {
            newLine(level);
        }
        m_out.append(bracket);
    }

    void newLine(size_t level) {
        if (m_layout.indent) {
            m_out.append("\n");
            m_run.checkOutput(m_out.size() + level * m_layout.indent->size());
            for (size_t i = 0; i < level; ++i) {
                m_out.append(*m_layout.indent);
            }
        }
    }

    void dict(const Dict& dict, size_t level) {
        std::vector<Dict::Entry> entries = dict.entries();
        if (m_layout.sorted) {
            std::stable_sort(entries.begin(), entries.end(), [&](const Dict::Entry& a, const Dict::Entry& b) {
                return order(m_run, a.first, b.first).value_or(0) < 0;
            });
        }
        m_out.append("{");
        for (size_t i = 0; i < entries.size(); ++i) {
            separate(i == 0, level + 1);
            const Value& key = entries[i].first;
            if (key.is(Kind::String)) {
                string(key.text());
            } else if (key.isNumber() || key.is(Kind::None)) {
                m_out.append("\"");
                write(key, level);
                m_out.append("\"");
            } else {
                m_run.fail(describe(key) + " cannot be a key in JSON");
            }
            m_out.append(m_layout.key);
            write(entries[i].second, level + 1);
        }
        close(entries.empty(), level, "}");
    }

    void string(const Text& text) {
        m_run.look(16 * text.size());
        m_run.hold(4 * text.size());
        m_out.append("\"");
        for (size_t at = 0; at < text.size();) {
            const Character character = characterAt(text.bytes(), at);
            const Origin origin = text.origin(at);
            constexpr std::string_view named = "\"\\\n\r\t\f\b";
            constexpr std::string_view names = "\"\\nrtfb";
            const size_t found = character.code >= 0 && character.code < 0x80
                                     ? named.find(static_cast<char>(character.code))
                                     : std::string_view::npos;
            if (found != std::string_view::npos) {
                m_run.hold(4);
                m_out.append("\\", origin);
                m_out.append(names.substr(found, 1), origin);
            } else if (character.code >= 0 && (character.code < 0x20 || (m_layout.ascii && character.code > 0x7e))) {
                escape(static_cast<uint32_t>(character.code), origin);
            } else {
                m_out.append(text, at, character.end);
            }
            at = character.end;
        }
        m_out.append("\"");
    }

    void escape(uint32_t code, Origin origin) {
        if (code >= 0x10000) {
            escape(0xd800 + ((code - 0x10000) >> 10), origin);
            code = 0xdc00 + ((code - 0x10000) & 0x3ff);
        }
        std::array<char, 8> buffer{};
        std::snprintf(buffer.data(), buffer.size(), "\\u%04x", code);
        m_run.hold(4 * buffer.size());
        m_out.append(buffer.data(), origin);
    }

    Run& m_run;
    const Layout& m_layout;
    Text m_out;
};

} // namespace

Value fromJson(Run& run, std::string_view json, const std::string& name, Origin origin) {
    // Read twice: the first reading refuses what nests too deep or says a key twice, the second keeps the order.
    parseJson(json, name);
    run.hold(8 * json.size());
    return valueOf(run, Ordered::parse(json.begin(), json.end()), origin);
}

Value toJson(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"});
    Layout layout;
    layout.ascii = given.flag(0, false);
    layout.sorted = given.flag(3, false);
    if (given[1] != nullptr && given.value(1).is(Kind::String)) {
        layout.indent = given.value(1).text();
    } else if (given[1] != nullptr && !given.value(1).is(Kind::None)) {
        const int64_t width = std::max<int64_t>(given.whole(1, 0), 0);
        run.hold(static_cast<uint64_t>(width));
        layout.indent = Text(std::string(static_cast<size_t>(width), ' '));
    }
    layout.item = Text(layout.indent ? "," : ", ");
    layout.key = Text(": ");
    if (given[2] != nullptr && !given.value(2).is(Kind::None)) {
        const std::vector<Value> separators = iterate(run, given.value(2));
        if (separators.size() != 2 || !separators[0].is(Kind::String) || !separators[1].is(Kind::String)) {
            run.fail("“tojson” needs two texts as separators");
        }
        layout.item = separators[0].text();
        layout.key = separators[1].text();
    }
    return makeText(run, Dumper(run, layout).dump(value));
}

} // namespace moescope::model::jinja
