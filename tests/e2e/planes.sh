#!/bin/sh
# planes.sh ATMC TOOLS: a result in nchw that leaves every cache goes past them on x86-64, as its plan says, and not where
# a plan does not say so: the same bits, wherever the caller's memory begins, for any number of threads, and not one byte
# outside of it.
set -eu
atmc=$1
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# model HEIGHTxWIDTH: 21 channels of so many rows
model() {
  cat >m.json <<JSON
{"atmc": 1, "name": "planes", "inputs": [{"name": "image", "layout": "nchw", "channels": 3}], "layers": [
  {"op": "conv2d", "name": "few", "channels": 21, "kernel": 1},
  {"op": "resize", "name": "many", "size": [${1%x*}, ${1#*x}]}], "outputs": [{"name": "map", "from": "many"}]}
JSON
}
# goes WORD ISA...: how the plan says that the result is written
goes() {
  word=$1
  shift
  "$atmc" compile m.json --weights w.st --shape 1x3x33x40 "$@" --emit=plan -o m 2>log || { cat log; exit 1; }
  grep -q "r0 %1 caller nchw .* $word\$" m.plan || { echo "$*: no result goes $word"; cat m.plan; exit 1; }
}
model 416x512
"$atmc" weights m.json --synthetic=1 -o w.st
goes far --target=aarch64-linux-gnu
sed 's/\(r0 %1 caller nchw .*\) far$/\1 past/' m.plan >past.plan
! "$atmc" compile m.json --weights w.st --shape 1x3x33x40 --target=aarch64-linux-gnu --from-plan=past.plan -o m 2>log
grep -q "r0 should be for a target that stores past the caches" log || { cat log; exit 1; }
for isa in v2 v3 v4; do goes past --isa=$isa; done
model 416x511 # planes are of whole cache lines
goes past --isa=v3
model 415x511 # not these
goes far --isa=v3
model 200x512 # a cache keeps it
goes far --isa=v3

model 416x512
[ "$(uname -m)" = x86_64 ] || exit 0
for isa in v2 v3 v4; do
  "${2}/cpu_supports" $isa || continue
  goes past --isa=$isa
  sed 's/ past$/ far/' m.plan >far.plan
  "$atmc" compile m.json --weights w.st --shape 1x3x33x40 --isa=$isa -o past 2>log || { cat log; exit 1; }
  "$atmc" compile m.json --weights w.st --shape 1x3x33x40 --from-plan=far.plan -o far 2>log || { cat log; exit 1; }
  ${CC:-cc} -std=gnu11 -O1 -Wall -Wextra -Werror -I. -I"$top/runtime" "$here/planes.c" past.o far.o "$top"/runtime/*.c \
    -pthread -o host
  printf '%s: ' $isa
  ./host
done
