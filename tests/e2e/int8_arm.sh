#!/bin/sh
# int8_arm.sh ATMC TOOLS: quantized products on Arm, run by qemu-aarch64. An object for three instruction
# sets runs the best that the CPU has, each where it is forced, and refuses what the CPU lacks. Their
# numbers are the same, bit for bit, and those of x86-64 where nothing else differs. A trained model
# gives its answers, for easy images and for hard ones.
set -eu
atmc=$1 tools=$2
top=$(cd "$(dirname "$0")/../.." && pwd)
examples=$top/examples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
command -v qemu-aarch64 >/dev/null || { echo "qemu-aarch64 is not installed: skipped"; exit 77; }
arm="qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu"
sets="armv8-a armv8-a-dotprod armv8-a-i8mm"

# What --emit=exe makes a program of, compiled once for all models that are called m.
mkdir program
for source in "$top"/runtime/*.c "$top"/runtime/standalone/*.c; do
  aarch64-linux-gnu-gcc -std=gnu11 -O1 -pthread -DATM_MODEL=m_model -I"$top/runtime" -c "$source" \
    -o "program/$(basename "$source" .c).o"
done

# products HEIGHT WIDTH COPIES CHANNELS: a product of HEIGHT * WIDTH rows of 3 * COPIES numbers. Without a
# bias the last step is a product, which is rounded alike whether multiply-adds are fused or not.
products() {
  copies=$(printf '"x", %.0s' $(seq $(($3 - 1))))
  cat >m.json <<END
{"atmc": 1, "name": "m", "inputs": [{"name": "image", "channels": 3}], "layers": [
  {"op": "relu", "name": "x"}, {"op": "concat", "name": "row", "inputs": [$copies"x"]},
  {"op": "linear", "name": "product", "channels": $4, "bias": false}], "outputs": [{"name": "product"}]}
END
  "$atmc" weights m.json --synthetic=1 -o m.safetensors
  "$tools/make_image" "$1" "$2" 0 1 image.npy
  "$atmc" compile m.json --weights m.safetensors --quantize=int8 --isa=neon,neon-dotprod,neon-i8mm \
    --shape "1x3x$1x$2" --emit=obj,plan -o m 2>messages || { cat messages; exit 1; }
  aarch64-linux-gnu-gcc m.o program/*.o -pthread -o m
  for set in neon neon-dotprod neon-i8mm; do grep -q ' = quantized_linear' m_$set.plan; done
  [ "$(grep -c ', paired' m_neon-i8mm.plan)" = "$(($1 * $2 > 1 && $4 >= 64))" ]
  "$atmc" run m.json --weights m.safetensors --quantize=int8 --isa=v2 --input image=image.npy \
    --output product=expected.npy
  for isa in v3 v4; do
    "$tools/cpu_supports" $isa || continue
    "$atmc" run m.json --weights m.safetensors --quantize=int8 --isa=$isa --input image=image.npy \
      --output product=got.npy
    cmp expected.npy got.npy || { echo "$*: $isa has other bits"; exit 1; }
  done
  for set in $sets; do
    $arm max ./m --input image=image.npy --output product=got.npy --isa=$set >log
    cmp expected.npy got.npy || { echo "$*: $set has other bits"; exit 1; }
  done
}
if [ "$(uname -m)" = x86_64 ]; then
  products 1 1 11 33
  products 3 1 12 32
  products 1 5 13 37
  products 2 3 15 70
  products 7 1 16 64
  products 17 1 23 35
  products 4 4 22 41
  products 13 9 22 130
  echo "products: the same bits on x86-64 and Arm"
fi

# Programs for a few images, and for all of a sheet.
few=64 some=96
for sheet in test hard; do
  for count in $few $some 1024; do
    "$tools/sheet_tiles" "$examples/glyphs/${sheet}_sheet.png" 48 0 $count $sheet$count.npy
  done
done
"$atmc" compile "$examples/models/glyphs.json" --weights "$examples/glyphs/glyphs.safetensors" \
  --isa=neon,neon-dotprod,neon-i8mm --quantize=int8 --emit=exe -o glyphs \
  --shape ${few}x3x48x48,${some}x3x48x48,1024x3x48x48 2>messages || { cat messages; exit 1; }

# chosen CPU SET: the set that runs by itself there.
chosen() {
  $arm "$1" ./glyphs --input image=test$few.npy --output logits=got.npy >log 2>messages
  grep -q ", $2\$" log || { echo "$1: expected $2:"; cat log messages; exit 1; }
  echo "$1: $2 by itself"
}
# refused CPU SET: the CPU lacks it.
refused() {
  if $arm "$1" ./glyphs --input image=test$few.npy --isa="$2" >log 2>messages; then
    echo "$1: $2 ran"
    exit 1
  fi
  grep -q "this CPU lacks the instructions" messages || { cat messages; exit 1; }
  echo "$1: $2 refused"
}
chosen cortex-a57 armv8-a
cp got.npy expected.npy
chosen cortex-a72 armv8-a
chosen neoverse-n1 armv8-a-dotprod
chosen max armv8-a-i8mm
refused cortex-a72 armv8-a-dotprod
refused neoverse-n1 armv8-a-i8mm
for set in $sets; do
  $arm max ./glyphs --input image=test$few.npy --output logits=got.npy --isa=$set >log
  grep -q ", $set\$" log
  cmp expected.npy got.npy || { echo "glyphs: $set has other bits"; exit 1; }
done

# check SHEET RIGHT SAME DECIBELS: of its 1,024 images, at least. All of them with one set (whose few instructions the
# emulator is through with first), some with the others, which have the same bits: logits are rows of 34 floats behind a
# header of 128 bytes.
check() {
  $arm max ./glyphs --input image="$1"1024.npy --output logits=expected.npy --isa=armv8-a-i8mm >log
  printf '%s sheet: ' "$1"
  "$tools/sheet_tiles" --check expected.npy "$examples/glyphs/$1_logits.npy" 0 \
    "$examples/glyphs/$1_labels.txt" 0123456789ABCDEFGHJKLMNPQRSTUVWXYZ "$2" "$3" "$4"
  tail -c +129 expected.npy | head -c $((some * 34 * 4)) >expected
  for set in armv8-a armv8-a-dotprod; do
    $arm max ./glyphs --input image="$1"$some.npy --output logits=got.npy --isa=$set >log
    tail -c +129 got.npy | cmp - expected || { echo "$1 sheet: $set has other bits"; exit 1; }
  done
}
check test 1024 1024 44
check hard 842 1018 37
