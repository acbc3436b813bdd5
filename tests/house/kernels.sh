#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kernels.sh WIDTH…: the kernel tests of build/release at these vector widths of the software driver (subgroups of 4, 8 or
# 16), then under the validation layer, which must stay silent.
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
failed=0

run() {
    echo "Kernel tests with $*"
    env "$@" ctest --preset release --parallel 2 --no-tests=error -L '^shaders$' || failed=1
}

for width in "$@"; do
    # Mesa 25.0.7 takes code for texel buffers from a shader cache of another width, and crashes.
    run LP_NATIVE_VECTOR_WIDTH="$width" MESA_SHADER_CACHE_DIR="$PWD/build/mesa-cache-$width"
done
run MOESCOPE_VALIDATION=1
exit "$failed"
