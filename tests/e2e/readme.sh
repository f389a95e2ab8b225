#!/bin/sh
# readme.sh ATMC TOOLS README BUILD: what the README says: its tours, line by line, the installation, and its programs
# and projects, built with the lines given there.
set -eu
readme=$3 build=$4
root=$(dirname "$readme")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

block() { # TITLE: the first fenced block behind the comment that starts with TITLE
  awk -v title="<!-- $1" 'index($0, title) == 1 {armed = 1}
    /^```/ {if (inside) exit; if (armed) {inside = 1; next}}
    inside {print}' "$readme"
}
# run TITLE LINES: that block of so many lines at the least, in the folder that stands for the source's.
run() {
  block "$1" | sed "s#/tmp/atmc-tour#$work/tour#g" >"$work/lines.sh"
  [ "$(wc -l <"$work/lines.sh")" -ge "$2" ] || { echo "$1: few lines"; exit 1; }
  (cd "$work" && sh -eu lines.sh >log 2>&1) || { echo "$1:"; cat "$work/log"; exit 1; }
}
# answers TITLE TEXT: the last line that the block printed.
answers() { [ "$(tail -n 1 "$work/log")" = "$2" ] || { echo "$1: not $2:"; cat "$work/log"; exit 1; }; }

unset CC CFLAGS LDFLAGS || true
ln -s "$build" "$root/examples" "$root/tests" "$work"
[ "$(basename "$build")" = build ] || mv "$work/$(basename "$build")" "$work/build"
run tour 10
run checkpoints 10
run install 2

block "host program" >"$work/host.c"
run "host compile" 2
cd "$work"
cc -std=c99 -Wall -Wextra -Werror -D_POSIX_C_SOURCE=200112L -D_ISOC11_SOURCE -O2 -Iout host.c out/glyphs.o -o host
answer=$(./host)
[ ${#answer} = 1 ] || { echo "the host program said '$answer'"; exit 1; }
run "host link" 1
answers "host link" "$answer"
echo "the tours run; the host program answers $answer"

# Photos below the smaller resolution, between the two, and above both: the logits and their class are those of an emitted
# program, which is compiled for the one that they take.
block "photo program" >photo.c
sed 's/printf("%s\\n", model.*/fwrite(logits, sizeof logits, 1, stdout);/' photo.c >bits.c
run "photo compile" 2
for size in 100x131:224 250x230:288 400x303:288; do
  at=${size#*:} size=${size%:*}
  { printf 'P6\n%d %d\n255\n' "${size%x*}" "${size#*x}" &&
    head -c $((3 * ${size%x*} * ${size#*x})) "$root/examples/glyphs/test_sheet.png"; } >photo.ppm
  run "photo link" 3
  [ -e "at$at" ] || build/atmc compile tour/photos.json --weights tour/xt.safetensors --shape "1x3x${at}x$at" \
    --emit=exe -q -o "at$at" 2>messages
  "./at$at" --input photo.ppm --output logits=logits.npy >messages
  best=$(tail -c +129 logits.npy | od -A n -v -t f4 -w4 | awk 'NR == 1 || $1 > most {most = $1; at = NR} END {print at}')
  sed -e 's/photo\.c /bits.c /' -e 's/-o photo$/-o bits/' -e 's|^\./photo|./bits >logits.f32|' lines.sh >bits.sh
  sh -eu bits.sh
  tail -c +129 logits.npy | cmp - logits.f32
  name=$(grep '"classes"' tour/photos.json | awk -F '"' -v at="$best" '{print $(2 * at + 2)}')
  answers "photo of $size" "$name"
  echo "a photo of $size: $name"
done

if /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
  run "python compile" 2
  block "python program" >program.py
  /usr/bin/python3 program.py >log
  grep -q "^\['.', '.', '.'\]$" log || { cat log; exit 1; }
  echo "the Python program answers $(tail -n 1 log)"
else
  echo "python: no NumPy here, skipped"
fi

mkdir product
block "project: " >product/CMakeLists.txt
run "project build" 4
answers "project build" "$answer"
if command -v aarch64-linux-gnu-gcc >/dev/null && command -v qemu-aarch64 >/dev/null; then
  run "project for ARM" 4
  answers "project for ARM" "$answer"
fi
echo "the CMake project answers $answer"
if command -v gdb >/dev/null; then
  run debugger 6
  grep -q '^#2 .* in blocks\.0\.0 .*() at glyphs.plan:' log && grep -q 'gelu(' log || { cat log; exit 1; }
  tail -n 2 log | grep -q '^glyphs_k5_.* \[blocks\.0\.0 .*\]$' || { cat log; exit 1; }
  echo "gdb and addr2line name layers"
fi
