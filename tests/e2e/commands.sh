#!/bin/sh
# commands.sh ATMC TOOLS: what commands make of models of several inputs, of labels, and of layers in 8 bits beside
# layers in floats, all of them small; and of plans of other models.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/refuse.sh
. "$here/refuse.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() {
  echo "$*"
  cat said log
  exit 1
}
# gives TEXT COMMAND OPTION...: it succeeds, and prints that.
gives() {
  text=$1
  shift
  "$atmc" "$@" >said 2>log || fail "$*"
  grep -qe "$text" said log || fail "$*: no \"$text\""
}
# model NAME INPUTS LAYERS OUTPUTS: NAME.json, and NAME.st with weights of noise.
model() {
  printf '{"atmc": 1, "name": "%s", "inputs": [%s], "layers": [%s], "outputs": [%s]}\n' "$1" "$2" "$3" "$4" >"$1.json"
  "$atmc" weights "$1.json" --synthetic=1 -o "$1.st" >said 2>log || fail "$1"
}
for size in 8 12; do
  for n in 1 2; do "$tools/make_image" $size 8 $n $n "$size.$n.npy"; done
done

# -- several inputs and outputs ------------------------------------------------------------------------------------
model sum '{"name": "left", "channels": 3}, {"name": "right", "channels": 3}' \
  '{"op": "mean_hw", "name": "a", "inputs": ["left"]}, {"op": "mean_hw", "name": "b", "inputs": ["right"]},
   {"op": "add", "inputs": ["a", "b"]}' '{"name": "sum"}'
run="run sum.json --weights sum.st --engine=interp"
gives sum $run --input left=8.1.npy --input right=8.1.npy
refuse 2 'the model has 2 inputs; say which one as left=8.1.npy' $run --input 8.1.npy
refuse 2 '--input: no file for right' $run --input left=8.1.npy
refuse 2 '--input: left is given twice' $run --input left=8.1.npy --input left=8.2.npy
refuse 2 'has no input "rihgt"; did you mean right?' $run --input left=8.1.npy --input rihgt=8.1.npy
refuse 2 'has no input "nothing-alike"; its first is left' $run --input left=8.1.npy --input nothing-alike=8.1.npy
refuse 1 'another N, H or W than in the first input' $run --input left=8.1.npy --input right=12.1.npy
refuse 1 'another N, H or W than in the first input' $run --input left=8.1.npy --input right=8.2.npy
# A fixed input beside an open one, whose size is the call's.
model mixed '{"name": "fixed", "channels": 3, "height": 8, "width": 8}, {"name": "open", "channels": 3}' \
  '{"op": "mean_hw", "name": "a", "inputs": ["fixed"]}, {"op": "mean_hw", "name": "b", "inputs": ["open"]},
   {"op": "add", "inputs": ["a", "b"]}' '{"name": "sum"}'
run="run mixed.json --weights mixed.st --engine=interp"
gives sum $run --input fixed=8.1.npy --input open=12.1.npy
refuse 1 'shape [1,3,12,8]; input "fixed" is [N,3,8,8]' $run --input fixed=12.1.npy --input open=12.1.npy
for n in "1 2" "2 1"; do
  refuse 1 'another N, H or W than in the first input' $run --input "fixed=8.${n% *}.npy" --input "open=12.${n#* }.npy"
done
# A vector beside a map, which says the size.
model scaled '{"name": "vector", "channels": 3, "layout": "nc"}, {"name": "map", "channels": 3, "height": 8, "width": 8}' \
  '{"op": "mean_hw", "name": "mean", "inputs": ["map"]}, {"op": "add", "inputs": ["vector", "mean"]}' '{"name": "sum"}'
"$atmc" run sum.json --weights sum.st --engine=interp --input left=8.1.npy --input right=8.1.npy -o vector.npy >said 2>log
run="run scaled.json --weights scaled.st --engine=interp"
gives sum $run --input vector=vector.npy --input map=8.1.npy
refuse 1 'shape [1,3]; input "map" is [N,3,8,8]' $run --input vector=vector.npy --input map=vector.npy
refuse 1 'another N, H or W than in the first input' $run --input vector=vector.npy --input map=8.2.npy

# -- labels, which are compared by what they chose -------------------------------------------------------------------
model labels '{"name": "image", "channels": 3}' \
  '{"op": "conv2d", "name": "stem", "channels": 5, "kernel": 2, "stride": 2},
   {"op": "argmax", "name": "labels", "type": "uint8"},
   {"op": "resize", "name": "large", "inputs": ["stem"], "scale": 2}, {"op": "argmax", "name": "fine", "type": "int32"}' \
  '{"name": "labels", "from": "labels"}, {"name": "stem", "from": "stem"}, {"name": "fine"}'
gives 'all within' verify labels.json --weights labels.st --shape 2x3x8x8
for option in --threads=1 --engine=interp; do # numbers as they are, of which the first 16 are shown
  "$atmc" run labels.json --weights labels.st --input 8.1.npy $option >"shown$option" 2>log || fail "run $option"
  [ "$(grep -c '^ *\([0-4] \)\{15\}[0-4]$' "shown$option")" = 1 ] || { cat "shown$option"; fail "all 16 labels"; }
  [ "$(grep -c '^ *\([0-4] \)\{16\}\.\.\.$' "shown$option")" = 1 ] || { cat "shown$option"; fail "some of 64"; }
done
grep '^ *[0-4] ' shown--threads=1 >first
grep '^ *[0-4] ' shown--engine=interp | cmp - first
refuse 2 '--output: twice.npy is given twice' run labels.json --weights labels.st --input 8.1.npy \
  --output labels=twice.npy --output stem=twice.npy

# -- 8 bits -----------------------------------------------------------------------------------------------------------
model eight '{"name": "image", "channels": 3}' \
  '{"op": "conv2d", "name": "stem", "channels": 64, "kernel": 2, "stride": 2}, {"op": "gelu"},
   {"op": "linear", "name": "first", "channels": 64}, {"op": "gelu"},
   {"op": "linear", "name": "second", "channels": 64, "quantize": false}, {"op": "gelu"},
   {"op": "linear", "name": "third", "channels": 64}, {"op": "argmax", "name": "labels", "type": "uint8"}' \
  '{"name": "labels"}, {"name": "third", "from": "third"}'
verify="verify eight.json --weights eight.st --shape 1x3x8x8 --quantize=int8"
gives '^first .* dB' $verify
grep -q '^third .* dB' said || fail "third is not measured"
! grep -q '^second .* dB' said || fail "second is in floats"
gives '^third .* dB' $verify --keep-float=first
! grep -q '^first .* dB' said || fail "first was to stay in floats"
gives '^first .* dB' verify eight.json --weights eight.st --quantize=int8 --input 8.1.npy
gives '"quantized_bytes"' inspect eight.json --quantize=int8 --json
gives '"holds"' report eight.json --weights eight.st --shape 1x3x8x8 --quantize=int8 --json

# -- plans of others --------------------------------------------------------------------------------------------------
"$atmc" compile eight.json --weights eight.st --shape 1x3x8x8 --emit=plan -o eight 2>log >said
compile="compile labels.json --weights labels.st --shape 1x3x8x8 --emit=obj -o made"
refuse 1 'a plan of "eight"; the model is "labels"' $compile --from-plan=eight.plan
"$atmc" compile sum.json --weights sum.st --shape 1x3x8x8 --emit=plan -o sum 2>log >said
"$atmc" compile labels.json --weights labels.st --shape 1x3x8x8 --emit=plan -o labels 2>log >said
plan() { # FROM EXPRESSION: the plan, edited, as labels.json's
  sed "$2" "$1.plan" >edited.plan
}
plan sum 's/plan "sum"/plan "labels"/'
refuse 1 'the plan has 2 inputs, the model 1' $compile --from-plan=edited.plan
plan labels 's/input "image"/input "photo"/'
refuse 1 "the plan's input \"photo\" is" $compile --from-plan=edited.plan
plan labels 's/output "stem"/output "stalk"/'
refuse 1 "the plan's output \"stalk\" is" $compile --from-plan=edited.plan

# -- shapes, names, targets -------------------------------------------------------------------------------------------
weights="sum.json --weights sum.st"
refuse 2 '--shape: the same shape twice' compile $weights --shape 1x3x8x8,1x3x8x8 -o made
refuse 2 '--shape: at most 16 shapes' compile $weights --shape '1x3x{1,2,3,4,5}x{1,2,3,4}' -o made
refuse 2 '--shape' compile $weights --shape '1x3x8x{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17}' -o made
refuse 2 '1x3x9x8 is 9x8; input "map" is 8x8' inspect scaled.json --shape 1x3x9x8
refuse 2 '1x3x8x9 is 8x9; input "map" is 8x8' inspect scaled.json --shape 1x3x8x9
refuse 2 'has no NAME; write DIR/NAME' compile $weights --shape 1x3x8x8 -o made/
refuse 2 'has no NAME; write DIR/NAME' compile $weights --shape 1x3x8x8 -o .
refuse 2 'has no NAME; write DIR/NAME' compile $weights --shape 1x3x8x8 -o ..
refuse 2 '--prefix: "" is not a C identifier' compile $weights --shape 1x3x8x8 -o made --prefix=
for target in x86_64-linux-musl aarch64-linux-android x86_64-linux-uclibc; do
  CC='' refuse 2 'need a C compiler for it (set CC)' compile $weights --shape 1x3x8x8 -o made --emit=exe --target=$target
done
"$atmc" compile $weights --shape 1x3x8x8 --emit=ir -o made 2>log >said || fail ir
refuse 2 '--passes: no pass "nothing-at-all-alike"' opt made.ir --passes=nothing-at-all-alike

# Names as make reads them, in a bill of materials as they are; a plan is an input of both.
mkdir 'a b'
odd='a b/$c#d'
cp sum.json "$odd.json"
"$atmc" compile "$odd.json" --weights "$work/sum.st" --shape 1x3x8x8 --from-plan="$work/sum.plan" -o "$odd" \
  --emit=dep,obj,sbom 2>log >said || fail "$odd"
grep -qF 'a\ b/$$c\#d.o' "$odd.d" && grep -qF 'a\ b/$$c\#d.json' "$odd.d" && grep -qF "$work/sum.plan" "$odd.d" ||
  { cat "$odd.d"; exit 1; }
grep -q '"a plan"' "$odd.spdx.json" && grep -q '"sum.plan"' "$odd.spdx.json" || { cat "$odd.spdx.json"; exit 1; }

# -- reports ----------------------------------------------------------------------------------------------------------
report="report $weights --isa=v2"
for shape in 8x8 12x8; do "$atmc" $report --shape 1x3x$shape --json -o $shape.report 2>log >said || fail $shape; done
"$atmc" report $weights --shape 1x3x8x8 --isa=v2,neon -o two.html 2>log >said || fail "two instruction sets"
gives '1x3x12x8' report 12x8.report --compare=8x8.report
gives '^graph' $report --shape 1x3x8x8 --stop-after=form-kernels
