#!/bin/sh
# run.sh ATMC TOOLS SECONDS FIRST COUNT [SUBJECT...]: makes the undamaged files and runs the fuzzer
# (tests/fuzz/fuzz.c). TOOLS holds its program and that of the end-to-end tests.
# WORK in the environment: a folder to keep; else one that is removed.
set -eu
atmc=$1 tools=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
if [ -z "${WORK-}" ]; then
  WORK=$(mktemp -d)
  trap 'rm -rf "$WORK"' EXIT
  trap 'exit 1' INT TERM
fi
mkdir -p "$WORK/fixtures"
cd "$WORK/fixtures"
cp "$here/model.json" .
cp "$root/tests/passes/form_kernels_atm.ir" atm.ir
sed '/"logits"\|"classes"/d' model.json >map.json
# Sizes that the model fixes are checked as its layers are read.
fix_size() { # FROM TO HEIGHT WIDTH
  fixed='"channels": 3, "height": '"$3"', "width": '$4
  sed '/"name": "image"/s/"channels": 3/'"$fixed/" "$1" >"$2"
  grep -qF "$fixed" "$2" || { echo "$1 has no image whose size can be fixed"; exit 1; }
}
fix_size model.json fixed.json 16 16
fix_size "$root/tests/e2e/aarch64/all_ops.json" ops.json 32 48
cp "$root/tests/e2e/checkpoints/tiny.json" "$root/tests/e2e/checkpoints/tiny.pth" \
  "$root/tests/e2e/checkpoints/tiny_legacy.pth" .
"$atmc" weights model.json --synthetic=1 -o model.safetensors
"$tools/e2e/make_image" 16 16 1 1 image.npy
# Without the types of what is computed, more damage stays valid.
untyped() {
  sed -E '/ = input /!s/ : f32\[[0-9?,]*\](, f32\[[0-9?,]*\])*//'
}
compile() {
  "$atmc" compile model.json --weights model.safetensors --shape 1x3x16x16 "$@"
}
compile -o x --stop-after=fold-affine | untyped >model.ir
compile -o x --stop-after=fuse-offset-gathers | untyped >stages.ir
compile -o x --stop-after=form-kernels | untyped >kernels.ir
compile -o "$WORK/program" --emit=exe >/dev/null 2>&1
"$tools/fuzz/fuzz" "$atmc" "$WORK/program" "$WORK/fixtures" "$WORK" "$@"
