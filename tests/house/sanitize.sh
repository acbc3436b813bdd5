#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sanitize.sh LABEL…: builds the tests of these labels in the preset dev and runs them under AddressSanitizer and
# UndefinedBehaviorSanitizer. Without labels: all tests.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
jobs="${MOESCOPE_JOBS:-$(nproc)}"

cmake --preset dev >build/dev-configure.log 2>&1 || { cat build/dev-configure.log; exit 1; }
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1
export LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp:print_suppressions=0"
if [[ $# == 0 ]]; then
    cmake --build --preset dev --parallel "$jobs"
    ctest --preset dev --parallel 2
else
    cmake --build --preset dev --parallel "$jobs" --target "${@/#/tests_}"
    ctest --preset dev --parallel 2 --no-tests=error -L "^($(IFS='|'; echo "$*"))\$"
fi
