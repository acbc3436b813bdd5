#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the Python environment of the conformance checks, unless it is there, and prints its interpreter's path.
#
#     tests/conformance/environment.sh [FOLDER]      default: build/conformance/venv
set -euo pipefail
here="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
folder="${1:-$here/../../build/conformance/venv}"
wanted="$here/requirements.txt"
made="$folder/requirements.txt" # a copy, written last: what the environment holds

if ! cmp -s "$wanted" "$made"; then
    python="$(command -v /usr/bin/python3 || command -v python3)"
    "$python" -c 'import ensurepip' 2>/dev/null ||
        { echo "Python has no venv. On Debian: apt-get install python3-venv" >&2; exit 1; }
    rm -f "$made"
    "$python" -m venv "$folder" >&2
    "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted" >&2
    "$folder/bin/python" -c 'import torch, transformers, gguf, xllamacpp' >&2
    cp "$wanted" "$made"
fi
readlink -f "$folder/bin" | sed 's|$|/python|'
