// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/reader.h"

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moescope::model {

/** Metadata of one architecture: keys are given without their "{a}." prefix. What is missing, out of range or not finite
 *  is a trace::Error naming key, value and bounds. */
class ConfigKeys {
public:
    ConfigKeys(const gguf::Reader& file, const std::string& architecture)
        : m_file(file), m_prefix(architecture + ".") {}

    std::string full(std::string_view key) const { return m_prefix + std::string(key); }
    bool has(std::string_view key) const { return m_file.metadata().contains(asked(key)); }
    /** Whether it is there as a list of numbers. */
    bool isList(std::string_view key) const;

    uint32_t count(std::string_view key, uint32_t least, uint32_t most) const;
    uint32_t countOr(std::string_view key, uint32_t fallback, uint32_t least, uint32_t most) const {
        return has(key) ? count(key, least, most) : fallback;
    }
    uint32_t bounded(std::string_view key, uint32_t value, uint32_t least, uint32_t most) const;
    /** Without a fallback the key is needed. */
    float positive(std::string_view key, std::optional<float> fallback) const;
    /** Whole numbers count too. */
    std::optional<float> number(std::string_view key) const;
    std::optional<bool> flag(std::string_view key) const { return m_file.boolean(asked(key)); }
    std::string textOr(std::string_view key, std::string_view fallback) const {
        return m_file.text(asked(key)).value_or(std::string(fallback));
    }

    /** Keys of the file that begin with one of `prefixes` and that nothing has looked up by this object. */
    std::vector<std::string> unread(std::span<const std::string_view> prefixes) const;

    const gguf::Reader& file() const { return m_file; }

private:
    /** The full key, which counts as read from now on. */
    const std::string& asked(std::string_view key) const { return *m_asked.insert(full(key)).first; }

    const gguf::Reader& m_file;
    std::string m_prefix;
    mutable std::set<std::string> m_asked;
};

} // namespace moescope::model
