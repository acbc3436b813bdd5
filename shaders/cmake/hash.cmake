# SPDX-License-Identifier: Apache-2.0
# Writes HEADER with a 64-bit hash over the files named in LIST, one a line.
file(STRINGS ${LIST} FILES)
set(HASHES)
foreach(FILE ${FILES})
    file(SHA256 ${FILE} HASH)
    get_filename_component(NAME ${FILE} NAME)
    list(APPEND HASHES ${NAME}:${HASH})
endforeach()
string(SHA256 HASH "${HASHES}")
string(SUBSTRING ${HASH} 0 16 HASH)
set(TEXT "// Generated from the SPIR-V of all kernels.
#pragma once

#include <cstdint>

namespace moescope::shaders {

inline constexpr uint64_t shaderHash = 0x${HASH}ULL;

} // namespace moescope::shaders
")
file(WRITE ${HEADER} "${TEXT}")
