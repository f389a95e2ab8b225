#!/bin/sh
# compare.sh ATMC MODEL HxW [THREADS [ROUNDS]]: the time of one image beside ONNX Runtime and beside the
# machine's peak, taken in turns in one run; medians. MODEL may end in _pyramid. As:
#   sh bench/compare.sh build/atmc atmnet_xt 224x224 1
#
# ONNX Runtime is left out with a message where it is not installed. To have it:
#   apt-get install --no-install-recommends python3-torch python3-onnx python3-numpy clang-19
#   npm install --ignore-scripts --prefix "$HOME/.cache/atmc-ort" onnxruntime-node@1.30.0
set -eu
atmc=$1 model=$2 size=$3 threads=${4:-1} rounds=${5:-5}
here=$(cd "$(dirname "$0")" && pwd)
modules=${NODE_PATH:-$HOME/.cache/atmc-ort/node_modules}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
height=${size%x*} width=${size#*x}
pyramid=""
case $model in *_pyramid) pyramid=--pyramid ;; esac

compiler=$(command -v clang-19 || command -v clang || command -v cc)
"$compiler" -O2 -march=native "$here/peers/peak.c" -o "$work/peak" -lpthread
"$atmc" init "${model%_pyramid}" $pyramid -o "$work/model.json"
"$atmc" weights "$work/model.json" --synthetic=0 -o "$work/model.safetensors"
peer=yes
[ -d "$modules/onnxruntime-node" ] &&
  /usr/bin/python3 "$here/peers/export_onnx.py" "${model%_pyramid}" "$height" "$width" 1 "$work/model.onnx" $pyramid >/dev/null ||
  { peer=; echo "ONNX Runtime is not installed (see the head of this file): left out"; }

median() { sort -g "$1" | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
for _ in $(seq "$rounds"); do
  "$atmc" bench "$work/model.json" --weights "$work/model.safetensors" --shape "1x3x$size" \
    --threads="$threads" --json >"$work/run.json"
  sed -n 's/.*"median_ms":[[:space:]]*\([0-9.e+-]*\).*/\1/p' "$work/run.json" >>"$work/ours"
  sed -n 's/.*"macs":[[:space:]]*\([0-9.e+-]*\).*/\1/p' "$work/run.json" >"$work/macs"
  [ -z "$peer" ] || NODE_PATH=$modules node "$here/peers/bench_ort.js" "$work/model.onnx" 1 "$height" \
    "$width" "$threads" 15 | sed 's/.*median_ms \([0-9.]*\).*/\1/' >>"$work/peer"
  "$work/peak" | grep f32 | tail -1 | awk -v t="$threads" '{print t == 1 ? $5 : $8}' >>"$work/peaks"
done
ours=$(median "$work/ours") peak=$(median "$work/peaks")
printf '%s %s, %s thread(s), median of %s rounds: atmc %.2f ms' "$model" "$size" "$threads" "$rounds" "$ours"
[ -z "$peer" ] || awk -v o="$ours" -v p="$(median "$work/peer")" 'BEGIN {printf ", ONNX Runtime %.2f ms, ratio %.2f", p, p / o}'
awk -v o="$ours" -v m="$(cat "$work/macs")" -v p="$peak" 'BEGIN {printf ", %.0f %% of the FMA peak (%.0f GFLOP/s)\n", 2e-4 * m / o / p, p}'
