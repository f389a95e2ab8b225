#!/bin/sh
# heads.sh ATMC TOOLS ISA [--short] CASE...: segmentation with native code (ISA v4, v3, v2) or the interpreter (ISA
# interp) against recorded double-precision outputs: logits of all pixels (--short: not these, which are resized alone),
# and at once logits at a quarter of the size and labels wherever the recorded best class leads clearly. A case is
# HEAD_SIZE-HxW, as the files of golden/ are called. Exit code 77: skipped.
set -eu
atmc=$1 tools=$2 isa=$3
shift 3
answers="logits labels"
[ "$1" != --short ] || { answers=labels && shift; }
golden=$(cd "$(dirname "$0")" && pwd)/golden
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
engine="--isa=$isa --threads=2"
if [ "$isa" = interp ]; then
  engine=--engine=interp
elif ! "$tools/cpu_supports" "$isa"; then
  echo "this CPU does not run $isa code: skipped"
  exit 77
fi
for case in "$@"; do
  model=${case%-*} size=${case##*-}
  head=${model%_*} name=atmnet_${model##*_}
  "$tools/make_image" "${size%x*}" "${size#*x}" 0 1 "$work/image.npy"
  rm -f "$work/w.safetensors"
  for answer in $answers; do
    "$atmc" init "$name" --head="$head" --answer="$answer" -o "$work/$answer.json"
    [ $answer != labels ] || sed -i 's/{"name": "labels", "from": "best"}/&, {"name": "stride4", "from": "decode_head"}/' \
      "$work/labels.json"
    [ -e "$work/w.safetensors" ] || "$atmc" weights "$work/$answer.json" --synthetic=0 -o "$work/w.safetensors"
    outputs="--output logits=$work/logits.npy"
    [ $answer != labels ] || outputs="--output labels=$work/labels.npy --output stride4=$work/stride4.npy"
    # shellcheck disable=SC2086
    "$atmc" run "$work/$answer.json" --weights "$work/w.safetensors" $engine --input image="$work/image.npy" \
      $outputs >"$work/log"
  done
  echo "$isa $case"
  [ "$answers" = labels ] || "$tools/compare_golden" "$golden/$case.safetensors" image="$work/logits.npy"
  "$tools/compare_golden" "$golden/$case.safetensors" stride4="$work/stride4.npy" class="$work/labels.npy"
done
