#!/bin/sh
# variants.sh ATMC TOOLS: one object for several instruction sets. The weights are in it once, every level
# that this machine runs gives the golden values when it is forced, and the right one is chosen by itself:
# here, and on the CPUs that qemu-x86_64 has. A level that the CPU lacks is refused, not run.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
models=$here/../../examples/models
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

[ "$(uname -m)" = x86_64 ] || { echo "not an x86-64 machine: skipped"; exit 77; }
"$atmc" weights "$models/atmnet_xt.json" --synthetic=0 -o xt.safetensors
"$tools/make_image" 32 32 0 1 image.npy

compile() { # ISA NAME KINDS
  "$atmc" compile "$models/atmnet_xt.json" --weights xt.safetensors --shape 1x3x32x32 --isa="$1" \
    --emit="$3" -o "$2" 2>"$2.log" || { cat "$2.log"; exit 1; }
}
# section FILE NAME: its bytes.
section() { size -A "$1" | awk -v name="$2" '$1 == name { print $2 }'; }

compile v3 one obj
compile v2,v3,v4 all obj,exe,plan
weights=$(section one.o .rodata.weights)
[ "$weights" -gt 1000000 ] && [ "$(section all.o .rodata.weights)" = "$weights" ]
code=0
for level in v2 v3 v4; do
  code=$((code + $(section all.o .text.$level)))
  [ -s all_$level.plan ]
  grep -q "x86-64-$level .* code " all.log
done
# All that is not weights: code, constants, symbols.
[ "$(wc -c <all.o)" -lt $((weights + 2 * code)) ] || { echo "the object holds more than code and weights"; exit 1; }
echo "weights $weights bytes, once; code of three levels $code bytes"

# chosen EMULATOR LEVEL: the level that the program runs by itself there, and its numbers.
chosen() {
  $1 ./all --input image=image.npy --output logits=logits.npy --threads=2 >log 2>messages
  grep -q ", x86-64-$2\$" log || { echo "$1: expected x86-64-$2:"; cat log messages; exit 1; }
  printf '%s: %s by itself: ' "${1:-this machine}" "$2"
  "$tools/compare_golden" "$here/golden/atmnet_xt-32x32.safetensors" logits.npy
}
# forced EMULATOR LEVEL: that level gives the golden values.
forced() {
  $1 ./all --input image=image.npy --output logits=logits.npy --isa=x86-64-"$2" >log 2>messages
  grep -q ", x86-64-$2\$" log
  printf '%s: %s forced: ' "${1:-this machine}" "$2"
  "$tools/compare_golden" "$here/golden/atmnet_xt-32x32.safetensors" logits.npy
}
# refused EMULATOR LEVEL: the CPU lacks it.
refused() {
  if $1 ./all --input image=image.npy --isa=x86-64-"$2" >log 2>messages; then
    echo "$1: $2 ran"
    exit 1
  fi
  grep -q "this CPU lacks the instructions" messages || { cat messages; exit 1; }
  echo "${1:-this machine}: $2 refused"
}

best=v2
for level in v2 v3 v4; do
  if "$tools/cpu_supports" $level; then
    best=$level
    forced "" $level
  else
    refused "" $level
  fi
done
chosen "" $best
if ./all --input image=image.npy --isa=x86-64-v9 2>messages; then exit 1; fi

command -v qemu-x86_64 >/dev/null || exit 0
nehalem="qemu-x86_64 -cpu Nehalem" haswell="qemu-x86_64 -cpu Haswell" most="qemu-x86_64 -cpu max"
chosen "$nehalem" v2
refused "$nehalem" v3
chosen "$haswell" v3
forced "$haswell" v2
refused "$haswell" v4
# What qemu knows: AVX2 at least since 7.2.
case $($most ./all --input image=image.npy 2>/dev/null | tail -1) in
  *x86-64-v3) refused "$most" v4 ;;
  *x86-64-v4) forced "$most" v4 ;;
  *) echo "$most: neither v3 nor v4"; exit 1 ;;
esac
