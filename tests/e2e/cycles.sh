#!/bin/sh
# cycles.sh ATMC TOOLS [--bless]: what bench/model.sh says of whole models is not worse than it was
# (cycles.expected; --bless writes it anew). Nothing of it is measured: cycles are llvm-mca's, counts are
# exact, and so a regression of 0.1 % shows. Figures are of one version of LLVM, and left alone by others.
set -eu
atmc=$1
here=$(cd "$(dirname "$0")" && pwd)
expected=$here/cycles.expected
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v llvm-mca-19 >/dev/null || { echo "llvm-mca-19 is not installed: skipped"; exit 77; }
version=$(llvm-mca-19 --version | sed -n 's/.*LLVM version \([0-9.]*\).*/\1/p')
echo "# LLVM $version: model, size, ISA, CPU, cycles, share of the bound in %, vector ops" >"$work/got"
[ "${3:-}" = --bless ] || head -1 "$expected" | cmp -s - "$work/got" || {
  echo "the figures are of another LLVM: skipped"
  exit 77
}
for run in "glyphs 48x48 cpu neoverse-n1 neoverse-v1 neoverse-v2 cortex-a55" \
  "atmnet_xt 64x64 cpu neoverse-n1 cortex-a55" "atmnet_xt 64x64 v2 znver3"; do
  # shellcheck disable=SC2086
  sh "$here/../../bench/model.sh" --totals "$atmc" $run >>"$work/got" || exit $?
done
[ "${3:-}" != --bless ] || { cp "$work/got" "$expected" && exit 0; }
awk '/^#/ { next }
  { key = $1 " " $2 " " $4 }
  FNR == NR { before[key] = $5; next }
  {
    seen[key] = 1
    printf "%-40s %10d cycles, %.2f %% of the bound, %+.2f %%\n", key, $5, $6, 100 * ($5 / before[key] - 1)
    if ($5 > 1.001 * before[key]) { print "  more than before: " before[key]; bad = 1 }
    if ($5 < 0.995 * before[key]) print "  fewer than before: --bless keeps them"
  }
  END {
    for (key in before) if (!seen[key]) { print key ": is missing"; bad = 1 }
    exit bad
  }' "$expected" "$work/got"
