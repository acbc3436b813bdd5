// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/json.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace moescope::model {

/** Typed look-ups in one JSON object of a Hugging Face folder. A null is as good as absent. A value of another type
 *  or out of range: trace::Error naming file, key, value and what is needed. */
class HfValues {
public:
    /** `object` must outlive this; trace::Error if it is no object. */
    HfValues(const Json& object, std::string file);

    bool has(std::string_view key) const { return find(key) != nullptr; }
    const Json* find(std::string_view key) const;
    /** Whether the key is there, be it as null. */
    bool states(std::string_view key) const { return m_object.contains(key); }

    /** A whole number; a list with one value a layer counts as its value if all are equal. */
    uint32_t count(std::string_view key, uint32_t least, uint32_t most) const;
    std::optional<uint32_t> optionalCount(std::string_view key, uint32_t least, uint32_t most) const;
    std::optional<bool> flag(std::string_view key) const;
    std::optional<double> number(std::string_view key, double least, double most) const;
    std::optional<std::string> text(std::string_view key) const;

    [[noreturn]] void refuse(std::string_view key, const std::string& needed) const;
    const std::string& file() const { return m_file; }

private:
    const Json& m_object;
    std::string m_file;
};

} // namespace moescope::model
