#!/bin/sh
# long_sums.sh ATMC TOOLS: `verify` allows long sums what f32 costs them: a depthwise window of 64x64, a
# softmax of 4,096 channels.
set -eu
atmc=$1 tools=$2
model=$(cd "$(dirname "$0")/long_sums" && pwd)/model.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$atmc" weights "$model" --synthetic=1 -o "$work/w.safetensors"
for isa in v4 v3 v2; do
  "$tools/cpu_supports" $isa || continue
  "$atmc" verify "$model" --weights "$work/w.safetensors" --shape 1x8x66x66 --isa=$isa >"$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
  tail -1 "$work/log"
done
