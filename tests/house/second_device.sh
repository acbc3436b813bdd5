#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All tests that compute on a device, on a newer version of Mesa's software driver than the system's (second_driver.sh): at three
# sizes of subgroups, reading weights both ways, and with memory that the host does not see. Then both drivers at once. Ends
# as second_driver.sh does where it cannot be had.
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
tests/house/second_driver.sh || exit
second="$PWD/build/second-device"
failed=0

run() {
    local where=()
    while [[ $1 == *=* ]]; do
        where+=("$1")
        shift
    done
    echo "Tests on the second device: ${where[*]} $*"
    env "${where[@]}" LD_LIBRARY_PATH="$second/libraries" ctest --preset release --parallel 2 --no-tests=error "$@" || failed=1
}

driver="VK_DRIVER_FILES=$second/driver.json"
for width in 128 256 512; do
    # A shader cache for each: Mesa 25.0.7 takes code for texel buffers from that of another width, and crashes.
    run "$driver" LP_NATIVE_VECTOR_WIDTH="$width" MESA_SHADER_CACHE_DIR="$second/cache-$width" -L '^shaders$'
done
for texels in 0 1; do
    run "$driver" MOESCOPE_TEST_TEXELS="$texels" -L '^shaders$'
done
run "$driver" -L '^(vulkan|device)$'
run "$driver" MOESCOPE_TEST_SEPARATE_MEMORY=1 -L '^(shaders|vulkan|device)$'
run MOESCOPE_TEST_SEPARATE_MEMORY=1 -L '^(shaders|vulkan|device)$' # and on the system's
run MOESCOPE_SECOND_DRIVER="$second/driver.json" -R '^tst_two_devices$'
exit "$failed"
