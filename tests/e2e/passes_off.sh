#!/bin/sh
# passes_off.sh ATMC TOOLS: the answer stays right with any single optional pass off, and every pass can
# be printed and stopped after.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
json=$here/../../examples/models/atmnet_xt.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$atmc" weights "$json" --synthetic=0 -o "$work/w.safetensors"
"$tools/make_image" 96 160 0 1 "$work/image.npy"
# "name required|optional" lines, from the list in the help
"$atmc" opt --help | awk '/^Passes:/ {inside = 1; next} /^$/ {inside = 0}
  inside && /^  [a-z]/ {names[++n] = $1}
  inside {all[n] = all[n] " " $0}
  END {for (i = 1; i <= n; i++) print names[i], kind_of(all[i])}
  function kind_of(text) {gsub(/ +/, " ", text); return text ~ /cannot be left out/ ? "required" : "optional"}' \
  >"$work/passes"
[ "$(grep -c required "$work/passes")" -ge 4 ] && [ "$(grep -c optional "$work/passes")" -ge 4 ]
passes=$(cut -d' ' -f1 "$work/passes")
for pass in $passes; do
  "$atmc" compile "$json" --weights "$work/w.safetensors" --shape 1x3x96x160 -o "$work/stopped" \
    --stop-after="$pass" >"$work/$pass.ir" 2>/dev/null
  grep -q '^graph ' "$work/$pass.ir" || { echo "$pass: nothing printed when stopped after"; exit 1; }
  [ ! -e "$work/stopped.o" ] || { echo "$pass: an object after --stop-after"; exit 1; }
  "$atmc" compile "$json" --weights "$work/w.safetensors" --shape 1x3x96x160 --emit=plan -o "$work/printed" \
    --print-after="$pass" --verify-each 2>&1 | grep -q '^graph ' ||
    { echo "$pass: nothing printed by --print-after"; exit 1; }
done
for pass in $(sed -n 's/ optional$//p' "$work/passes"); do
  "$atmc" run "$json" --weights "$work/w.safetensors" --input image="$work/image.npy" \
    --disable-pass="$pass" --output logits="$work/logits.npy"
  printf '%s off: ' "$pass"
  "$tools/compare_golden" "$here/golden/atmnet_xt-96x160.safetensors" "$work/logits.npy"
done
# What prefetch-weights plans is emitted.
prefetches() {
  "$atmc" compile "$json" --weights "$work/w.safetensors" --shape 1x3x96x160 --emit=llvm-ir --isa=v4 \
    -o "$work/code" "$@" >/dev/null
  grep -c 'call void @llvm.prefetch' "$work/code.ll"
}
with=$(prefetches) without=$(prefetches --disable-pass=prefetch-weights)
echo "prefetch-weights: $with prefetches, $without without"
[ "$with" -gt "$without" ] || exit 1
