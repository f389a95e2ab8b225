#!/bin/sh
# half_weights.sh ATMC TOOLS: weights stored in half precision. A trained model gives its answers as
# before, and nearly its logits; its code and weights are half as large; kernels are what the
# interpreter says of the rounded weights. NEON code is run by qemu-aarch64, where there is one.
set -eu
atmc=$1 tools=$2
examples=$(cd "$(dirname "$0")/../../examples" && pwd)
model=$examples/models/glyphs.json weights=$examples/glyphs/glyphs.safetensors
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check COUNT NAME: the logits of the first COUNT tiles
check() {
  printf '%s glyphs: ' "$2"
  "$tools/sheet_tiles" --check "$work/logits.npy" "$examples/glyphs/test_logits.npy" 0 \
    "$examples/glyphs/test_labels.txt" 0123456789ABCDEFGHJKLMNPQRSTUVWXYZ "$1" "$1" 55
}

for isa in v4 v3; do
  "$tools/cpu_supports" $isa || continue
  "$tools/sheet_tiles" "$examples/glyphs/test_sheet.png" 48 0 1024 "$work/tiles.npy"
  "$atmc" run "$model" --weights "$weights" --isa=$isa --weights-dtype=f16 \
    --input image="$work/tiles.npy" --output logits="$work/logits.npy"
  check 1024 $isa
  "$atmc" verify "$model" --weights "$weights" --isa=$isa --weights-dtype=f16 --shape 1x3x48x48 \
    >"$work/log" || { cat "$work/log"; exit 1; }
done

# Panels that are converted once, and by each tile: the same bits, from the plan and as made.
if "$tools/cpu_supports" v3; then
  "$tools/sheet_tiles" "$examples/glyphs/test_sheet.png" 48 0 1 "$work/tile.npy"
  "$atmc" compile "$model" --weights "$weights" --isa=v3 --weights-dtype=f16 --shape 1x3x48x48 \
    --emit=plan -o "$work/made" 2>/dev/null
  sed 's/, sums, widened,/, sums,/; s/, widened, scratch +[0-9]*$//' "$work/made.plan" >"$work/each.plan"
  ! cmp -s "$work/made.plan" "$work/each.plan" || { echo "nothing is widened"; exit 1; }
  "$atmc" run "$model" --weights "$weights" --isa=v3 --weights-dtype=f16 \
    --input image="$work/tile.npy" --output logits="$work/once.npy"
  for plan in made each; do
    "$atmc" run "$model" --weights "$weights" --isa=v3 --weights-dtype=f16 \
      --from-plan="$work/$plan.plan" --input image="$work/tile.npy" --output logits="$work/$plan.npy"
    cmp "$work/once.npy" "$work/$plan.npy" || { echo "$plan: other bits"; exit 1; }
  done
fi

for dtype in f32 f16; do
  "$atmc" compile "$model" --weights "$weights" --isa=v3 --weights-dtype=$dtype --shape 1x3x48x48 \
    --weights-mode=external -o "$work/$dtype" 2>/dev/null
done
whole=$(wc -c <"$work/f32.weights") half=$(wc -c <"$work/f16.weights")
echo "weights: $whole bytes, $half as halves"
[ $((half * 100)) -lt $((whole * 52)) ]

if "$atmc" compile "$model" --weights "$weights" --isa=v2 --weights-dtype=f16 --shape 1x3x48x48 \
  -o "$work/v2" 2>"$work/log"; then
  echo "v2 took halves"
  exit 1
fi
grep -q 'x86-64-v2 has no half-precision conversion' "$work/log"

command -v qemu-aarch64 >/dev/null || { echo "qemu-aarch64 is not installed: no NEON"; exit 0; }
"$tools/sheet_tiles" "$examples/glyphs/test_sheet.png" 48 0 64 "$work/tiles.npy"
"$atmc" compile "$model" --weights "$weights" --target=aarch64-linux-gnu --weights-dtype=f16 \
  --shape 64x3x48x48 --emit=exe -o "$work/glyphs" 2>/dev/null
qemu-aarch64 -L /usr/aarch64-linux-gnu "$work/glyphs" --input image="$work/tiles.npy" \
  --output logits="$work/logits.npy" --threads=1 >"$work/log"
check 64 neon
