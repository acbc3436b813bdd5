// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja_filters.h"
#include "engine/model/jinja_methods.h"
#include "engine/model/jinja_operators.h"
#include "engine/model/vocabulary.h"

#include <algorithm>
#include <unordered_set>

namespace moescope::model::jinja {

namespace {

Value makeIterator(Run& run, std::vector<Value> items) { return makeSequence(run, Kind::Iterator, std::move(items)); }

/** “a.b.0”: an item of an item. */
Value path(Run& run, const Value& value, const Value& way) {
    if (way.isWhole()) {
        return item(run, value, way);
    }
    if (!way.is(Kind::String)) {
        run.fail(describe(way) + " names no attribute");
    }
    const std::string& names = way.bytes();
    Value at = value;
    for (size_t begin = 0; begin <= names.size();) {
        const size_t end = std::min(names.find('.', begin), names.size());
        const std::string name = names.substr(begin, std::min<size_t>(end - begin, 10));
        const bool isNumber =
            !name.empty() && name.size() < 10 && name.find_first_not_of("0123456789") == std::string::npos;
        at = item(run, at, isNumber ? Value(int64_t{std::stoll(name)}) : makeSlice(run, way.text(), begin, end));
        begin = end + 1;
    }
    return at;
}

/** What is compared of an item: an attribute of it, and without its case. */
Value sortKey(Run& run, const Value& value, const Value* way, bool caseSensitive) {
    const Value at = way == nullptr || way->is(Kind::None) ? value : path(run, value, *way);
    return at.is(Kind::String) && !caseSensitive ? *callMethod(run, at, "lower", {}) : at;
}

void refuseSeveral(Run& run, const Value* way) {
    if (way != nullptr && way->is(Kind::String) && way->bytes().find(',') != std::string::npos) {
        run.fail("something is sorted by several attributes, which is not supported");
    }
}

struct Keyed {
    Value key;
    Value value;
};

void sortKeyed(Run& run, std::vector<Keyed>& items, bool reverse) {
    run.hold(2 * items.size() * sizeof(Keyed));
    // Equal ones keep their order, reversed or not.
    std::stable_sort(items.begin(), items.end(), [&](const Keyed& a, const Keyed& b) {
        const std::optional<int> sign = order(run, a.key, b.key);
        return sign && (reverse ? *sign > 0 : *sign < 0);
    });
}

std::vector<Value> valuesOf(std::vector<Keyed> items) {
    std::vector<Value> values;
    for (Keyed& entry : items) {
        values.push_back(std::move(entry.value));
    }
    return values;
}

Value sortFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "sort", arguments, {"reverse", "case_sensitive", "attribute"});
    refuseSeveral(run, given[2]);
    std::vector<Keyed> items;
    for (const Value& one : iterate(run, value)) {
        items.push_back({sortKey(run, one, given[2], given.flag(1, false)), one});
    }
    sortKeyed(run, items, given.flag(0, false));
    return makeList(run, valuesOf(std::move(items)));
}

Value dictsortFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "dictsort", arguments, {"case_sensitive", "by", "reverse"});
    const std::string by = given.text(1) == nullptr ? "key" : given.text(1)->bytes();
    if (!value.is(Kind::Dict) || (by != "key" && by != "value")) {
        run.fail("“dictsort” is given what it cannot sort");
    }
    std::vector<Keyed> items;
    for (const auto& [key, entry] : value.dict().entries()) {
        items.push_back({sortKey(run, by == "key" ? key : entry, nullptr, given.flag(0, false)),
                         makeSequence(run, Kind::Tuple, {key, entry})});
    }
    sortKeyed(run, items, given.flag(2, false));
    return makeList(run, valuesOf(std::move(items)));
}

Value uniqueFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "unique", arguments, {"case_sensitive", "attribute"});
    std::unordered_set<std::string> seen;
    std::vector<Value> kept;
    for (const Value& one : iterate(run, value)) {
        std::optional<std::string> key = keyOf(run, sortKey(run, one, given[1], given.flag(0, false)));
        if (!key) {
            run.fail("“unique” is given " + describe(one) + ", which cannot be a key");
        }
        run.hold(64);
        if (seen.insert(std::move(*key)).second) {
            kept.push_back(one);
        }
    }
    return makeIterator(run, std::move(kept));
}

template <bool largest>
Value extremeFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, largest ? "max" : "min", arguments, {"case_sensitive", "attribute"});
    Value best = makeUndefined(run, "the extreme of nothing");
    Value bestKey;
    bool first = true;
    for (const Value& one : iterate(run, value)) {
        Value key = sortKey(run, one, given[1], given.flag(0, false));
        if (first || compare(run, largest ? Operator::Gt : Operator::Lt, key, bestKey)) {
            best = one;
            bestKey = std::move(key);
        }
        first = false;
    }
    return best;
}

Value reverseFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "reverse", arguments, {});
    if (value.is(Kind::String)) {
        const Value back(int64_t{-1});
        return slice(run, value, nullptr, nullptr, &back);
    }
    std::vector<Value> items = iterate(run, value);
    std::reverse(items.begin(), items.end());
    // Python makes a list of what cannot be read from behind.
    return value.is(Kind::Iterator) ? makeList(run, std::move(items)) : makeIterator(run, std::move(items));
}

Value listFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "list", arguments, {});
    return makeList(run, iterate(run, value));
}

Value firstFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "first", arguments, {});
    if (value.is(Kind::Iterator)) {
        Sequence& sequence = value.sequence();
        return sequence.next < sequence.items.size() ? sequence.items[sequence.next++]
                                                     : makeUndefined(run, "the first of nothing");
    }
    const std::vector<Value> items = iterate(run, value);
    return items.empty() ? makeUndefined(run, "the first of nothing") : items.front();
}

Value lastFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "last", arguments, {});
    if (value.is(Kind::Iterator) || value.is(Kind::Undefined)) {
        run.fail(describe(value) + " has no last item");
    }
    const std::vector<Value> items = iterate(run, value);
    return items.empty() ? makeUndefined(run, "the last of nothing") : items.back();
}

Value joinFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "join", arguments, {"d", "attribute"});
    const Text separator = given[0] == nullptr ? Text() : print(run, given.value(0));
    const bool whole = given[1] == nullptr || given.value(1).is(Kind::None);
    Writer out(run);
    bool first = true;
    for (const Value& one : iterate(run, value)) {
        if (!first) {
            out.add(separator);
        }
        out.add(print(run, whole ? one : path(run, one, given.value(1))));
        first = false;
    }
    return out.made();
}

Value sumFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "sum", arguments, {"attribute", "start"});
    Value sum = given[1] == nullptr ? Value(int64_t{0}) : given.value(1);
    for (const Value& one : iterate(run, value)) {
        const bool whole = given[0] == nullptr || given.value(0).is(Kind::None);
        sum = arithmetic(run, Operator::Add, sum, whole ? one : path(run, one, given.value(0)));
    }
    return sum;
}

Value batchFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "batch", arguments, {"linecount", "fill_with"}, 1);
    const int64_t size = given.whole(0, 0);
    if (size < 1) {
        run.fail("“batch” is given a size below 1");
    }
    std::vector<Value> batches;
    std::vector<Value> batch;
    for (const Value& one : iterate(run, value)) {
        batch.push_back(one);
        if (static_cast<int64_t>(batch.size()) == size) {
            batches.push_back(makeList(run, std::move(batch)));
            batch.clear();
        }
    }
    if (!batch.empty()) {
        if (given[1] != nullptr && !given.value(1).is(Kind::None)) {
            run.hold(static_cast<uint64_t>(size) > (uint64_t{1} << 40) ? UINT64_MAX : uint64_t(size) * sizeof(Value));
            batch.resize(static_cast<size_t>(size), given.value(1));
        }
        batches.push_back(makeList(run, std::move(batch)));
    }
    return makeIterator(run, std::move(batches));
}

Value itemsFilter(Run& run, const Value& value, const Arguments& arguments) {
    const Bound given(run, "items", arguments, {});
    if (value.is(Kind::Undefined)) {
        return makeIterator(run, {});
    }
    if (!value.is(Kind::Dict)) {
        run.fail("“items” is given " + describe(value) + " instead of a dict");
    }
    return makeIterator(run, iterate(run, *callMethod(run, value, "items", {})));
}

/** Nothing of what is false, none too: as the filters below have it. */
std::vector<Value> iterateTrue(Run& run, const Value& value) {
    return truth(value) ? iterate(run, value) : std::vector<Value>();
}

Arguments withoutFirst(const Arguments& arguments, size_t count) {
    Arguments rest = arguments;
    rest.positional.erase(rest.positional.begin(), rest.positional.begin() + static_cast<ptrdiff_t>(count));
    return rest;
}

Value mapFilter(Run& run, const Value& value, const Arguments& arguments) {
    std::vector<Value> mapped;
    if (arguments.positional.empty()) {
        const Bound given(run, "map", arguments, {"attribute", "default"}, 1);
        for (const Value& one : iterateTrue(run, value)) {
            const Value found = path(run, one, given.value(0));
            mapped.push_back(found.is(Kind::Undefined) && given[1] != nullptr ? given.value(1) : found);
        }
        return makeIterator(run, std::move(mapped));
    }
    if (!arguments.positional[0].is(Kind::String)) {
        run.fail("“map” needs the name of a filter");
    }
    const std::string filter = arguments.positional[0].bytes();
    const Arguments rest = withoutFirst(arguments, 1);
    for (const Value& one : iterateTrue(run, value)) {
        const Run::Level level(run);
        mapped.push_back(applyFilter(run, filter, one, rest));
    }
    return makeIterator(run, std::move(mapped));
}

template <bool wanted, bool byAttribute>
Value selectFilter(Run& run, const Value& value, const Arguments& arguments) {
    const size_t own = byAttribute ? 1 : 0;
    if (arguments.positional.size() < own) {
        run.fail("“selectattr” or “rejectattr” needs the name of an attribute");
    }
    const bool named = arguments.positional.size() > own;
    if (named && !arguments.positional[own].is(Kind::String)) {
        run.fail("a filter needs the name of a test");
    }
    const std::string test = named ? arguments.positional[own].bytes() : "";
    const Arguments rest = named ? withoutFirst(arguments, own + 1) : Arguments{};
    std::vector<Value> kept;
    for (const Value& one : iterateTrue(run, value)) {
        const Value part = byAttribute ? path(run, one, arguments.positional[0]) : one;
        if ((named ? applyTest(run, test, part, rest) : truth(part)) == wanted) {
            kept.push_back(one);
        }
    }
    return makeIterator(run, std::move(kept));
}

constexpr NamedFilter filters[] = {{"batch", batchFilter},
                                   {"dictsort", dictsortFilter},
                                   {"first", firstFilter},
                                   {"items", itemsFilter},
                                   {"join", joinFilter},
                                   {"last", lastFilter},
                                   {"list", listFilter},
                                   {"map", mapFilter},
                                   {"max", extremeFilter<true>},
                                   {"min", extremeFilter<false>},
                                   {"reject", selectFilter<false, false>},
                                   {"rejectattr", selectFilter<false, true>},
                                   {"reverse", reverseFilter},
                                   {"select", selectFilter<true, false>},
                                   {"selectattr", selectFilter<true, true>},
                                   {"sort", sortFilter},
                                   {"sum", sumFilter},
                                   {"unique", uniqueFilter}};

} // namespace

FilterCall findListFilter(std::string_view name) {
    for (const NamedFilter& filter : filters) {
        if (filter.name == name) {
            return filter.call;
        }
    }
    return nullptr;
}

} // namespace moescope::model::jinja
