#!/bin/sh
# Fails when files depend on each other in a circle: headers by what they include, sources by the
# functions and tables that their objects take from each other. What belongs to one file by its name
# (unpickle.c, unpickle_opcodes.c) may, being one thing in two files. So may a table that is expanded
# from a .def have its rows (infer_NAME, interpret_NAME) anywhere: it knows none of them.
#   sh circles.sh SOURCE BUILD
set -eu
source=$1 build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$source"

# Lines of FROM TO, without what a file has with its own parts.
apart() {
  awk '{
    a = $1; b = $2
    sub(/\.[^.]*$/, "", a)
    sub(/\.[^.]*$/, "", b)
    if (a != b && index(a "_", b "_") != 1 && index(b "_", a "_") != 1) print $1, $2
  }' "$1" | sort -u
}

grep -H '^ *#include "' $(find support ir frontend passes backends runtime driver -name '*.h') |
  sed -E 's/^([^:]*):.*"(.*)"/\1 \2/' > "$work/headers"

cd "$build"
find . -name '*.c.o' -path '*/atm*.dir/*' -exec nm -A -P {} + | awk '$3 == "U" || $3 ~ /^[BDGRTVW]$/ {
  sub(/^.*\.dir\//, "", $1)
  sub(/\.o:$/, "", $1)
  print $3, $2, $1
}' > "$work/symbols"
awk '$1 != "U" { home[$2] = $3 } $1 == "U" { uses[$3 " " $2] }
     END { for (use in uses) { split(use, u, " "); if (u[2] in home) print u[1], home[u[2]], u[2] } }' \
  "$work/symbols" | grep -vE ' (infer|interpret)_[A-Z][A-Z0-9_]*$' | sort > "$work/sources"
[ -s "$work/sources" ] || { echo "no objects in $build: build first"; exit 1; }

for kind in headers sources; do
  apart "$work/$kind" | tsort 2>&1 >/dev/null | sed 's/^tsort: //' > "$work/circle" || true
  [ -s "$work/circle" ] || continue
  echo "A circle of $kind; open it by moving a definition to where both can see it (farther down, or in a file of its own):"
  grep -v 'input contains a loop' "$work/circle" | sort -u > "$work/files"
  awk 'NR == FNR { file[$1]; next } ($1 in file) && ($2 in file) && $1 != $2 { print "  " $1 " takes " ($3 ? $3 " of " : "") $2 }' \
    "$work/files" "$work/$kind"
  touch "$work/failed"
done
[ ! -e "$work/failed" ]
