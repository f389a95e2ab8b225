#!/bin/sh
# mca.sh ATMC [CPU...]: what llvm-mca says of the innermost loops of quantized products on Arm, which no
# machine at hand runs: cycles of a turn, the least that its multiplications take, and their share. Loads
# come from the first-level cache. LLVM has no model of the Cortex-A76 of its own (it takes the A57's);
# the Neoverse N1 is the same core.
set -eu
atmc=$1
shift
[ $# -gt 0 ] || set -- cortex-a57 cortex-a76 neoverse-n1 neoverse-n2 neoverse-v1 neoverse-v2
mca=${LLVM_MCA:-llvm-mca-19}
examples=$(cd "$(dirname "$0")/../examples" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# loop FILE INSTRUCTION: of the loops that contain no other, the one with most of these instructions.
loop() {
  awk -v instruction="$2" '
    /^[.A-Za-z_"][^ \t]*:/ { label = $1; sub(/:.*/, "", label); body = ""; count = 0; next }
    /^\t[a-z]/ { body = body $0 "\n"; count += $1 == instruction }
    /^\t(b|cb|tb)/ && $NF == label && count > most { most = count; loop = body }
    END { printf "%s", loop }' "$1"
}

# cycles FILE CPU: of 1,000 turns of this code.
cycles() {
  "$mca" -mtriple=aarch64 -mcpu="$2" -mattr=+dotprod,+i8mm -iterations=1000 \
    -resource-pressure=false -instruction-info=false "$1" 2>/dev/null |
    awk '/^Total Cycles/ { print $3 }'
}

"$atmc" weights "$examples/models/mixer_s32.json" --synthetic=0 -o "$work/weights.safetensors"
printf '%-13s %-12s %8s %8s %8s\n' 'instructions' cpu 'a turn' bound share
for isa in neon:sadalp:smull,smlal,sadalp neon-dotprod:sdot:sdot neon-i8mm:smmla:smmla; do
  name=${isa%%:*} rest=${isa#*:}
  "$atmc" compile "$examples/models/mixer_s32.json" --weights "$work/weights.safetensors" \
    --shape 1x3x224x224 --isa="$name" --quantize=int8 --emit=asm -o "$work/code" 2>/dev/null
  loop "$work/code.s" "${rest%:*}" >"$work/loop.s"
  # The multiplications alone, each into a register of its own as far as there are any.
  awk -v list="${rest#*:}" '
    BEGIN { split(list, names, ","); for (i in names) wanted[names[i]] = 1 }
    { name = $1; sub(/2$/, "", name) }
    wanted[name] {
      sub(/v[0-9]+/, "v" at++ % 24)
      gsub(/, v[0-9]+/, ", v30")
      print
    }' "$work/loop.s" >"$work/bound.s"
  for cpu; do
    awk -v name="$name" -v cpu="$cpu" -v turn="$(cycles "$work/loop.s" "$cpu")" \
      -v bound="$(cycles "$work/bound.s" "$cpu")" 'BEGIN {
        printf "%-13s %-12s %8.2f %8.2f %7.0f%%\n", name, cpu, turn / 1000, bound / 1000, 100 * bound / turn
      }'
  done
done
