#!/bin/sh
# determinism.sh ATMC TOOLS: the same bits for any number of threads, and for an image alone or in a batch.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
json=$here/../../examples/models/atmnet_xt.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run() { # IMAGE THREADS ISA OUT
  "$atmc" run "$json" --weights "$work/w.safetensors" --input image="$1" --threads="$2" --isa="$3" \
    --output logits="$4"
}
same() {
  cmp "$1" "$2" || { echo "$3: other bits"; exit 1; }
  echo "$3: same bits"
}
"$atmc" weights "$json" --synthetic=0 -o "$work/w.safetensors"
for isa in v4 v3 v2; do
  "$tools/cpu_supports" $isa || continue
  for size in "224 224" "225 223"; do
    # shellcheck disable=SC2086
    "$tools/make_image" $size 0 2 "$work/both.npy"
    run "$work/both.npy" 1 $isa "$work/both1.npy"
    for threads in 2 3 8; do
      run "$work/both.npy" $threads $isa "$work/out.npy"
      same "$work/both1.npy" "$work/out.npy" "$isa, image $size, $threads threads"
    done
    for image in 0 1; do
      "$tools/npy_row" "$work/both.npy" $image "$work/image.npy"
      run "$work/image.npy" 1 $isa "$work/out.npy"
      "$tools/npy_row" "$work/both1.npy" $image "$work/expected.npy"
      same "$work/expected.npy" "$work/out.npy" "$isa, image $size, alone and as number $image of a batch"
    done
  done
done
