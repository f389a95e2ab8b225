#!/bin/sh
# readme.sh ATMC TOOLS README: what the README says: its tours, line by line, and its host program, built
# with the line given there.
set -eu
atmc=$1 readme=$3
root=$(dirname "$readme")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

block() { # TITLE: the first fenced block behind the comment that starts with TITLE
  awk -v title="<!-- $1" 'index($0, title) == 1 {armed = 1}
    /^```/ {if (inside) exit; if (armed) {inside = 1; next}}
    inside {print}' "$readme"
}
mkdir -p "$work/build" "$work/out"
ln -s "$atmc" "$work/build/atmc"
ln -s "$root/examples" "$root/tests" "$work"
block tour | sed "s#/tmp/atmc-tour#$work/tour#g" >"$work/tour.sh"
[ "$(wc -l <"$work/tour.sh")" -gt 10 ]
(cd "$work" && sh -e tour.sh >tour.log 2>&1) || { cat "$work/tour.log"; exit 1; }
block checkpoints | sed "s#/tmp/atmc-tour#$work/tour#g" >"$work/checkpoints.sh"
[ "$(wc -l <"$work/checkpoints.sh")" -gt 10 ]
(cd "$work" && sh -e checkpoints.sh >checkpoints.log 2>&1) || { cat "$work/checkpoints.log"; exit 1; }

block "host program" >"$work/host.c"
cd "$work"
build/atmc compile examples/models/glyphs.json --weights examples/glyphs/glyphs.safetensors \
  --shape 1x3x48x48 -o out/glyphs 2>/dev/null
cc -std=c99 -Wall -Wextra -Werror -D_POSIX_C_SOURCE=200112L -D_ISOC11_SOURCE -O2 -Iout host.c out/glyphs.o -o host
answer=$(./host)
[ ${#answer} = 1 ] || { echo "the host program said '$answer'"; exit 1; }
echo "the tour runs; the host program answers $answer"
