#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build.sh [vulkan|cuda]: builds llama-bench of llama.cpp with the CPU and the Vulkan or CUDA backend, from the source that
# llama-cpp-python brings, and prints its path. Once built, it is only told. Some ten minutes on two cores. Packages: ./dev says
# which (group "peer"); CUDA needs nvcc, and asks it for the GPU at hand.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../.."

version=0.3.36 commit=0c1e570
backend=${1:-vulkan}
case $backend in
    vulkan) options=(-DGGML_VULKAN=ON) ;;
    cuda) options=(-DGGML_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES=native) ;;
    *) sed -n '3,5s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
target=$PWD/build/peer/$version
source=$target/llama.cpp
bench=$target/$backend/bin/llama-bench
log=$target/$backend.log

fetch_source() {
    local archive=$target/llama_cpp_python-$version.tar.gz
    if [[ ! -f $archive ]]; then
        [[ -d $target/venv ]] || python3 -m venv "$target/venv"
        "$target/venv/bin/pip" download --no-deps --no-binary llama-cpp-python -d "$target" "llama-cpp-python==$version"
    fi
    rm -rf "$target/unpacked"
    mkdir "$target/unpacked"
    tar -xzf "$archive" -C "$target/unpacked" --strip-components=1
    patch -d "$target/unpacked/vendor/llama.cpp" -p1 <tests/bench/peer/vulkan_headers_of_debian_12.patch
    mv "$target/unpacked/vendor/llama.cpp" "$source"
    rm -rf "$target/unpacked"
}

if [[ ! -x $bench ]]; then
    mkdir -p "$target"
    # In a shell of its own: in a condition "set -e" would not hold.
    set +e
    (
        set -e
        [[ -d $source ]] || fetch_source
        # Its repository does not come along, so the commit is named.
        cmake -S "$source" -B "$target/$backend" -G Ninja -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON \
            -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF \
            -DLLAMA_BUILD_COMMIT=$commit "${options[@]}"
        cmake --build "$target/$backend" --target llama-bench --parallel "${MOESCOPE_JOBS:-$(nproc)}"
    ) >"$log" 2>&1
    status=$?
    set -e
    [[ $status == 0 && -x $bench ]] || { echo "The peer could not be built; $log says why." >&2; exit 1; }
fi
echo "$bench"
