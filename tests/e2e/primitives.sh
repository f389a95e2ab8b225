#!/bin/sh
# primitives.sh ATMC TOOLS: ATMNet-xT spelled out in primitives becomes, through the passes alone, the
# same plan as the one made of blocks, but for the names of layers; and the same numbers, bit for bit.
set -eu
atmc=$1 tools=$2
models=$(cd "$(dirname "$0")/../../examples/models" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$atmc" weights "$models/atmnet_xt.json" --synthetic=0 -o "$work/w.safetensors"
for isa in v4 v3 v2; do
  for shape in 1x3x224x224 2x3x96x160 1x3x512x768; do
    for name in atmnet_xt atmnet_xt_primitives; do
      "$atmc" compile "$models/$name.json" --weights "$work/w.safetensors" --shape $shape \
        --isa=$isa --emit=plan -o "$work/$name" 2>/dev/null
      sed -e '1s/"[^"]*"//' -e 's| *// .*||' "$work/$name.plan" \
        >"$work/$name.kernels"
    done
    cmp "$work/atmnet_xt.kernels" "$work/atmnet_xt_primitives.kernels"
    echo "$isa $shape: $(grep -c '^kernel' "$work/atmnet_xt.kernels") kernels, the same"
  done
done
"$tools/make_image" 64 96 0 1 "$work/image.npy"
for name in atmnet_xt atmnet_xt_primitives; do
  "$atmc" run "$models/$name.json" --weights "$work/w.safetensors" --input "$work/image.npy" \
    --output "$work/$name.npy" >"$work/log"
done
cmp "$work/atmnet_xt.npy" "$work/atmnet_xt_primitives.npy"
