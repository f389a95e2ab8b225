#!/bin/sh
# symbols.sh ATMC TOOLS: what an emitted object defines and needs, for every target: global names all
# carry the prefix, and nothing is undefined.
set -eu
atmc=$1
examples=$(cd "$(dirname "$0")/../../examples" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for target in --isa=v3 --isa=v4,v3,v2 --target=aarch64-linux-gnu \
  --isa=neon,neon-dotprod,neon-i8mm; do
  "$atmc" compile "$examples/models/glyphs.json" --weights "$examples/glyphs/glyphs.safetensors" \
    --shape 1x3x48x48,2x3x64x80 $target --prefix=my_glyphs --emit=obj -o "$work/glyphs" 2>/dev/null
  nm "$work/glyphs.o" >"$work/symbols"
  if odd=$(awk '$NF !~ /^my_glyphs_/ && $(NF - 1) ~ /[A-Z]/' "$work/symbols" | grep .); then
    printf '%s: symbols without the prefix, or undefined:\n%s\n' "$target" "$odd"
    exit 1
  fi
  grep -q ' T my_glyphs_run_48x48$' "$work/symbols"
  grep -q ' T my_glyphs_model$' "$work/symbols"
  echo "$target: $(wc -l <"$work/symbols") symbols, all with the prefix"
done
