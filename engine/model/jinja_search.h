// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/jinja_run.h"

#include <string_view>

namespace moescope::model::jinja {

/** Looks for one text in others: in time linear in both whatever they are, without memory (two-way string matching),
 *  counted as steps while it goes on, so that it can be cancelled. */
class Search {
public:
    /** `part` must outlive this. `fromRight`: the last place is found, else the first. */
    Search(Run& run, std::string_view part, bool fromRight = false);

    /** Where the part begins; std::string_view::npos if it is not there. An empty one is at the end that is begun at. */
    size_t in(std::string_view text);
    size_t size() const { return m_part.size(); }

private:
    template <bool mirrored>
    void factorise();
    template <bool mirrored>
    size_t find(std::string_view text);
    void count(size_t bytes);

    Run& m_run;
    std::string_view m_part;
    bool m_fromRight;
    size_t m_uncounted = 0; ///< bytes
    size_t m_cut = 0;       ///< what lies behind it is compared first
    size_t m_shift = 1;     ///< of the part when all behind the cut is equal
    size_t m_repeat = 0;    ///< bytes that are known to be equal after such a shift; 0: the part has no short period
};

} // namespace moescope::model::jinja
