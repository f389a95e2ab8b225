#!/bin/sh
# top_k.sh ATMC TOOLS: a model that ends with a call, whose second result is of integers. The indices are
# those that `atmc run` itself finds for logits, on every instruction set, as the interpreter says, in a
# program, and whatever is computed beside them.
set -eu
atmc=$1 tools=$2
model=$(cd "$(dirname "$0")/top_k" && pwd)/model.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$atmc" weights "$model" --synthetic=3 -o "$work/w.safetensors"
"$tools/make_image" 40 48 0 2 "$work/image.npy"
run() {
  "$atmc" run "$model" --weights "$work/w.safetensors" --input "$work/image.npy" "$@"
}
run --engine=interp --output logits="$work/logits.npy" --output values="$work/values.npy" \
  --output indices="$work/indices.npy" --output positive="$work/positive.npy"
run --engine=interp >"$work/log"
# The five best answers of the first image are its indices.
best=$(sed -n '/^logits, image 0/,/^values/p' "$work/log" | awk 'NF == 2 && $2 ~ /^[0-9]+$/ && NR < 7 { printf " %s", $2 }')
said=$(sed -n '/^indices, image 0/{n;p;}' "$work/log" | sed 's/^ *//')
[ "$(echo $best)" = "$said" ] || { echo "indices $said, the best answers are $best"; exit 1; }
for isa in v4 v3 v2; do
  "$tools/cpu_supports" $isa || continue
  run --isa=$isa --output values="$work/v.npy" --output indices="$work/i.npy" --output positive="$work/p.npy"
  cmp "$work/i.npy" "$work/indices.npy"
  printf '%s top_k: ' $isa
  "$tools/compare_npy" "$work/values.npy" "$work/v.npy"
  "$tools/compare_npy" "$work/positive.npy" "$work/p.npy"
  run --isa=$isa --output indices="$work/alone.npy"
  cmp "$work/alone.npy" "$work/indices.npy"
  "$atmc" verify "$model" --weights "$work/w.safetensors" --shape 2x3x40x48 --isa=$isa >"$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
done
"$atmc" compile "$model" --weights "$work/w.safetensors" --shape 2x3x40x48 --emit=exe,plan -o "$work/top" 2>/dev/null
grep -q '^  stage call$' "$work/top.plan"
"$work/top" --input "$work/image.npy" --output indices="$work/i.npy" >"$work/log"
tail -c 40 "$work/i.npy" >"$work/got"
tail -c 40 "$work/indices.npy" >"$work/expected"
cmp "$work/got" "$work/expected"
