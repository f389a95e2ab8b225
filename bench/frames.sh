#!/bin/sh
# frames.sh ATMC [PATTERN]: bytes of the largest frame on a thread's stack that generated code has, of models, by
# instruction set and by how weights are stored, as Markdown. Rows are those below that grep finds PATTERN in.
# All of them take about half an hour, and 2 GB of $TMPDIR. As:
#   sh bench/frames.sh build/atmc
#   sh bench/frames.sh build/atmc 'atmnet_xt|glyphs'
set -eu
atmc=$1 pattern=${2:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# frame ISA [OPTION]...: that of the model and shape at hand; a dash where there is no such code.
frame() {
  isa=$1
  shift
  "$atmc" compile "$work/model.json" --weights "$work/model.safetensors" --shape "1x3x$size" --isa="$isa" \
    --emit=obj --weights-mode=external -o "$work/model" "$@" 2>"$work/said" || true
  bytes=$(sed -n 's/^  stack  *at most \([0-9]*\) bytes in a frame.*/\1/p' "$work/said")
  printf ' %s |' "${bytes:--}"
}

echo '| model | resolution | v2 | v3 | v4 | neon | f16: v3 | v4 | neon | int8: v2 | v3 | v3-vnni | v4 | v4-vnni | neon | neon-dotprod | neon-i8mm |'
echo '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |'
# Lines of SIZE NAME [OPTION]...: of init.
grep -E "$pattern" <<'ROWS' |
48x48 glyphs
224x224 atmnet_xt
96x160 atmnet_xt
224x224 atmnet_t
224x224 atmnet_s
224x224 atmnet_b
224x224 atmnet_l
512x512 atmnet_xt --pyramid
800x1280 atmnet_xt --pyramid
512x512 atmnet_xt --head=semantic_fpn --answer=labels
512x512 atmnet_xt --head=upernet --answer=labels
224x224 cyclemlp_b1
224x224 mixer_b16
224x224 resmlp_12
224x224 gmixer_12
224x224 gmlp_s16
224x224 asmlp_t
224x224 vip_s7
224x224 vmamba_t
224x224 vmamba_v0_t
ROWS
  while read -r size name options; do
    # shellcheck disable=SC2086
    "$atmc" init "$name" $options -o "$work/model.json"
    "$atmc" weights "$work/model.json" --synthetic=0 -o "$work/model.safetensors" 2>"$work/said"
    printf '| %s | %s |' "$name${options:+ $options}" "$size"
    for isa in v2 v3 v4 neon; do frame $isa; done
    for isa in v3 v4 neon; do frame $isa --weights-dtype=f16; done
    for isa in v2 v3 v3-vnni v4 v4-vnni neon neon-dotprod neon-i8mm; do frame $isa --quantize=int8; done
    echo
  done
