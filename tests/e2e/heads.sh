#!/bin/sh
# heads.sh ATMC TOOLS ISA [--short] CASE...: segmentation with native code (ISA v4, v3, v2) or the interpreter (ISA
# interp) against recorded double-precision outputs: logits of all pixels (--short: not these), logits at a quarter of the
# size, and labels wherever the recorded best class leads clearly. One model answers with all of them, by logits that are
# stored; with --short, and in cases that begin with a +, labels are made of logits while these are resized, and the
# logits of +CASE are another model's. A case is HEAD_SIZE-HxW, as the files of golden/ are called. Exit code 77: skipped.
set -eu
atmc=$1 tools=$2 isa=$3
shift 3
models=both
[ "$1" != --short ] || { models=labels && shift; }
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
# run MODEL: image.npy to what it answers, as NAME.npy.
run() {
  answer=labels added=', {"name": "stride4", "from": "decode_head"}' outputs="labels stride4" arguments=""
  case $1 in
    logits) answer=logits added="" outputs=logits ;;
    both) added="$added, {\"name\": \"logits\", \"from\": \"full_size\"}" outputs="$outputs logits" ;;
  esac
  for output in $outputs; do arguments="$arguments --output $output=$work/$output.npy"; done
  "$atmc" init "$name" --head="$head" --answer=$answer -o "$work/model.json"
  sed -i "s/{\"name\": \"labels\", \"from\": \"best\"}/&$added/" "$work/model.json"
  [ -e "$work/w.safetensors" ] || "$atmc" weights "$work/model.json" --synthetic=0 -o "$work/w.safetensors"
  # shellcheck disable=SC2086
  "$atmc" run "$work/model.json" --weights "$work/w.safetensors" $engine --input image="$work/image.npy" $arguments \
    >"$work/log"
}
for case in "$@"; do
  wanted=$models
  case $case in +*) wanted="logits labels" case=${case#+} ;; esac
  model=${case%-*} size=${case##*-}
  head=${model%_*} name=atmnet_${model##*_}
  "$tools/make_image" "${size%x*}" "${size#*x}" 0 1 "$work/image.npy"
  rm -f "$work/w.safetensors"
  for each in $wanted; do run "$each"; done
  echo "$isa $case"
  [ "$wanted" = labels ] || "$tools/compare_golden" "$golden/$case.safetensors" image="$work/logits.npy"
  "$tools/compare_golden" "$golden/$case.safetensors" stride4="$work/stride4.npy" class="$work/labels.npy"
done
