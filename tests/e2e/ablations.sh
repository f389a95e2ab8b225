#!/bin/sh
# ablations.sh ATMC TOOLS: variants of a model that its paper compares it with agree with the
# interpreter, kernel by kernel and end to end, for each ISA that this CPU runs.
set -eu
atmc=$1 tools=$2
models=$(cd "$(dirname "$0")/../../examples/models" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for name in zero_offsets no_peg one_offset; do
  model=$models/atmnet_xt_$name.json
  "$atmc" weights "$model" --synthetic=0 -o "$work/w.safetensors"
  for isa in v4 v3 v2; do
    "$tools/cpu_supports" $isa || continue
    "$atmc" verify "$model" --weights "$work/w.safetensors" --shape 1x3x96x64 --isa=$isa \
      >"$work/report" || { cat "$work/report"; exit 1; }
    echo "$name $isa: $(tail -1 "$work/report")"
  done
done
