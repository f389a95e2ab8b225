#!/bin/sh
# coverage.sh [BUILD]: branches taken, of the sources of each folder, in percent, from what the tests
# of a build with the preset `coverage` left there:
#
#   cmake --preset coverage && cmake --build --preset coverage && ctest --preset coverage
#   sh tests/coverage.sh build-coverage
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-$root/build-coverage}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
find "$build/CMakeFiles" -name '*.gcda' >files
[ -s files ] || { echo "no test was run in $build" >&2; exit 1; }
# gcov says of each file: File 'PATH', Lines, Branches executed, Taken at least once:P% of N.
xargs gcov -b -n <files 2>errors |
  awk -v root="$root/" '
    /^File / { file = substr($0, 7, length($0) - 7); sub("^" root, "", file); sub(/^(\.\.\/)+/, "", file) }
    /^Taken at least once:/ && file !~ /^\// {
      split($0, part, /[:%]/); count = $NF; taken = part[2] * count / 100
      if (file in most) { if (taken > best[file]) best[file] = taken } else { most[file] = count; best[file] = taken }
    }
    END {
      for (f in most) {
        folder = f; sub(/\/.*/, "", folder)
        all[folder] += most[f]; hit[folder] += best[f]
        if (most[f] >= 10 && best[f] < 0.8 * most[f]) low[f] = 100 * best[f] / most[f]
      }
      for (d in all) printf "%-10s %6.1f %% of %5d branches\n", d, 100 * hit[d] / all[d], all[d]
      for (f in low) printf "  below 80 %%: %s %.0f %% of %d\n", f, low[f], most[f]
    }' | sort
