#!/bin/sh
# What is odd and right all the same, and what is nearly right: names, numbers, files, plans.
#
#   odd.sh ATMC
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/cli/expect.sh
. "$here/expect.sh"
checkpoints=$here/../e2e/checkpoints
# counts NUMBER TEXT FILE: the file has so many lines with that text.
counts() {
  total=$((total + 1))
  [ "$(grep -cF -e "$2" "$3")" = "$1" ] || { fail "not $1 lines of \"$2\" in $3:"; head -c 2000 "$3"; }
}
expect 0 weights tiny.json --synthetic=1 -o tiny.safetensors
tiny="tiny.json --weights tiny.safetensors"
make_npy "1, 3, 16, 16" 3072 image.npy

echo "-- names longer than a line, and words that a shell would part"
long=$(printf 'n%.0s' $(seq 128))
sed "s/\"name\": \"norm\"/\"name\": \"$long\"/" tiny.json >"it's.json"
expect 0 weights "it's.json" --synthetic=1 -o long.safetensors
expect 0 report "it's.json" --weights long.safetensors --iterations=1 --shape 1x3x16x16 --isa=neon --json
says stdout "atmc report 'it'\\\\''s.json' --weights"
says stdout 'nnn... : f32['
expect 0 inspect long.safetensors
says stdout "$long.weight F32 "

echo "-- answers that are equal, or fewer than five"
cat >zero.json <<'JSON'
{"atmc": 1, "name": "zero", "inputs": [{"name": "image", "layout": "nchw", "channels": 3}],
 "classes": ["cat", "dog", "cow"],
 "layers": [{"op": "mean_hw", "name": "mean"}, {"op": "linear", "name": "head", "channels": 3, "bias": false}],
 "outputs": [{"name": "logits"}]}
JSON
expect 0 weights zero.json --synthetic=1 -o zero.safetensors
for engine in native interp; do
  expect 0 run zero.json --weights zero.safetensors --input image.npy --json --engine=$engine
  [ "$(sed -n 's/.*"class":[^0-9]*\([0-9]\).*/\1/p' stdout | tr -d '\n')" = 012 ] || fail "classes: $(cat stdout)"
  says stdout '"cow"'
done
expect 0 run $tiny --input image.npy --json
counts 4 '"class"' stdout
counts 0 '"name":	"c' stdout
sed 's/{"op": "mean_hw".*/{"op": "silu", "name": "map"}],/; /"classes"/d; /"head"/d' zero.json >map.json
expect 0 weights map.json --synthetic=1 -o map.safetensors
expect 0 run map.json --weights map.safetensors --input image.npy --json
says stdout '"dims":	[16, 16, 3]'
expect 0 run $tiny --input image.npy --engine=interp --stop-after=fold-affine
says stdout 'graph'

echo "-- bytes for images"
pixels="$here/../e2e/pixels/model.json"
expect 0 weights "$pixels" --synthetic=1 -o pixels.safetensors
expect 0 verify "$pixels" --weights pixels.safetensors --shape 1x3x24x16
counts 0 BAD stdout

echo "-- atmc without the module that makes code"
mkdir alone
cp "$atmc" alone/atmc
whole=$atmc atmc=$PWD/alone/atmc
expect 0 inspect tiny.json
expect 0 run $tiny --input image.npy --engine=interp
expect 0 compile $tiny --shape 1x3x16x16 --isa=v3 --emit=plan,ir -o alone/m
expect 3 compile $tiny --shape 1x3x16x16 --isa=v3 -o alone/m
says stderr "loading the code generator: No such file or directory"
cp image.npy alone/atmc-llvm.so
expect 3 run $tiny --input image.npy
says stderr "alone/atmc-llvm.so: error: loading the code generator: "
cp "$(dirname "$whole")/atmc-llvm.so" alone
expect 0 run $tiny --input image.npy
atmc=$whole

echo "-- a self-test of what is not finite"
cp tiny.safetensors nan.safetensors
printf '\377\377\377\177' | dd of=nan.safetensors bs=1 seek=$(($(wc -c <nan.safetensors) - 4)) conv=notrunc 2>stderr
expect 1 compile tiny.json --weights nan.safetensors --shape 1x3x16x16 --selftest -o tiny
says stderr 'output "logits" is not finite with these weights'

expect 0 compile $tiny --shape 1x3x16x16,1x3x8x8 --selftest --emit=obj,header -o tested
says tested.h "tested_run_8x8, runs it"
expect 0 compile $tiny --shape 1x3x16x16 --selftest --quantize=int8 --emit=obj -o tested

echo "-- words that are no options, and layers that are none"
expect 3 inspect -
says stderr '-: error: cannot open'
expect 3 inspect -- --json
says stderr '--json: error: cannot open'
expect 0 init atmnet_xt -o xt.json
expect 2 inspect xt.json --quantize=int8 --keep-float=zzzzzzzz
says stderr ', ... (see atmc inspect)'
CC=false expect 3 compile $tiny --shape 1x3x16x16 --emit=exe --target=x86_64-linux-musl -o tiny

echo "-- blocks made of primitives, and all ops"
for model in "$here"/../../examples/models/*_primitives.json "$here/../e2e/aarch64/all_ops.json"; do
  expect 0 inspect "$model" --shape 1x3x32x48 --json
  says stdout '"layout":'
done

echo "-- checkpoints"
expect 0 inspect "$checkpoints/tiny_bare.pth"
says stdout 'prefix     module., taken off all names'
expect 0 inspect "$checkpoints/tiny.pth" --json
says stdout '"name":	"model_ema"'
says stdout '"epoch":	"299"'

echo "-- plans of nearly this model"
shape="--shape 1x3x16x16"
expect 0 compile $tiny $shape --emit=plan --isa=v3 -o tiny
# misfits MESSAGE SED: a model that is changed so does not take the plan.
misfits() {
  sed "$2" tiny.json >near.json
  expect 1 compile near.json --weights tiny.safetensors $shape --emit=obj -o near --from-plan=tiny.plan
  says stderr "$1"
}
misfits "input \"image\" is f32[1,16,16,3] in nchw; the model's is \"image\", f32[1,16,16,3]" 's/nchw/nhwc/'
misfits "the model's is \"picture\", f32[1,16,16,3] in nchw" 's/"image"/"picture"/'
misfits "output \"logits\" is f32[1,4]; the model's is \"scores\", f32[1,4]" 's/"logits"/"scores"/'
misfits "the plan has 1 outputs, the model 2" 's/"logits"}/"logits"}, {"name": "map", "from": "norm"}/'
misfits "the plan has 1 inputs, the model 2" 's/"channels": 3}\]/"channels": 3}, {"name": "other", "channels": 3}]/'
sed 's/x86-64-v3/z80/' tiny.plan >other.plan
expect 1 compile $tiny $shape -o near --from-plan=other.plan
echo 'plan' >other.plan
expect 1 compile $tiny $shape -o near --from-plan=other.plan
says stderr "other.plan:2:1: error: expected"
expect 0 compile $tiny $shape -o near --from-plan=tiny.plan --isa=v3
expect 1 compile $tiny $shape -o near --from-plan=tiny.plan --isa=v2

echo "-- notes in files"
expect 0 compile $tiny $shape -o two --emit=obj --prefix=second
cat near.o two.o >both.o
expect 0 inspect both.o
counts 2 'shape  ' stdout
# note BYTES TEXT: an ELF file with a note that claims so many bytes (octal), and has these.
note() {
  printf '\177ELF....\005\000\000\000\'"$1"'\000\000\000\001\000\000\000atmc\000\000\000\000'"$2"
}
note 003 '{}\000' >odd
expect 0 inspect odd --json
says stdout '[{'
note 000 '' >odd
expect 1 inspect odd
note 010 '{}\000' >odd
expect 1 inspect odd
note 002 '{}x' >odd
expect 1 inspect odd
note 003 '[]\000' >odd
expect 1 inspect odd
note 003 '' | head -c 22 >odd
expect 1 inspect odd
printf '\177ELFatmc\000\000\000\000{}\000' >odd
expect 1 inspect odd
says stderr "holds no model that atmc compiled"

echo "-- passes on graphs of a resolution"
expect 0 opt --shape=1x3x16x16 --isa=v3 "$here/../passes/lower_convolutions.ir"
expect 2 opt --shape=1x3 "$here/../passes/lower_convolutions.ir"

echo "-- offsets of odd images"
sed 's|"block"|"stage/one/with-a-name-of-many-letters"|' tiny.json >slash.json
expect 0 weights slash.json --synthetic=1 -o slash.safetensors
make_npy "5, 3, 24, 8" 11520 tall.npy
expect 0 offsets slash.json --weights slash.safetensors --input tall.npy --data --field -o tall
holds tall sampled.svg sampled.png histogram.svg histogram.png histogram.csv field.svg field.png \
  "stage_one_with-a-name-of-many-letters.horizontal.npy" "stage_one_with-a-name-of-many-letters.vertical.npy"
says tall/sampled.svg '>...'
counts 4 '<image' tall/sampled.svg
says tall/histogram.svg '5 images'
# Not a number, in the image and so in the offsets: they are drawn nowhere.
{ head -c 128 image.npy && head -c 3072 /dev/zero | LC_ALL=C tr '\000' '\377'; } >nan.npy
expect 0 offsets $tiny --input nan.npy --field -o nan
counts 0 nan nan/sampled.svg
counts 0 channels nan/sampled.svg
plain=$here/../e2e/deform/plain
{ head -c 128 "$plain/offsets.npy" && head -c 9072 /dev/zero | LC_ALL=C tr '\000' '\377'; } >offsets.npy
expect 0 offsets "$plain/model.json" --weights "$plain/weights.safetensors" --input x="$plain/x.npy" \
  --input offsets=offsets.npy -o points
counts 0 nan points/sampled.svg

echo "$total checks, $failed failed"
[ $failed = 0 ]
