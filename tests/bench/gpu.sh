#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Correctness and speed of Moescope on a bare machine with a GPU, beside llama.cpp's: see --help. Such a machine needs a driver,
# bash and python3 alone; programs and libraries are carried along (pack), and each step is meant for a command of ten minutes.
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." || exit 1

usage() {
    cat <<'EOF'
Usage: tests/bench/gpu.sh STEP… [OPTION…]

Steps, in this order:
  pack      on the machine that builds: one archive, build/gpu-carry.tar.xz, of what is needed beside the tracked files
            (moescope-cli, kernel tests, their libraries, llama-bench where build/peer has it), and its size
  peer      builds llama-bench for Vulkan where cmake and glslc are, and for CUDA where nvcc is
  goldens   devices; kernel tests; golden models in F32 and F16 with each way to compute forced on and off
  models    writes models of random weights (what bench does for those that are missing)
  bench     decode and prefill of each model beside each llama-bench, and the time of each kernel
  all       goldens and bench

Where a command may take ten minutes at most: one step at a time, and bench with one shape.

Options:
  --device D           of Moescope: index or part of the name
  --like LIST          shapes of the models, measured in this order (olmoe,qwen3-30b-a3b,a13b)
  --type T             type of their matrices (q4_k)
  --layers N           fewer layers than the shapes have: a dry run
  --models FOLDER      where models are kept (build/gpu-models); 4, 17 and 45 GB for the three
  --drop               remove a model once it is measured, for small disks
  --prefill LIST       prompts, tokens (512,2048)
  --decode N           tokens written in a run (128)
  --depths LIST        tokens in the KV cache before decode (0,4096)
  --rounds N           runs of each side in turn (3)
  --llama-vulkan FILE  a llama-bench with the Vulkan backend (the one carried or built, if there is one)
  --llama-cuda FILE    one with the CUDA backend (likewise)
  --source             pack also llama.cpp's source, for the step peer on a machine without a network
  --bin FOLDER         programs (what pack brought, else build/release/bin)
  --out FOLDER         results ($OUT, else build/gpu)
EOF
}

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 2; }

steps=() device="" like=olmoe,qwen3-30b-a3b,a13b type=q4_k layers="" models=build/gpu-models drop="" prefill=512,2048
decode=128 depths=0,4096 rounds=3 llama_vulkan="" llama_cuda="" source="" bin="" out=${OUT:-build/gpu}
while [[ $# != 0 ]]; do
    case $1 in
        pack | peer | goldens | models | bench) steps+=("$1") ;;
        all) steps+=(goldens bench) ;;
        --drop | --source) printf -v "${1#--}" %s yes ;;
        --device | --like | --type | --layers | --models | --prefill | --decode | --depths | --rounds | --llama-vulkan | \
            --llama-cuda | --bin | --out)
            [[ $# -ge 2 ]] || die "$1 needs a value."
            name=${1#--}
            printf -v "${name//-/_}" %s "$2"
            shift
            ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done
[[ ${#steps[@]} != 0 ]] || { usage >&2; exit 2; }

carried=build/gpu-carry
peer_folder=build/peer/0.3.36
kernels=()
for file in tests/shaders/tst_*.cpp; do
    kernels+=("$(basename "$file" .cpp)")
done

# ---- pack -----------------------------------------------------------------------------------------------------------
# libraries_of PROGRAM…: those that a bare system may lack: none of the C and C++ run time.
libraries_of() {
    ldd "$@" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | sort -u | grep -vE '/(libc|libm|libdl|libpthread|librt|libstdc\+\+|libgcc_s)\.so'
}

pack() {
    local from=${bin:-build/release/bin} work name file tree archive
    work=$(mktemp -d)
    mkdir -p "$work/bin" "$work/lib"
    for name in moescope-cli "${kernels[@]}"; do
        strip -o "$work/bin/$name" "$from/$name" || { say "$from/$name is missing: ./dev build moescope-cli tests_shaders"; return 1; }
    done
    local needed=("$work/bin/moescope-cli")
    if [[ -x $peer_folder/vulkan/bin/llama-bench ]]; then
        mkdir "$work/llama-vulkan"
        for file in "$peer_folder"/vulkan/bin/llama-bench $(ldd "$peer_folder/vulkan/bin/llama-bench" |
            sed -n "s|.*=> \($PWD/$peer_folder/[^ ]*\) .*|\1|p"); do
            strip -o "$work/llama-vulkan/$(basename "$file")" "$file" || return 1
        done
        needed+=("$peer_folder/vulkan/bin/llama-bench")
    else
        say "There is no $peer_folder/vulkan/bin/llama-bench (the step peer builds it), so none is carried."
    fi
    # The Vulkan loader, and what NVIDIA's driver links to: headless systems lack them.
    for file in $(libraries_of "${needed[@]}" | grep -v "^$PWD/") $(ldconfig -p |
        sed -nE 's/.*lib(vulkan|X11|Xext|xcb|Xau|Xdmcp|bsd|md)\.so\.[0-9]+ .*x86-64.*=> //p'); do
        cp -L "$file" "$work/lib/"
    done
    if [[ -n $source ]]; then
        [[ -d $peer_folder/llama.cpp ]] || { say "There is no $peer_folder/llama.cpp: the step peer brings it."; return 1; }
        tar -C "$peer_folder" --exclude={docs,models,tests,examples,benches,media,gguf-py,grammars,.git} -cf - llama.cpp |
            tar -C "$work" -xf -
    fi
    # Programs that hold the same shaders are alike: a window that spans them makes 20 files as small as two.
    tar -C "$work" -cf - . | xz -T1 -6 --lzma2=dict=128MiB >"$carried.tar.xz.part" || return 1
    mv "$carried.tar.xz.part" "$carried.tar.xz"
    rm -rf "$work"
    archive=$(stat -c %s "$carried.tar.xz")
    tree=$(git ls-files -z --cached --others --exclude-standard | xargs -0 stat -c %s | awk '{ sum += $1 } END { print sum }')
    awk -v a="$archive" -v t="$tree" -v f="$carried.tar.xz" 'BEGIN {
        printf "%s: %.1f MiB; with the %.1f MiB of the tree %.1f MiB\n", f, a / 2^20, t / 2^20, (a + t) / 2^20 }'
    say "Carry the tree and $carried.tar.xz; there: tests/bench/gpu.sh all"
    ((archive + tree < 64 * 1024 * 1024)) || { say "That is more than 64 MiB."; return 1; }
}

# ---- the machine ----------------------------------------------------------------------------------------------------
# Unpacks what was carried; programs find those of its libraries that the system lacks.
unpack() {
    if [[ -f $carried.tar.xz && ! $carried -nt $carried.tar.xz ]]; then
        rm -rf "$carried"
        mkdir -p "$carried"
        python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$carried.tar.xz" "$carried" || exit 1
        touch "$carried"
    fi
    if [[ -d $carried/llama.cpp && ! -d $peer_folder/llama.cpp ]]; then
        mkdir -p "$peer_folder"
        cp -r "$carried/llama.cpp" "$peer_folder/"
    fi
    if [[ -d $carried/lib ]]; then
        local library known
        known=$(ldconfig -p)
        mkdir -p "$carried/lacking"
        for library in "$carried"/lib/*; do
            grep -qF "$(basename "$library") " <<<"$known" || ln -sf "../lib/$(basename "$library")" "$carried/lacking/"
        done
        export LD_LIBRARY_PATH="$PWD/$carried/lacking${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    fi
}

# NVIDIA's driver is found by a file that containers often lack, though the driver's library is there.
find_driver() {
    compgen -G '/usr/share/vulkan/icd.d/*.json' >/dev/null || compgen -G '/etc/vulkan/icd.d/*.json' >/dev/null && return
    [[ -z ${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-} ]] || return
    local library
    for library in libGLX_nvidia.so.0 libEGL_nvidia.so.0; do
        ldconfig -p | grep -qF "$library " || continue
        mkdir -p "$out"
        printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "%s", "api_version": "1.3.0"}}\n' "$library" >"$out/icd.json"
        export VK_DRIVER_FILES="$out/icd.json" VK_ICD_FILENAMES="$out/icd.json"
        say "No Vulkan driver is registered; $library is there, so $out/icd.json names it."
        return
    done
    say "No Vulkan driver is registered, and no NVIDIA library for Vulkan is there (a container gets it by"
    say "NVIDIA_DRIVER_CAPABILITIES=graphics)."
}

on_device() { [[ -z $device ]] || printf -- '--device\n%s\n' "$device"; }

# The llama-bench given, built or carried, for a backend; nothing where there is none.
llama_bench() {
    local given="llama_$1" file
    for file in "${!given}" "$peer_folder/$1/bin/llama-bench" "$carried/llama-$1/llama-bench"; do
        [[ -x $file ]] || continue
        [[ $file != "$carried"/* ]] || carried_peer=$PWD/$carried/llama-$1
        found=$file
        return
    done
    [[ -z ${!given} ]] || die "${!given} is no program."
    found=""
}

# ---- steps ----------------------------------------------------------------------------------------------------------
peer() {
    local failed=0
    if command -v cmake >/dev/null && command -v glslc >/dev/null; then
        tests/bench/peer/build.sh vulkan || failed=1
    else
        say "cmake or glslc is missing, so llama-bench is not built for Vulkan."
    fi
    if command -v cmake >/dev/null && command -v nvcc >/dev/null; then
        tests/bench/peer/build.sh cuda || failed=1
    else
        say "cmake or nvcc is missing, so llama-bench is not built for CUDA."
    fi
    return "$failed"
}

kernel_test() { # TEST VARIABLE=VALUE: one line, and the output in a file
    local log="$out/tests/$1.${2//=/-}.txt"
    if env "$2" "$bin/$1" >"$log" 2>&1; then
        say "  $1 $2:$(sed -nE 's/^\[  (PASSED|SKIPPED) +\] ([0-9]+) tests?[.,].*/ \2 \L\1/p' "$log" | tr '\n' ',' | sed 's/,$//')"
    else
        say "  $1 $2: FAILED, $log; $(grep -m 1 -E 'Failure|error|FAILED' "$log")"
        return 1
    fi
}

goldens() {
    local failed=0 options
    "$bin/moescope-cli" devices | tee "$out/devices.txt" || return 1
    say "Kernel tests, on the device that Moescope chooses by itself:"
    mkdir -p "$out/tests"
    export -f kernel_test say
    export bin out MOESCOPE_REQUIRE_VULKAN=1
    local texels jobs
    jobs=$(nproc)
    for texels in 0 1; do
        printf '%s\n' "${kernels[@]}" |
            xargs -P $((jobs < 4 ? jobs : 4)) -I{} bash -c "kernel_test {} MOESCOPE_TEST_TEXELS=$texels" || failed=1
    done
    mapfile -t options < <(on_device)
    python3 tests/bench/goldens.py --bin "$bin" "${options[@]}" | tee "$out/goldens.txt" || failed=1
    return "$failed"
}

model_file() { printf '%s/%s-%s%s.gguf' "$models" "$1" "$type" "${layers:+-$layers-layers}"; }

write_model() {
    local file
    file=$(model_file "$1")
    [[ ! -f $file ]] || return 0
    mkdir -p "$models"
    say "$file, $(df -h --output=avail "$models" | tail -n 1 | tr -d ' ') free:"
    "$bin/moescope-cli" synth --like "$1" --type "$type" ${layers:+--layers "$layers"} "$file"
}

models() {
    local shape failed=0
    for shape in ${like//,/ }; do
        write_model "$shape" || failed=1
    done
    return "$failed"
}

bench_model() { # SHAPE
    local file name depth start=$SECONDS failed=0 options peers=(--no-cpu)
    file=$(model_file "$1")
    name=$(basename "$file" .gguf)
    write_model "$1" || return 1
    mapfile -t options < <(on_device)
    local carried_peer="" found
    llama_bench vulkan
    [[ -n $found ]] && peers+=(--peer "$found") || peers+=(--no-vulkan)
    llama_bench cuda
    [[ -z $found ]] || peers+=(--peer-cuda "$found")
    for depth in ${depths//,/ }; do
        say "-- $name, depth $depth"
        LD_LIBRARY_PATH="$carried_peer${carried_peer:+:}${LD_LIBRARY_PATH:-}" tests/bench/compare "$file" --bin "$bin" -d "$depth" \
            -p "$([[ $depth == 0 ]] && echo "$prefill" || echo 0)" -n "$decode" -r "$rounds" "${options[@]}" "${peers[@]}" \
            --json "$out/$name-depth-$depth.json" | tee "$out/$name-depth-$depth.txt" || failed=1
    done
    say "-- $name, time of each kernel at depth 0"
    if "$bin/moescope-cli" bench -m "$file" -p "${prefill%%,*}" -n 16 -r 3 --profile --json "${options[@]}" >"$out/$name-profile.json"
    then
        python3 tests/bench/intervals.py "$out/$name-profile.json" | tee "$out/$name-profile.txt" || failed=1
    else
        failed=1
    fi
    [[ -z $drop ]] || rm -f "$file"
    say "-- $name: $((SECONDS - start)) s"
    return "$failed"
}

bench() {
    local shape failed=0
    for shape in ${like//,/ }; do
        bench_model "$shape" || failed=1
    done
    return "$failed"
}

# ---- run ------------------------------------------------------------------------------------------------------------
mkdir -p build "$out"
failed=()
if [[ " ${steps[*]} " != " pack " ]]; then
    unpack
    find_driver
fi
for step in "${steps[@]}"; do
    if [[ $step != pack && $step != peer && -z $bin ]]; then
        [[ -x $carried/bin/moescope-cli ]] && bin=$carried/bin || bin=build/release/bin
        [[ -x $bin/moescope-cli ]] || die "There is no moescope-cli: neither $carried.tar.xz (see pack) nor a build."
    fi
    say "==== $step"
    start=$SECONDS
    "$step" || failed+=("$step")
    say "==== $step: $((SECONDS - start)) s"
done
say "In all: $SECONDS s; results in $out${failed[*]:+; FAILED: ${failed[*]}}"
[[ ${#failed[@]} == 0 ]]
