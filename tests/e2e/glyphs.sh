#!/bin/sh
# glyphs.sh ATMC TOOLS: a trained model on real images: every answer right and the logits PyTorch's,
# on every instruction set of this machine.
set -eu
atmc=$1 tools=$2
examples=$(cd "$(dirname "$0")/../../examples" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$tools/sheet_tiles" "$examples/glyphs/test_sheet.png" 48 0 1024 "$work/tiles.npy"
for isa in v4 v3 v2; do
  "$tools/cpu_supports" $isa || continue
  "$atmc" run "$examples/models/glyphs.json" --weights "$examples/glyphs/glyphs.safetensors" \
    --isa=$isa --input image="$work/tiles.npy" --output logits="$work/logits.npy"
  printf '%s glyphs: ' $isa
  "$tools/sheet_tiles" --check "$work/logits.npy" "$examples/glyphs/test_logits.npy" 0 \
    "$examples/glyphs/test_labels.txt" 0123456789ABCDEFGHJKLMNPQRSTUVWXYZ
done
