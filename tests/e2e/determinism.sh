#!/bin/sh
# determinism.sh ATMC TOOLS MODEL BATCH...: the same bits for any number of threads, and for an image
# alone or in a batch, by a program of all of them. A batch is "HEIGHT WIDTH IMAGES".
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
json=$here/../../examples/models/$3.json
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() { # SHAPES ISA
  "$atmc" compile "$json" --weights "$work/w.safetensors" --shape "$1" --isa="$2" --weights-mode=external \
    --emit=exe -o "$work/program" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}
run() { # IMAGE THREADS OUT
  "$work/program" --weights="$work/program.weights" --input image="$1" --threads="$2" --output logits="$3" >"$work/log"
}
same() {
  cmp "$1" "$2" || { echo "$3: other bits"; exit 1; }
  echo "$3: same bits"
}
"$atmc" weights "$json" --synthetic=0 -o "$work/w.safetensors"
for isa in v4 v3 v2; do
  "$tools/cpu_supports" $isa || continue
  for batch in "$@"; do
    images=${batch##* } size=${batch% *}
    "$tools/make_image" "${size% *}" "${size#* }" 0 "$images" "$work/batch.npy"
    shape=3x${size% *}x${size#* }
    build "${images}x$shape,1x$shape" $isa
    run "$work/batch.npy" 1 "$work/batch1.npy"
    for threads in 2 3 8; do
      run "$work/batch.npy" $threads "$work/out.npy"
      same "$work/batch1.npy" "$work/out.npy" "$isa, batch $batch, $threads threads"
    done
    for image in 0 $((images - 1)); do
      "$tools/npy_row" "$work/batch.npy" "$image" "$work/image.npy"
      run "$work/image.npy" 1 "$work/out.npy"
      "$tools/npy_row" "$work/batch1.npy" "$image" "$work/expected.npy"
      same "$work/expected.npy" "$work/out.npy" "$isa, batch $batch, image $image alone"
    done
  done
done
