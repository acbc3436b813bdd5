# SPDX-License-Identifier: Apache-2.0
# Writes the SPIR-V file SPIRV as the C++ header HEADER that declares moescope::shaders::NAME.
file(READ ${SPIRV} HEX HEX)
string(REGEX REPLACE "(..)(..)(..)(..)" "0x\\4\\3\\2\\1," WORDS "${HEX}")
string(REGEX REPLACE "(0x........,0x........,0x........,0x........,0x........,0x........,0x........,0x........,)" "\\1\n" WORDS "${WORDS}")
file(WRITE ${HEADER} "// Generated from ${NAME}.comp.
#pragma once

#include \"engine/vulkan/compute_pipeline.h\"

namespace moescope::shaders {

inline constexpr uint32_t ${NAME}_spv[] = {
${WORDS}
};
inline const moescope::vulkan::Shader ${NAME}{\"${NAME}\", ${NAME}_spv};

} // namespace moescope::shaders
")
