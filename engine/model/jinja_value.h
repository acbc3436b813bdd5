// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/jinja_run.h"
#include "engine/model/jinja_text.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace moescope::model::jinja {

class Dict;
class Object;
struct Sequence;

/** A view is what items(), keys(), values() and range() give; an iterator, what filters such as map give, is read once. */
enum class Kind : uint8_t { Undefined, None, Bool, Int, Float, String, List, Tuple, View, Iterator, Dict, Object };

/** A value as Python has it. Nothing that is made is changed later but iterators and namespaces. */
class Value {
public:
    Value() = default; ///< undefined, without a name
    Value(std::nullptr_t) : m_kind(Kind::None) {}
    Value(bool value) : m_kind(Kind::Bool), m_data(value) {}
    Value(int64_t value) : m_kind(Kind::Int), m_data(value) {}
    Value(double value) : m_kind(Kind::Float), m_data(value) {}
    Value(std::shared_ptr<const Text> text) : m_kind(Kind::String), m_data(std::move(text)) {}
    Value(Kind kind, std::shared_ptr<Sequence> items) : m_kind(kind), m_data(std::move(items)) {}
    Value(std::shared_ptr<const Dict> dict) : m_kind(Kind::Dict), m_data(std::move(dict)) {}
    Value(Object* object) : m_kind(Kind::Object), m_data(object) {} ///< owned by the Run
    template <class T>
    Value(T*) = delete; ///< no way from a pointer to a bool

    /** `what` as it stands in the sentence of whoever needs it: “x” or “the attribute “y””. */
    static Value undefined(std::string what);

    Kind kind() const { return m_kind; }
    bool is(Kind kind) const { return m_kind == kind; }
    bool isNumber() const { return m_kind == Kind::Bool || m_kind == Kind::Int || m_kind == Kind::Float; }
    bool isWhole() const { return m_kind == Kind::Bool || m_kind == Kind::Int; }
    bool isSequence() const { return m_kind >= Kind::List && m_kind <= Kind::Iterator; }

    // Each for its own kind alone.
    bool boolean() const { return std::get<bool>(m_data); }
    int64_t integer() const { return m_kind == Kind::Bool ? int64_t{boolean()} : std::get<int64_t>(m_data); }
    double number() const { return m_kind == Kind::Float ? std::get<double>(m_data) : static_cast<double>(integer()); }
    const Text& text() const { return *std::get<std::shared_ptr<const Text>>(m_data); }
    const std::string& bytes() const { return text().bytes(); }
    Sequence& sequence() const { return *std::get<std::shared_ptr<Sequence>>(m_data); }
    const std::vector<Value>& items() const;
    const Dict& dict() const { return *std::get<std::shared_ptr<const Dict>>(m_data); }
    Object* object() const { return std::get<Object*>(m_data); }
    std::string undefinedName() const;

private:
    Kind m_kind = Kind::Undefined;
    std::variant<std::monostate, bool, int64_t, double, std::shared_ptr<const Text>, std::shared_ptr<Sequence>,
                 std::shared_ptr<const Dict>, Object*, std::shared_ptr<const std::string>>
        m_data;
};

struct Sequence {
    std::vector<Value> items;
    std::string label;  ///< of a view, as it is printed: “dict_items”, or the whole “range(0, 3)”
    size_t next = 0;    ///< of an iterator
    uint32_t depth = 1; ///< of what lies within each other
};

/** Keys in the order in which they came. */
class Dict {
public:
    using Entry = std::pair<Value, Value>;
    const std::vector<Entry>& entries() const { return m_entries; }
    const Value* find(Run& run, const Value& key) const;
    const Value* find(std::string_view key) const;
    /** Fails if `key` cannot be one, or the value nests too deep. */
    void set(Run& run, const Value& key, Value value);
    uint32_t depth() const { return m_depth; }

private:
    std::vector<Entry> m_entries;
    std::unordered_map<std::string, size_t> m_index;
    uint32_t m_depth = 1;
};

/** Writes a text out of parts; room for each is counted before it is taken. */
class Writer {
public:
    explicit Writer(Run& run) : m_run(run) {}
    void add(const Text& text) { add(text, 0, text.size()); }
    void add(const Text& text, size_t begin, size_t end);
    Value made(bool markup = false);

private:
    Run& m_run;
    Text m_out;
};

struct Arguments {
    std::vector<Value> positional;
    std::vector<std::pair<std::string, Value>> named;
};

/** Macros, namespaces, loops, methods: compared by identity. */
class Object {
public:
    virtual ~Object() = default;
    virtual std::string_view name() const = 0;
    virtual bool callable() const { return false; }
    virtual Value call(Run& run, const Arguments& arguments);
    virtual std::optional<Value> attribute(Run& run, std::string_view name);
    virtual bool assign(Run& run, std::string_view name, Value value);
};

// Makers, which count what they make.
Value makeText(Run& run, Text text);
Value makeText(Run& run, std::string_view bytes);
/** From byte `begin` to byte `end`. */
Value makeSlice(Run& run, const Text& text, size_t begin, size_t end);
/** escaped(), counted before it is made. */
Text escapedText(Run& run, const Text& text);
/** `what`: see Value::undefined(). */
Value makeUndefined(Run& run, std::string what);
Value makeSequence(Run& run, Kind kind, std::vector<Value> items, std::string label = {});
inline Value makeList(Run& run, std::vector<Value> items) { return makeSequence(run, Kind::List, std::move(items)); }
Value makeDict(Run& run, Dict dict);

/** “text”, “a number”, “a list”…, for sentences. */
std::string describe(const Value& value);
/** As Python's bool(). */
bool truth(const Value& value);
bool equal(Run& run, const Value& a, const Value& b);
/** <0, 0, >0; nothing if one of them is NaN. Fails if they have no order. */
std::optional<int> order(Run& run, const Value& a, const Value& b);
/** As Python's str() and repr(). */
Text print(Run& run, const Value& value);
Text repr(Run& run, const Value& value);
std::string printFloat(double value);
/** What a for loop goes through; an iterator is empty afterwards. Fails if it cannot be gone through. */
std::vector<Value> iterate(Run& run, const Value& value);
/** As Python's len(). */
int64_t length(Run& run, const Value& value);
/** Text for two values to be the same key; nothing if the value cannot be one. */
std::optional<std::string> keyOf(Run& run, const Value& value);

} // namespace moescope::model::jinja
