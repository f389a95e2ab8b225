#!/bin/sh
# checkpoints.sh ATMC TOOLS: what PyTorch saved comes out bit for bit, in both formats, and gives
# PyTorch's logits; a checkpoint that would run a command runs nothing.
#
# tiny.pth is what training saves (model, model_ema, optimizer, arguments), tiny_legacy.pth the same
# before PyTorch 1.6, tiny_bare.pth a state alone, wrapped in "module.", with a transposed view and a
# shared storage. tiny.logits.safetensors has the double-precision logits of image 64x64, seed 0.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")/checkpoints" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# imports STATE EXPECTED CHECKPOINT...
imports() {
  state=$1 expected=$2
  shift 2
  for checkpoint in "$@"; do
    "$atmc" import "$here/$checkpoint.pth" $state -o out.safetensors
    cmp out.safetensors "$here/$expected.safetensors"
    echo "$checkpoint.pth $state: equal to $expected.safetensors"
  done
}
imports "" tiny tiny tiny_legacy tiny_bare
imports --state=model tiny tiny tiny_legacy
imports --state=model_ema tiny_ema tiny tiny_legacy

accepted=$here/../accepted
"$atmc" import "$accepted/base.safetensors" -o base.safetensors
"$atmc" import "$accepted/prefix_chosen.pth" --state-prefix=student. -o out.safetensors
cmp out.safetensors base.safetensors

"$tools/make_image" 64 64 0 1 image.npy
for weights in tiny.pth tiny_legacy.pth tiny_bare.pth; do
  "$atmc" run "$here/tiny.json" --weights "$here/$weights" --input image.npy --output out.npy
  "$tools/compare_golden" "$here/tiny.logits.safetensors:model" out.npy
done
for weights in tiny.pth tiny_legacy.pth; do
  "$atmc" run "$here/tiny.json" --weights "$here/$weights" --state=model_ema --input image.npy \
    --output out.npy
  "$tools/compare_golden" "$here/tiny.logits.safetensors:model_ema" out.npy
done
# Those of the other families hold the synthetic weights.
"$tools/make_image" 32 32 0 1 small.npy
for family in cyclemlp "mixer --state=state_dict_ema" resmlp gmixer gmlp asmlp vip vmamba vmamba_v0; do
  name=${family%% *}
  "$atmc" weights "$here/$name.json" --synthetic=0 -o expected.safetensors
  "$atmc" run "$here/$name.json" --weights expected.safetensors --input small.npy -o expected.npy
  # shellcheck disable=SC2086
  "$atmc" run "$here/$name.json" --weights "$here/$name.pth" ${family#"$name"} --input small.npy -o out.npy
  cmp out.npy expected.npy
  echo "$name.pth: the answer of the synthetic weights"
done
# refused TEXT ARGUMENT...: atmc says TEXT, and leaves nothing.
refused() {
  text=$1
  shift
  mkdir empty && cd empty
  code=0
  "$atmc" "$@" >../stdout 2>../stderr || code=$?
  [ -z "$(ls -A)" ] || { echo "atmc $*: left $(ls -A)"; exit 1; }
  cd .. && rmdir empty
  grep -qF -e "$text" stderr || { echo "atmc $*: other messages:"; cat stderr; exit 1; }
  [ $code = 1 ] && [ ! -s stdout ] || { echo "atmc $*: exit code $code"; exit 1; }
  echo "atmc $1: refused: $text"
}
hostile='state "model" is an object of "posix.system", not a dict of tensors'
refused "$hostile" import "$here/hostile.pth" -o out.safetensors
refused "$hostile" compile "$here/tiny.json" --weights "$here/hostile.pth" --shape 1x3x64x64 -o out
refused 'state "optimizer" holds no tensors; those that do: "model", "model_ema"' \
  import "$here/tiny.pth" --state=optimizer -o out.safetensors
refused 'no state "models"; there are: "model", "model_ema"' \
  import "$here/tiny.pth" --state=models -o out.safetensors
refused '--state-prefix: no tensor begins with "encoder."; there are "student.", "teacher."' \
  import "$accepted/prefix_chosen.pth" --state-prefix=encoder. -o out.safetensors
refused '--state chooses within a PyTorch checkpoint, which this is not' \
  import "$here/tiny.safetensors" --state=model -o out.safetensors
