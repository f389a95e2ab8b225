#!/bin/sh
# runner.sh ATMC TOOLS: --runner: verify, run and bench with the code in a process that an emulator runs, for ARM,
# RISC-V and POWER; results are those of an emitted program there, and errors say what is wrong. Without an emulator:
# runner_here.sh.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/refuse.sh
. "$here/refuse.sh"
model=$here/pixels/model.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$atmc" weights "$model" --synthetic=1 -o w.st
"$tools/make_pixels" nhwc rgb 37 50 2 bytes.npy floats.npy

ran=""
# try TARGET RUNNER...
try() {
  target=$1
  shift
  command -v "$1" "$target-gcc" >log || { echo "$target: no $1 or no $target-gcc"; return 0; }
  ran="$ran $target"
  runner=$*
  set -- "$model" --weights w.st --target="$target"
  "$atmc" compile "$@" --shape 2x3x37x50 --emit=exe -o program 2>log || { cat log; exit 1; }
  $runner ./program --input bytes.npy --output stem=program.npy >log
  "$atmc" run "$@" --runner="$runner" --input bytes.npy --output stem=run.npy
  cmp run.npy program.npy
  "$atmc" verify "$@" --runner="$runner" --shape 1x3x21x18 --threads=2 >said 2>log || { cat said log; exit 1; }
  grep -q "all within" said
  echo "$target: run as a program, verify $(grep -c ' ok ' said) of $(grep -c ' ok \| BAD ' said)"
}
try aarch64-linux-gnu qemu-aarch64 -L /usr/aarch64-linux-gnu
case $ran in *aarch64*)
  arm="--target=aarch64-linux-gnu"
  cat >product.json <<'JSON'
{"atmc": 1, "name": "product", "inputs": [{"name": "image", "channels": 32, "layout": "nhwc"}],
 "layers": [{"op": "linear", "name": "a", "channels": 64}], "outputs": [{"name": "out", "from": "a"}]}
JSON
  "$atmc" weights product.json --synthetic=0 -o p.st
  bench="bench product.json --weights p.st --shape 1x32x4x4 $arm --iterations=3"
  "$atmc" $bench --runner="qemu-aarch64 -L /usr/aarch64-linux-gnu" --profile --trace=trace.json >said
  grep -q 'layers, in order' said && grep -q '"cat":"task"' trace.json
  refuse 2 'this machine does not run code for armv8-a (an emulator may: --runner)' $bench
  "$atmc" verify product.json --weights p.st --shape 1x32x4x4 --quantize=int8 # its only layer stays in floats
  sed 's/"channels": 64}/&, {"op": "linear", "name": "b", "channels": 64}/; s/"from": "a"/"from": "b"/' product.json >two.json
  "$atmc" weights two.json --synthetic=0 -o p.st
  eight="verify two.json --weights p.st --shape 1x32x4x4 $arm --quantize=int8"
  for isa in neon-dotprod neon-i8mm; do
    "$atmc" $eight --isa=$isa --runner="qemu-aarch64 -L /usr/aarch64-linux-gnu" >said || { cat said; exit 1; }
  done
  # A CPU that lacks the instructions.
  refuse 2 "the machine of --runner does not run code for" $eight --isa=neon-i8mm \
    --runner="qemu-aarch64 -cpu cortex-a72 -L /usr/aarch64-linux-gnu"
  ;;
esac
try riscv64-linux-gnu qemu-riscv64 -cpu "rv64,v=true,vlen=128,vext_spec=v1.0" -L /usr/riscv64-linux-gnu
try powerpc64le-linux-gnu qemu-ppc64le -L /usr/powerpc64le-linux-gnu
[ -n "$ran" ] || echo "no emulator here: ran on this machine alone"
