#!/bin/sh
# free_graph.sh ATMC TOOLS: a model of primitives alone, with two inputs and three outputs, agrees with
# the interpreter at several sizes; a size at which its maps do not fit is refused.
set -eu
atmc=$1 tools=$2
model=$(cd "$(dirname "$0")/../../examples/models" && pwd)/free_graph.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$atmc" weights "$model" --synthetic=0 -o "$work/w.safetensors"
for isa in v4 v3 v2; do
  "$tools/cpu_supports" $isa || continue
  for shape in 1x3x32x48 2x3x64x40; do
    "$atmc" verify "$model" --weights "$work/w.safetensors" --shape $shape --isa=$isa \
      >"$work/report" || { cat "$work/report"; exit 1; }
    echo "$isa $shape: $(tail -1 "$work/report")"
  done
done
if "$atmc" compile "$model" --weights "$work/w.safetensors" --shape 1x3x34x48 -o "$work/m" \
  2>"$work/errors"; then
  exit 1
fi
grep -q 'free_graph.json:[0-9]*:[0-9]*: error: merged: add: ' "$work/errors"
