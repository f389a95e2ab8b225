#!/bin/sh
# golden.sh ATMC TOOLS ISA CASE...: native code (ISA v4, v3, v2) or the interpreter (ISA interp)
# against recorded double-precision outputs. ISA int8-N: code in 8 bits for this machine, N dB at least.
# A case is MODEL-HxW[-bN][-pyramid], as the files of golden/ are called. Exit code 77: skipped.
set -eu
atmc=$1 tools=$2 isa=$3
shift 3
here=$(cd "$(dirname "$0")" && pwd)
models=$here/../../examples/models
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

engine="--isa=$isa --threads=2"
wanted=""
case $isa in
  interp) engine=--engine=interp ;;
  int8-*) engine="--quantize=int8 --threads=2" wanted=--decibels=${isa#int8-} ;;
esac
if [ "$isa" = interp ] || [ "$wanted" ]; then
  :
elif ! "$tools/cpu_supports" "$isa"; then
  echo "this CPU does not run $isa code: skipped"
  exit 77
fi
for case in "$@"; do
  model=${case%%-*}
  # 16 states for each channel: PyTorch in f32 is at 2.3e-6 there.
  bound=""
  case $model in vmamba_v0_*) bound=--bound=1e-5 ;; esac
  rest=${case#*-}
  size=${rest%%-*}
  batch=1 kind="" outputs="--output logits=$work/out0.npy" files=$work/out0.npy
  case $rest in *-b*) batch=${rest##*-b} ;; esac
  case $rest in
    *-pyramid)
      kind=_pyramid outputs="" files=""
      for level in 0 1 2 3; do
        outputs="$outputs --output level$level=$work/out$level.npy"
        files="$files $work/out$level.npy"
      done
      ;;
  esac
  json=$models/$model$kind.json
  [ -f "$work/$model$kind.safetensors" ] || {
    rm -f "$work"/*.safetensors
    "$atmc" weights "$json" --synthetic=0 -o "$work/$model$kind.safetensors"
  }
  "$tools/make_image" "${size%x*}" "${size#*x}" 0 "$batch" "$work/image.npy"
  # shellcheck disable=SC2086
  "$atmc" run "$json" --weights "$work/$model$kind.safetensors" $engine \
    --input image="$work/image.npy" $outputs
  printf '%s %s: ' "$isa" "$case"
  # shellcheck disable=SC2086
  "$tools/compare_golden" $wanted $bound "$here/golden/$case.safetensors" $files
done
