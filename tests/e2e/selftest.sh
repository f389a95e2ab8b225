#!/bin/sh
# selftest.sh ATMC TOOLS: PREFIX_selftest says yes on every instruction set, to floats and bytes in, to floats and
# whole numbers out, in 8 bits, with half of the weights' bits; and no to weights of which a byte was flipped, in the
# object or in their file, and to other weights with a right sum.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
examples=$here/../../examples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

glyphs=$examples/models/glyphs.json weights=$examples/glyphs/glyphs.safetensors
cat >picks.json <<'JSON'
{"atmc": 1, "name": "picks",
 "inputs": [{"name": "image", "channels": 3,
             "pixels": {"format": "u8", "layout": "nhwc", "order": "rgb", "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4]}}],
 "layers": [
   {"op": "conv2d", "name": "stem", "channels": 24, "kernel": 7, "stride": 4, "padding": 2},
   {"op": "layer_norm", "name": "norm"}, {"op": "mean_hw", "name": "mean"},
   {"op": "linear", "name": "head", "channels": 40}, {"op": "top_k", "name": "top", "k": 3}],
 "outputs": [{"name": "map", "from": "norm"}, {"name": "values"}, {"name": "indices", "result": 1}]}
JSON
"$atmc" weights picks.json --synthetic=1 -o picks.safetensors

# build CC SHAPE MODEL WEIGHTS OPTION...: the program `tested`.
build() {
  cc=$1 shape=$2 model=$3 of=$4
  shift 4
  "$atmc" compile "$model" --weights "$of" --shape "$shape" --selftest -o tested "$@" 2>log || { cat log; exit 1; }
  $cc -std=c11 -O1 -Wall -Wextra -Werror -I. "$here/selftest.c" tested.o "$here/../../runtime/error.c" -o tested
}
# says WHAT COMMAND...: what the self-test must say.
says() {
  what=$1
  shift
  "$@" >said || [ "$what" != "no error" ] || { cat said; echo "failed: $*"; exit 1; }
  grep -q "$what" said || { cat said; echo "not \"$what\": $*"; exit 1; }
}
changed="the weights are missing, misaligned or not"
differs="does not compute what was recorded"

case $(uname -m) in x86_64) isas=v2,v3,v4 ints=v2,v3,v4-vnni ;; *) isas=neon ints=neon,neon-dotprod ;; esac
build "${CC:-cc}" 1x3x48x48 "$glyphs" "$weights" --isa=$isas
says "no error" ./tested
for at in 130 70000 3000000; do # of the weights, which are at the end of the object
  cp tested.o flipped.o
  from=$(objdump -h tested.o | awk '$2 == ".rodata.weights" { print $6 }')
  bytes=$(size -A tested.o | awk '$1 == ".rodata.weights" { print $2 }')
  [ $at -lt "$bytes" ]
  place=$(printf '%d' "0x$from")
  printf 'Z' | dd of=flipped.o bs=1 seek=$((place + at)) conv=notrunc 2>dd.log
  ${CC:-cc} -std=c11 -I. "$here/selftest.c" flipped.o "$here/../../runtime/error.c" -o flipped
  says "$changed" ./flipped
done

build "${CC:-cc}" "1x3x{32,48}x48" "$glyphs" "$weights" --weights-mode=external
grep -q "tested_run_32x48, runs it" tested.h
says "no error" ./tested tested.weights
cp tested.weights flipped.weights
for at in 128 999999 3000000; do
  printf 'Z' | dd of=flipped.weights bs=1 seek=$at conv=notrunc 2>dd.log
  cmp -s tested.weights flipped.weights && { echo "nothing was flipped"; exit 1; }
  says "$changed" ./tested flipped.weights
  cp tested.weights flipped.weights
done
says "$differs" ./tested tested.weights 3000003 # the exponent of a float, with a right sum

build "${CC:-cc}" 2x3x32x40 picks.json picks.safetensors --isa=$isas
grep -q "indices: 6 elements, of which 0 may differ" tested.h
says "no error" ./tested
build "${CC:-cc}" 1x3x48x48 "$glyphs" "$weights" --weights-dtype=f16
says "no error" ./tested
build "${CC:-cc}" 1x3x48x48 "$glyphs" "$weights" --isa=$ints --quantize=int8
says "no error" ./tested

"$atmc" compile "$glyphs" --weights "$weights" --shape 1x3x48x48 -o without 2>log
if grep -q without_selftest without.h; then echo "a self-test that nobody asked for"; exit 1; fi

if command -v aarch64-linux-gnu-gcc >log && command -v qemu-aarch64 >log; then
  for options in --isa=neon "--isa=neon,neon-i8mm --quantize=int8"; do
    # shellcheck disable=SC2086
    build aarch64-linux-gnu-gcc 1x3x48x48 "$glyphs" "$weights" --target=aarch64-linux-gnu $options
    says "no error" qemu-aarch64 -cpu max -L /usr/aarch64-linux-gnu ./tested
  done
fi
