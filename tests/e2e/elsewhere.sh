#!/bin/sh
# elsewhere.sh ATMC TOOLS: RISC-V and POWER under qemu: a golden file of ATMNet-xT, a model of all operators with the
# same bits on both and the numbers of NEON (which looks up GELU), the self-test of the glyphs; a CPU without vectors is
# refused. What one machine lacks is left out.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
examples=$here/../../examples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

xt=$examples/models/atmnet_xt.json ops=$here/aarch64/all_ops.json
glyphs=$examples/models/glyphs.json weights=$examples/glyphs/glyphs.safetensors
"$atmc" weights "$xt" --synthetic=0 -o xt.safetensors
"$atmc" weights "$ops" --synthetic=0 -o ops.safetensors
"$tools/make_image" 32 48 0 1 ops.npy
"$tools/make_image" 32 32 0 1 xt.npy
outputs=$(sed -n '/"outputs"/,$p' "$ops" | grep -o '"name": "[^"]*"' | cut -d'"' -f4)

# compile TARGET MODEL WEIGHTS SHAPE NAME OPTION...
compile() {
  target=$1 model=$2 of=$3 shape=$4 name=$5
  shift 5
  "$atmc" compile "$model" --weights "$of" --shape "$shape" --target="$target" -o "$name" "$@" 2>log ||
    { cat log; exit 1; }
}
# run_ops RUNNER FOLDER: what the program `ops` gives.
run_ops() {
  mkdir "$2"
  arguments=""
  for output in $outputs; do arguments="$arguments --output $output=$2/$output.npy"; done
  # shellcheck disable=SC2086
  $1 ./ops --input image=ops.npy $arguments --threads=2 >log
}

neon="qemu-aarch64 -L /usr/aarch64-linux-gnu"
with_neon=false
if command -v qemu-aarch64 aarch64-linux-gnu-gcc >log; then
  compile aarch64-linux-gnu "$ops" ops.safetensors 1x3x32x48 ops --emit=exe --isa=neon
  run_ops "$neon" neon
  with_neon=true
fi

ran=""
# try TARGET ISA RUNNER...
try() {
  target=$1 isa=$2
  shift 2
  command -v "$1" "$target-gcc" >log || { echo "$isa: no $1 or no $target-gcc"; return 0; }
  ran="${ran:+$ran }$isa"
  compile "$target" "$xt" xt.safetensors 1x3x32x32 xt --emit=exe
  "$@" ./xt --input image=xt.npy --output logits=logits.npy --threads=2 >log
  printf '%s atmnet_xt-32x32: ' "$isa"
  "$tools/compare_golden" "$here/golden/atmnet_xt-32x32.safetensors" logits.npy
  compile "$target" "$glyphs" "$weights" 1x3x48x48 tested --emit=obj,header --selftest --weights-mode=external
  "$target-gcc" -std=c11 -O1 -Wall -Wextra -Werror -I. "$here/selftest.c" tested.o "$here/../../runtime/error.c" -o tested
  "$@" ./tested tested.weights
  compile "$target" "$ops" ops.safetensors 1x3x32x48 ops --emit=exe
  run_ops "$*" "$isa"
  for output in $outputs; do cmp "${ran%% *}/$output.npy" "$isa/$output.npy"; done
  echo "$isa: all operators, the bits of ${ran%% *}"
  $with_neon || return 0
  for output in logits values segments tokens; do
    "$tools/compare_npy" "neon/$output.npy" "$isa/$output.npy"
  done
  for output in indices labels; do cmp "neon/$output.npy" "$isa/$output.npy"; done
  echo "$isa: the numbers of NEON"
}
try powerpc64le-linux-gnu vsx qemu-ppc64le -L /usr/powerpc64le-linux-gnu
try riscv64-linux-gnu rvv qemu-riscv64 -cpu "rv64,v=true,vlen=128,vext_spec=v1.0" -L /usr/riscv64-linux-gnu
case $ran in *rvv*)
  wide="rv64,v=true,vlen=512,vext_spec=v1.0"
  qemu-riscv64 -cpu "$wide" -L /usr/riscv64-linux-gnu ./tested tested.weights
  if qemu-riscv64 -cpu rv64,v=false -L /usr/riscv64-linux-gnu ./ops --input image=ops.npy 2>messages; then exit 1; fi
  grep -q "this CPU lacks the instructions" messages || { cat messages; exit 1; }
  ;;
esac
[ -n "$ran" ] || { echo "none of them can be run here: skipped"; exit 77; }
