#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# make.sh BUILD: packs the programs built in BUILD into build/package (.deb and .tgz) and tries both in a clean root.
set -euo pipefail
config=$(readlink -f "$1")/CPackConfig.cmake
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
rm -rf build/package
mkdir -p build/package
cpack --config "$config" -B build/package
rm -rf build/package/_CPack_Packages
ls -l build/package
root=()
[[ $(id -u) == 0 ]] || root=(sudo --preserve-env=http_proxy,https_proxy,no_proxy)
"${root[@]}" packaging/check_install.sh build/package/*.deb build/package/*.tar.gz
