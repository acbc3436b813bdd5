#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds llama-bench of llama.cpp with its Vulkan and CPU backends, from the source that llama-cpp-python brings, and prints its
# path. Once built, it is only told. Packages: ./dev says which (group "peer").
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../.."

version=0.3.36
target=$PWD/build/peer/$version
source=$target/llama_cpp_python-$version/vendor/llama.cpp
bench=$source/build/bin/llama-bench
log=$target/build.log

if [[ ! -x $bench ]]; then
    mkdir -p "$target"
    {
        [[ -d $target/venv ]] || python3 -m venv "$target/venv"
        [[ -f $target/llama_cpp_python-$version.tar.gz ]] ||
            "$target/venv/bin/pip" download --no-deps --no-binary llama-cpp-python -d "$target" "llama-cpp-python==$version"
        rm -rf "${source%/vendor/*}"
        tar -xzf "$target/llama_cpp_python-$version.tar.gz" -C "$target"
        patch -d "$source" -p1 <tests/bench/peer/vulkan_headers_of_debian_12.patch
        cmake -S "$source" -B "$source/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DGGML_VULKAN=ON -DGGML_NATIVE=ON \
            -DLLAMA_CURL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF
        cmake --build "$source/build" --target llama-bench
    } >"$log" 2>&1 || { echo "The peer could not be built; $log says why." >&2; exit 1; }
fi
echo "$bench"
