// SPDX-License-Identifier: Apache-2.0
#include "engine/needle/grid_file.h"

#include "engine/gguf/file_text.h"
#include "engine/trace/error.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <limits>
#include <optional>
#include <sstream>

namespace moescope::needle {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using trace::Error;

namespace {

constexpr std::string_view formatKey = "moescope_needle";
constexpr uint32_t formatVersion = 1;
constexpr size_t sumDigits = 16;

std::string sumOf(std::string_view text) {
    std::array<char, sumDigits> digits;
    digits.fill('0');
    std::array<char, sumDigits> shown{};
    const auto end =
        std::to_chars(shown.data(), shown.data() + shown.size(), XXH3_64bits(text.data(), text.size()), 16).ptr;
    std::copy_backward(shown.data(), end, digits.data() + digits.size());
    return {digits.data(), digits.size()};
}

std::string lineOf(const Json& object) {
    const std::string text = object.dump();
    return sumOf(text) + ' ' + text + '\n';
}

/** The object of a line without its line feed; discarded if it is not whole. */
Json objectOf(std::string_view line) {
    if (line.size() <= sumDigits || line[sumDigits] != ' ' ||
        line.substr(0, sumDigits) != sumOf(line.substr(sumDigits + 1))) {
        return Json(Json::value_t::discarded);
    }
    return Json::parse(line.substr(sumDigits + 1), nullptr, false);
}

Json toJson(const GridPlan& plan) {
    return {{formatKey, formatVersion},
            {"generator", generatorVersion},
            {"model", plan.model},
            {"device", plan.device},
            {"haystack", plan.haystack},
            {"kv", plan.kv_type},
            {"kind", kindName(plan.kind)},
            {"lengths", plan.lengths},
            {"depths", plan.depths},
            {"cases", plan.cases},
            {"seed", plan.seed}};
}

/** What of a plan the keys are called in a sentence. */
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> namesOfKeys = {{
    {formatKey, "version of the file"},
    {"generator", "version of the generator"},
    {"model", "model"},
    {"device", "device"},
    {"haystack", "haystack"},
    {"kv", "type of KV cache"},
    {"kind", "kind of needle"},
    {"lengths", "lengths"},
    {"depths", "depths"},
    {"cases", "number of cases"},
    {"seed", "seed"},
}};

std::string shown(const Json& value) {
    std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    std::erase(text, '[');
    std::erase(text, ']');
    return text.empty() ? "none" : text;
}

void checkPlan(const Json& is, const Json& wanted, const fs::path& path) {
    for (const auto& [key, name] : namesOfKeys) {
        const Json& stored = is.contains(key) ? is[std::string(key)] : Json();
        if (stored != wanted[std::string(key)]) {
            throw Error(
                "needle.other_plan",
                "“{path}” belongs to other arguments ({name}: {stored} there, {wanted} now). Give the same ones, "
                "or remove it to begin anew.",
                {{"path", gguf::shownPath(path)},
                 {"name", std::string(name)},
                 {"stored", shown(stored)},
                 {"wanted", shown(wanted[std::string(key)])}});
        }
    }
}

Error notAState(const fs::path& path) {
    return Error("needle.state", "“{path}” is not the state of a grid: it is neither read nor replaced.",
                 {{"path", gguf::shownPath(path)}});
}

Error damaged(const fs::path& path, size_t line) {
    return Error("needle.damaged",
                 "Line {line} of “{path}” is damaged, so the results behind it cannot be trusted. Remove the file to "
                 "begin anew.",
                 {{"line", trace::grouped(line)}, {"path", gguf::shownPath(path)}});
}

Json toJson(size_t place, const CaseResult& result) {
    return {{"case", place}, {"found", result.found}, {"seconds", result.seconds}, {"answer", result.answer}};
}

std::optional<CaseResult> resultOf(const Json& object, size_t place) {
    try {
        if (object.at("case").get<uint64_t>() != place) {
            return std::nullopt;
        }
        CaseResult result{object.at("found").get<bool>(), object.at("seconds").get<double>(), {}};
        for (const Json& token : object.at("answer")) {
            const auto& id = token.get_ref<const Json::number_unsigned_t&>();
            if (id > static_cast<uint64_t>(std::numeric_limits<int32_t>::max())) {
                return std::nullopt;
            }
            result.answer.push_back(static_cast<int32_t>(id));
        }
        return result;
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

/** The plan of a state, and the byte behind its line. */
std::pair<Json, size_t> planLine(std::string_view text, const fs::path& path) {
    const size_t end = std::min(text.find('\n'), text.size());
    Json object = objectOf(text.substr(0, end));
    if (!object.is_object() || !object.contains(formatKey)) {
        throw notAState(path);
    }
    return {std::move(object), std::min(end + 1, text.size())};
}

/** Puts the results from byte `begin` on into a grid that has none; the byte behind the last whole line. */
size_t takeResults(std::string_view text, size_t begin, Grid& grid, const fs::path& path) {
    size_t line = 1; // the plan's
    size_t at = begin;
    while (at < text.size()) {
        const size_t end = text.find('\n', at);
        const bool isLast = end == std::string::npos || end + 1 == text.size();
        const Json object =
            end == std::string::npos ? Json(Json::value_t::discarded) : objectOf(text.substr(at, end - at));
        ++line;
        std::optional<CaseResult> result = object.is_object() ? resultOf(object, grid.done()) : std::nullopt;
        if (!result || grid.isDone()) {
            if (!isLast) {
                throw damaged(path, line);
            }
            break; // cut as it was written
        }
        grid.add(std::move(*result));
        at = end + 1;
    }
    return at;
}

GridPlan planOf(const Json& object, const fs::path& path) {
    constexpr uint64_t mostCases = 10'000'000;
    try {
        GridPlan plan;
        plan.model = object.at("model").get<std::string>();
        plan.device = object.at("device").get<std::string>();
        plan.haystack = object.at("haystack").get<std::string>();
        plan.kv_type = object.at("kv").get<std::string>();
        plan.kind = parseKind(object.at("kind").get<std::string>());
        plan.lengths = object.at("lengths").get<std::vector<uint32_t>>();
        plan.depths = object.at("depths").get<std::vector<uint32_t>>();
        plan.cases = object.at("cases").get<uint32_t>();
        plan.seed = object.at("seed").get<uint64_t>();
        const uint64_t cells = plan.lengths.size() * (hasDepth(plan.kind) ? plan.depths.size() : 1);
        if (plan.cases > 0 && cells > 0 && cells <= mostCases / plan.cases) {
            return plan;
        }
    } catch (const Json::exception&) {
        // It was written by another version, or by nobody.
    }
    throw notAState(path);
}

/** The whole file; nothing if there is none. */
std::optional<std::string> contentsOf(const fs::path& path) {
    std::error_code error;
    if (!fs::exists(path, error)) {
        return std::nullopt;
    }
    constexpr uintmax_t most = uintmax_t{1} << 30; // a case takes a few hundred bytes
    std::ifstream in(path, std::ios::binary);
    if (!fs::is_regular_file(path, error) || !in || fs::file_size(path, error) > most) {
        throw Error("needle.state", "“{path}” cannot be read as the state of a grid.",
                    {{"path", gguf::shownPath(path)}});
    }
    std::ostringstream text;
    text << in.rdbuf();
    return std::move(text).str();
}

} // namespace

GridFile::GridFile(fs::path path, Grid& grid) : m_path(std::move(path)), m_grid(grid) {}

void GridFile::write(const std::string& line) {
    m_out << line << std::flush;
    if (!m_out) {
        throw Error("needle.write", "“{path}” cannot be written, so the grid cannot go on: {reason}.",
                    {{"path", gguf::shownPath(m_path)}, {"reason", std::generic_category().message(errno)}});
    }
}

GridFile GridFile::begin(const fs::path& path, Grid& grid) {
    if (const std::optional<std::string> text = contentsOf(path); text && !text->empty()) {
        const size_t end = std::min(text->find('\n'), text->size());
        const Json first = objectOf(std::string_view(*text).substr(0, end));
        const auto lines = static_cast<size_t>(std::count(text->begin(), text->end(), '\n'));
        if (!first.is_object() || !first.contains(formatKey)) {
            throw notAState(path);
        }
        if (lines > 1) {
            throw Error(
                "needle.unfinished",
                "“{path}” holds {cases} finished cases of a grid. Go on with them by --resume, or remove the file to "
                "begin anew.",
                {{"path", gguf::shownPath(path)}, {"cases", trace::grouped(lines - 1)}});
        }
    }
    return beginAnew(path, grid);
}

GridFile GridFile::beginAnew(const fs::path& path, Grid& grid) {
    GridFile file(path, grid);
    file.m_out.open(path, std::ios::binary | std::ios::trunc);
    file.write(lineOf(toJson(grid.plan())));
    return file;
}

GridFile GridFile::resume(const fs::path& path, Grid& grid) {
    const std::optional<std::string> text = contentsOf(path);
    if (!text || lineOf(toJson(grid.plan())).starts_with(*text)) { // none, or killed before its first line was whole
        return beginAnew(path, grid);
    }
    const size_t plan = planLine(*text, path).second;
    checkPlan(planLine(*text, path).first, toJson(grid.plan()), path);
    const size_t good = takeResults(*text, plan, grid, path);
    GridFile file(path, grid);
    file.m_resumed = grid.done();
    std::error_code error;
    fs::resize_file(path, good, error);
    if (error) { // the rest of a line would spoil the next one
        throw Error("needle.write", "“{path}” cannot be written, so the grid cannot go on: {reason}.",
                    {{"path", gguf::shownPath(path)}, {"reason", error.message()}});
    }
    file.m_out.open(path, std::ios::binary | std::ios::app);
    file.write({});
    return file;
}

std::optional<Grid> readGrid(const fs::path& path) {
    const std::optional<std::string> text = contentsOf(path);
    if (!text || text->find('\n') == std::string::npos) {
        return std::nullopt;
    }
    const auto [object, begin] = planLine(*text, path);
    Grid grid(planOf(object, path));
    takeResults(*text, begin, grid, path);
    return grid;
}

void GridFile::remove() {
    m_out.close();
    std::error_code error;
    fs::remove(m_path, error);
}

void GridFile::add(CaseResult result) {
    write(lineOf(toJson(m_grid.done(), result)));
    m_grid.add(std::move(result));
}

} // namespace moescope::needle
