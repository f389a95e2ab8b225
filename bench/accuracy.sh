#!/bin/sh
# accuracy.sh ATMC: what int8 costs the trained glyph model, on every instruction set of this machine: rows of
#   | sheet | instruction set | right in f32 | right in int8 | as f32 answers | signal over noise |
# of 1,024 images each. It needs the tests' tools beside ATMC (cmake -DATMC_TESTS=ON).
set -eu
atmc=$1
tools=$(dirname "$atmc")/tests/e2e
examples=$(cd "$(dirname "$0")/../examples" && pwd)
glyphs=$examples/glyphs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -x "$tools/sheet_tiles" ] || {
  echo "accuracy.sh: $tools has no sheet_tiles (cmake -DATMC_TESTS=ON)" >&2
  exit 1
}

# answers SHEET ISA QUANTIZE: "accuracy: 844 of 1024, 1022 as expected, largest distance 3.43e-01, 38.6 dB",
# beside PyTorch's logits in f32.
answers() {
  "$atmc" run "$examples/models/glyphs.json" --weights "$glyphs/glyphs.safetensors" --isa="$2" \
    --quantize="$3" --input image="$work/$1.npy" --output logits="$work/logits.npy"
  "$tools/sheet_tiles" --check "$work/logits.npy" "$glyphs/$1_logits.npy" 0 "$glyphs/$1_labels.txt" \
    0123456789ABCDEFGHJKLMNPQRSTUVWXYZ 0 0 0
}

for sheet in test hard; do
  "$tools/sheet_tiles" "$glyphs/${sheet}_sheet.png" 48 0 1024 "$work/$sheet.npy"
  for isa in v2 v3 v3-vnni v4 v4-vnni; do
    "$tools/cpu_supports" $isa || continue
    right=$(answers $sheet $isa none | sed 's/accuracy: \([0-9]*\) .*/\1/')
    answers $sheet $isa int8 |
      sed "s/accuracy: \([0-9]*\) of 1024, \([0-9]*\) as .*, \([^,]*\)\$/| $sheet sheet | $isa | $right | \1 | \2 | \3 |/"
  done
done
