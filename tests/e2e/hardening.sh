#!/bin/sh
# hardening.sh ATMC: what products say of themselves to the loader. Objects are marked for guarded
# branches (IBT and shadow stacks, BTI) and so is their code; the frames of every function are described, so
# that exceptions of a host's parallel_for pass; programs and shared libraries are relocated once, when
# they are loaded, and read-only from then on.
set -eu
atmc=$1
here=$(cd "$(dirname "$0")" && pwd)
examples=$(cd "$here/../../examples" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

shapes=1x3x48x48,2x3x64x80
# compile OPTION...: work/glyphs.*, and what atmc says of them.
compile() {
  "$atmc" compile "$examples/models/glyphs.json" --weights "$examples/glyphs/glyphs.safetensors" \
    --shape $shapes --prefix=glyphs -o "$work/glyphs" "$@" 2>"$work/said"
}
# contains FILE TEXT WHAT
contains() {
  grep -q -- "$2" "$1" || { printf '%s: no "%s" in:\n' "$3" "$2"; cat "$1"; exit 1; }
}
largest=0
# small WHAT: no frame is larger than a thread with a small stack can have. (graphs ask the same of all ops.)
small() {
  said=$(sed -n 's/^  stack  *at most \([0-9]*\) bytes in a frame, of [a-z]*_.*/\1/p' "$work/said")
  [ -n "$said" ] && [ "$said" -le 8192 ] || { echo "$1: a frame of more than 8192 bytes"; cat "$work/said"; exit 1; }
  [ "$said" -le "$largest" ] || largest=$said
}
# described WHAT: the frame of each function is.
described() {
  functions=$(readelf -sW "$work/glyphs.o" | awk '$4 == "FUNC" { print $7 ":" $2 }' | sort -u | wc -l)
  frames=$(readelf --debug-dump=frames "$work/glyphs.o" | grep -c ' FDE ')
  [ "$frames" = "$functions" ] || { echo "$1: $frames frames of $functions functions"; exit 1; }
}
# marked WHAT FEATURES: the object says so.
marked() {
  readelf -n "$work/glyphs.o" >"$work/notes"
  contains "$work/notes" "$2" "$1"
}
# printed_largest ISA: what is printed of the stack is the largest frame of the object's functions.
printed_largest() {
  most=0
  for size in $(objdump -d "$work/glyphs.o" | sed -n 's/.*sub  *\$\(0x[0-9a-f]*\),%rsp.*/\1/p'); do
    [ $((size)) -le $most ] || most=$((size))
  done
  # LLVM's number has saved registers and no return address.
  [ "$said" -ge $((most - 8)) ] && [ "$said" -le $((most + 64)) ] ||
    { echo "$1: a frame of $most, said are $said"; exit 1; }
  echo "$1: the largest frame takes $said bytes"
}

# The last of them, v2, makes what is run and linked below as well.
for isa in v4 v3 v2; do
  kinds=obj
  [ $isa != v2 ] || kinds=obj,header,exe,shared
  compile --emit=$kinds --isa=$isa
  marked $isa 'x86 feature: IBT, SHSTK'
  entry=0x$(nm "$work/glyphs.o" | awk '$3 == "glyphs_run_48x48" { print $1 }')
  objdump -d --start-address=$entry --stop-address=$((entry + 4)) "$work/glyphs.o" >"$work/entry"
  contains "$work/entry" endbr64 $isa
  described $isa
  small $isa
  printed_largest $isa
done
${CXX:-c++} -std=c++17 -O1 -Wall -Wextra -Werror -I"$work" "$here/exceptions.cc" "$work/glyphs.o" -o "$work/exceptions"
"$work/exceptions"

for kind in exe shared; do
  file=$work/glyphs
  test $kind = exe || file=$work/libglyphs.so
  test -e "$file" || file=$work/glyphs.so
  readelf -lW "$file" >"$work/segments"
  readelf -dW "$file" >"$work/dynamic"
  contains "$work/segments" GNU_RELRO $kind
  contains "$work/dynamic" BIND_NOW\\\|NOW $kind
  objdump -d "$file" | grep -A 1 '^[0-9a-f]* <atm_pool_create>:' >"$work/pool"
  contains "$work/pool" endbr64 "$kind: the runtime"
  test $kind = exe || contains "$work/dynamic" 'soname: \[libglyphs.so\]' $kind
done
echo "programs and shared libraries: relocated once, read-only from then on"

# Assembly is marked as well: code is generated for it once more, and one resolution shows it.
shapes=1x3x48x48
for isa in v4,v3,v2 neon; do
  compile --emit=obj,asm --isa=$isa
  case $isa in
    neon) features='AArch64 feature: BTI' guard='hint	#34' ;; # bti c, for assemblers of any age
    *) features='x86 feature: IBT, SHSTK' guard=endbr64 ;;
  esac
  marked $isa "$features"
  grep -A 4 '^glyphs_run_48x48:' "$work/glyphs.s" >"$work/entry"
  contains "$work/entry" "$guard" $isa
  described $isa
  small $isa
done
echo "objects: marked, and so is their code, whose frames are described"

# frames MODEL WEIGHTS SHAPE OPTIONS...: no frame is large with each of the options.
frames() {
  model=$1 weights=$2 shape=$3
  shift 3
  for options; do
    # shellcheck disable=SC2086
    "$atmc" compile "$model" --weights "$weights" --shape "$shape" --emit=obj --weights-mode=external -o "$work/frames" \
      $options 2>"$work/said"
    small "$model, $options"
  done
}
frames "$examples/models/glyphs.json" "$examples/glyphs/glyphs.safetensors" 1x3x48x48 \
  "--isa=v4,v3 --weights-dtype=f16" "--isa=neon --weights-dtype=f16" \
  "--isa=v4-vnni,v4,v3-vnni,v3,v2 --quantize=int8" "--isa=neon-i8mm,neon-dotprod,neon --quantize=int8"
"$atmc" init atmnet_xt -o "$work/xt.json"
"$atmc" weights "$work/xt.json" --synthetic=0 -o "$work/xt.safetensors"
frames "$work/xt.json" "$work/xt.safetensors" 1x3x96x160 --isa=v4,v3,v2 --isa=neon \
  "--isa=v4-vnni,v3-vnni,v2 --quantize=int8" "--isa=neon-i8mm,neon --quantize=int8"
echo "frames: of $largest bytes at most"
