#!/bin/sh
# Golden tests of the passes: runs the command in the first line of each .ir file and compares what it prints
# with the .expected file beside it.
#   sh tests/passes/run.sh ATMC            compare
#   sh tests/passes/run.sh ATMC --bless    write the .expected files anew; read the diff in review
set -u
atmc=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
bless=${2:-}
cd "$(dirname "$0")" || exit 1
out=$(mktemp)
trap 'rm -f "$out"' EXIT
failures=0
for input in *.ir; do
  expected=${input%.ir}.expected
  arguments=$(sed -n '1s|^// RUN: atmc opt ||p' "$input")
  if [ -z "$arguments" ]; then
    echo "$input: its first line is not // RUN: atmc opt ..." >&2
    failures=$((failures + 1))
    continue
  fi
  # shellcheck disable=SC2086 # the arguments are words
  if ! "$atmc" opt "$input" $arguments --verify-each >"$out"; then
    echo "$input: atmc failed" >&2
    failures=$((failures + 1))
  elif [ "$bless" = --bless ]; then
    cp "$out" "$expected"
  elif ! diff -u "$expected" "$out"; then
    failures=$((failures + 1))
  fi
done
[ "$failures" -eq 0 ] || { echo "$failures of the pass tests failed" >&2; exit 1; }
