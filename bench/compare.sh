#!/bin/sh
# compare.sh ATMC MODEL HxW [THREADS [ROUNDS [ISA]]]: the time of one image beside ONNX Runtime and beside
# the machine's peak, taken in turns in one run; medians. MODEL is a name that common.sh knows. As:
#   sh bench/compare.sh build/atmc atmnet_xt 224x224 1
# With ISA (v3 or v4) code and peak are those of these instructions, and ONNX Runtime, which takes the
# best that there are, is left out.
#
# ONNX Runtime is left out with a message where it is not installed. To have it:
#   apt-get install --no-install-recommends python3-torch python3-onnx python3-numpy clang-19
#   npm install --ignore-scripts --prefix "$HOME/.cache/atmc-ort" onnxruntime-node@1.30.0
set -eu
atmc=$1 model=$2 size=$3 threads=${4:-1} rounds=${5:-5} isa=${6:-}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/common.sh
. "$here/common.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
height=${size%x*} width=${size#*x}

# The rate of the widest instructions, or of those of ISA.
run_peak() {
  case $isa in v3) wanted='^avx2 f32' ;; *) wanted='f32' ;; esac
  "$work/peak" | grep "$wanted" | tail -1 | awk -v t="$threads" '{print t == 1 ? $5 : $8}' >>"$work/peaks"
}

compiler=$(command -v clang-19 || command -v clang || command -v cc)
"$compiler" -O2 -w -march=native "$here/peers/peak.c" -o "$work/peak" -lpthread
make_model "$atmc" "$model" "$work"
peer=
if [ -z "$isa" ] && make_peer "$model" "$height" "$width"; then peer=yes; fi
for _ in $(seq "$rounds"); do
  once ours "$size" --threads="$threads" ${isa:+--isa=$isa}
  number macs "$work/run.json" >"$work/macs"
  [ -z "$peer" ] || run_peer "$work/model.onnx" "$height" "$width" "$threads"
  run_peak
done
ours=$(median "$work/ours") peak=$(median "$work/peaks")
printf '%s %s%s, %s thread(s), median of %s rounds: atmc %.2f ms' "$model" "$size" "${isa:+ for $isa}" \
  "$threads" "$rounds" "$ours"
[ -z "$peer" ] || awk -v o="$ours" -v p="$(median "$work/peer")" 'BEGIN {printf ", ONNX Runtime %.2f ms, ratio %.2f", p, p / o}'
awk -v o="$ours" -v m="$(cat "$work/macs")" -v p="$peak" 'BEGIN {printf ", %.0f %% of the FMA peak (%.0f GFLOP/s)\n", 2e-4 * m / o / p, p}'
