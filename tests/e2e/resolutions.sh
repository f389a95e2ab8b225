#!/bin/sh
# resolutions.sh ATMC TOOLS: one object with three resolutions for three instruction sets, whose weights are in it
# once; and weights in a file of their own, which two processes share and no other code takes.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
models=$here/../../examples/models
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

[ "$(uname -m)" = x86_64 ] || { echo "not an x86-64 machine: skipped"; exit 77; }
xt=$models/atmnet_xt.json
"$atmc" weights "$xt" --synthetic=0 -o xt.safetensors

# compile NAME SHAPES OPTION...
compile() {
  name=$1 shapes=$2
  shift 2
  "$atmc" compile "$xt" --weights xt.safetensors --shape "$shapes" -o "$name" "$@" 2>"$name.log" ||
    { cat "$name.log"; exit 1; }
}
# section FILE NAME: its bytes.
section() { size -A "$1" | awk -v name="$2" '$1 == name { print $2 }'; }

compile all "1x3x224x224,1x3x384x384,1x3x512x512" --isa=v2,v3,v4 --emit=obj,exe
weights=$(section all.o .rodata.weights)
total=$(wc -c <all.o)
code=0
for level in v2 v3 v4; do code=$((code + $(section all.o .text.$level))); done
echo "object $total bytes: weights $weights, once; code of three resolutions for three levels $code"
[ "$total" -lt $((weights + 2 * code)) ]
grep -q "code .* added" all.log || { echo "no bytes of added resolutions"; cat all.log; exit 1; }
for size in 224 384 512; do
  "$tools/make_image" $size $size 0 1 image.npy
  for level in v2 v3 v4; do
    "$tools/cpu_supports" $level || continue
    ./all --input image=image.npy --output logits=logits.npy --threads=2 --isa=x86-64-$level >log
    printf '%s x %s, %s: ' $size $size $level
    "$tools/compare_golden" "$here/golden/atmnet_xt-${size}x$size.safetensors" logits.npy
  done
done

# refused PROGRAM WEIGHTS: not this model's.
refused() {
  if ./"$1" --weights="$2" --input image=image.npy 2>messages; then
    echo "$1 took $2"
    exit 1
  fi
  grep -q "$3" messages || { cat messages; exit 1; }
}
not_ours="the weights are missing, misaligned or not this model's"
compile mapped 1x3x224x224 --weights-mode=external --emit=exe,obj,header --isa=v2
[ "$(wc -c <mapped.weights)" = "$weights" ] || { echo "three resolutions have other weights than one"; exit 1; }
# Of these only the weights are looked at: a header comes with them, and no code.
compile larger 1x3x384x384 --weights-mode=external --emit=header --isa=v2
compile unfolded 1x3x224x224 --weights-mode=external --emit=header --isa=v2 --disable-pass=fold-affine
"$atmc" weights "$xt" --synthetic=1 -o xt.safetensors
compile other 1x3x224x224 --weights-mode=external --emit=header --isa=v2
"$tools/make_image" 224 224 0 1 image.npy
./mapped --weights=mapped.weights --input image=image.npy >log
for file in larger unfolded other; do
  cmp -s mapped.weights $file.weights && { echo "$file.weights is mapped.weights"; exit 1; }
  if [ "$(wc -c <mapped.weights)" = "$(wc -c <$file.weights)" ]; then
    refused mapped $file.weights "$not_ours"
  else
    refused mapped $file.weights "not the .* bytes of this model's weights"
  fi
done
for at in 0 8 12 16 24 32 40 127; do # every field of the header, and its zeros
  cp mapped.weights flipped.weights
  printf '\377' | dd of=flipped.weights bs=1 seek=$at conv=notrunc 2>dd.log
  refused mapped flipped.weights "$not_ours"
done

${CC:-cc} -std=c11 -O1 -Wall -Wextra -Werror -I. "$here/map_weights.c" mapped.o "$here/../../runtime/error.c" \
  -o map_weights
./map_weights mapped.weights
if ./map_weights other.weights 2>messages; then exit 1; fi
grep -q "$not_ours" messages
