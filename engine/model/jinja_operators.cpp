// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja_operators.h"

#include "engine/model/jinja_methods.h"
#include "engine/model/jinja_search.h"
#include "engine/model/vocabulary.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace moescope::model::jinja {

namespace {

constexpr int64_t most = std::numeric_limits<int64_t>::max();
constexpr int64_t least = std::numeric_limits<int64_t>::min();

[[noreturn]] void overflow(Run& run) { run.fail("a number becomes too large"); }

int64_t add(Run& run, int64_t a, int64_t b) {
    if (b > 0 ? a > most - b : a < least - b) {
        overflow(run);
    }
    return a + b;
}

int64_t multiply(Run& run, int64_t a, int64_t b) {
    // The product of the magnitudes as doubles is far enough off the border, or it is refused.
    if (a != 0 && b != 0 && std::abs(static_cast<double>(a)) * std::abs(static_cast<double>(b)) > 9.2e18) {
        overflow(run);
    }
    return a * b;
}

Value wholePower(Run& run, int64_t base, int64_t exponent) {
    if (exponent < 0) {
        if (base == 0) {
            run.fail("zero is divided by");
        }
        return std::pow(static_cast<double>(base), static_cast<double>(exponent));
    }
    int64_t power = 1;
    for (int64_t i = 0; i < exponent && power != 0; ++i) {
        run.step();
        power = multiply(run, power, base);
    }
    return power;
}

Value wholeArithmetic(Run& run, Operator op, int64_t a, int64_t b) {
    switch (op) {
    case Operator::Add: return add(run, a, b);
    case Operator::Sub:
        if (b < 0 ? a > most + b : a < least + b) {
            overflow(run);
        }
        return a - b;
    case Operator::Mul: return multiply(run, a, b);
    case Operator::Pow: return wholePower(run, a, b);
    default: break;
    }
    if (b == 0) {
        run.fail("zero is divided by");
    }
    if (op == Operator::Div) {
        return static_cast<double>(a) / static_cast<double>(b);
    }
    if (a == least && b == -1) {
        overflow(run);
    }
    // Python rounds down, C++ towards zero.
    const bool down = a % b != 0 && (a < 0) != (b < 0);
    return op == Operator::FloorDiv ? Value(a / b - (down ? 1 : 0)) : Value(a % b + (down ? b : 0));
}

Value realArithmetic(Run& run, Operator op, double a, double b) {
    if (b == 0 && (op == Operator::Div || op == Operator::FloorDiv || op == Operator::Mod)) {
        run.fail("zero is divided by");
    }
    switch (op) {
    case Operator::Add: return a + b;
    case Operator::Sub: return a - b;
    case Operator::Mul: return a * b;
    case Operator::Div: return a / b;
    case Operator::FloorDiv: return std::floor(a / b);
    case Operator::Pow: return std::pow(a, b);
    default: {
        run.step(8); // bit by bit where the exponents are far apart
        const double rest = std::fmod(a, b);
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }
    }
}

Value repeated(Run& run, const Value& value, int64_t times) {
    const uint64_t count = static_cast<uint64_t>(std::max<int64_t>(times, 0));
    const uint64_t size = value.is(Kind::String) ? value.text().size() : value.items().size() * sizeof(Value);
    if (size == 0 || count == 0) {
        return value.is(Kind::String) ? makeText(run, "") : makeSequence(run, value.kind(), {});
    }
    // A product that is no number is beyond every limit.
    run.hold(count > std::numeric_limits<uint64_t>::max() / size ? std::numeric_limits<uint64_t>::max() : count * size);
    if (value.is(Kind::String)) {
        Writer out(run);
        for (uint64_t i = 0; i < count; ++i) {
            out.add(value.text());
        }
        return out.made();
    }
    run.look(count * size);
    std::vector<Value> items;
    for (uint64_t i = 0; i < count; ++i) {
        items.insert(items.end(), value.items().begin(), value.items().end());
    }
    return makeSequence(run, value.kind(), std::move(items));
}

Value addTexts(Run& run, const Text& a, const Text& b) {
    const bool markup = a.markup || b.markup;
    Writer sum(run);
    for (const Text* part : {&a, &b}) {
        if (markup && !part->markup) {
            sum.add(escapedText(run, *part));
        } else {
            sum.add(*part);
        }
    }
    return sum.made(markup);
}

bool isList(const Value& value) { return value.is(Kind::List) || value.is(Kind::Tuple); }

std::string verb(Operator op) {
    switch (op) {
    case Operator::Add: return "be added";
    case Operator::Sub: return "be subtracted";
    case Operator::Mul: return "be multiplied";
    case Operator::Pow: return "be raised to a power";
    default: return "be divided";
    }
}

} // namespace

Value arithmetic(Run& run, Operator op, const Value& a, const Value& b) {
    if (a.isWhole() && b.isWhole()) {
        return wholeArithmetic(run, op, a.integer(), b.integer());
    }
    if (a.isNumber() && b.isNumber()) {
        return realArithmetic(run, op, a.number(), b.number());
    }
    if (op == Operator::Add && a.is(Kind::String) && b.is(Kind::String)) {
        return addTexts(run, a.text(), b.text());
    }
    if (op == Operator::Add && a.kind() == b.kind() && isList(a)) {
        run.hold((a.items().size() + b.items().size()) * sizeof(Value));
        std::vector<Value> items = a.items();
        items.insert(items.end(), b.items().begin(), b.items().end());
        return makeSequence(run, a.kind(), std::move(items));
    }
    if (op == Operator::Mul && (a.is(Kind::String) || isList(a)) && b.isWhole()) {
        return repeated(run, a, b.integer());
    }
    if (op == Operator::Mul && (b.is(Kind::String) || isList(b)) && a.isWhole()) {
        return repeated(run, b, a.integer());
    }
    if (op == Operator::Mod && a.is(Kind::String)) {
        return formatPercent(run, a.text(), b);
    }
    run.fail(describe(a) + " and " + describe(b) + " cannot " + verb(op));
}

bool compare(Run& run, Operator op, const Value& a, const Value& b) {
    switch (op) {
    case Operator::Eq: return equal(run, a, b);
    case Operator::Ne: return !equal(run, a, b);
    case Operator::In: return contains(run, b, a);
    case Operator::NotIn: return !contains(run, b, a);
    default: break;
    }
    const std::optional<int> sign = order(run, a, b);
    if (!sign) {
        return false;
    }
    return op == Operator::Lt   ? *sign < 0
           : op == Operator::Le ? *sign <= 0
           : op == Operator::Gt ? *sign > 0
                                : *sign >= 0;
}

bool contains(Run& run, const Value& whole, const Value& part) {
    if (whole.is(Kind::String)) {
        if (!part.is(Kind::String)) {
            run.fail(describe(part) + " is looked for in text");
        }
        return Search(run, part.bytes()).in(whole.bytes()) != std::string::npos;
    }
    if (whole.is(Kind::Dict)) {
        return whole.dict().find(run, part) != nullptr;
    }
    if (whole.is(Kind::Undefined)) {
        return false;
    }
    if (!whole.isSequence()) {
        run.fail("something is looked for in " + describe(whole));
    }
    Sequence& sequence = whole.sequence();
    // An iterator goes on behind what was found.
    size_t at = whole.is(Kind::Iterator) ? sequence.next : 0;
    bool found = false;
    for (; at < sequence.items.size() && !found; ++at) {
        found = equal(run, sequence.items[at], part);
    }
    if (whole.is(Kind::Iterator)) {
        sequence.next = at;
    }
    return found;
}

Value negated(Run& run, const Value& value) {
    if (!value.isNumber()) {
        run.fail(describe(value) + " has no sign");
    }
    return value.isWhole() ? wholeArithmetic(run, Operator::Sub, 0, value.integer()) : Value(-value.number());
}

Value item(Run& run, const Value& value, const Value& key) {
    run.step();
    if (value.is(Kind::Undefined)) {
        run.fail(describe(value) + " has no items");
    }
    if (value.is(Kind::Dict)) {
        if (const Value* found = value.dict().find(run, key)) {
            return *found;
        }
    } else if (key.isWhole()) {
        const bool isRange = value.is(Kind::View) && value.sequence().label.ends_with(')');
        const bool isText = value.is(Kind::String);
        if (isText || isList(value) || isRange) {
            std::vector<size_t> borders;
            if (isText) {
                run.look(64 * value.bytes().size() / 8);
                run.hold(8 * value.bytes().size());
                borders = characterBorders(value.bytes());
            }
            const auto size = static_cast<int64_t>(isText ? borders.size() - 1 : value.items().size());
            const int64_t at = key.integer() < 0 ? key.integer() + size : key.integer();
            if (at >= 0 && at < size) {
                const auto place = static_cast<size_t>(at);
                return isText ? makeSlice(run, value.text(), borders[place], borders[place + 1]) : value.items()[place];
            }
        }
    }
    if (key.is(Kind::String)) {
        if (value.is(Kind::Object)) {
            return attribute(run, value, key.bytes());
        }
        if (std::optional<Value> found = method(run, value, key.bytes())) {
            return *found;
        }
        return makeUndefined(run, "the item “" + shortened(key.bytes()) + "”");
    }
    return makeUndefined(run, "the item");
}

Value attribute(Run& run, const Value& value, std::string_view name) {
    run.step();
    if (value.is(Kind::Undefined)) {
        run.fail(describe(value) + " has no attribute “" + shortened(name) + "”");
    }
    std::optional<Value> found =
        value.is(Kind::Object) ? value.object()->attribute(run, name) : method(run, value, name);
    if (!found && value.is(Kind::Dict)) {
        if (const Value* entry = value.dict().find(name)) {
            return *entry;
        }
    }
    return found ? *found : makeUndefined(run, "the attribute “" + shortened(name) + "”");
}

Value slice(Run& run, const Value& value, const Value* begin, const Value* end, const Value* step) {
    const bool isText = value.is(Kind::String);
    if (!isText && !isList(value) && !value.is(Kind::View)) {
        if (value.is(Kind::Undefined)) {
            run.fail(describe(value) + " has no items");
        }
        return makeUndefined(run, "the slice");
    }
    std::vector<size_t> borders;
    if (isText) {
        run.look(8 * value.bytes().size());
        run.hold(8 * value.bytes().size());
        borders = characterBorders(value.bytes());
    }
    const auto size = static_cast<int64_t>(isText ? borders.size() - 1 : value.items().size());
    const auto given = [&](const Value* part) -> std::optional<int64_t> {
        if (part == nullptr || part->is(Kind::None)) {
            return std::nullopt;
        }
        if (!part->isWhole()) {
            run.fail(describe(*part) + " stands for a place in a slice");
        }
        return part->integer();
    };
    const int64_t by = given(step).value_or(1);
    if (by == 0) {
        run.fail("the step of a slice is zero");
    }
    const auto place = [&](std::optional<int64_t> at, int64_t other) {
        if (!at) {
            return other;
        }
        const int64_t from = *at < 0 ? std::max<int64_t>(*at, -size - 1) + size : *at;
        return by > 0 ? std::clamp<int64_t>(from, 0, size) : std::clamp<int64_t>(from, -1, size - 1);
    };
    const int64_t first = place(given(begin), by > 0 ? 0 : size - 1);
    const int64_t last = place(given(end), by > 0 ? size : -1);
    if (isText && by == 1) {
        const size_t from = first < last ? borders[static_cast<size_t>(first)] : 0;
        return makeSlice(run, value.text(), from, first < last ? borders[static_cast<size_t>(last)] : from);
    }
    Writer text(run);
    std::vector<Value> items;
    // Steps beyond the size are as good as the size: the sum cannot overflow.
    const int64_t stride = std::clamp<int64_t>(by, -size - 1, size + 1);
    for (int64_t at = first; by > 0 ? at < last : at > last; at += stride) {
        run.step(isText ? 1 : 0);
        const auto here = static_cast<size_t>(at);
        if (isText) {
            text.add(value.text(), borders[here], borders[here + 1]);
        } else {
            items.push_back(value.items()[here]);
        }
    }
    return isText ? text.made() : makeSequence(run, value.is(Kind::Tuple) ? Kind::Tuple : Kind::List, std::move(items));
}

Value formatPercent(Run& run, const Text& pattern, const Value& values) {
    Writer out(run);
    size_t used = 0;
    size_t from = 0;
    const auto next = [&]() -> const Value& {
        const bool several = values.is(Kind::Tuple);
        if (used >= (several ? values.items().size() : 1)) {
            run.fail("a text is formatted with too few values");
        }
        return several ? values.items()[used++] : (++used, values);
    };
    const std::string& bytes = pattern.bytes();
    for (size_t at = bytes.find('%'); at != std::string::npos; at = bytes.find('%', from)) {
        run.step();
        out.add(pattern, from, at);
        const char code = at + 1 < bytes.size() ? bytes[at + 1] : '\0';
        if (code == '%') {
            out.add(pattern, at, at + 1);
        } else if (code == 's') {
            out.add(print(run, next()));
        } else if (code == 'r') {
            out.add(repr(run, next()));
        } else if (code == 'd' || code == 'i') {
            const Value& value = next();
            if (!value.isNumber() || !(std::abs(value.number()) < 9.2e18)) {
                run.fail(describe(value) + " is formatted as a whole number");
            }
            out.add(Text(std::to_string(value.isWhole() ? value.integer() : static_cast<int64_t>(value.number()))));
        } else {
            run.fail("a text is formatted with “" + shortened(bytes.substr(at, 2)) + "”, which is not supported");
        }
        from = at + 2;
    }
    out.add(pattern, from, bytes.size());
    if (used < (values.is(Kind::Tuple) ? values.items().size() : values.is(Kind::Dict) ? 0 : 1)) {
        run.fail("a text is formatted with too many values");
    }
    return out.made();
}

} // namespace moescope::model::jinja
