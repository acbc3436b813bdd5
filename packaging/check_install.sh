#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check_install.sh FILE.deb FILE.tar.gz, as root: installs the .deb into a clean root of this distribution, then unpacks the
# .tar.gz in it once the .deb is gone; each time moescope-cli and the window (offscreen) must start with the built-in model.
set -euo pipefail
deb=$(readlink -f "$1") tgz=$(readlink -f "$2")
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
base="$PWD/build/package-root.base" root="$PWD/build/package-root"
. /etc/os-release

# Made once; each run starts from a copy.
if [[ ! -e $base/etc/os-release ]]; then
    rm -rf --one-file-system "$base"
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -nE '/^#/d; s,^(URIs:|deb (\[[^]]*\] )?) *(https?://[^ ]*/'"$ID"')/?( .*)?$,\3,p' | head -n 1) || true
    echo "A clean $PRETTY_NAME is made in build/package-root.base (once)."
    debootstrap --variant=minbase --include=ca-certificates "$VERSION_CODENAME" "$base" ${mirror:+"$mirror"} >build/debootstrap.log ||
        { tail -n 20 build/debootstrap.log; rm -rf --one-file-system "$base"; exit 1; }
    rm -f "$base/etc/apt/sources.list"
    cp -a /etc/apt/. "$base/etc/apt/"
fi
umount "$root/proc" 2>/dev/null || true
rm -rf --one-file-system "$root"
cp -a --reflink=auto "$base" "$root"
cp /etc/resolv.conf "$root/etc/" 2>/dev/null || true
mount -t proc proc "$root/proc"
trap 'umount "$root/proc" 2>/dev/null || true' EXIT

inside() {
    env -i HOME=/tmp PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive QT_QPA_PLATFORM=offscreen \
        http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" no_proxy="${no_proxy:-}" chroot "$root" "$@"
}

# try_programs BIN: both programs with the built-in model.
try_programs() {
    local bin=$1 data="/tmp/data-$RANDOM" pid i
    inside "$bin/moescope-cli" info --json | grep -q '"architecture":' || { echo "info names no architecture."; return 1; }
    inside "$bin/moescope-cli" run -p "Hello." -n 8 --temp 0 || return 1
    echo
    inside "$bin/moescope" --version || return 1
    env -i HOME=/tmp PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 QT_QPA_PLATFORM=offscreen \
        chroot "$root" "$bin/moescope" --data-dir "$data" 2>"$root/tmp/window.log" &
    pid=$!
    for ((i = 0; i < 60; i++)); do
        sleep 1
        kill -0 "$pid" 2>/dev/null || break
        # It has opened its store and the driver that computes the built-in model.
        [[ -n $(ls -A "$root$data" 2>/dev/null) ]] && grep -q libvulkan_lvp "/proc/$pid/maps" && break
    done
    sleep 3
    if ! kill -0 "$pid" 2>/dev/null || ! grep -q libvulkan_lvp "/proc/$pid/maps" || [[ -z $(ls -A "$root$data" 2>/dev/null) ]]; then
        echo "The window did not start as it should:"
        cat "$root/tmp/window.log"
        kill "$pid" 2>/dev/null || true
        return 1
    fi
    kill "$pid"
    wait "$pid" || true
    echo "$bin: moescope-cli and moescope start with the built-in model."
}

inside apt-get -q -y update >/dev/null
cp "$deb" "$root/tmp/moescope.deb"
echo "Installing $(basename "$deb") with what it depends on."
inside apt-get -q -y install --no-install-recommends /tmp/moescope.deb mesa-vulkan-drivers fonts-dejavu-core >build/package-install.log 2>&1 ||
    { tail -n 20 build/package-install.log; exit 1; }
try_programs /usr/bin
inside apt-get -q -y remove moescope >/dev/null
[[ ! -e $root/usr/bin/moescope && ! -e $root/usr/share/moescope ]] || { echo "Removing the package leaves files behind."; exit 1; }

mkdir -p "$root/opt/moescope"
tar -xzf "$tgz" -C "$root/opt/moescope" --strip-components=1
try_programs /opt/moescope/bin
echo "Both packages install and start."
