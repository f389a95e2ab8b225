#!/bin/sh
# arm.sh GRAPHS COUNT: random graphs as NEON code, between guard pages, run by qemu-aarch64: each
# gives what the interpreter says, and the same bits for any number of workers.
set -eu
graphs=$1 count=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v qemu-aarch64 >/dev/null || { echo "qemu-aarch64 is not installed: skipped"; exit 77; }
"$graphs" --arm="$work" --count="$count"
aarch64-linux-gnu-gcc -std=gnu17 -O1 -I "$here/../.." -c "$here/call.c" -o "$work/call.o"
for source in guarded strided; do
  aarch64-linux-gnu-gcc -std=gnu17 -O1 -I "$here/../.." -I "$here/../../runtime" -c "$here/$source.c" -o "$work/$source.o"
done
aarch64-linux-gnu-gcc -std=gnu17 -O1 -I "$here/../.." "$here/arm_host.c" "$work/table.c" \
  "$work"/*.o "$here"/../../runtime/*.c -pthread -lm -o "$work/host"
qemu-aarch64 -L /usr/aarch64-linux-gnu "$work/host" "$work"
