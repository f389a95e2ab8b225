#!/bin/sh
# corners.sh ATMC TOOLS: convolutions, pools and resizes in their corners (sides of 1, windows larger than the map,
# gaps, paddings of one side) against what PyTorch computed in double precision (tests/record_corners.py), natively
# on every instruction set, and interpreted.
set -eu
atmc=$1 tools=$2
cases=$(cd "$(dirname "$0")/corners" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compared=0
for case in "$cases"/*/; do
  names=$(sed -n 's/^ *{"name": "\([a-z_]*\)", "from".*/\1/p' "${case}model.json")
  outputs=
  for name in $names; do outputs="$outputs --output $name=$work/$name.npy"; done
  for isa in v4 v3 v2 interp neon; do
    rm -f "$work"/*.npy
    case $isa in
      interp) engine=--engine=interp ;;
      neon) command -v qemu-aarch64 >"$work/log" || continue ;;
      *) engine="--isa=$isa" && "$tools/cpu_supports" $isa || continue ;;
    esac
    # shellcheck disable=SC2086
    if [ $isa = neon ]; then
      size=$(basename "$case") images=1
      [ "$size" = 1x1 ] || [ "$size" = 1x8 ] || images=2
      "$atmc" compile "${case}model.json" --weights "${case}weights.safetensors" --target=aarch64-linux-gnu \
        --shape ${images}x6x$size --emit=exe -o "$work/program" 2>"$work/log"
      qemu-aarch64 -L /usr/aarch64-linux-gnu "$work/program" --input "${case}x.npy" $outputs >"$work/log"
    else
      "$atmc" run "${case}model.json" --weights "${case}weights.safetensors" --input "${case}x.npy" $engine $outputs
    fi
    for name in $names; do
      "$tools/compare_golden" "${case}expected.safetensors:$name" "$work/$name.npy" >"$work/log" ||
        { echo "$isa $(basename "$case") $name: $(cat "$work/log")"; exit 1; }
      compared=$((compared + 1))
    done
  done
done
echo "$compared results are PyTorch's"
[ $compared -ge 100 ]
