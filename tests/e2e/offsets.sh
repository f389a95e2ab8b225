#!/bin/sh
# offsets.sh ATMC TOOLS: what `atmc offsets --data` writes is what the interpreter computes, of an
# image alone and in a batch; constant offsets and points in two dimensions are drawn too.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
examples=$(cd "$here/../../examples" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*"; exit 1; }
holds() { # FOLDER FILE...: these files, of which pictures have texts to hover
  folder=$1
  shift
  for file in "$@"; do [ -s "$folder/$file" ] || fail "$folder has no $file"; done
  grep -q '<title>' "$folder/sampled.svg" || fail "$folder/sampled.svg has no texts"
}

# Offsets are named values in a model of primitives: as its outputs, the interpreter gives them.
sed 's|"outputs": \[|&{"name": "w", "from": "blocks.1.0.offsets_w", "layout": "nhwc"}, {"name": "h", "from": "blocks.1.0.offsets_h", "layout": "nhwc"}, |' \
  "$examples/models/atmnet_xt_primitives.json" >model.json
"$atmc" weights model.json --synthetic=3 -o model.safetensors
"$tools/make_image" 64 96 5 2 image.npy
"$atmc" run model.json --weights model.safetensors --input image.npy --engine=interp \
  --output w=w.npy --output h=h.npy --output logits=logits.npy
"$atmc" offsets model.json --weights model.safetensors --input image.npy --data \
  --layer=blocks.1.0.sample_w,blocks.1.0.sample_h --token=1,2 -o pictures
printf 'horizontal offsets: '
"$tools/compare_npy" w.npy pictures/blocks.1.0.sample_w.horizontal.npy
printf 'vertical offsets: '
"$tools/compare_npy" h.npy pictures/blocks.1.0.sample_h.vertical.npy
holds pictures sampled.svg sampled.png histogram.svg histogram.png histogram.csv
"$tools/npy_row" image.npy 1 second.npy
"$tools/npy_row" w.npy 1 w1.npy
"$atmc" offsets model.json --weights model.safetensors --input second.npy --data \
  --layer=blocks.1.0.sample_w -o second
printf 'of the second image: '
"$tools/compare_npy" w1.npy second/blocks.1.0.sample_w.horizontal.npy

# The parts of each direction add up to one.
awk -F, 'NR > 1 { sum[$1 $2] += $5 } END { for (k in sum) if (sum[k] < 0.9999 || sum[k] > 1.0001) exit 1 }' \
  pictures/histogram.csv || fail "histogram.csv"

"$atmc" init cyclemlp_b1 -o cycle.json
"$atmc" weights cycle.json --synthetic=1 -o cycle.safetensors
"$atmc" offsets cycle.json --weights cycle.safetensors --input second.npy --data \
  --layer=network.0.0,network.2.0 -o cycle
holds cycle sampled.png network.0.0.horizontal.npy network.0.0.vertical.npy
[ "$(grep -c '^network.0.0,vertical' cycle/histogram.csv)" -gt 1 ] || fail "cycle/histogram.csv"

plain=$here/deform/plain
"$atmc" offsets "$plain/model.json" --weights "$plain/weights.safetensors" --input x="$plain/x.npy" \
  --input offsets="$plain/offsets.npy" --data --field -o deform
holds deform sampled.png field.svg field.png conv.points.npy
grep -q 'points, row' deform/sampled.svg || fail "no points in deform/sampled.svg"
grep -q 'finite differences' deform/field.svg || fail "field.svg does not say how"
echo "offsets: good"
