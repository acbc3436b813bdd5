#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Correctness and speed of Moescope on a bare machine with a GPU, beside llama.cpp's: see --help. Such a machine needs a driver,
# bash and python3 alone; programs and libraries are carried along (pack), and each step is meant for a command of ten minutes.
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." || exit 1

usage() {
    cat <<'EOT'
Usage: tests/bench/gpu.sh STEP… [OPTION…]

Steps, in this order:
  pack      on the machine that builds: one archive, build/gpu-carry.tar.xz, of what is needed beside the tracked files
            (moescope-cli, kernel tests, their libraries, llama-bench where build/peer has it), and its size
  peer      builds llama-bench for Vulkan where cmake, ninja and glslc are, and for CUDA where nvcc is
  kernels   devices, and the kernel tests: as the device chooses, and batches by integer dot products, by cooperative
            matrices and by neither
  goldens   golden models in F32 and F16 with each way to compute forced on and off
  models    writes models of random weights (what bench does for those that are missing)
  bench     decode and prefill of each model beside each llama-bench, and the time of each kernel
  all       kernels, goldens and bench

Where a command may take ten minutes at most: one step at a time, and bench with one shape.

Options:
  --device D           of Moescope: index or part of the name (the kernel tests take the one it chooses by itself)
  --only NAME          of the golden models those whose name holds this
  --like LIST          shapes of the models, measured in this order (olmoe,qwen3-30b-a3b,a13b)
  --type T             type of their matrices (q4_k)
  --layers N           fewer layers than the shapes have: a dry run
  --models FOLDER      where models are kept (build/gpu-models); 4, 17 and 45 GB for the three
  --drop               remove a model once it is measured, for small disks
  --prefill LIST       prompts, tokens (512,2048)
  --decode N           tokens written in a run (128)
  --depths LIST        tokens in the KV cache before decode, as many as the model has room for (0,4096)
  --rounds N           runs of each side in turn (3, of a13b 1, whose loads would take more than ten minutes)
  --llama-vulkan FILE  a llama-bench with the Vulkan backend (the one built or carried, if there is one)
  --llama-cuda FILE    one with the CUDA backend (likewise)
  --source             pack also llama.cpp's source, for the step peer on a machine without a network
  --bin FOLDER         programs (build/release/bin, else what pack brought)
  --out FOLDER         results ($OUT, else build/gpu)

Results, for the step all at most eight files:
  summary.txt          all that the latest call told
  failures.txt         the output of the kernel tests that failed, and of the build of a llama-bench that did (else no file)
  MODEL.json           of each model: devices, all runs of each side, what failed, and the profile of moescope-cli bench
  MODEL.txt            its table, and the time of each kernel
EOT
}

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 2; }

steps=() device="" only="" like=olmoe,qwen3-30b-a3b,a13b type=q4_k layers="" models=build/gpu-models drop="" prefill=512,2048
decode=128 depths=0,4096 rounds="" llama_vulkan="" llama_cuda="" source="" bin="" out=${OUT:-build/gpu}
while [[ $# != 0 ]]; do
    case $1 in
        pack | peer | kernels | goldens | models | bench) steps+=("$1") ;;
        all) steps+=(kernels goldens bench) ;;
        --drop | --source) printf -v "${1#--}" %s yes ;;
        --device | --only | --like | --type | --layers | --models | --prefill | --decode | --depths | --rounds | \
            --llama-vulkan | --llama-cuda | --bin | --out)
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
for file in "$llama_vulkan" "$llama_cuda"; do
    [[ -z $file || -f $file && -x $file ]] || die "$file is no program, so it cannot be the llama-bench to measure."
done

carried=build/gpu-carry
built=build/release/bin
peer_folder=build/peer/0.3.36
kernel_tests=()
for file in tests/shaders/tst_*.cpp; do
    kernel_tests+=("$(basename "$file" .cpp)")
done

# ---- pack -----------------------------------------------------------------------------------------------------------
# libraries_of PROGRAM…: those that a bare system may lack: none of the C and C++ run time.
libraries_of() {
    ldd "$@" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | sort -u | grep -vE '/(libc|libm|libdl|libpthread|librt|libstdc\+\+|libgcc_s)\.so'
}

# tell_coopmat FOLDER: whether its programs have the kernels with cooperative matrices, which moescope-cli alone knows.
tell_coopmat() {
    local message
    message=$("$1/moescope-cli" run -m resources/models/nano.gguf --tokens 1 -n 1 --variant coopmat=on 2>&1)
    local status=$?
    if [[ $message == *"“coopmat” is no part of this build"* ]]; then
        say "WITHOUT the kernels with cooperative matrices: the build found no glslang of version 13 or later"
        say "(tests/bench/NOTES.md says how to get one)."
    elif [[ $status == 0 || $message == *"“coopmat” needs cooperative matrices"* ]]; then
        say "With the kernels with cooperative matrices."
    else
        say "Whether the build has the kernels with cooperative matrices cannot be told here: $message"
    fi
}

pack() ( # a shell of its own, for the trap
    from=${bin:-$built}
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work/bin" "$work/lib"
    for name in moescope-cli "${kernel_tests[@]}"; do
        strip -o "$work/bin/$name" "$from/$name" || { say "$from/$name is missing: ./dev build moescope-cli tests_shaders"; exit 1; }
    done
    needed=("$work/bin/moescope-cli")
    if [[ -x $peer_folder/vulkan/bin/llama-bench ]]; then
        mkdir "$work/llama-vulkan"
        for file in "$peer_folder"/vulkan/bin/llama-bench $(ldd "$peer_folder/vulkan/bin/llama-bench" |
            sed -n "s|.*=> \($PWD/$peer_folder/[^ ]*\) .*|\1|p"); do
            strip -o "$work/llama-vulkan/$(basename "$file")" "$file" || exit 1
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
        [[ -d $peer_folder/llama.cpp ]] || { say "There is no $peer_folder/llama.cpp: the step peer brings it."; exit 1; }
        # Folders of these names lie deeper as well, and CMake needs them there.
        tar -C "$peer_folder" --anchored --exclude=llama.cpp/{docs,models,tests,examples,benches,media,gguf-py,grammars,.git} \
            -cf - llama.cpp | tar -C "$work" -xf - || exit 1
    fi
    # Programs that hold the same shaders are alike: a window that spans them makes 20 files as small as two.
    tar -C "$work" -cf - . | xz -T1 -6 --lzma2=dict=128MiB >"$carried.tar.xz.part" || exit 1
    mv "$carried.tar.xz.part" "$carried.tar.xz"
    tell_coopmat "$from"
    archive=$(stat -c %s "$carried.tar.xz")
    tree=$(git ls-files -z --cached --others --exclude-standard | xargs -0 stat -c %s | awk '{ sum += $1 } END { print sum }')
    awk -v a="$archive" -v t="$tree" -v f="$carried.tar.xz" 'BEGIN {
        printf "%s: %.1f MiB; with the %.1f MiB of the tree %.1f MiB\n", f, a / 2^20, t / 2^20, (a + t) / 2^20 }'
    say "Carry the tree and $carried.tar.xz. There, each as a command of its own:"
    say "  tests/bench/gpu.sh kernels"
    say "  tests/bench/gpu.sh goldens"
    for name in ${like//,/ }; do
        say "  tests/bench/gpu.sh bench --like $name --drop"
    done
    ((archive + tree < 64 * 1024 * 1024)) || { say "That is more than 64 MiB."; exit 1; }
)

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
        local library
        mkdir -p "$carried/lacking"
        for library in "$carried"/lib/*; do
            grep -qF "$(basename "$library") " <<<"$known_libraries" || ln -sf "../lib/$(basename "$library")" "$carried/lacking/"
        done
        export LD_LIBRARY_PATH="$PWD/$carried/lacking${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    fi
}

# NVIDIA's driver is found by a file that containers often lack or have elsewhere, though the driver's library is there. It goes
# before Mesa's, whose software driver is often registered as well; where a device is named, the others are kept.
find_driver() {
    [[ -z ${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-} ]] || return 0
    local file library nvidia="" others=() drivers
    for file in {/etc,/usr/share,/usr/local/share,/usr/local/nvidia/share}/vulkan/icd.d/*.json; do
        [[ -f $file ]] || continue
        [[ $file == *nvidia*.json && $file != *i?86* ]] && nvidia=${nvidia:-$file} || others+=("$file")
    done
    for library in libGLX_nvidia.so.0 libEGL_nvidia.so.0; do
        [[ -z $nvidia ]] && grep -qF "$library " <<<"$known_libraries" || continue
        nvidia=$PWD/build/gpu-driver.json
        printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "%s", "api_version": "1.3.0"}}\n' "$library" >"$nvidia"
        say "No file registers NVIDIA's Vulkan driver; $library is there, so $nvidia names it."
    done
    if [[ -n $nvidia ]]; then
        drivers=$nvidia
        [[ -z $device ]] || drivers+=$(printf '%s' "${others[@]/#/:}")
        export VK_DRIVER_FILES="$drivers" VK_ICD_FILENAMES="$drivers"
        say "Vulkan drivers: $drivers"
    elif [[ ${#others[@]} == 0 ]]; then
        say "No Vulkan driver is registered, and no NVIDIA library for Vulkan is there (a container gets it by"
        say "NVIDIA_DRIVER_CAPABILITIES=graphics)."
    fi
}

on_device() { [[ -z $device ]] || printf -- '--device\n%s\n' "$device"; }

# The llama-bench given, built or carried, for a backend; nothing where there is none.
llama_bench() {
    local given="llama_$1" file
    for file in "${!given}" "$peer_folder/$1/bin/llama-bench" "$carried/llama-$1/llama-bench"; do
        [[ -x $file ]] || continue
        printf '%s' "$file"
        return
    done
}

# ---- steps ----------------------------------------------------------------------------------------------------------
peer_for() { # BACKEND TOOL…
    local backend=$1 tool missing=()
    shift
    for tool in "$@"; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    if [[ ${#missing[@]} != 0 ]]; then
        say "For want of ${missing[*]}, llama-bench is not built for the backend $backend."
        return 0
    fi
    tests/bench/peer/build.sh "$backend" && return
    { say "==== $peer_folder/$backend.log"; cat "$peer_folder/$backend.log"; } >>"$out/failures.txt"
    say "Its output is in $out/failures.txt too."
    return 1
}

peer() {
    local failed=0
    peer_for vulkan cmake ninja glslc || failed=1
    peer_for cuda cmake ninja nvcc || failed=1
    return "$failed"
}

kernel_test() { # TEST VARIABLE=VALUE…: one line, and the output in a file
    local name=$* log absent
    log="$scratch/${name// /-}.txt"
    if env "${@:2}" "$bin/$1" >"$log" 2>&1; then
        absent=$(sed -n 's/^SKIPPED, the variant is not tested: //p' "$log" | sort -u)
        if [[ -n $absent ]]; then
            say "  $*: not here: $absent"
        else
            say "  $*:$(sed -nE 's/^\[  (PASSED|SKIPPED) +\] ([0-9]+) tests?[.,].*/ \2 \L\1/p' "$log" | tr '\n' ',' | sed 's/,$//')"
        fi
    else
        say "  $*: FAILED; $(grep -m 1 -E 'Failure|error|FAILED' "$log")"
        touch "$log.failed"
        return 1
    fi
}

kernels() {
    local runs=() kernel log jobs failed=0
    "$bin/moescope-cli" devices || return 1
    for kernel in "${kernel_tests[@]}"; do
        [[ -x $bin/$kernel ]] || { say "There is no $bin/$kernel: ./dev build tests_shaders, or see pack."; return 1; }
        runs+=("$kernel")
    done
    for kernel in matmul ffn_gate_up_tiles ffn_down_tiles moe_sort; do
        [[ $kernel == moe_sort ]] || runs+=("tst_$kernel MOESCOPE_TEST_INTEGER_DOT=1")
        # Without cooperative matrices a device may choose integer dot products, so both are forced off.
        runs+=("tst_$kernel MOESCOPE_TEST_COOPMAT=1" "tst_$kernel MOESCOPE_TEST_COOPMAT=0 MOESCOPE_TEST_INTEGER_DOT=0")
    done
    say "Kernel tests, on the device that Moescope chooses by itself:"
    scratch=$(mktemp -d)
    export -f kernel_test say
    export bin scratch MOESCOPE_REQUIRE_VULKAN=1
    jobs=$(nproc)
    printf '%s\n' "${runs[@]}" | xargs -P $((jobs < 4 ? jobs : 4)) -I{} bash -c "kernel_test {}" || failed=1
    for log in "$scratch"/*.failed; do
        [[ ! -f $log ]] || { say "==== $(basename "$log" .txt.failed)"; cat "${log%.failed}"; } >>"$out/failures.txt"
    done
    [[ $failed == 0 ]] || say "The output of those that failed is in $out/failures.txt."
    rm -rf "$scratch"
    return "$failed"
}

goldens() {
    local options
    mapfile -t options < <(on_device)
    python3 tests/bench/goldens.py --bin "$bin" ${only:+--only "$only"} "${options[@]}"
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
    local file name found start=$SECONDS failed=0 options peers=(--no-cpu) turns=${rounds:-3} profile
    [[ -n $rounds || $1 != a13b ]] || turns=1
    file=$(model_file "$1")
    name=$(basename "$file" .gguf)
    write_model "$1" || return 1
    mapfile -t options < <(on_device)
    found=$(llama_bench vulkan)
    [[ -n $found ]] && peers+=(--peer "$found") || peers+=(--no-vulkan)
    found=$(llama_bench cuda)
    [[ -z $found ]] || peers+=(--peer-cuda "$found")
    say "-- $name"
    tests/bench/compare "$file" --bin "$bin" -p "$prefill" -n "$decode" -d "$depths" -r "$turns" "${options[@]}" "${peers[@]}" \
        --json "$out/$name.json" --text "$out/$name.txt" || failed=1
    say "-- $name, time of each kernel at depth 0"
    profile=$(mktemp)
    if "$bin/moescope-cli" bench -m "$file" -p "${prefill%%,*}" -n 16 -r 3 --profile --json "${options[@]}" >"$profile"; then
        python3 tests/bench/intervals.py "$profile" --into "$out/$name.json" | tee -a "$out/$name.txt" || failed=1
    else
        failed=1
    fi
    rm -f "$profile"
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
main() {
    local step start failed=()
    if [[ " ${steps[*]} " != " pack " ]]; then
        known_libraries=$(ldconfig -p)
        # A build is newer than what was packed of it.
        [[ -x $built/moescope-cli ]] || unpack
        find_driver
    fi
    for step in "${steps[@]}"; do
        if [[ $step != pack && $step != peer && -z $bin ]]; then
            [[ -x $built/moescope-cli ]] && bin=$built || bin=$carried/bin
            [[ -x $bin/moescope-cli ]] || die "There is no moescope-cli: neither $carried.tar.xz (see pack) nor a build."
            say "The programs are those of $bin."
        fi
        say "==== $step"
        start=$SECONDS
        "$step" || failed+=("$step")
        say "==== $step: $((SECONDS - start)) s"
    done
    say "In all: $SECONDS s; results in $out${failed[*]:+; FAILED: ${failed[*]}}"
    [[ ${#failed[@]} == 0 ]]
}

mkdir -p build "$out"
rm -f "$out/failures.txt"
main 2>&1 | tee "$out/summary.txt"
exit "${PIPESTATUS[0]}"
