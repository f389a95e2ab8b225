#!/bin/sh
# shifts.sh ATMC TOOLS: constant whole offsets become addressing. The kernels that only shift and add
# up hold no gather, no conversion and no rounding of offsets, on any target; the same kernels do
# where the pass that resolves the offsets is off.
set -eu
atmc=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
model=$here/../../examples/models/cyclemlp_b1.json
"$atmc" weights "$model" --synthetic=0 -o "$work/w.safetensors"
pattern='gather|vcvtt|cvtt?ps2dq|vrndscale|v?roundps|vp?mulld|fcvt|frint'
# count TARGET NAME [OPTION]: index arithmetic in the kernels called *_NAME_sum_chunks
count() {
  "$atmc" compile "$model" --weights "$work/w.safetensors" --shape 1x3x96x96 "$1" --emit=asm \
    -o "$work/m" ${3-} 2>/dev/null
  awk -v kernel="^m_k[0-9]*_$2_sum_chunks:" '$0 ~ kernel { inside = 1; print }
    /^\.Lfunc_end/ { inside = 0 } inside' "$work/m.s" >"$work/kernels"
  grep -q . "$work/kernels"
  grep -cE "$pattern" "$work/kernels" || true
}
for target in --isa=v4 --isa=v3 --isa=v2 --target=aarch64-linux-gnu; do
  shifts=$(count $target axial_shift)
  samples=$(count $target axial_sample --disable-pass=resolve-constant-offsets)
  echo "$target: index arithmetic of shifts $shifts, of samplings $samples"
  [ "$shifts" -eq 0 ] && [ "$samples" -gt 0 ]
done
