#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Unpacks a newer version of Mesa's software driver, from Debian's backports, into build/second-device: beside the system's,
# never over it. Then driver.json there is for VK_DRIVER_FILES and the folder libraries for LD_LIBRARY_PATH. Exits with 77 on
# another system than Debian 12. To get it anew, remove build/second-device.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
folder="$PWD/build/second-device"
say() { printf '%s\n' "$*" >&2; }

ID="" VERSION_ID=""
[[ -r /etc/os-release ]] && . /etc/os-release
if [[ "$ID $VERSION_ID" != "debian 12" ]]; then
    say "The second device is the software driver of Debian 12's backports; this system is “${PRETTY_NAME:-unknown}”, so no test runs on a second device."
    exit 77
fi
grep -qsF "\"$folder/" "$folder/driver.json" && exit  # of this folder, not of where it was before it was moved

# The machine's own source of packages and its way there, but lists of its own: the system's stay as they are.
rm -rf "$folder"
mkdir -p "$folder"/{lists/partial,archives/partial,parts,packages,root}
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 'Component: main' | sort -u | head -n 1)
if [[ -z "$mirror" ]]; then
    say "apt has no source of Debian's release bookworm on this machine, so its backports cannot be had. Add one to /etc/apt."
    exit 1
fi
keys=/usr/share/keyrings/debian-archive-keyring.gpg
printf 'deb %s%s bookworm-backports main\n' "$([[ -f $keys ]] && printf '[signed-by=%s] ' "$keys")" "$mirror" >"$folder/sources.list"
apt=(-q -o "Dir::State::Lists=$folder/lists" -o "Dir::Cache=$folder" -o "Dir::Etc::SourceList=$folder/sources.list"
     -o "Dir::Etc::SourceParts=$folder/parts" -o APT::Sandbox::User=root -o Acquire::Retries=3)
if ! apt-get "${apt[@]}" -o APT::Update::Error-Mode=any update >&2; then
    say "The list of bookworm-backports could not be had from this machine's source of packages; what apt says stands above."
    exit 1
fi

# field PACKAGE NAME: of the version in the backports.
field() { apt-cache "${apt[@]}" show "$1/bookworm-backports" | sed -n "s/^$2: //p" | head -n 1; }

# lacks CLAUSE: whether the system has none of "a (>= 1) | b" in a version that will do.
lacks() {
    local alternative name relation version installed
    while read -r name relation version; do
        installed=$(dpkg-query -W -f '${db:Status-Status} ${Version}\n' "${name%%:*}" 2>/dev/null | sed -n 's/^installed //p' | head -n 1)
        [[ -z "$installed" ]] && continue
        [[ -z "$relation" ]] && return 1
        dpkg --compare-versions "$installed" "${relation#(}" "${version%)}" && return 1
    done < <(tr '|' '\n' <<<"$1")
    return 0
}

# The driver, and what of its needs the system has too old or not at all.
wanted=(mesa-vulkan-drivers)
for ((at = 0; at < ${#wanted[@]}; ++at)); do
    while read -r clause; do
        name=${clause%%[ :|]*}
        if [[ -n "$clause" && " ${wanted[*]} " != *" $name "* ]] && lacks "$clause"; then
            wanted+=("$name")
        fi
    done < <(field "${wanted[at]}" Depends | tr ',' '\n')
done
say "Unpacked into build/second-device:"
for package in "${wanted[@]}"; do
    if ! (cd "$folder/packages" && apt-get "${apt[@]}" download "$package/bookworm-backports" >&2); then
        say "bookworm-backports has no package $package for this machine, which the second driver needs; what apt says stands above."
        exit 1
    fi
    say "  $package $(field "$package" Version)"
done
for package in "$folder"/packages/*.deb; do
    dpkg -x "$package" "$folder/root"
done

library=$(find "$folder/root" -name libvulkan_lvp.so -print -quit)
manifest=$(find "$folder/root" -name 'lvp_icd*.json' -print -quit)
if [[ -z "$library" || -z "$manifest" ]]; then
    say "mesa-vulkan-drivers of bookworm-backports brought no libvulkan_lvp.so with a lvp_icd*.json beside it."
    exit 1
fi
ln -s "$(dirname "$library")" "$folder/libraries"
sed "s|\"library_path\": \".*\"|\"library_path\": \"$library\"|" "$manifest" >"$folder/driver.json.part"
mv "$folder/driver.json.part" "$folder/driver.json"
