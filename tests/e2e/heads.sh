#!/bin/sh
# heads.sh ATMC TOOLS ISA [--answers=ANSWER,...] CASE...: segmentation with native code (ISA v4, v3, v2) or the interpreter (ISA interp)
# against recorded double-precision outputs: logits at a quarter of the size and in full, and labels wherever the
# recorded best class leads clearly; or of some of these answers alone. A case is HEAD_SIZE-HxW, as the files of golden/ are called. Exit code 77: skipped.
set -eu
atmc=$1 tools=$2 isa=$3
shift 3
answers="logits logits4 labels"
case $1 in
  --answers=*) answers=$(echo "${1#*=}" | tr , ' ') && shift ;;
esac
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
  got=
  for answer in $answers; do
    "$atmc" init "$name" --head="$head" --answer="$answer" -o "$work/$answer.json"
    [ -e "$work/w.safetensors" ] || "$atmc" weights "$work/$answer.json" --synthetic=0 -o "$work/w.safetensors"
    # shellcheck disable=SC2086
    "$atmc" run "$work/$answer.json" --weights "$work/w.safetensors" $engine \
      --input image="$work/image.npy" --output "$answer=$work/$answer.npy" >"$work/log"
    case $answer in
      logits) got="$got image=$work/logits.npy" ;;
      logits4) got="$got stride4=$work/logits4.npy" ;;
      labels) got="$got class=$work/labels.npy" ;;
    esac
  done
  echo "$isa $case"
  # shellcheck disable=SC2086
  "$tools/compare_golden" "$golden/$case.safetensors" $got
done
