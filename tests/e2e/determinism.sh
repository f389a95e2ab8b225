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

run() { # ISA IMAGE THREADS OUT
  "$work/program" --weights="$work/program.weights" --isa=x86-64-"$1" --input image="$2" --threads="$3" \
    --output logits="$4" >"$work/log"
}
same() {
  cmp "$1" "$2" || { echo "$3: other bits"; exit 1; }
  echo "$3: same bits"
}
isas="" shapes=""
for isa in v4 v3 v2; do
  ! "$tools/cpu_supports" $isa || isas=${isas:+$isas,}$isa
done
[ -n "$isas" ] || { echo "this CPU runs none of the instruction sets: skipped"; exit 77; }
for batch in "$@"; do
  size=${batch% *}
  shape=3x${size% *}x${size#* }
  shapes=${shapes:+$shapes,}${batch##* }x$shape,1x$shape
done
"$atmc" weights "$json" --synthetic=0 -o "$work/w.safetensors"
"$atmc" compile "$json" --weights "$work/w.safetensors" --shape "$shapes" --isa=$isas --weights-mode=external \
  --emit=exe -o "$work/program" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
for batch in "$@"; do
  images=${batch##* } size=${batch% *}
  "$tools/make_image" "${size% *}" "${size#* }" 0 "$images" "$work/batch.npy"
  for isa in $(echo $isas | tr , ' '); do
    run $isa "$work/batch.npy" 1 "$work/batch1.npy"
    for threads in 2 3 8; do
      run $isa "$work/batch.npy" $threads "$work/out.npy"
      same "$work/batch1.npy" "$work/out.npy" "$isa, batch $batch, $threads threads"
    done
    for image in 0 $((images - 1)); do
      "$tools/npy_row" "$work/batch.npy" "$image" "$work/image.npy"
      run $isa "$work/image.npy" 1 "$work/out.npy"
      "$tools/npy_row" "$work/batch1.npy" "$image" "$work/expected.npy"
      same "$work/expected.npy" "$work/out.npy" "$isa, batch $batch, image $image alone"
    done
  done
done
