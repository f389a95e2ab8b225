#!/bin/sh
# deform.sh ATMC TOOLS: deform_conv2d against what torchvision computed in double precision (version
# 0.14.1; offsets that are 0, whole, halves, and far outside among others), natively and interpreted.
set -eu
atmc=$1 tools=$2
cases=$(cd "$(dirname "$0")/deform" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for case in "$cases"/*/; do
  inputs=""
  for name in x offsets mask; do
    [ ! -f "$case$name.npy" ] || inputs="$inputs --input $name=$case$name.npy"
  done
  for isa in v4 v3 v2 interp; do
    engine="--isa=$isa"
    if [ $isa = interp ]; then engine=--engine=interp; else "$tools/cpu_supports" $isa || continue; fi
    # shellcheck disable=SC2086
    "$atmc" run "${case}model.json" --weights "${case}weights.safetensors" $inputs $engine \
      --output y="$work/y.npy" >"$work/log"
    printf '%s %s: ' "$isa" "$(basename "$case")"
    "$tools/compare_golden" "${case}expected.safetensors" "$work/y.npy"
  done
done
