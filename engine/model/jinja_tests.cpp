// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja_filters.h"
#include "engine/model/jinja_methods.h"
#include "engine/model/jinja_operators.h"
#include "engine/model/vocabulary.h"

namespace moescope::model::jinja {

namespace {

using TestCall = bool (*)(Run& run, const Value& value, const Arguments& arguments);

void takesNone(Run& run, const Arguments& arguments) {
    if (!arguments.positional.empty() || !arguments.named.empty()) {
        run.fail("a test is given a value that it does not take");
    }
}

const Value& takesOne(Run& run, const Arguments& arguments) {
    if (arguments.positional.size() != 1 || !arguments.named.empty()) {
        run.fail("a test needs one value to compare with");
    }
    return arguments.positional[0];
}

template <bool (*test)(const Value&)>
bool plain(Run& run, const Value& value, const Arguments& arguments) {
    takesNone(run, arguments);
    return test(value);
}

template <Operator op>
bool compares(Run& run, const Value& value, const Arguments& arguments) {
    return compare(run, op, value, takesOne(run, arguments));
}

template <int64_t rest>
bool parity(Run& run, const Value& value, const Arguments& arguments) {
    takesNone(run, arguments);
    return equal(run, arithmetic(run, Operator::Mod, value, Value(int64_t{2})), Value(rest));
}

bool divisible(Run& run, const Value& value, const Arguments& arguments) {
    return equal(run, arithmetic(run, Operator::Mod, value, takesOne(run, arguments)), Value(int64_t{0}));
}

/** Python's “is”: of values that are made once, equality of the same kind. */
bool same(Run& run, const Value& value, const Arguments& arguments) {
    const Value& other = takesOne(run, arguments);
    if (value.kind() != other.kind()) {
        return false;
    }
    if (value.is(Kind::Dict)) {
        return &value.dict() == &other.dict();
    }
    return value.isSequence() ? &value.sequence() == &other.sequence() : equal(run, value, other);
}

template <Case wanted>
bool hasCase(Run& run, const Value& value, const Arguments& arguments) {
    takesNone(run, arguments);
    const Text text = print(run, value);
    run.look(32 * text.size());
    return isCase(text, wanted);
}

template <bool (*known)(std::string_view)>
bool isKnown(Run& run, const Value& value, const Arguments& arguments) {
    takesNone(run, arguments);
    return value.is(Kind::String) && known(value.bytes());
}

bool isDefined(const Value& value) { return !value.is(Kind::Undefined); }
bool isUndefined(const Value& value) { return value.is(Kind::Undefined); }
bool isNone(const Value& value) { return value.is(Kind::None); }
bool isBoolean(const Value& value) { return value.is(Kind::Bool); }
bool isTrue(const Value& value) { return value.is(Kind::Bool) && value.boolean(); }
bool isFalse(const Value& value) { return value.is(Kind::Bool) && !value.boolean(); }
bool isInteger(const Value& value) { return value.is(Kind::Int); }
bool isFloat(const Value& value) { return value.is(Kind::Float); }
bool isNumber(const Value& value) { return value.isNumber(); }
bool isString(const Value& value) { return value.is(Kind::String); }
bool isMapping(const Value& value) { return value.is(Kind::Dict); }
bool isEscaped(const Value& value) { return value.is(Kind::String) && value.text().markup; }
bool isCallable(const Value& value) { return value.is(Kind::Object) && value.object()->callable(); }
bool isIterable(const Value& value) {
    return value.is(Kind::Undefined) || value.is(Kind::String) || value.is(Kind::Dict) || value.isSequence();
}
bool isSequence(const Value& value) {
    const bool isRange = value.is(Kind::View) && value.sequence().label.ends_with(')');
    return isRange || (isIterable(value) && !value.is(Kind::View) && !value.is(Kind::Iterator));
}

struct Known {
    std::string_view name;
    TestCall call;
};

constexpr Known tests[] = {{"!=", compares<Operator::Ne>},
                           {"<", compares<Operator::Lt>},
                           {"<=", compares<Operator::Le>},
                           {"==", compares<Operator::Eq>},
                           {">", compares<Operator::Gt>},
                           {">=", compares<Operator::Ge>},
                           {"boolean", plain<isBoolean>},
                           {"callable", plain<isCallable>},
                           {"defined", plain<isDefined>},
                           {"divisibleby", divisible},
                           {"eq", compares<Operator::Eq>},
                           {"equalto", compares<Operator::Eq>},
                           {"escaped", plain<isEscaped>},
                           {"even", parity<0>},
                           {"false", plain<isFalse>},
                           {"filter", isKnown<isFilter>},
                           {"float", plain<isFloat>},
                           {"ge", compares<Operator::Ge>},
                           {"greaterthan", compares<Operator::Gt>},
                           {"gt", compares<Operator::Gt>},
                           {"in", compares<Operator::In>},
                           {"integer", plain<isInteger>},
                           {"iterable", plain<isIterable>},
                           {"le", compares<Operator::Le>},
                           {"lessthan", compares<Operator::Lt>},
                           {"lower", hasCase<Case::Lower>},
                           {"lt", compares<Operator::Lt>},
                           {"mapping", plain<isMapping>},
                           {"ne", compares<Operator::Ne>},
                           {"none", plain<isNone>},
                           {"number", plain<isNumber>},
                           {"odd", parity<1>},
                           {"sameas", same},
                           {"sequence", plain<isSequence>},
                           {"string", plain<isString>},
                           {"test", isKnown<isTest>},
                           {"true", plain<isTrue>},
                           {"undefined", plain<isUndefined>},
                           {"upper", hasCase<Case::Upper>}};

const Known* find(std::string_view name) {
    for (const Known& test : tests) {
        if (test.name == name) {
            return &test;
        }
    }
    return nullptr;
}

} // namespace

bool isTest(std::string_view name) { return find(name) != nullptr; }

bool applyTest(Run& run, std::string_view name, const Value& value, const Arguments& arguments) {
    run.step();
    const Known* test = find(name);
    if (test == nullptr) {
        run.fail("the test “" + shortened(name) + "” is needed, which is not supported");
    }
    return test->call(run, value, arguments);
}

} // namespace moescope::model::jinja
