#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shot.sh FOLDER: starts build/release/bin/moescope on a display of its own, drives it with keys as a person would, and
# saves each view as FOLDER/<view>-<theme>-<width>x<height>.png. MOESCOPE_SHOT_BIN names another program.
set -euo pipefail
out=$(mkdir -p "$1" && readlink -f "$1")
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
program="${MOESCOPE_SHOT_BIN:-build/release/bin/moescope}"
work=$(mktemp -d)
app="" display_pid=""

finish() {
    local code=$?
    [[ $code == 0 || ! -s $work/app.log ]] || { echo "What the app said:"; tail -n 20 "$work/app.log"; }
    [[ -z $app ]] || kill "$app" 2>/dev/null || true
    [[ -z $display_pid ]] || kill "$display_pid" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

# Xvfb chooses a free display itself and writes its number.
exec 3>"$work/display"
Xvfb -displayfd 3 -screen 0 1600x1000x24 -nolisten tcp >"$work/xvfb.log" 2>&1 &
display_pid=$!
for _ in $(seq 50); do
    [[ -s $work/display ]] && break
    sleep 0.1
done
DISPLAY=":$(cat "$work/display")"
export DISPLAY FONTCONFIG_FILE="$PWD/tests/shot/fonts.conf" QT_QPA_PLATFORM=xcb MESA_SHADER_CACHE_DIR="$PWD/build/mesa-cache"
unset WAYLAND_DISPLAY
# Without this Qt follows the size of the real display's fonts.
export QT_FONT_DPI=96 XDG_CACHE_HOME="$PWD/build/shot-cache"
mkdir -p "$XDG_CACHE_HOME"

# start WIDTH HEIGHT: the app with the data folder $data; its window at the display's corner.
start() {
    "$program" --data-dir "$data" 2>>"$work/app.log" &
    app=$!
    window=$(timeout 60 xdotool search --sync --onlyvisible --pid "$app" | head -n 1)
    [[ -n $window ]] || { echo "The window did not open."; exit 1; }
    xdotool windowmove "$window" 0 0 windowsize "$window" "$1" "$2"
    sleep 1
    focus
}

stop() {
    kill "$app"
    wait "$app" 2>/dev/null || true
    app=""
}

# Without a window manager nobody gives windows the focus: the topmost of ours gets it, a dialog before the window.
focus() {
    local top
    top=$(xdotool search --onlyvisible --pid "$app" 2>/dev/null | tail -n 1)
    xdotool windowfocus "${1:-${top:-$window}}" 2>/dev/null || true
    sleep 0.3
}

key() { xdotool key --delay 60 "$@"; sleep 0.4; }

shoot() {
    kill -0 "$app" 2>/dev/null || { echo "The app has ended before “$1”."; exit 1; }
    xdotool mousemove 1590 990
    sleep 0.4
    import -window root -crop "${width}x${height}+0+0" +repage "$out/$1-$theme-${width}x$height.png"
    echo "$1-$theme-${width}x$height.png"
}

# answers N: waits until N answers are complete.
answers() {
    for _ in $(seq 240); do
        [[ $(python3 tests/shot/state.py answers "$data" 2>/dev/null || echo 0) -ge $1 ]] && return
        sleep 0.5
    done
    echo "An answer did not end within two minutes."
    exit 1
}

dialog() { # NAME KEYS: opens a dialog, shows it, closes it
    key "$2"
    sleep 0.6
    focus
    shoot "$1"
    key Escape
    sleep 0.3
    focus "$window"
}

for size in "1440 900" "1100 700"; do
    for theme in light dark; do
        read -r width height <<<"$size"
        data="$work/$theme-$width"
        mkdir -p "$data"
        # The first start makes the database, the second one has its theme: both have an empty history.
        start "$width" "$height"
        stop
        python3 tests/shot/state.py theme "$data" "$theme"

        start "$width" "$height"
        sleep 4
        shoot first-start
        key ctrl+n
        xdotool type --delay 15 "What is the KV cache?"
        key Return
        answers 1
        xdotool type --delay 15 "Tell me a story about a fox and a boat."
        key Return
        sleep 1
        shoot chat-streaming
        answers 2
        shoot chat
        key ctrl+2
        sleep 1
        shoot inspect-latest
        key F6
        key ctrl+Left ctrl+Left ctrl+Left ctrl+Left ctrl+Left ctrl+Left ctrl+Left ctrl+Left
        key bracketright bracketright
        sleep 0.5
        shoot inspect-selection
        key t
        sleep 0.5
        shoot inspect-table
        key t
        key ctrl+1
        sleep 0.5
        key ctrl+f
        xdotool type --delay 15 "boat"
        sleep 0.5
        shoot find
        key Escape
        key ctrl+k
        xdotool type --delay 15 "cache"
        sleep 0.8
        shoot search
        key Escape
        focus "$window"
        dialog settings ctrl+comma
        dialog keyboard F1
        stop

        start "$width" "$height"
        sleep 3
        shoot reopened
        stop
    done
done
echo "Screenshots are in $out."
