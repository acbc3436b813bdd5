// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>

namespace moescope::gguf::test {

/** The bytes of a GGUF file, true or lying, one field at a time. */
class Raw {
public:
    template <typename T>
    Raw& number(T value) {
        std::string bytes(sizeof(T), '\0');
        std::memcpy(bytes.data(), &value, sizeof(T));
        m_bytes += bytes;
        return *this;
    }
    Raw& u32(uint32_t value) { return number(value); }
    Raw& u64(uint64_t value) { return number(value); }
    Raw& bytes(std::string_view value) {
        m_bytes += value;
        return *this;
    }
    Raw& text(std::string_view value) { return u64(value.size()).bytes(value); }
    Raw& head(uint64_t tensors, uint64_t keys, uint32_t version = 3) {
        return bytes("GGUF").u32(version).u64(tensors).u64(keys);
    }
    Raw& u32Entry(std::string_view key, uint32_t value) { return text(key).u32(4).u32(value); }
    Raw& tensor(std::string_view name, std::initializer_list<uint64_t> shape, uint32_t type, uint64_t offset) {
        text(name).u32(static_cast<uint32_t>(shape.size()));
        for (const uint64_t size : shape) {
            u64(size);
        }
        return u32(type).u64(offset);
    }
    /** Zeros up to a multiple of `step`, then `count` more. */
    Raw& data(uint64_t count, uint64_t step = 32) {
        m_bytes.resize((m_bytes.size() + step - 1) / step * step + count, '\0');
        return *this;
    }
    const std::string& str() const { return m_bytes; }

private:
    std::string m_bytes;
};

} // namespace moescope::gguf::test
