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
  # Batches that run in two rounds, in the last of two images each.
  for batch in "224 224 2" "225 223 2" "144 160 4"; do
    # shellcheck disable=SC2086
    set -- $batch
    "$tools/make_image" "$1" "$2" 0 "$3" "$work/batch.npy"
    run "$work/batch.npy" 1 $isa "$work/batch1.npy"
    for threads in 2 3 8; do
      run "$work/batch.npy" $threads $isa "$work/out.npy"
      same "$work/batch1.npy" "$work/out.npy" "$isa, batch $batch, $threads threads"
    done
    for image in 0 $(($3 - 1)); do
      "$tools/npy_row" "$work/batch.npy" "$image" "$work/image.npy"
      run "$work/image.npy" 1 $isa "$work/out.npy"
      "$tools/npy_row" "$work/batch1.npy" "$image" "$work/expected.npy"
      same "$work/expected.npy" "$work/out.npy" "$isa, batch $batch, image $image alone"
    done
  done
done
