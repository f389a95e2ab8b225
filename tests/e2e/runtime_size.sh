#!/bin/sh
# runtime_size.sh ATMC TOOLS RUNTIME: what a product links besides its model stays small.
set -eu
runtime=$3 limit=16384
text=$(size --totals "$runtime" | awk '$NF == "(TOTALS)" { print $1 }')
echo "text of the runtime: $text bytes of at most $limit"
[ "$text" -gt 0 ] && [ "$text" -le $limit ]
