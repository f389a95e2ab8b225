#!/bin/sh
# compare.sh ATMC MODEL HxW [THREADS [ROUNDS [ISA]]]: the time of one image beside ONNX Runtime and beside
# the machine's peak, taken in turns in one run; medians. MODEL may end in _pyramid. As:
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
modules=${NODE_PATH:-$HOME/.cache/atmc-ort/node_modules}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
height=${size%x*} width=${size#*x}

make_peer() {
  [ -d "$modules/onnxruntime-node" ] || {
    echo "ONNX Runtime is not installed (see the head of compare.sh): left out" >&2
    return 1
  }
  case $model in *_pyramid) set -- --pyramid ;; *) set -- ;; esac
  /usr/bin/python3 "$here/peers/export_onnx.py" "${model%_pyramid}" "$height" "$width" 1 \
    "$work/model.onnx" "$@" >"$work/export.log" 2>&1 || {
    echo "$model cannot be written as ONNX: $(tail -1 "$work/export.log")" >&2
    return 1
  }
}
run_ours() {
  "$atmc" bench "$work/model.json" --weights "$work/model.safetensors" --shape "1x3x$size" \
    --threads="$threads" ${isa:+--isa=$isa} --json >"$work/run.json"
  number median_ms "$work/run.json" >>"$work/ours"
  number macs "$work/run.json" >"$work/macs"
}
run_peer() {
  NODE_PATH=$modules node "$here/peers/bench_ort.js" "$work/model.onnx" 1 "$height" "$width" "$threads" 15 |
    sed -n 's/.*median_ms \([0-9.]*\).*/\1/p' >"$work/run.peer"
  [ -s "$work/run.peer" ] || {
    echo "ONNX Runtime gave no time" >&2
    exit 1
  }
  cat "$work/run.peer" >>"$work/peer"
}
# The rate of the widest instructions, or of those of ISA.
run_peak() {
  case $isa in v3) wanted='^avx2 f32' ;; *) wanted='f32' ;; esac
  "$work/peak" | grep "$wanted" | tail -1 | awk -v t="$threads" '{print t == 1 ? $5 : $8}' >>"$work/peaks"
}

compiler=$(command -v clang-19 || command -v clang || command -v cc)
"$compiler" -O2 -march=native "$here/peers/peak.c" -o "$work/peak" -lpthread
make_model "$atmc" "$model" "$work"
peer=
if [ -z "$isa" ] && make_peer; then peer=yes; fi
for _ in $(seq "$rounds"); do
  run_ours
  [ -z "$peer" ] || run_peer
  run_peak
done
ours=$(median "$work/ours") peak=$(median "$work/peaks")
printf '%s %s%s, %s thread(s), median of %s rounds: atmc %.2f ms' "$model" "$size" "${isa:+ for $isa}" \
  "$threads" "$rounds" "$ours"
[ -z "$peer" ] || awk -v o="$ours" -v p="$(median "$work/peer")" 'BEGIN {printf ", ONNX Runtime %.2f ms, ratio %.2f", p, p / o}'
awk -v o="$ours" -v m="$(cat "$work/macs")" -v p="$peak" 'BEGIN {printf ", %.0f %% of the FMA peak (%.0f GFLOP/s)\n", 2e-4 * m / o / p, p}'
