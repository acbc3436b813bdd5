// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja_methods.h"

#include "engine/model/jinja_operators.h"
#include "engine/model/jinja_search.h"
#include "engine/model/vocabulary.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace moescope::model::jinja {

Bound::Bound(Run& run, std::string_view what, const Arguments& arguments, std::initializer_list<std::string_view> names,
             size_t required)
    : m_run(run), m_what(what), m_values(names.size(), nullptr) {
    if (arguments.positional.size() > names.size()) {
        run.fail("“" + std::string(what) + "” is given more than " + std::to_string(names.size()) + " arguments");
    }
    for (size_t i = 0; i < arguments.positional.size(); ++i) {
        m_values[i] = &arguments.positional[i];
    }
    for (const auto& [name, value] : arguments.named) {
        const auto at = std::find(names.begin(), names.end(), name);
        if (at == names.end() || m_values[static_cast<size_t>(at - names.begin())] != nullptr) {
            run.fail("“" + std::string(what) + "” cannot be given “" + shortened(name) + "”");
        }
        m_values[static_cast<size_t>(at - names.begin())] = &value;
    }
    for (size_t i = 0; i < required; ++i) {
        if (m_values[i] == nullptr) {
            run.fail("“" + std::string(what) + "” is given fewer than " + std::to_string(required) + " arguments");
        }
    }
}

const Text* Bound::text(size_t at) const {
    if (m_values[at] == nullptr || m_values[at]->is(Kind::None)) {
        return nullptr;
    }
    if (!m_values[at]->is(Kind::String)) {
        m_run.fail("“" + std::string(m_what) + "” needs text instead of " + describe(*m_values[at]));
    }
    return &m_values[at]->text();
}

int64_t Bound::whole(size_t at, int64_t other) const {
    if (m_values[at] == nullptr || m_values[at]->is(Kind::None)) {
        return other;
    }
    if (!m_values[at]->isWhole()) {
        m_run.fail("“" + std::string(m_what) + "” needs a whole number instead of " + describe(*m_values[at]));
    }
    return m_values[at]->integer();
}

bool Bound::flag(size_t at, bool other) const { return m_values[at] == nullptr ? other : truth(*m_values[at]); }

bool isCase(const Text& text, Case wanted) {
    bool has = false;
    for (size_t at = 0; at < text.size();) {
        const Text one = text.slice(at, characterAt(text.bytes(), at).end);
        if (changeCase(one, wanted).bytes() != one.bytes()) {
            return false;
        }
        has = has || changeCase(one, wanted == Case::Upper ? Case::Lower : Case::Upper).bytes() != one.bytes();
        at += one.size();
    }
    return has;
}

namespace {

using Call = Value (*)(Run& run, const Value& self, const Arguments& arguments);

/** Parts of a text that become a list: each is counted before it is made. */
class Parts {
public:
    Parts(Run& run, const Text& text) : m_run(run), m_text(text) {}
    void add(size_t begin, size_t end) {
        m_run.hold(2 * sizeof(Value)); // it grows
        m_items.push_back(makeSlice(m_run, m_text, begin, end));
    }
    Take take() {
        return [this](size_t begin, size_t end) { add(begin, end); };
    }
    Value list(bool reversed) {
        if (reversed) {
            std::reverse(m_items.begin(), m_items.end());
        }
        return makeList(m_run, std::move(m_items));
    }

private:
    Run& m_run;
    const Text& m_text;
    std::vector<Value> m_items;
};

template <Ends ends>
Value strippedText(Run& run, const Value& self, const Arguments& arguments) {
    const Bound given(run, "strip", arguments, {"chars"});
    const Text* set = given.text(0);
    run.look(8 * self.bytes().size());
    if (set != nullptr) {
        run.step(set->size() / 2);
        run.hold(2 * sizeof(std::string_view) * set->size());
    }
    const auto [begin, end] = strip(self.bytes(), ends, set == nullptr ? nullptr : &set->bytes());
    return makeSlice(run, self.text(), begin, end);
}

template <Case to>
Value casedText(Run& run, const Value& self, const Arguments& arguments) {
    const Bound given(run, "upper, lower, title or capitalize", arguments, {});
    run.look(16 * self.bytes().size());
    run.hold(4 * self.bytes().size());
    return makeText(run, changeCase(self.text(), to));
}

template <bool fromRight>
Value splitText(Run& run, const Value& self, const Arguments& arguments) {
    const Bound given(run, "split", arguments, {"sep", "maxsplit"});
    const Text* separator = given.text(0);
    const int64_t most = given.whole(1, -1);
    Parts parts(run, self.text());
    if (separator == nullptr) {
        run.look(8 * self.bytes().size());
        splitBlanks(self.bytes(), most, fromRight, parts.take());
        return parts.list(fromRight);
    }
    if (separator->empty()) {
        run.fail("“split” is given an empty separator");
    }
    Search search(run, separator->bytes(), fromRight);
    const std::string_view bytes = self.bytes();
    size_t begin = 0;
    size_t end = bytes.size();
    for (int64_t cuts = 0; most < 0 || cuts < most; ++cuts) {
        size_t found = search.in(bytes.substr(begin, end - begin));
        if (found == std::string::npos) {
            break;
        }
        found += begin;
        const size_t behind = found + separator->size();
        parts.add(fromRight ? behind : begin, fromRight ? end : found);
        (fromRight ? end : begin) = fromRight ? found : behind;
    }
    parts.add(begin, end);
    return parts.list(fromRight);
}

Value splitTextLines(Run& run, const Value& self, const Arguments& arguments) {
    const Bound given(run, "splitlines", arguments, {"keepends"});
    run.look(8 * self.bytes().size());
    Parts parts(run, self.text());
    splitLines(self.bytes(), given.flag(0, false), parts.take());
    return parts.list(false);
}

template <bool fromRight>
Value partitionText(Run& run, const Value& self, const Arguments& arguments) {
    const Bound given(run, "partition", arguments, {"sep"}, 1);
    const Text* separator = given.text(0);
    if (separator == nullptr || separator->empty()) {
        run.fail("“partition” is given an empty separator");
    }
    const Text& text = self.text();
    const size_t at = Search(run, separator->bytes(), fromRight).in(text.bytes());
    std::vector<Value> parts;
    if (at == std::string::npos) {
        parts = {self, makeText(run, ""), makeText(run, "")};
        if (fromRight) {
            std::reverse(parts.begin(), parts.end());
        }
    } else {
        parts = {makeSlice(run, text, 0, at), given.value(0),
                 makeSlice(run, text, at + separator->size(), text.size())};
    }
    return makeSequence(run, Kind::Tuple, std::move(parts));
}

template <bool atEnd>
bool isAt(Run& run, const std::string& text, const std::string& affix) {
    run.step();
    run.look(std::min(text.size(), affix.size()));
    return atEnd ? text.ends_with(affix) : text.starts_with(affix);
}

template <bool atEnd>
Value hasAffix(Run& run, const Value& self, const Arguments& arguments) {
    const Bound given(run, atEnd ? "endswith" : "startswith", arguments, {"affix"}, 1);
    const std::vector<Value> one{given.value(0)};
    const std::vector<Value>& all = given.value(0).is(Kind::Tuple) ? given.value(0).items() : one;
    for (const Value& affix : all) {
        if (!affix.is(Kind::String)) {
            run.fail("“startswith” or “endswith” needs text instead of " + describe(affix));
        }
        if (isAt<atEnd>(run, self.bytes(), affix.bytes())) {
            return true;
        }
    }
    return false;
}

template <bool atEnd>
Value withoutAffix(Run& run, const Value& self, const Arguments& arguments) {
    const Bound given(run, atEnd ? "removesuffix" : "removeprefix", arguments, {"affix"}, 1);
    const Text* affix = given.text(0);
    if (affix == nullptr) {
        run.fail("“removeprefix” or “removesuffix” needs text instead of none");
    }
    const Text& text = self.text();
    if (!isAt<atEnd>(run, text.bytes(), affix->bytes())) {
        return self;
    }
    return atEnd ? makeSlice(run, text, 0, text.size() - affix->size())
                 : makeSlice(run, text, affix->size(), text.size());
}

/** `with` before each of the first `most` characters and, if there are fewer, behind the last. */
Value spread(Run& run, const Text& text, const Text& with, uint64_t most) {
    Writer out(run);
    size_t at = 0;
    for (; at < text.size() && most > 0; --most) {
        const size_t end = characterAt(text.bytes(), at).end;
        run.step();
        out.add(with);
        out.add(text, at, end);
        at = end;
    }
    out.add(text, at, text.size());
    if (most > 0) {
        out.add(with);
    }
    return out.made(text.markup);
}

Value replaceText(Run& run, const Value& self, const Arguments& arguments) {
    const Bound given(run, "replace", arguments, {"old", "new", "count"}, 2);
    const Text* from = given.text(0);
    const Text* to = given.text(1);
    if (from == nullptr || to == nullptr) {
        run.fail("“replace” needs text instead of none");
    }
    const Text& text = self.text();
    const std::optional<Text> safe = text.markup && !to->markup ? std::optional(escapedText(run, *to)) : std::nullopt;
    const Text& with = safe ? *safe : *to;
    const int64_t count = given.whole(2, -1);
    const uint64_t most = count < 0 ? std::numeric_limits<uint64_t>::max() : static_cast<uint64_t>(count);
    if (from->empty()) {
        return spread(run, text, with, most);
    }
    Search search(run, from->bytes());
    Writer out(run);
    size_t at = 0;
    for (uint64_t done = 0; done < most; ++done) {
        const size_t found = search.in(std::string_view(text.bytes()).substr(at));
        if (found == std::string::npos) {
            break;
        }
        out.add(text, at, at + found);
        out.add(with);
        at += found + from->size();
    }
    out.add(text, at, text.size());
    return out.made(text.markup);
}

Value joinText(Run& run, const Value& self, const Arguments& arguments) {
    const Bound given(run, "join", arguments, {"iterable"}, 1);
    Writer out(run);
    bool first = true;
    for (const Value& item : iterate(run, given.value(0))) {
        if (!item.is(Kind::String)) {
            run.fail("“join” needs text instead of " + describe(item));
        }
        if (!first) {
            out.add(self.text());
        }
        out.add(item.text());
        first = false;
    }
    return out.made();
}

template <bool fromRight, bool mustBe>
Value findText(Run& run, const Value& self, const Arguments& arguments) {
    const Bound given(run, "find", arguments, {"sub"}, 1);
    const Text* part = given.text(0);
    if (part == nullptr) {
        run.fail("“find” needs text instead of none");
    }
    const size_t at = Search(run, part->bytes(), fromRight).in(self.bytes());
    if (at == std::string::npos) {
        if (mustBe) {
            run.fail("“index” does not find its text");
        }
        return int64_t{-1};
    }
    run.look(4 * at);
    return static_cast<int64_t>(countCharacters(std::string_view(self.bytes()).substr(0, at)));
}

Value countText(Run& run, const Value& self, const Arguments& arguments) {
    const Bound given(run, "count", arguments, {"sub"}, 1);
    const Text* part = given.text(0);
    if (part == nullptr) {
        run.fail("“count” needs text instead of none");
    }
    if (part->empty()) {
        return length(run, self) + 1;
    }
    Search search(run, part->bytes());
    std::string_view rest = self.bytes();
    int64_t count = 0;
    for (size_t at = search.in(rest); at != std::string::npos; at = search.in(rest)) {
        rest.remove_prefix(at + part->size());
        ++count;
    }
    return count;
}

bool isAlphanumeric(int32_t code) { return isLetter(code) || isDigit(code); }

template <bool (*test)(int32_t)>
Value allCharacters(Run& run, const Value& self, const Arguments& arguments) {
    const Bound given(run, "isalpha, isdigit or isspace", arguments, {});
    const std::string& bytes = self.bytes();
    run.look(8 * bytes.size());
    for (size_t at = 0; at < bytes.size();) {
        const Character character = characterAt(bytes, at);
        if (!test(character.code)) {
            return false;
        }
        at = character.end;
    }
    return !bytes.empty();
}

template <Case wanted>
Value hasCase(Run& run, const Value& self, const Arguments& arguments) {
    const Bound given(run, "isupper or islower", arguments, {});
    run.look(32 * self.bytes().size());
    return isCase(self.text(), wanted);
}

/** {}, {0} and {name}; {{ and }}. */
Value formatText(Run& run, const Value& self, const Arguments& arguments) {
    const Text& pattern = self.text();
    const std::string& bytes = pattern.bytes();
    Writer out(run);
    size_t automatic = 0;
    bool counts = false; // the pattern has “{}”
    bool numbers = false;
    size_t from = 0;
    for (size_t at = bytes.find_first_of("{}"); at != std::string::npos; at = bytes.find_first_of("{}", from)) {
        run.step(1 + arguments.named.size() / 16);
        out.add(pattern, from, at);
        if (at + 1 < bytes.size() && bytes[at + 1] == bytes[at]) {
            out.add(pattern, at, at + 1);
            from = at + 2;
            continue;
        }
        const size_t end = bytes.find('}', at);
        if (bytes[at] == '}' || end == std::string::npos) {
            run.fail("a text is formatted that has a single brace");
        }
        const std::string field = bytes.substr(at + 1, end - at - 1);
        const Value* value = nullptr;
        size_t index = automatic;
        const auto [to, error] = std::from_chars(field.data(), field.data() + field.size(), index);
        if (field.empty() || (error == std::errc() && to == field.data() + field.size())) {
            (field.empty() ? counts : numbers) = true;
            if (counts && numbers) {
                run.fail("a text is formatted with both “{}” and numbers");
            }
            automatic += field.empty() ? 1 : 0;
            value = index < arguments.positional.size() ? &arguments.positional[index] : nullptr;
        } else {
            if (field.find_first_of(":!.[") != std::string::npos) {
                run.fail("a text is formatted with “{" + shortened(field) + "}”, which is not supported");
            }
            for (const auto& [name, named] : arguments.named) {
                value = name == field ? &named : value;
            }
        }
        if (value == nullptr) {
            run.fail("a text is formatted with too few values");
        }
        out.add(print(run, *value));
        from = end + 1;
    }
    out.add(pattern, from, bytes.size());
    return out.made();
}

enum class Part { Keys, Values, Items };
template <Part part>
Value partsOfDict(Run& run, const Value& self, const Arguments& arguments) {
    const Bound given(run, "items, keys or values", arguments, {});
    std::vector<Value> all;
    for (const auto& [key, value] : self.dict().entries()) {
        all.push_back(part == Part::Keys     ? key
                      : part == Part::Values ? value
                                             : makeSequence(run, Kind::Tuple, {key, value}));
    }
    return makeSequence(run, Kind::View, std::move(all),
                        part == Part::Keys     ? "dict_keys"
                        : part == Part::Values ? "dict_values"
                                               : "dict_items");
}

Value getFromDict(Run& run, const Value& self, const Arguments& arguments) {
    if (!arguments.named.empty()) {
        run.fail("“get” takes no named arguments");
    }
    const Bound given(run, "get", arguments, {"key", "default"}, 1);
    if (!keyOf(run, given.value(0))) {
        run.fail(describe(given.value(0)) + " cannot be a key");
    }
    const Value* found = self.dict().find(run, given.value(0));
    return found != nullptr ? *found : given[1] != nullptr ? given.value(1) : Value(nullptr);
}

Value same(Run& run, const Value& self, const Arguments& arguments) {
    const Bound given(run, "copy", arguments, {});
    return self;
}

template <bool counts>
Value findInList(Run& run, const Value& self, const Arguments& arguments) {
    const Bound given(run, counts ? "count" : "index", arguments, {"value"}, 1);
    int64_t found = 0;
    for (size_t i = 0; i < self.items().size(); ++i) {
        if (equal(run, self.items()[i], given.value(0))) {
            if (!counts) {
                return static_cast<int64_t>(i);
            }
            ++found;
        }
    }
    if (!counts) {
        run.fail("“index” does not find its value");
    }
    return found;
}

struct Known {
    std::string_view name;
    Call call; ///< null: it would change its object
};

constexpr Known textMethods[] = {{"capitalize", casedText<Case::Capital>},
                                 {"count", countText},
                                 {"endswith", hasAffix<true>},
                                 {"find", findText<false, false>},
                                 {"format", formatText},
                                 {"index", findText<false, true>},
                                 {"isalnum", allCharacters<isAlphanumeric>},
                                 {"isalpha", allCharacters<isLetter>},
                                 {"isdecimal", allCharacters<isDigit>},
                                 {"isdigit", allCharacters<isDigit>},
                                 {"islower", hasCase<Case::Lower>},
                                 {"isnumeric", allCharacters<isDigit>},
                                 {"isspace", allCharacters<isSpace>},
                                 {"isupper", hasCase<Case::Upper>},
                                 {"join", joinText},
                                 {"lower", casedText<Case::Lower>},
                                 {"lstrip", strippedText<Ends::Left>},
                                 {"partition", partitionText<false>},
                                 {"removeprefix", withoutAffix<false>},
                                 {"removesuffix", withoutAffix<true>},
                                 {"replace", replaceText},
                                 {"rfind", findText<true, false>},
                                 {"rindex", findText<true, true>},
                                 {"rpartition", partitionText<true>},
                                 {"rsplit", splitText<true>},
                                 {"rstrip", strippedText<Ends::Right>},
                                 {"split", splitText<false>},
                                 {"splitlines", splitTextLines},
                                 {"startswith", hasAffix<false>},
                                 {"strip", strippedText<Ends::Both>},
                                 {"title", casedText<Case::Title>},
                                 {"upper", casedText<Case::Upper>}};

constexpr Known dictMethods[] = {{"clear", nullptr},
                                 {"copy", same},
                                 {"get", getFromDict},
                                 {"items", partsOfDict<Part::Items>},
                                 {"keys", partsOfDict<Part::Keys>},
                                 {"pop", nullptr},
                                 {"popitem", nullptr},
                                 {"setdefault", nullptr},
                                 {"update", nullptr},
                                 {"values", partsOfDict<Part::Values>}};

constexpr Known listMethods[] = {{"append", nullptr},         {"clear", nullptr},  {"copy", same},
                                 {"count", findInList<true>}, {"extend", nullptr}, {"index", findInList<false>},
                                 {"insert", nullptr},         {"pop", nullptr},    {"remove", nullptr},
                                 {"reverse", nullptr},        {"sort", nullptr}};

constexpr Known tupleMethods[] = {{"count", findInList<true>}, {"index", findInList<false>}};

const Known* known(const Value& self, std::string_view name) {
    const auto in = [&](const auto& table) -> const Known* {
        for (const Known& entry : table) {
            if (entry.name == name) {
                return &entry;
            }
        }
        return nullptr;
    };
    switch (self.kind()) {
    case Kind::String: return in(textMethods);
    case Kind::Dict: return in(dictMethods);
    case Kind::List: return in(listMethods);
    case Kind::Tuple: return in(tupleMethods);
    default: return nullptr;
    }
}

/** A method with its object. */
class Method : public Object {
public:
    Method(Value self, const Known& known) : m_self(std::move(self)), m_known(known) {}
    std::string_view name() const override { return m_known.name; }
    bool callable() const override { return true; }
    Value call(Run& run, const Arguments& arguments) override { return m_known.call(run, m_self, arguments); }

private:
    Value m_self;
    const Known& m_known;
};

} // namespace

std::optional<Value> method(Run& run, const Value& self, std::string_view name) {
    const Known* found = known(self, name);
    if (found == nullptr) {
        return std::nullopt;
    }
    if (found->call == nullptr) {
        return makeUndefined(run, "the method “" + std::string(name) + "” of " + describe(self));
    }
    return Value(static_cast<Object*>(run.make<Method>(self, *found)));
}

std::optional<Value> callMethod(Run& run, const Value& self, std::string_view name, const Arguments& arguments) {
    const Known* found = known(self, name);
    if (found == nullptr || found->call == nullptr) {
        return std::nullopt;
    }
    return found->call(run, self, arguments);
}

} // namespace moescope::model::jinja
