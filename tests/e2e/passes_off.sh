#!/bin/sh
# passes_off.sh ATMC TOOLS: the answer stays right with any single optional pass off, and every pass can
# be printed and stopped after.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
json=$here/../../examples/models/atmnet_xt.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$atmc" weights "$json" --synthetic=0 -o "$work/w.safetensors"
"$tools/make_image" 96 160 0 1 "$work/image.npy"
passes=$("$atmc" opt --list-passes | awk '{print $1}')
[ -n "$passes" ]
for pass in $passes; do
  "$atmc" compile "$json" --weights "$work/w.safetensors" --shape 1x3x96x160 -o "$work/stopped" \
    --stop-after="$pass" >"$work/$pass.ir" 2>/dev/null
  grep -q '^graph ' "$work/$pass.ir" || { echo "$pass: nothing printed when stopped after"; exit 1; }
  [ ! -e "$work/stopped.o" ] || { echo "$pass: an object after --stop-after"; exit 1; }
  "$atmc" run "$json" --weights "$work/w.safetensors" --input image="$work/image.npy" --output \
    logits="$work/printed.npy" --print-after="$pass" --verify-each 2>&1 | grep -q '^graph ' ||
    { echo "$pass: nothing printed by --print-after"; exit 1; }
done
for pass in $("$atmc" opt --list-passes | awk '/required/ {next} {print $1}'); do
  "$atmc" run "$json" --weights "$work/w.safetensors" --input image="$work/image.npy" \
    --disable-pass="$pass" --output logits="$work/logits.npy"
  printf '%s off: ' "$pass"
  "$tools/compare_golden" "$here/golden/atmnet_xt-96x160.safetensors" "$work/logits.npy"
done
