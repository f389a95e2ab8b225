# What the scripts of this folder share; to be sourced. `work` is the script's own folder, `here` this one.

# median FILE: of the numbers in it, one on each line.
median() {
  sort -g "$1" | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'
}

# number KEY FILE: the number behind a key that a JSON file has once.
number() {
  sed -n "s/.*\"$1\":[[:space:]]*\([0-9.e+-]*\).*/\1/p" "$2"
}

# make_model ATMC MODEL FOLDER: MODEL's description and weights, as FOLDER/model.json and .safetensors.
# MODEL may end in _pyramid, _semantic_fpn or _upernet.
make_model() {
  case $2 in
    *_semantic_fpn) "$1" init "${2%_semantic_fpn}" --head=semantic_fpn -o "$3/model.json" ;;
    *_upernet) "$1" init "${2%_upernet}" --head=upernet -o "$3/model.json" ;;
    *_pyramid) "$1" init "${2%_pyramid}" --pyramid -o "$3/model.json" ;;
    *) "$1" init "$2" -o "$3/model.json" ;;
  esac
  "$1" weights "$3/model.json" --synthetic=0 -o "$3/model.safetensors"
}

# once FILE SIZE OPTION...: appends the median of one run of the model in `work` to work/FILE; work/run.json
# is what `atmc bench` said.
once() {
  file=$1 shape=1x3x$2
  shift 2
  "$atmc" bench "$work/model.json" --weights "$work/model.safetensors" --shape "$shape" "$@" --json \
    >"$work/run.json"
  number median_ms "$work/run.json" >>"$work/$file"
}

modules=${NODE_PATH:-$HOME/.cache/atmc-ort/node_modules}

# make_peer MODEL HEIGHT WIDTH: ONNX Runtime's, as work/model.onnx; fails with a message where it cannot be.
make_peer() {
  [ -d "$modules/onnxruntime-node" ] || {
    echo "ONNX Runtime is not installed (see the head of compare.sh): left out" >&2
    return 1
  }
  model=$1 height=$2 width=$3
  case $model in *_pyramid) set -- --pyramid ;; *) set -- ;; esac
  /usr/bin/python3 "$here/peers/export_onnx.py" "${model%_pyramid}" "$height" "$width" 1 \
    "$work/model.onnx" "$@" >"$work/export.log" 2>&1 || {
    echo "$model cannot be written as ONNX: $(tail -1 "$work/export.log")" >&2
    return 1
  }
}

# run_peer ONNX HEIGHT WIDTH THREADS: appends its median to work/peer.
run_peer() {
  NODE_PATH=$modules node "$here/peers/bench_ort.js" "$1" 1 "$2" "$3" "$4" 15 |
    sed -n 's/.*median_ms \([0-9.]*\).*/\1/p' >"$work/run.peer"
  [ -s "$work/run.peer" ] || {
    echo "ONNX Runtime gave no time" >&2
    exit 1
  }
  cat "$work/run.peer" >>"$work/peer"
}
