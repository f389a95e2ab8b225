#!/bin/sh
# aarch64.sh ATMC TOOLS: NEON code in an emitted executable, run by qemu-aarch64: golden files of
# ATMNet-xT and VMamba-T, the answers to the first images of the glyph sheet, and a model of all
# operators, which must agree with the interpreter.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
examples=$here/../../examples
qemu="qemu-aarch64 -L /usr/aarch64-linux-gnu"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v qemu-aarch64 >/dev/null || { echo "qemu-aarch64 is not installed: skipped"; exit 77; }
"$atmc" weights "$examples/models/atmnet_xt.json" --synthetic=0 -o "$work/xt.safetensors"
for size in 32x32 96x160; do
  "$atmc" compile "$examples/models/atmnet_xt.json" --weights "$work/xt.safetensors" \
    --target=aarch64-linux-gnu --shape 1x3x$size --emit=exe -o "$work/xt" 2>/dev/null
  "$tools/make_image" ${size%x*} ${size#*x} 0 1 "$work/image.npy"
  $qemu "$work/xt" --input image="$work/image.npy" --output logits="$work/logits.npy" --threads=2 \
    >"$work/log"
  printf 'neon atmnet_xt-%s: ' $size
  "$tools/compare_golden" "$here/golden/atmnet_xt-$size.safetensors" "$work/logits.npy"
done
"$atmc" weights "$examples/models/vmamba_t.json" --synthetic=0 -o "$work/vmamba.safetensors"
"$atmc" compile "$examples/models/vmamba_t.json" --weights "$work/vmamba.safetensors" \
  --target=aarch64-linux-gnu --shape 1x3x64x96 --emit=exe -o "$work/vmamba" 2>/dev/null
"$tools/make_image" 64 96 0 1 "$work/image.npy"
$qemu "$work/vmamba" --input image="$work/image.npy" --output logits="$work/logits.npy" \
  --threads=2 >"$work/log"
printf 'neon vmamba_t-64x96: '
"$tools/compare_golden" "$here/golden/vmamba_t-64x96.safetensors" "$work/logits.npy"
count=64
"$tools/sheet_tiles" "$examples/glyphs/test_sheet.png" 48 0 $count "$work/tiles.npy"
"$atmc" compile "$examples/models/glyphs.json" --weights "$examples/glyphs/glyphs.safetensors" \
  --target=aarch64-linux-gnu --shape ${count}x3x48x48 --emit=exe -o "$work/glyphs" 2>/dev/null
$qemu "$work/glyphs" --input image="$work/tiles.npy" --output logits="$work/logits.npy" --threads=1 \
  >"$work/log"
printf 'neon glyphs: '
"$tools/sheet_tiles" --check "$work/logits.npy" "$examples/glyphs/test_logits.npy" 0 \
  "$examples/glyphs/test_labels.txt" 0123456789ABCDEFGHJKLMNPQRSTUVWXYZ

model=$here/aarch64/all_ops.json
"$atmc" weights "$model" --synthetic=0 -o "$work/ops.safetensors"
"$atmc" compile "$model" --weights "$work/ops.safetensors" --target=aarch64-linux-gnu \
  --shape 1x3x32x48 --emit=exe,plan -o "$work/ops" 2>/dev/null
# Ops that quantization alone makes are in another plan, whose code e2e/int8_arm runs.
"$atmc" compile "$examples/models/glyphs.json" --weights "$examples/glyphs/glyphs.safetensors" \
  --target=aarch64-linux-gnu --quantize=int8 --shape 1x3x48x48 --emit=plan -o "$work/int8" \
  2>/dev/null
# An input of bytes.
pixels=$here/pixels/model.json
"$atmc" weights "$pixels" --synthetic=0 -o "$work/pixels.safetensors"
"$tools/make_pixels" nhwc rgb 37 50 1 "$work/bytes.npy" "$work/floats.npy"
"$atmc" run "$pixels" --weights "$work/pixels.safetensors" --input "$work/bytes.npy" --engine=interp \
  --output stem="$work/expected.npy"
# In windows, and as a map of floats.
for way in "" --disable-pass=read-pixels; do
  # shellcheck disable=SC2086
  "$atmc" compile "$pixels" --weights "$work/pixels.safetensors" --target=aarch64-linux-gnu --shape 1x3x37x50 \
    --emit=exe,plan -o "$work/pixels" $way 2>/dev/null
  $qemu "$work/pixels" --input "$work/bytes.npy" --output stem="$work/got.npy" >"$work/log"
  printf 'neon pixels %s: ' "$way"
  "$tools/compare_npy" "$work/expected.npy" "$work/got.npy"
done
ops=0
for op in $(sed -n 's/^OP([A-Z0-9_]*, \([a-z0-9_]*\), [0-9]*, [0-9]*, [0-9]*, \([A-Z]*\),.*/\1:\2/p' \
  "$here/../../ir/ops.def"); do
  ops=$((ops + 1))
  case $op in
    *:NONE) ;;  # lowered to others, or a view
    *) grep -q " = ${op%:*}[( ]" "$work/ops.plan" "$work/int8.plan" "$work/pixels.plan" || { echo "the plan has no ${op%:*}"; exit 1; } ;;
  esac
done
[ $ops -gt 0 ] || { echo "no operators in ops.def"; exit 1; }
# GELU, of numbers in all of its pieces, has the bits that AVX2 gives it.
if "$tools/cpu_supports" v3; then
  cat >"$work/gelu.json" <<'END'
{"atmc": 1, "name": "gelu", "inputs": [{"name": "image", "channels": 3}], "layers": [
  {"op": "add", "name": "x2", "inputs": ["image", "image"]}, {"op": "add", "name": "x4", "inputs": ["x2", "x2"]},
  {"op": "add", "name": "x8", "inputs": ["x4", "x4"]}, {"op": "gelu", "name": "y", "inputs": ["x8"]}],
  "outputs": [{"name": "y"}]}
END
  "$atmc" weights "$work/gelu.json" --synthetic=0 -o "$work/gelu.safetensors"
  "$tools/make_image" 61 67 0 1 "$work/image.npy"
  "$atmc" compile "$work/gelu.json" --weights "$work/gelu.safetensors" --target=aarch64-linux-gnu \
    --shape 1x3x61x67 --emit=exe -o "$work/gelu" 2>/dev/null
  "$atmc" run "$work/gelu.json" --weights "$work/gelu.safetensors" --isa=v3 --input "$work/image.npy" \
    --output y="$work/expected.npy" >"$work/log"
  $qemu "$work/gelu" --input image="$work/image.npy" --output y="$work/got.npy" >"$work/log"
  cmp "$work/expected.npy" "$work/got.npy"
  echo "neon gelu: the bits of AVX2"
fi
"$tools/make_image" 32 48 0 1 "$work/image.npy"
for output in logits segments tokens values; do
  "$atmc" run "$model" --weights "$work/ops.safetensors" --input "$work/image.npy" --engine=interp \
    --output $output="$work/expected.npy" >"$work/log"
  $qemu "$work/ops" --input image="$work/image.npy" --output $output="$work/got.npy" --threads=2 \
    >"$work/log"
  printf 'neon all_ops %s: ' $output
  "$tools/compare_npy" "$work/expected.npy" "$work/got.npy"
done
# Behind headers of other lengths, whole numbers are the same.
for output in indices:12 labels:384; do
  name=${output%:*} bytes=${output#*:}
  "$atmc" run "$model" --weights "$work/ops.safetensors" --input "$work/image.npy" --engine=interp \
    --output $name="$work/expected.npy" >"$work/log"
  $qemu "$work/ops" --input image="$work/image.npy" --output $name="$work/got.npy" >"$work/log"
  tail -c $bytes "$work/expected.npy" >"$work/expected"
  tail -c $bytes "$work/got.npy" | cmp - "$work/expected"
done
