#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh TARGET [SECONDS]: builds a fuzzer of tests/fuzz (gguf, safetensors, tokenizer_json, tokenizer, chat_template; or
# all, two at a time) and runs it for so long (60). A crash, a hang of 10 s or too much memory ends it with 1; the
# input is kept in build/fuzz/findings. What it has learned stays in build/fuzz/corpus.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
jobs="${MOESCOPE_JOBS:-$(nproc)}"
seconds="${2:-60}"
all=(gguf safetensors tokenizer_json tokenizer chat_template)
case " ${all[*]} all " in
    *" ${1:-} "*) [[ $1 == all ]] && targets=("${all[@]}") || targets=("$1") ;;
    *) sed -n '3,5s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac

mkdir -p build/fuzz/findings
cmake --preset fuzz >build/fuzz/configure.log 2>&1 || { cat build/fuzz/configure.log; exit 1; }
cmake --build build/fuzz --parallel "$jobs" --target "${targets[@]/#/fuzz_}" >build/fuzz/build.log 2>&1 ||
    { cat build/fuzz/build.log; exit 1; }

# Inputs that are read as files are written into memory where the system has that.
base=/dev/shm
[[ -d $base && -w $base ]] || base="${TMPDIR:-/tmp}"
TMPDIR=$(mktemp -d "$base/moescope-fuzz.XXXXXX")
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
# Stacks of allocations cost a third of the speed; an input that is found can be run again with them.
export ASAN_OPTIONS=malloc_context_size=1:quarantine_size_mb=64
export UBSAN_OPTIONS=print_stacktrace=1

fuzz() {
    local target=$1 start=$SECONDS code=0
    local corpus=build/fuzz/corpus/$target seeds=build/fuzz/seeds/$target log=build/fuzz/$target.log
    mkdir -p "$corpus"
    rm -rf "$seeds"
    python3 tests/fuzz/seeds.py "$target" "$seeds" "build/fuzz/$target.dict"
    "build/fuzz/bin/fuzz_$target" "$corpus" "$seeds" -dict="build/fuzz/$target.dict" -max_total_time="$seconds" \
        -timeout=10 -rss_limit_mb=1024 -max_len=32768 -artifact_prefix="build/fuzz/findings/$target-" \
        -print_final_stats=1 >"$log" 2>&1 || code=$?
    stat() { sed -n "s/^stat::$1: *//p" "$log"; }
    echo "$target: $(stat number_of_executed_units) executions in $((SECONDS - start)) s, corpus of" \
        "$(find "$corpus" -type f | wc -l) inputs, at most $(stat peak_rss_mb) MB"
    [[ $code == 0 ]] && return
    grep -E -A 30 'ERROR|SUMMARY|Finding:|runtime error|Test unit written' "$log" | head -80
    return 1
}

failed=0 running=0
for target in "${targets[@]}"; do
    if ((running == 2)); then
        wait -n || failed=1
        running=1
    fi
    fuzz "$target" &
    ((++running))
done
while ((running-- > 0)); do
    wait -n || failed=1
done
exit "$failed"
