#!/bin/sh
# heads_arm.sh ATMC TOOLS: heads of segmentation in NEON code, run by qemu-aarch64: Semantic FPN against recorded
# outputs, logits at a quarter of the size and labels; UperNet, whose recorded cases take minutes there, against the
# code of this machine, which golden_heads compares with them.
set -eu
atmc=$1 tools=$2
golden=$(cd "$(dirname "$0")" && pwd)/golden
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
command -v qemu-aarch64 >/dev/null || { echo "qemu-aarch64 is not installed: skipped"; exit 77; }
# neon HEAD HEIGHT WIDTH: labels.npy and stride4.npy of the head on ATMNet-xT.
neon() {
  "$atmc" init atmnet_xt --head=$1 --answer=labels -o model.json
  sed -i 's/{"name": "labels", "from": "best"}/&, {"name": "stride4", "from": "decode_head"}/' model.json
  "$atmc" weights model.json --synthetic=0 -o w.safetensors
  "$atmc" compile model.json --weights w.safetensors --target=aarch64-linux-gnu --shape 1x3x$2x$3 --emit=exe -o model 2>log
  "$tools/make_image" $2 $3 0 1 image.npy
  qemu-aarch64 -L /usr/aarch64-linux-gnu ./model --input image.npy --output labels=labels.npy \
    --output stride4=stride4.npy --threads=2 >log
}
neon semantic_fpn 128 96
"$tools/compare_golden" "$golden/semantic_fpn_xt-128x96.safetensors" stride4=stride4.npy class=labels.npy
neon upernet 64 64
"$atmc" run model.json --weights w.safetensors --input image.npy --output labels=expected_labels.npy \
  --output stride4=expected.npy 2>log
printf 'upernet: '
"$tools/compare_npy" expected.npy stride4.npy
# Where two classes are as good as equal, either may be the larger one.
tail -c 4096 labels.npy >labels
tail -c 4096 expected_labels.npy >expected_labels
[ "$(cmp -l labels expected_labels | wc -l)" -le 4 ]
