// SPDX-License-Identifier: Apache-2.0
#include "app/cli/npy.h"

#include <bit>
#include <stdexcept>

namespace moescope::cli {

static_assert(std::endian::native == std::endian::little, "values are written as they lie in memory");

NpyFile::NpyFile(const std::filesystem::path& target, Type type, const std::vector<uint64_t>& shape)
    : m_file(target), m_type(type) {
    std::string header =
        std::string("{'descr': '") + (type == Type::Int32 ? "<i4" : "<f4") + "', 'fortran_order': False, 'shape': (";
    for (const uint64_t n : shape) {
        header += std::to_string(n) + ", ";
        m_missing *= n;
    }
    header += "), }";
    // Magic, version and length are 10 bytes; data begins at a multiple of 64 after a line feed.
    header.resize((header.size() + 11 + 63) / 64 * 64 - 11, ' ');
    header += '\n';
    std::string start("\x93NUMPY\x01\x00", 8);
    start += static_cast<char>(header.size() & 0xFF);
    start += static_cast<char>(header.size() >> 8);
    start += header;
    m_file.write({reinterpret_cast<const uint8_t*>(start.data()), start.size()});
}

void NpyFile::append(std::span<const int32_t> values) { append(values.data(), values.size(), Type::Int32); }
void NpyFile::append(std::span<const float> values) { append(values.data(), values.size(), Type::Float32); }

void NpyFile::append(const void* values, size_t count, Type type) {
    if (type != m_type || count > m_missing) {
        throw std::logic_error("values of another type or more than the shape holds");
    }
    m_missing -= count;
    m_file.write({static_cast<const uint8_t*>(values), count * 4});
}

void NpyFile::commit() {
    if (m_missing != 0) {
        throw std::logic_error(std::to_string(m_missing) + " values are missing from a .npy file");
    }
    m_file.commit();
}

} // namespace moescope::cli
