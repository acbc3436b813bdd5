#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What computes on a device, on a newer version of Mesa's software driver than the system's (second_driver.sh): kernels at three
# sizes of subgroups, then everything once, and with memory that the host does not see what is about memory, there and on the
# system's driver. Then both drivers at once. Ends as second_driver.sh does where it cannot be had.
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
    echo "Tests with ${where[*]} $*"
    env "${where[@]}" ctest --preset release --parallel 2 --no-tests=error "$@" || failed=1
}

# Its libraries are for its driver: the system's is to run with the system's own.
driver=("VK_DRIVER_FILES=$second/driver.json" "LD_LIBRARY_PATH=$second/libraries")
for width in 128 512; do
    # A shader cache for each: Mesa 25.0.7 takes code for texel buffers from that of another width, and crashes.
    run "${driver[@]}" LP_NATIVE_VECTOR_WIDTH="$width" MESA_SHADER_CACHE_DIR="$second/cache-$width" -L '^shaders$'
done
# At the driver's own width. Tests of kernels that read weights are there twice, as tst_…_buffers too: both ways to read.
run "${driver[@]}" MESA_SHADER_CACHE_DIR="$second/cache" -L '^(shaders|vulkan|device)$'

# Where values are put into a device's memory and read back: all of the rest does it through these.
of_memory='^(tst_golden|tst_decoder|tst_engine)$'
run "${driver[@]}" MOESCOPE_TEST_SEPARATE_MEMORY=1 MESA_SHADER_CACHE_DIR="$second/cache" -R "$of_memory"
run "${driver[@]}" MOESCOPE_TEST_SEPARATE_MEMORY=1 MESA_SHADER_CACHE_DIR="$second/cache" -L '^vulkan$'
run MOESCOPE_TEST_SEPARATE_MEMORY=1 -R "$of_memory"
run MOESCOPE_TEST_SEPARATE_MEMORY=1 -L '^(shaders|vulkan)$'

# One program with both drivers, so the libraries of the second serve both.
run MOESCOPE_SECOND_DRIVER="$second/driver.json" LD_LIBRARY_PATH="$second/libraries" -R '^tst_two_devices$'
exit "$failed"
