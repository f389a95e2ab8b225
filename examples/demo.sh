#!/bin/sh
# From a fresh checkout to an answer: installs what is needed, builds atmc, compiles a small trained
# ATMNet to native code, classifies a sheet of 1,024 images with it, then compiles ATMNet-xT and times it.
set -eu
cd "$(dirname "$0")/.."
build=${ATMC_BUILD:-build}

sh cmake/setup.sh
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DATMC_TESTS=OFF >/dev/null
cmake --build "$build" >/dev/null
atmc=$build/atmc
out=$build/demo
mkdir -p "$out"

echo "== Compile a trained ATMNet (0.94 M parameters, 34 classes) to an object and a header"
$atmc compile examples/models/glyphs.json --weights examples/glyphs/glyphs.safetensors \
  --shape 1x3x48x48 -o "$out/glyphs" --emit=obj,header

echo
echo "== Link it into a host program and classify real images"
cc -O2 -Wall -Wextra -Iruntime -I"$out" -o "$out/classify_sheet" \
  examples/embed/classify_sheet.c examples/embed/sheet.c "$out/glyphs.o" -lpng -lm
"$out/classify_sheet" examples/glyphs/test_sheet.png examples/glyphs/test_labels.txt \
  examples/glyphs/test_logits.npy

echo
echo "== Compile ATMNet-xT (15.35 M parameters) for 224x224 and time it"
$atmc weights examples/models/atmnet_xt.json --synthetic=0 -o "$out/atmnet_xt.safetensors"
$atmc compile examples/models/atmnet_xt.json --weights "$out/atmnet_xt.safetensors" \
  --shape 1x3x224x224 -o "$out/atmnet_xt"
$atmc bench examples/models/atmnet_xt.json --weights "$out/atmnet_xt.safetensors" --shape 1x3x224x224
