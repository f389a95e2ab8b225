#!/bin/sh
# From a fresh checkout to an answer: installs what is needed, builds atmc, compiles a small trained
# ATMNet to native code, classifies a sheet of 1,024 images with it, then compiles ATMNet-xT and times it;
# each in f32 and with products in 8 bits.
set -eu
cd "$(dirname "$0")/.."
build=${ATMC_BUILD:-build}

sh cmake/setup.sh
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DATMC_TESTS=OFF >/dev/null
cmake --build "$build" >/dev/null
atmc=$build/atmc
out=$build/demo
mkdir -p "$out"

# classify QUANTIZE: compiles the model into a folder of its own, links a host program and runs it.
classify() {
  mkdir -p "$out/$1"
  $atmc compile examples/models/glyphs.json --weights examples/glyphs/glyphs.safetensors \
    --shape 1x3x48x48 --quantize="$1" -o "$out/$1/glyphs" --emit=obj,header
  cc -O2 -Wall -Wextra -Iruntime -I"$out/$1" -o "$out/$1/classify_sheet" \
    examples/embed/classify_sheet.c examples/embed/sheet.c "$out/$1/glyphs.o" -lpng -lm
  "$out/$1/classify_sheet" examples/glyphs/test_sheet.png examples/glyphs/test_labels.txt \
    examples/glyphs/test_logits.npy
}

echo "== Compile a trained ATMNet (0.94 M parameters, 34 classes), link it into a host program, classify images"
classify none

echo
echo "== The same with products in 8 bits, from the same weights"
classify int8

echo
echo "== Compile ATMNet-xT (15.35 M parameters) for 224x224 and time it, in f32 and in 8 bits"
$atmc weights examples/models/atmnet_xt.json --synthetic=0 -o "$out/atmnet_xt.safetensors"
$atmc compile examples/models/atmnet_xt.json --weights "$out/atmnet_xt.safetensors" \
  --shape 1x3x224x224 -o "$out/atmnet_xt"
for quantize in none int8; do
  $atmc bench examples/models/atmnet_xt.json --weights "$out/atmnet_xt.safetensors" \
    --shape 1x3x224x224 --quantize=$quantize
done
