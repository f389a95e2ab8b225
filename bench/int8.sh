#!/bin/sh
# int8.sh ATMC MODEL HxW [THREADS [ROUNDS [ISA]]]: the time of one image in f32, with --quantize=int8, and with
# ONNX Runtime's own int8, taken in turns in one run; medians. MODEL may end in _pyramid. As:
#   sh bench/int8.sh build/atmc atmnet_xt 224x224 1
# f32 and int8 are each on the best that the machine has. With ISA (v4-vnni, v4, v3-vnni, v3, v2) both are on
# it, and ONNX Runtime is left out; the head of compare.sh says how to have that.
#
# The share of the peaks is the least time for the multiply-adds, those of whole numbers at the rate of the
# dot products, over the time that was taken; the bound is how many times the rate of floats theirs is.
set -eu
atmc=$1 model=$2 size=$3 threads=${4:-1} rounds=${5:-5} isa=${6:-}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/common.sh
. "$here/common.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
height=${size%x*} width=${size#*x}

make_model "$atmc" "$model" "$work"
peer=
if [ -z "$isa" ] && make_peer "$model" "$height" "$width" &&
  /usr/bin/python3 "$here/peers/quantize_onnx.py" "$work/model.onnx" "$work/int8.onnx" >"$work/export.log"; then
  peer=yes
fi
for _ in $(seq "$rounds"); do
  once f32 "$size" --threads="$threads" ${isa:+--isa=$isa}
  once int8 "$size" --threads="$threads" ${isa:+--isa=$isa} --quantize=int8
  number peak_share "$work/run.json" >>"$work/share"
  [ -z "$peer" ] || run_peer "$work/int8.onnx" "$height" "$width" "$threads"
done
bound=$(echo "$(number int8_peak_gops "$work/run.json") $(number peak_gflops "$work/run.json")" |
  awk '{printf "%.1f", $1 / $2}')
printf '%s %s%s, %s thread(s), median of %s rounds: ' "$model" "$size" "${isa:+ for $isa}" "$threads" "$rounds"
echo "$(median "$work/f32") $(median "$work/int8") $(median "$work/share") $bound" |
  awk '{printf "f32 %.2f ms, int8 %.2f ms, ratio %.2f, %.0f %% of the peaks, bound %s", $1, $2, $1 / $2, 100 * $3, $4}'
[ -z "$peer" ] || awk -v o="$(median "$work/int8")" -v p="$(median "$work/peer")" \
  'BEGIN {printf ", ONNX Runtime %.2f ms, which is %.2f times as long", p, p / o}'
echo
