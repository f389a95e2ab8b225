#!/bin/sh
# heads_on_scans.sh ATMC TOOLS: heads for segmentation take VMamba's pyramid: compiled code answers as the interpreter
# does, at a size that its stages halve unevenly.
set -eu
atmc=$1 tools=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$tools/make_image" 40 72 0 1 "$work/image.npy"
for head in semantic_fpn upernet; do
  "$atmc" init vmamba_t --head=$head --answer=logits4 --classes=19 -o "$work/m.json"
  "$atmc" weights "$work/m.json" --synthetic=0 -o "$work/w.safetensors"
  for engine in native interp; do
    "$atmc" run "$work/m.json" --weights "$work/w.safetensors" --engine=$engine --input image="$work/image.npy" \
      --output logits4="$work/$engine.npy" >/dev/null
  done
  printf '%s: ' $head
  "$tools/compare_npy" "$work/interp.npy" "$work/native.npy"
done
