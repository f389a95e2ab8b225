#!/bin/sh
# wasm.sh ATMC MODEL HxW [ROUNDS]: the time of one image in WebAssembly beside ONNX Runtime Web, one thread each, in Node,
# taken in turns in one run; medians. MODEL is a name that common.sh knows. As:
#   sh bench/wasm.sh build/atmc atmnet_xt 224x224
# Needs clang-19 and lld-19, what compare.sh needs to write ONNX, and ONNX Runtime Web in NODE_PATH:
#   npm install --ignore-scripts --prefix "$HOME/.cache/atmc-ort" onnxruntime-web@1.30.0
set -eu
atmc=$1 model=$2 size=$3 rounds=${4:-3}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/common.sh
. "$here/common.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

make_model "$atmc" "$model" "$work"
"$atmc" compile "$work/model.json" --weights "$work/model.safetensors" --shape "1x3x$size" --target=wasm32-unknown-unknown \
  --emit=wasm,javascript -o "$work/model" 2>"$work/log" || { cat "$work/log"; exit 1; }
/usr/bin/python3 "$here/peers/export_onnx.py" "$model" "${size%x*}" "${size#*x}" 1 "$work/model.onnx" >"$work/log"
printf '%s ' "$model"
NODE_PATH=$modules node "$here/peers/bench_wasm.mjs" "$work/model.mjs" "$work/model.onnx" "${size%x*}" "${size#*x}" "$rounds" 7
