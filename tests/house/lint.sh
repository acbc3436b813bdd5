#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ./dev lint without its set-up: format, shell syntax, rules of the house, clang-tidy. Tells all that is wrong, not the
# first alone.
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
failed=()

step() {
    local name=$1 start=$SECONDS
    shift
    if "$@"; then
        echo "lint: $name: fine ($((SECONDS - start)) s)"
    else
        failed+=("$name")
        echo "lint: $name: NOT fine ($((SECONDS - start)) s)"
    fi
}

format() {
    git ls-files -z --cached --others --exclude-standard -- '*.cpp' '*.h' ':!shaders/common' |
        xargs -0 -r ls -d 2>/dev/null | xargs -P 2 -n 32 clang-format-14 --dry-run --Werror
}

shell_syntax() {
    local file wrong=0
    while IFS= read -r file; do
        bash -n "$file" || wrong=1
    done < <(git grep -lIE --untracked '^#!/(usr/bin/env |bin/)(ba)?sh' -- ':!*.md')
    return "$wrong"
}

step "format" format
step "shell syntax" shell_syntax
step "rules of the house" python3 tests/house/lint.py
step "examples of the rules" python3 tests/house/lint.py --self-test
step "clang-tidy" python3 tests/house/tidy.py --build build/release
if [[ ${#failed[@]} != 0 ]]; then
    printf 'lint: to be mended: %s\n' "${failed[*]}"
    exit 1
fi
