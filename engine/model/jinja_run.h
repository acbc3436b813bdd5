// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/cancel.h"

#include <cstdint>
#include <ctime>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace moescope::model::jinja {

class Object;

/** What one rendering may take, at most. */
struct Limits {
    uint64_t steps = 20'000'000; ///< one a node that is evaluated, at least one for 64 bytes that are looked at
    uint64_t bytes = uint64_t{512} << 20; ///< of all values that are made, freed or not
    uint64_t output = uint64_t{64} << 20; ///< bytes of the result
    uint32_t depth = 300;                 ///< statements and expressions within each other, through calls of macros
};

constexpr size_t largestSource = size_t{1} << 20; ///< bytes of a template
constexpr size_t longestName = 256;               ///< bytes of a name in it: it is compared wherever it is read
constexpr uint32_t deepestSource = 96;            ///< statements and expressions within each other in the text
constexpr uint32_t deepestValue = 64;             ///< lists and dicts within each other

/** One rendering: counts what it takes, knows where it is and owns what lives as long as it does. */
class Run {
public:
    explicit Run(const Limits& limits, trace::CancelFlag cancel = nullptr);
    ~Run();
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    /** Throws trace::Error{template.limit} when there were too many, {work.cancelled} when the flag is set. */
    void step(uint64_t count = 1);
    /** Looking at `bytes` of text, copying them aside. */
    void look(uint64_t bytes) { step(bytes / 64); }
    /** `bytes` are about to be allocated: trace::Error{template.limit} when there were too many. */
    void hold(uint64_t bytes);
    void checkOutput(uint64_t bytes) const;
    /** What was counted up to now. */
    uint64_t steps() const { return m_steps; }
    uint64_t held() const { return m_bytes; }
    /** trace::Error{template.failed} with the line; `reason` is a clause: “a number cannot be added to text”. */
    [[noreturn]] void fail(const std::string& reason) const;

    template <class T, class... Arguments>
    T* make(Arguments&&... arguments) {
        hold(sizeof(T) + 64);
        auto object = std::make_unique<T>(std::forward<Arguments>(arguments)...);
        T* const made = object.get();
        m_objects.push_back(std::move(object));
        return made;
    }

    /** One level deeper while it lives. */
    class Level {
    public:
        explicit Level(Run& run);
        ~Level() { --m_run.m_depth; }
        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;

    private:
        Run& m_run;
    };

    uint32_t line = 1;          ///< of what is evaluated now
    std::optional<std::tm> now; ///< for strftime_now; unset: the clock's

private:
    Limits m_limits;
    trace::CancelFlag m_cancel;
    uint64_t m_steps = 0;
    uint64_t m_bytes = 0;
    uint32_t m_depth = 0;
    std::deque<std::unique_ptr<Object>> m_objects;
};

} // namespace moescope::model::jinja
