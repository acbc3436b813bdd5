// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/jinja_value.h"

#include <memory>
#include <string_view>
#include <vector>

namespace moescope::model::jinja {

/** A template in the part of Jinja that chat templates are written in, as Hugging Face renders them: trim_blocks,
 *  lstrip_blocks, loop controls, raise_exception, strftime_now, an immutable sandbox. Reads no file, runs no code, and
 *  each rendering has bounds. Immutable, thread-safe. */
class Template {
public:
    /** trace::Error{template.syntax}, {template.unsupported} (a construct by name), {template.size}, {template.utf8}:
     *  all with the line. */
    explicit Template(std::string_view source);
    ~Template();
    Template(Template&&) noexcept;

    /** trace::Error{template.refused} if the template calls raise_exception, {template.failed} where Python would
     *  raise, {template.limit}, {work.cancelled}. `starts`, if given: for each value of `watched` (dicts) the byte of
     *  the result at which a loop last came to it; −1 for one that no loop came to. */
    Text render(Run& run, const Dict& variables, const std::vector<Value>& watched = {},
                std::vector<int64_t>* starts = nullptr) const;

private:
    struct Impl;
    std::unique_ptr<const Impl> m_impl;
};

} // namespace moescope::model::jinja
