// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja_run.h"

#include "engine/model/jinja_value.h"
#include "engine/trace/error.h"

namespace moescope::model::jinja {

using trace::Error;

Run::Run(const Limits& limits, trace::CancelFlag cancel) : m_limits(limits), m_cancel(cancel) {}
Run::~Run() = default;

void Run::step(uint64_t count) {
    // Often enough to be felt at once, seldom enough to cost nothing.
    constexpr uint64_t often = 4096;
    if (m_steps / often != (m_steps + count) / often) {
        trace::stopIfCancelled(m_cancel);
    }
    m_steps += count;
    if (m_steps > m_limits.steps) {
        throw Error("template.limit", "The chat template takes more than {most} steps, in line {line}.",
                    {{"most", trace::grouped(m_limits.steps)}, {"line", std::to_string(line)}});
    }
}

void Run::hold(uint64_t bytes) {
    // Both are bounded, so that the sum cannot overflow.
    if (bytes > m_limits.bytes || (m_bytes += bytes) > m_limits.bytes) {
        throw Error("template.limit", "The chat template makes values of more than {most}, in line {line}.",
                    {{"most", trace::bytesText(m_limits.bytes)}, {"line", std::to_string(line)}});
    }
}

void Run::checkOutput(uint64_t bytes) const {
    if (bytes > m_limits.output) {
        throw Error("template.limit", "The chat template writes more than {most}, in line {line}.",
                    {{"most", trace::bytesText(m_limits.output)}, {"line", std::to_string(line)}});
    }
}

void Run::fail(const std::string& reason) const {
    throw Error("template.failed", "The chat template cannot be rendered: in line {line}, {reason}.",
                {{"line", std::to_string(line)}, {"reason", reason}});
}

Run::Level::Level(Run& run) : m_run(run) {
    if (run.m_depth >= run.m_limits.depth) {
        throw Error("template.limit", "The chat template nests deeper than {most} levels, in line {line}.",
                    {{"most", std::to_string(run.m_limits.depth)}, {"line", std::to_string(run.line)}});
    }
    ++run.m_depth;
}

} // namespace moescope::model::jinja
