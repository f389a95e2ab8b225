#!/bin/sh
# pixels.sh ATMC TOOLS: a model that normalizes bytes gives what the same model gives for floats that were normalized
# before, in every layout and order of channels, on every instruction set, in programs and in the interpreter.
set -eu
atmc=$1 tools=$2
model=$(cd "$(dirname "$0")/pixels" && pwd)/model.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
sed -e '/"pixels"/d' -e 's/"channels": 3,/"channels": 3}/' -e '/"mean"/d' "$model" >floats.json
"$atmc" weights floats.json --synthetic=1 -o w.st
for layout in nhwc nchw; do
  for order in rgb bgr; do
    sed -e "s/nhwc/$layout/" -e "s/rgb/$order/" "$model" >pixels.json
    "$tools/make_pixels" $layout $order 37 50 2 bytes.npy floats.npy
    "$atmc" run floats.json --weights w.st --input floats.npy --engine=interp --output logits=logits.npy --output stem=stem.npy
    for isa in interp v4 v3 v2; do
      engine="--isa=$isa"
      [ $isa = interp ] && engine=--engine=interp || "$tools/cpu_supports" $isa || continue
      "$atmc" run pixels.json --weights w.st --input bytes.npy $engine --output logits=l.npy --output stem=s.npy
      printf '%s %s %s: ' $layout $order $isa
      "$tools/compare_npy" stem.npy s.npy
      "$tools/compare_npy" logits.npy l.npy
      [ $isa = interp ] || "$atmc" verify pixels.json --weights w.st --shape 2x3x37x50 --isa=$isa >log 2>&1 || { cat log; exit 1; }
    done
  done
done
# The plan: the stem reads bytes in a strip, and no kernel stands before it; quantized too, where it stays in floats.
for how in none int8; do
  "$atmc" compile "$model" --weights w.st --shape 1x3x224x224 --isa=v3 --emit=plan --quantize=$how -o photos 2>log
  awk '/^kernel k1/ {exit} /^kernel k0/ {on = 1} on' photos.plan >$how.plan
done
diff -u "$(dirname "$model")/stem.plan" none.plan
grep -q '= packed_linear(%2, a2, a3)' int8.plan || { cat int8.plan; exit 1; }
# Without the pass, bytes are normalized by a kernel of their own.
"$atmc" run pixels.json --weights w.st --input bytes.npy --disable-pass=read-pixels --output stem=s.npy
"$tools/compare_npy" stem.npy s.npy
# So they are where the image is read elsewhere too: here a second layer does.
sed -e 's|"layers": \[|"layers": [{"op": "relu", "name": "both", "inputs": ["image"]},|' \
  -e 's|"name": "stem", "channels"|"name": "stem", "inputs": ["image"], "channels"|' \
  -e 's|{"name": "logits"}|{"name": "logits"}, {"name": "both", "from": "both"}|' pixels.json >both.json
"$atmc" run both.json --weights w.st --input bytes.npy --output stem=s.npy
"$tools/compare_npy" stem.npy s.npy
"$atmc" verify both.json --weights w.st --shape 2x3x37x50 >log 2>&1 || { cat log; exit 1; }
"$atmc" compile pixels.json --weights w.st --shape 2x3x37x50 --emit=exe,header -o p 2>/dev/null
grep -q 'const uint8_t \*in_image' p.h
./p --input bytes.npy --output stem=s.npy >log
"$tools/compare_npy" stem.npy s.npy
# Elements of the other kind: a message that says what was found and what is wanted.
! ./p --input floats.npy 2>log
grep -q "elements are '<f4'; input image takes '|u1'" log
! "$atmc" run pixels.json --weights w.st --input floats.npy 2>log
grep -q "elements are '<f4', expected bytes ('|u1'): the model normalizes pixels itself" log
! "$atmc" run floats.json --weights w.st --input bytes.npy 2>log
grep -q 'a model whose input has "pixels" does that itself' log
# What init --pixels writes is what the models are evaluated with.
# evaluated NAME MEAN RESIZED
evaluated() {
  "$atmc" init "$1" --pixels -o init.json
  grep -q "\"mean\": \[$2," init.json && grep -q "\"to\": $3, \"crop\": 224, \"filter\": \"bicubic\"" init.json ||
    { echo "$1"; cat init.json; exit 1; }
}
for name in atmnet_b cyclemlp_b2 resmlp_24 gmixer_24 asmlp_s vip_l7 vmamba_t; do evaluated $name 0.485 256; done
for name in vip_s14 vip_s7 vip_m7; do evaluated $name 0.485 248; done
for name in mixer_b16 gmlp_s16; do evaluated $name 0.5 256; done
# It compiles, for a fixed size too.
for name in atmnet_xt mixer_s32; do
  "$atmc" init $name --pixels -o init.json
  grep -q '"resize": {"to": 256, "crop": 224, "filter": "bicubic"}' init.json
  "$atmc" inspect init.json >log
done
"$atmc" init mixer_s32 --pixels --size 384x384 | grep -q '"to": 438, "crop": 384'
