// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace moescope::model {

/** "“a”, “b” and “c”" of one field of the rows of a table. */
template <typename Rows, typename Row>
std::string nameList(const Rows& rows, std::string_view Row::*name) {
    std::string names;
    size_t i = 0;
    for (const Row& row : rows) {
        names += i == 0 ? "“" : i + 1 < rows.size() ? ", “" : " and “";
        names += row.*name;
        names += "”";
        ++i;
    }
    return names;
}

} // namespace moescope::model
