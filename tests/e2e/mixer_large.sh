#!/bin/sh
# mixer_large.sh ATMC TOOLS: the two largest mixers, cut to two blocks, agree with the interpreter.
set -eu
atmc=$1
models=$(cd "$(dirname "$0")/../../examples/models" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for name in mixer_l16 mixer_h14; do
  sed -E '/"blocks\.([2-9]|[1-9][0-9])"/d' "$models/$name.json" >"$work/m.json"
  [ "$(grep -c mixer_block "$work/m.json")" -eq 2 ]
  "$atmc" weights "$work/m.json" --synthetic=0 -o "$work/w.safetensors"
  "$atmc" verify "$work/m.json" --weights "$work/w.safetensors" --shape 1x3x224x224 \
    >"$work/report" || { cat "$work/report"; exit 1; }
  echo "$name: $(tail -1 "$work/report")"
done
