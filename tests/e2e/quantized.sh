#!/bin/sh
# quantized.sh ATMC TOOLS: products of whole numbers. A trained model gives its answers as before, and
# nearly its logits, on every instruction set of this machine; kernels are what the interpreter says;
# threads and batches change no bit; a layer that is kept in f32 is so by a key or by an option.
set -eu
atmc=$1 tools=$2
examples=$(cd "$(dirname "$0")/../../examples" && pwd)
model=$examples/models/glyphs.json weights=$examples/glyphs/glyphs.safetensors
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for sheet in test hard; do
  "$tools/sheet_tiles" "$examples/glyphs/${sheet}_sheet.png" 48 0 1024 "$work/$sheet.npy"
done
"$tools/sheet_tiles" "$examples/glyphs/test_sheet.png" 48 0 1 "$work/one.npy"
"$tools/sheet_tiles" "$examples/glyphs/test_sheet.png" 48 0 3 "$work/three.npy"

# run MODEL OUT INPUT [OPTION...]
run() {
  in=$3 out=$2 json=$1
  shift 3
  "$atmc" run "$json" --weights "$weights" --quantize=int8 --input image="$work/$in.npy" \
    --output logits="$work/$out.npy" "$@"
}

# check SHEET RIGHT SAME DECIBELS: at least, of 1,024 images.
check() {
  run "$model" logits "$1" --isa=$isa
  printf '%s %s sheet: ' $isa "$1"
  "$tools/sheet_tiles" --check "$work/logits.npy" "$examples/glyphs/$1_logits.npy" 0 \
    "$examples/glyphs/$1_labels.txt" 0123456789ABCDEFGHJKLMNPQRSTUVWXYZ "$2" "$3" "$4"
}

# The hard sheet, of whose images f32 gets 844 right, shows what the other hides.
for isa in v2 v3 v3-vnni v4 v4-vnni; do
  "$tools/cpu_supports" $isa || continue
  check test 1024 1024 44
  check hard 842 1018 37
  "$atmc" verify "$model" --weights "$weights" --isa=$isa --quantize=int8 --input "$work/one.npy" \
    >"$work/log" || { cat "$work/log"; exit 1; }
done
grep -q '^blocks.1.1.downsample.proj  *[0-9.]* dB  *[0-9.]* dB$' "$work/log"

run "$model" threads1 three
run "$model" alone one
for threads in 2 3 8; do
  run "$model" threads$threads three --threads=$threads
  cmp "$work/threads1.npy" "$work/threads$threads.npy" || { echo "$threads threads: other bits"; exit 1; }
done
# The first image of three is what it is alone: rows of 34 floats behind headers of one length.
tail -c 408 "$work/threads1.npy" | head -c 136 >"$work/first"
tail -c 136 "$work/alone.npy" | cmp - "$work/first" || { echo "a batch: other bits"; exit 1; }

# A key of the layer does what the option does.
sed 's/"name": "blocks.1.0",/& "quantize": false,/' "$model" >"$work/kept.json"
! cmp -s "$model" "$work/kept.json"
run "$work/kept.json" key one
run "$model" option one --keep-float=blocks.1.0
cmp "$work/key.npy" "$work/option.npy" || { echo "the key and the option differ"; exit 1; }
! cmp -s "$work/key.npy" "$work/alone.npy" || { echo "nothing was kept"; exit 1; }

# The metadata says so.
for quantize in none int8; do
  "$atmc" compile "$model" --weights "$weights" --quantize=$quantize --shape 1x3x48x48 --emit=llvm-ir \
    -o "$work/$quantize" 2>/dev/null
done
grep -qF 'c"int8 and f32\00"' "$work/int8.ll" && grep -qF 'c"f32\00"' "$work/none.ll" || {
  echo "the metadata does not tell of 8 bits"
  exit 1
}
! grep -qF 'c"int8 and f32\00"' "$work/none.ll"
