#!/bin/sh
# int8.sh ATMC [ROUNDS [ISA...]]: the time of one image in f32 and with --quantize=int8, in turns in one run;
# medians, and their ratio. As:
#   sh bench/int8.sh build/atmc 7
# Without ISA: f32 and int8 each on the best that the machine has. With one: both on it.
set -eu
atmc=$1 rounds=${2:-5}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/common.sh
. "$here/common.sh"
[ $# -lt 2 ] || shift
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# once FILE THREADS OPTION...: appends the median of one run to FILE.
once() {
  file=$1 threads=$2
  shift 2
  "$atmc" bench "$work/model.json" --weights "$work/model.safetensors" --shape "1x3x$size" \
    --threads="$threads" "$@" --json >"$work/run.json"
  number median_ms "$work/run.json" >>"$work/$file"
}

# line ISA THREADS: one of the table; ISA may be empty.
line() {
  rm -f "$work/f32" "$work/int8"
  for _ in $(seq "$rounds"); do
    once f32 "$2" ${1:+--isa=$1}
    once int8 "$2" ${1:+--isa=$1} --quantize=int8
  done
  echo "$(median "$work/f32") $(median "$work/int8")" |
    awk -v m="$model" -v s="$size" -v i="$1" -v t="$2" \
      '{printf "%-18s %-9s %-8s threads %d  f32 %8.2f ms  int8 %8.2f ms  ratio %.2f\n", m, s, i, t, $1, $2, $1 / $2}'
}

for row in atmnet_xt:224x224 atmnet_t:224x224 atmnet_l:224x224 atmnet_xt_pyramid:512x512 \
  atmnet_xt_pyramid:800x1280 mixer_b16:224x224; do
  model=${row%:*} size=${row#*:}
  make_model "$atmc" "$model" "$work"
  for isa in "${@:-}"; do
    for threads in 1 2; do line "$isa" $threads; done
  done
done
