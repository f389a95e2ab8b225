#!/bin/sh
# Builds the op that CONTRIBUTING.md adds for an example: its row goes into a copy of ir/ops.def, and its
# file is compiled as the others are.
#   sh recipe.sh SOURCE
set -eu
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/ir"

# The blocks of C under "How to add an op", each in a file block1.c, block2.c.
awk -v work="$work" '
  /^## / { here = $0 == "## How to add an op" }
  here && /^ *```c$/ { block = work "/block" ++blocks ".c"; next }
  /^ *```$/ { block = "" }
  block { sub(/^   /, ""); print > block }
' "$source/CONTRIBUTING.md"
awk -v row="$work/block1.c" '
  /^#undef|^\/\* clang-format on/ && !done { while ((getline line < row) > 0) print line; done = 1 }
  { print }
' "$source/ir/ops.def" > "$work/ir/ops.def"
grep -q HARD_SWISH "$work/ir/ops.def" || { echo "the row found no place in ir/ops.def"; exit 1; }
${CC:-cc} -std=gnu17 -Wall -Wextra -Werror -fsyntax-only -I"$work" -I"$source" "$work/block2.c"
