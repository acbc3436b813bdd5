#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches the sources of llama-cpp-python, which carry llama.cpp's chat templates and vocabularies with their vectors,
# unless they are there, and prints the folder of the models in them. Nothing of it is built.
#
#     tests/conformance/peer_files.sh [FOLDER]      default: build/conformance/peer
set -euo pipefail
here="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
folder="${1:-$here/../../build/conformance/peer}"
package=llama_cpp_python-0.3.36
models="$folder/$package/vendor/llama.cpp/models"

if [[ ! -d "$models/templates" ]]; then
    python="$("$here/environment.sh")"
    mkdir -p "$folder"
    # pip asks a source package for its metadata, for which it fetches the build's tools; nothing is compiled.
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary llama-cpp-python \
        --dest "$folder" llama-cpp-python==0.3.36 >&2
    "$python" - "$folder" "$package" <<'PYTHON'
import pathlib, sys, tarfile
folder, package = pathlib.Path(sys.argv[1]), sys.argv[2]
with tarfile.open(folder / f"{package}.tar.gz") as archive:
    wanted = [m for m in archive.getmembers()
              if m.isfile() and m.name.startswith(f"{package}/vendor/llama.cpp/models/") and ".." not in m.name.split("/")]
    archive.extractall(folder, members=wanted)
PYTHON
fi
readlink -f "$models"
