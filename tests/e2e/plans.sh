#!/bin/sh
# plans.sh ATMC TOOLS: code from a printed plan is the code that the passes make, byte for byte (as LLVM takes it, and of
# a small model as it comes out too); and code from an edited one computes the same.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
models=$here/../../examples/models
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# round MODEL SHAPE FORM [OPTION]: on every target; FORM is obj, or llvm-ir, which takes a fifth of the time.
round() {
  case $3 in
    obj) suffix=o weights=external ;;
    *) suffix=ll weights=embed ;; # of which IR has no more than the size
  esac
  "$atmc" weights "$models/$1.json" --synthetic=0 -o "$work/w.safetensors" >/dev/null
  for target in --isa=v4 --isa=v3 --isa=v2 --target=aarch64-linux-gnu; do
    for name in made read; do
      from=
      [ $name = made ] || from=--from-plan=$work/made.plan
      "$atmc" compile "$models/$1.json" --weights "$work/w.safetensors" --shape "$2" $target ${4-} $from \
        --weights-mode=$weights --prefix=m --emit="$3,plan" -o "$work/$name" >/dev/null 2>&1
    done
    cmp "$work/made.plan" "$work/read.plan" && cmp "$work/made.$suffix" "$work/read.$suffix" ||
      { echo "$1 $target: the plan does not read back"; exit 1; }
  done
}
round atmnet_xt 1x3x224x224 llvm-ir
round atmnet_xt_pyramid 4x3x256x256 llvm-ir
round cyclemlp_b1 1x3x192x256 llvm-ir
round mixer_s32 1x3x224x224 llvm-ir
round free_graph 2x3x64x40 llvm-ir
round glyphs 3x3x48x48 obj
round glyphs 2x3x48x48 llvm-ir --quantize=int8

# A plan of whole numbers is for the instruction set that it names: it is taken without --isa, and no other.
"$atmc" weights "$models/glyphs.json" --synthetic=0 -o "$work/w.safetensors"
eight="compile $models/glyphs.json --weights $work/w.safetensors --shape 1x3x48x48 --emit=obj,plan"
"$atmc" $eight --quantize=int8 --isa=v4-vnni -o "$work/eight" 2>/dev/null
grep -q quantized_linear "$work/eight.plan"
for set in v4-vnni v3-vnni v3; do
  "$atmc" $eight --quantize=int8 --isa=$set --prefix=m -o "$work/made" 2>/dev/null
  "$atmc" $eight --from-plan="$work/made.plan" --prefix=m -o "$work/read" 2>/dev/null
  cmp "$work/made.o" "$work/read.o" || { echo "$set: the plan without --isa is other code"; exit 1; }
done
"$atmc" $eight --quantize=int8 --isa=neon-i8mm --prefix=m -o "$work/made" 2>/dev/null
for target in "" --target=aarch64-linux-gnu; do
  "$atmc" $eight $target --from-plan="$work/made.plan" --prefix=m -o "$work/read" 2>/dev/null
  cmp "$work/made.o" "$work/read.o" || { echo "neon-i8mm: the plan without --isa is other code"; exit 1; }
done
! "$atmc" $eight --target=x86_64-linux-gnu --from-plan="$work/made.plan" -o "$work/other" 2>"$work/log"
grep -q "the plan is for armv8-a-i8mm, code is made for x86-64-" "$work/log" || { cat "$work/log"; exit 1; }
for isa in v4 v3-vnni; do
  ! "$atmc" $eight --isa=$isa --from-plan="$work/eight.plan" -o "$work/other" 2>"$work/log"
  grep -q "x86-64-v4-vnni.*x86-64-$isa" "$work/log" || { cat "$work/log"; exit 1; }
done

json=$models/atmnet_xt.json
"$atmc" weights "$json" --synthetic=0 -o "$work/w.safetensors"
"$tools/make_image" 96 160 0 1 "$work/image.npy"
"$atmc" compile "$json" --weights "$work/w.safetensors" --shape 1x3x96x160 --emit=plan -o "$work/xt" \
  2>/dev/null
# with_sums DEPTH: the plan with the sums of all products in memory, each in scratch of its own behind what there was;
# with blocks of DEPTH, if it is not 0.
with_sums() {
  awk -v depth="$1" '
    function number(word) { return match($0, word "[+]?[0-9]+") ? substr($0, RSTART + length(word)) + 0 : 0 }
    /^  rounds/ { arena = number("arena ") }
    /^kernel/ { kernel = $2 }
    /^step/ { kernel = $2 }
    NR == FNR && /^  images/ {
      scratch[kernel] = int((number("scratch ") + 63) / 64) * 64
      room = (int(number("rows ") / number("blocks ")) + 65) * 64 * 4
    }
    NR == FNR && /^  stage product/ {
      at[FNR] = scratch[kernel]
      scratch[kernel] += room
      if (scratch[kernel] > most) most = scratch[kernel]
    }
    NR == FNR { next }
    /^  rounds/ { sub(/arena [0-9]+/, "arena " arena + most); sub(/scratch [0-9]+/, "scratch " most) }
    /^  images/ { sub(/scratch [0-9]+/, "scratch " scratch[kernel]) }
    /^  stage product/ {
      sub(/, sums, scratch .*/, "")
      if (depth) sub(/, depth .*/, ", depth " depth ", unroll 4")
      $0 = $0 ", sums, scratch +" at[FNR]
    }
    /^step/ && !sub(/, scratch [+][0-9]+/, ", scratch +" arena) && scratch[kernel] {
      sub(/-> [(][^)]*[)]/, "&, scratch +" arena)
    }
    { print }' "$work/xt.plan" "$work/xt.plan"
}
# edited NAME COMMAND...: the output of the plan that COMMAND makes of xt.plan is NAME.npy
edited() {
  "$2" "$3" "$work/xt.plan" >"$work/$1.plan"
  ! cmp -s "$work/xt.plan" "$work/$1.plan" || { echo "$1: nothing was edited"; exit 1; }
  "$atmc" run "$json" --weights "$work/w.safetensors" --input image="$work/image.npy" \
    --from-plan="$work/$1.plan" --output logits="$work/$1.npy"
  "$tools/compare_golden" "$here/golden/atmnet_xt-96x160.safetensors" "$work/$1.npy"
}
"$atmc" run "$json" --weights "$work/w.safetensors" --input image="$work/image.npy" \
  --output logits="$work/made.npy"
# Tiles, unrolling, stored sums and prefetching change no bit.
edited tiles sed 's/stage product [0-9]*x/stage product 3x/'
edited unrolled sed 's/unroll [0-9]*/unroll 1/'
edited sums with_sums 0
edited near sed 's/ streams$//; s/ far$//'
for name in tiles unrolled sums near; do
  cmp "$work/made.npy" "$work/$name.npy" || { echo "$name: other numbers"; exit 1; }
done
# Depth blocks change the order of summation.
edited depth with_sums 16
! cmp -s "$work/made.npy" "$work/depth.npy" || { echo "depth: the blocks are as before"; exit 1; }
