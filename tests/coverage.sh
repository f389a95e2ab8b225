#!/bin/sh
# coverage.sh [BUILD [ctest arguments]]: runs cheap tests of a build with the preset `lint`, which counts what is run,
# and prints which part of the branches of each folder they took: both outcomes of every condition, and of
# every operand of && and ||. Then MC/DC: of how many such operands it was seen that each decides by itself.
#
#   cmake --preset lint && cmake --build --preset lint && sh tests/coverage.sh
#   sh tests/coverage.sh build-lint -R e2e/plans     these tests too: they add to what was counted before
#   COVERAGE_LIST=ir sh tests/coverage.sh ...        lists what was not taken in a folder
#
# Not counted are conditions that stand in a CHECK or beside a PANIC: one of their outcomes is a bug of atmc.
# Anything else is, the refusals of the system that tests/faults brings about among them. It fails where a folder is
# below its floor. Floors go up with what is reached, never down.
set -eu
floors="backends 92 driver 90 frontend 90 ir 90 passes 92 runtime 90 support 90"
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-$root/build-lint}" && pwd)
[ $# = 0 ] || shift
if [ $# = 0 ]; then
  rm -rf "$build/profiles"
  cheap='accepted|checkpoints|commands|photos|pictures|offsets|report|runner_here|sbom|top_k'
  set -- -R "^(unit|passes|errors|cli|faults)|^e2e/($cheap)\$" -E 'unit/(differential|misuse)'
fi
log=$build/coverage.txt
ctest --test-dir "$build" --output-on-failure -j "$(nproc)" "$@" >"$log" 2>&1 || { cat "$log"; exit 1; }
llvm-profdata-19 merge -sparse "$build"/profiles/*.profraw -o "$build/coverage.profdata"
set -- "$build/atmc" -object "$build/atmc-llvm.so"
for program in "$build"/tests/unit_*; do
  [ ! -f "$program" ] || set -- "$@" -object "$program"
done
# coverage.awk wants keys, records and what they hold on lines of their own.
llvm-cov-19 export -skip-functions -instr-profile "$build/coverage.profdata" "$@" 2>"$log" |
  sed -E 's/"(branches|expansions|source_region|filenames?|target_regions|mcdc_records|segments)":/\n"\1": /g' |
  sed 's/\],\[/\n/g' | sed 's/^\("[a-z_]*": \)\[*\([0-9]\)/\1\n\2/' |
  awk -v root="$root/" -v floors="$floors" -v list="${COVERAGE_LIST-}" -f "$root/tests/coverage.awk"
