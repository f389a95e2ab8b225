#!/bin/sh
# model.sh [--totals] ATMC MODEL HxW [ISA [CPU...]]: what a model takes on CPUs that are not at hand, by
# llvm-mca and exact counts: for each kernel its cycles and the share of the least that its multiply-adds
# take. As:
#   sh bench/model.sh build/atmc atmnet_xt 224x224 neon neoverse-n1 cortex-a55
# MODEL is a name that common.sh knows, or glyphs. With ISA `cpu` code is made for each CPU by --cpu; it is
# run once here (code for Arm by qemu-aarch64) with a counter in each block of instructions. llvm-mca says
# what a turn of each block takes: the difference between 8 turns and 4, so that what goes on from turn
# to turn is in it, and what begins and ends is not. Caches, mispredicted jumps and the waiting of one
# block for another are not in it: shares are bounds from above, which no noise moves.
#
# `vector ops` are executed vector instructions but loads and stores, in parts of the multiply-adds of
# whole vectors that the kernel would take; its multiply-adds are those of `atmc report`. --totals
# prints a line for each CPU: MODEL, HxW, ISA, CPU, cycles, share in %, vector ops.
set -eu
totals=
[ "$1" != --totals ] || { totals=1 && shift; }
atmc=$1 model=$2 size=$3 isa=${4:-neon}
[ $# -lt 4 ] || shift
shift 3
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/common.sh
. "$here/common.sh"
mca=${LLVM_MCA:-llvm-mca-19}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $isa in
  neon*) [ $# -gt 0 ] || set -- neoverse-n1 neoverse-v1 neoverse-v2 cortex-a55 cortex-a76 ;;
  v2) [ $# -gt 0 ] || set -- nehalem haswell znver3 znver4 alderlake ;;
  v3) [ $# -gt 0 ] || set -- haswell skylake znver3 alderlake ;;
  cpu) [ $# -gt 0 ] || { echo "model.sh: which CPUs?" >&2 && exit 2; } ;;
  *) echo "model.sh: no instruction set $isa; there are: neon v2 v3 cpu" >&2 && exit 2 ;;
esac
for tool in "$mca" qemu-aarch64 aarch64-linux-gnu-gcc; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed: skipped" >&2 && exit 77; }
done

# compile CPU: work/model.s and its header and weights.
compile() {
  case $isa in cpu) set -- --cpu="$1" ;; *) set -- --isa="$isa" ;; esac
  "$atmc" compile "$work/model.json" --weights "$work/model.safetensors" --shape "1x3x$size" "$@" \
    --emit=asm,header --weights-mode=external -o "$work/model" 2>"$work/log" || {
    cat "$work/log" >&2 && exit 1
  }
  machine=aarch64
  ! grep -q '^	retq$' "$work/model.s" || machine=x86_64
}

# count: runs work/model.s, as work/counts; once for each code.
count() {
  ! cmp -s "$work/model.s" "$work/counted.model" || return 0
  awk -v mode=count -v machine=$machine -f "$here/model/blocks.awk" "$work/model.s" >"$work/counted.s"
  case $machine in
    aarch64) compiler=aarch64-linux-gnu-gcc run=qemu-aarch64 ;;
    *) compiler=${CC:-cc} run= ;;
  esac
  $compiler -O1 -static -I"$work" "$here/model/host.c" "$work/counted.s" -o "$work/counted"
  $run "$work/counted" "$work/model.weights" >"$work/counts"
  cp "$work/model.s" "$work/counted.model"
  awk -v mode=regions -v counts="$work/counts" -v machine=$machine -f "$here/model/blocks.awk" \
    "$work/model.s" >"$work/regions.s"
}

# multiply_adds: a loop of nothing else, as wide as the code.
multiply_adds() {
  awk -v machine=$machine -v lanes=$lanes 'BEGIN {
    print "# LLVM-MCA-BEGIN bound"
    for (i = 0; machine == "aarch64" && i < 24; i++) printf "\tfmla\tv%d.4s, v30.4s, v31.4s\n", i
    register = lanes == 16 ? "zmm" : "ymm"
    for (i = 0; machine != "aarch64" && lanes > 4 && i < 12; i++)
      printf "\tvfmadd231ps\t%%%s14, %%%s15, %%%s%d\n", register, register, register, i
    for (i = 0; machine != "aarch64" && lanes == 4 && i < 8; i++)
      printf "\tmulps\t%%xmm%d, %%xmm%d\n\taddps\t%%xmm%d, %%xmm%d\n", i, i, i + 8, i + 8
    print "# LLVM-MCA-END"
  }'
}

# turns CPU FILE: the name of each region and the cycles of a turn.
turns() {
  for turns in 4 8; do
    "$mca" -mtriple=$machine -mcpu="$1" -iterations=$turns -resource-pressure=false \
      -instruction-info=false "$2" 2>"$work/log" >"$work/mca.$turns" || {
      cat "$work/log" >&2 && exit 1
    }
  done
  awk '/^\[[0-9]+\] Code Region/ { name = $NF }
    /^Total Cycles/ && FILENAME == ARGV[1] { first[name, FNR] = $3 }
    /^Total Cycles/ && FILENAME == ARGV[2] { print name, ($3 - first[name, FNR]) / 4 }' \
    "$work/mca.4" "$work/mca.8"
}

case $model in
  glyphs)
    cp "$here/../examples/models/glyphs.json" "$work/model.json"
    cp "$here/../examples/glyphs/glyphs.safetensors" "$work/model.safetensors"
    ;;
  *) make_model "$atmc" "$model" "$work" ;;
esac
# find_macs: the multiply-adds of each step, as work/macs.
find_macs() {
  case $machine in aarch64) any=neon ;; *) any=v2 ;; esac
  "$atmc" report "$work/model.json" --weights "$work/model.safetensors" --shape "1x3x$size" \
    --isa=$any --json -o "$work/report.json" 2>"$work/log"
  grep -o '"kernel":"[^"]*","label":"[^"]*","ms":[^,]*,"macs":[0-9]*' "$work/report.json" |
    sed 's/"kernel":"\([^"]*\)".*:/macs \1 /' >"$work/macs"
}

for cpu; do
  compile "$cpu"
  count
  [ -s "$work/macs" ] || find_macs
  lanes=4
  [ $machine = aarch64 ] || ! grep -q '%ymm' "$work/model.s" || lanes=8
  [ $machine = aarch64 ] || ! grep -q '%zmm' "$work/model.s" || lanes=16
  multiply_adds >"$work/bound.s"
  turns "$cpu" "$work/bound.s" | awk -v cpu="$cpu" -v lanes=$lanes -v machine=$machine '{
    print "bound", cpu, $2 / lanes / (machine == "aarch64" ? 24 : lanes == 4 ? 8 : 12) }' >>"$work/bounds"
  turns "$cpu" "$work/regions.s" | sed "s/^/block $cpu /" >>"$work/blocks"
done
cat "$work/macs" "$work/bounds" "$work/blocks" |
  awk -v model="$model $size $isa" -v lanes=$lanes -v totals=$totals -f "$here/model/table.awk"
case " $* " in
  *" cortex-a76 "*)
    [ -n "$totals" ] ||
      echo "LLVM has no table of the Cortex-A76 and takes the A57's; its core is that of neoverse-n1."
    ;;
esac
