#!/bin/sh
# runtime_size.sh ATMC TOOLS RUNTIME: what a product links besides its model stays small;
# what resizes photos is linked by those alone that call it.
set -eu
runtime=$3 limit=16384
text=$(size --totals "$runtime" | awk '
  $6 ~ /^resize/ { resizing = $1 } $NF == "(TOTALS)" { print $1 - resizing }')
echo "text of the runtime: $text bytes of at most $limit"
[ "$text" -gt 0 ] && [ "$text" -le $limit ]
