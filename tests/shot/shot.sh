#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shot.sh FOLDER: starts build/release/bin/moescope on a display of its own, drives it with keys as a person would, and
# saves each view as FOLDER/<view>-<theme>-<width>x<height>.png. MOESCOPE_SHOT_BIN names another program, beside which
# tst_gui_walk and tst_gui_compare_walk lie: they add walk-<step>-… for each step of a walk through Inspect, a what-if and a
# capture, and compare-<step>-… for one through Compare.
set -euo pipefail
out=$(mkdir -p "$1" && readlink -f "$1")
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
program="${MOESCOPE_SHOT_BIN:-build/release/bin/moescope}"
work=$(mktemp -d)
more=0 # answers asked for once more
app="" display_pid=""

finish() {
    local code=$?
    [[ $code == 0 || ! -s $work/app.log ]] || { echo "What the app said:"; tail -n 20 "$work/app.log"; }
    [[ -z $app ]] || kill "$app" 2>/dev/null || true
    [[ -z $display_pid ]] || kill "$display_pid" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

# display SIZE: Xvfb chooses a free display itself and writes its number; it stays as it is while no app is there.
display() {
    [[ -z $display_pid ]] || kill "$display_pid"
    exec 3>"$work/display"
    Xvfb -displayfd 3 -screen 0 "${1}x24" -nolisten tcp -noreset >"$work/xvfb.log" 2>&1 &
    display_pid=$!
    for _ in $(seq 50); do
        [[ -s $work/display ]] && break
        sleep 0.1
    done
    DISPLAY=":$(cat "$work/display")"
    export DISPLAY
}

display 1600x1000
export FONTCONFIG_FILE="$PWD/tests/shot/fonts.conf" QT_QPA_PLATFORM=xcb MESA_SHADER_CACHE_DIR="$PWD/build/mesa-cache"
unset WAYLAND_DISPLAY
# Without this Qt follows the size of the real display's fonts.
export QT_FONT_DPI=96 XDG_CACHE_HOME="$PWD/build/shot-cache"
mkdir -p "$XDG_CACHE_HOME"

# start [ARGUMENT...]: the app with the data folder $data; its window at the display's corner, ready and with a click
# into it, without which a window that nobody manages takes no shortcuts.
start() {
    "$program" --data-dir "$data" "$@" 2>>"$work/app.log" &
    app=$!
    window=$(timeout 60 xdotool search --sync --onlyvisible --pid "$app" | head -n 1)
    [[ -n $window ]] || { echo "The window did not open."; exit 1; }
    xdotool windowmove "$window" 0 0 windowsize "$window" "$width" "$height"
    ready
    steady
    focus
}

# is_ready: the dot at the left of the status bar has the green of a model that is loaded and computes nothing.
is_ready() {
    case $(import -window root -crop "1x1+16+$((height - 14))" +repage -depth 8 rgb:- | od -An -tx1 | tr -d ' ') in
        176b3a | 6fcb8b) return 0 ;;
        *) return 1 ;;
    esac
}

ready() {
    for _ in $(seq 240); do
        is_ready && return
        sleep 0.25
    done
    echo "The model was not loaded."
    exit 1
}

# busy: waits until an answer that was asked for has begun.
busy() {
    for _ in $(seq 240); do
        is_ready || return 0
        sleep 0.02
    done
    echo "No answer began."
    exit 1
}

stop() { # SIGNAL
    kill "-${1:-TERM}" "$app"
    wait "$app" 2>/dev/null || true
    app=""
}

picture() { import -window root -crop "${width}x${height}+0+0" +repage "$1"; }

# steady: waits until two pictures in a row are alike, at most 4 s: the app has drawn what it had to (the caret does not
# blink).
steady() {
    local before="" now
    for _ in $(seq 20); do
        now=$(import -window root -crop "${width}x${height}+0+0" rgb:- | md5sum)
        [[ $now != "$before" ]] || return 0
        before=$now
        sleep 0.15
    done
}

click() { xdotool mousemove "$1" "$2" click 1; sleep 0.1; }

# focus: a click into the composer, to which keys go from here on; a first argument: that of Inspect.
focus() {
    if [[ -n ${1:-} ]]; then
        click 100 $((width == 1440 ? 665 : height - 62)) # above Kernel timeline, which is a tab in the small window
    else
        click $((width - 300)) $((height - 98))
    fi
}

key() { xdotool key --delay 40 "$@"; sleep 0.15; }
write() {
    xdotool type --delay 2 "$1"
    steady
}

shoot() {
    kill -0 "$app" 2>/dev/null || { echo "The app has ended before “$1”."; exit 1; }
    xdotool mousemove 1590 990
    steady
    keep "$1"
}

keep() {
    picture "$out/$1-$theme-${width}x$height.png"
    echo "$1-$theme-${width}x$height.png"
}

# differ VIEW VIEW: ends with a sentence where both show the same.
differ() {
    local changed
    local end="$theme-${width}x$height.png"
    changed=$(compare -metric AE "$out/$1-$end" "$out/$2-$end" null: 2>&1) || true
    [[ ${changed%%.*} -ge 1000 ]] && return
    echo "“$1” and “$2” show the same: $changed pixels differ."
    exit 1
}

count() { python3 tests/shot/state.py answers "$data" 2>/dev/null || echo 0; }

# answers N: waits until N answers are complete, beside those that were asked for once more.
answers() {
    for _ in $(seq 240); do
        [[ $(count) -ge $(($1 + more)) ]] && { steady; return; }
        sleep 0.25
    done
    echo "An answer did not end within two minutes."
    exit 1
}

# once_more: asks for another version of an answer that was too short.
once_more() {
    more=$((more + 1))
    key ctrl+r
    busy
}

# kept: characters that are kept of an answer that is being computed, or "ended".
kept() { python3 tests/shot/state.py kept "$data" 2>/dev/null || echo 0; }

# crash: ends the app while a part of an answer is kept and the answer isn't whole.
crash() {
    local now
    for _ in $(seq 1200); do
        now=$(kept)
        if [[ $now == ended ]]; then
            once_more
            for _ in $(seq 50); do # until the new version is stored
                [[ $(kept) == ended ]] || break
                sleep 0.1
            done
        elif [[ $now -ge 40 ]]; then
            kill -STOP "$app"
            now=$(kept)
            if [[ $now != ended ]]; then
                stop KILL
                return
            fi
            kill -CONT "$app"
        fi
        sleep 0.1
    done
    echo "No part of an answer was kept within two minutes."
    exit 1
}

# during VIEW SECONDS KEY...: presses the keys, which start an answer, and takes the picture that long after its begin
# while the app is halted in it. It goes on afterwards. An answer that has ended by then is asked for once more.
during() {
    local view=$1 wait=$2
    shift 2
    xdotool mousemove 1590 990 key "$@"
    busy
    for _ in $(seq 20); do
        sleep "$wait"
        kill -STOP "$app"
        if ! is_ready; then
            keep "$view"
            kill -CONT "$app"
            return
        fi
        kill -CONT "$app"
        once_more
    done
    echo "Twenty answers ended within $wait s."
    exit 1
}

dialog() { # NAME KEYS: opens a dialog, shows it, closes it
    key "$2"
    shoot "$1"
    key Escape
    focus
}

# Places of what has no key of its own; they follow from the layouts.
segments() {
    if [[ $width == 1440 ]]; then
        experts_y=152 count_x=665 mass_x=834 strip_y=496 gate_x=710 margin_x=763
    else
        experts_y=120 count_x=541 mass_x=606 strip_y=464 gate_x=517 margin_x=568
    fi
}

routing() {
    segments
    key ctrl+2
    shoot inspect-latest
    key F6
    key ctrl+Left ctrl+Left ctrl+Left ctrl+Left ctrl+Left ctrl+Left ctrl+Left ctrl+Left
    key bracketright bracketright
    shoot inspect-selection
    key t
    shoot inspect-table
    key t
    click $count_x $experts_y
    click $gate_x $strip_y
    shoot inspect-count-gate
    click $mass_x $experts_y
    click $margin_x $strip_y
    shoot inspect-mass-margin
    if [[ $width == 1100 ]]; then
        click 462 88
        shoot inspect-token-path
        click 655 88
        shoot inspect-kv-cache
        click 360 88
        click 475 432
        shoot inspect-timeline
        click 365 432
    fi
}

# models: the page Models with files of every kind; rows are chosen by keys, as the list has the focus, and the type of
# the KV cache just before it.
models() {
    python3 tests/shot/models.py "$data/models"
    key ctrl+m
    sleep 4
    key Home
    shoot models
    key shift+Tab Down
    shoot models-q8
    key Up Tab Down Down
    shoot models-too-large
    key Down
    shoot models-unreadable
    key Down
    shoot models-synthetic
    key ctrl+f
    write "reeds"
    shoot models-none
    key Escape Escape
    focus
}

# templates: models that differ from a test's in their chat template: one has a switch for its thinking, one has none.
templates() {
    local name
    for name in thinking bare; do
        python3 tests/shot/models.py --template "$name" "$work/$name"
        "$(dirname "$program")/moescope-cli" convert "$work/$name" "$work/$name.gguf" --type f16 >/dev/null
    done
}

story="Tell me a story about a fox and a boat."
templates
for size in "1440 900" "1100 700"; do
    for theme in light dark; do
        read -r width height <<<"$size"
        data="$work/$theme-$width"
        more=0
        mkdir -p "$data"
        # The first start makes the database, the second one has its theme: both have an empty history.
        start
        stop
        python3 tests/shot/state.py theme "$data" "$theme"

        start
        shoot first-start
        key ctrl+2
        shoot inspect-empty
        key ctrl+1
        focus
        write "What is the KV cache?"
        key Return
        answers 1
        write "$story"
        during chat-streaming 0.9 Return
        answers 2
        shoot chat
        key ctrl+r
        answers 3
        shoot versions
        focus
        key Up
        shoot editing
        key Escape
        click 112 14
        shoot menu
        key Escape
        focus
        routing
        focus inspect
        write "$story"
        during inspect-streaming 0.9 Return
        answers 4
        key ctrl+1
        focus
        key ctrl+f
        write "boat"
        shoot find
        key Escape
        key ctrl+k
        write "cache"
        sleep 0.3
        shoot search
        key Escape
        focus
        dialog keyboard F1
        key ctrl+comma
        shoot settings
        for page in device sampling data; do
            key Down
            shoot "settings-$page"
        done
        key Escape
        focus
        # Some 600 tokens to read, and an end as by a crash before the answer is whole.
        key ctrl+n
        focus
        write "$(for _ in $(seq 50); do printf 'The small fox sat in the old boat and waited. '; done)$story"
        during prefill 0.25 Return
        crash
        start
        shoot interrupted
        stop
        python3 tests/shot/state.py code "$data"
        start
        shoot code
        stop
        python3 tests/shot/state.py thinking "$data"
        start --model "$work/thinking.gguf"
        shoot thinking-folded
        # Past the six actions of the answer, the copy button of its code and its text.
        key shift+Tab shift+Tab shift+Tab shift+Tab shift+Tab shift+Tab shift+Tab shift+Tab shift+Tab Return
        focus
        shoot thinking-open
        differ thinking-folded thinking-open
        stop
        start --model "$work/bare.gguf"
        key ctrl+n
        shoot template-fallback
        stop
        start
        key ctrl+k Down Down Delete
        shoot undo-toast
        models
        stop
    done
done
# Neither does layout Compare, of runs that are made up: no answer of a model would part where a picture needs it.
for size in 1280x800 1440x900 2560x1440; do
    for theme in "" --dark; do
        QT_QPA_PLATFORM=offscreen "$(dirname "$program")/ui_compare_demo" $theme --size $size --shots "$out/compare" 2>>"$work/app.log"
    done
done
# The walk needs no display: it saves the window as it paints itself.
QT_QPA_PLATFORM=offscreen MOESCOPE_WALK_SHOTS="$out" "$(dirname "$program")/tst_gui_walk" walk >"$work/app.log"
# This one shows lists that drop down: they are moved where the screen does not hold the window.
display 2560x1440
MOESCOPE_WALK_SHOTS="$out" "$(dirname "$program")/tst_gui_compare_walk" walk >"$work/app.log"
echo "Screenshots are in $out."
