#!/bin/sh
# strides.sh ATMC TOOLS: pixels whose rows are apart, upwards, in planes that take turns, in images that follow each
# other backwards, between pages that may not be touched: the bits of dense pixels. In windows and as a map of floats, in
# every layout and order, in batches, in 8 bits, on every instruction set, NEON under qemu and WebAssembly in Node.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
model=$here/pixels/model.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$atmc" weights "$model" --synthetic=1 -o w.st

# objects FOLDER CC: the runtime's
objects() {
  mkdir "$1"
  for source in "$top"/runtime/*.c; do
    $2 -std=gnu11 -O1 -Wall -Wextra -Werror -c "$source" -o "$1/$(basename "$source" .c).o"
  done
}
# tried NAME SHAPES OPTION...: a host with pixels.json and $weights, of the compiler $cc and the runtime in $objects, run
# by $runner
tried() {
  name=$1 shapes=$2
  shift 2
  "$atmc" compile pixels.json --weights $weights --shape "$shapes" -o photos "$@" 2>log ||
    { cat log; exit 1; }
  $cc -std=gnu11 -O1 -Wall -Wextra -Werror -I. -I"$top" -I"$top/runtime" "$here/strides.c" "$here/../graphs/strided.c" \
    photos.o $objects/*.o -pthread -o host
  printf '%s: ' "$name"
  $runner ./host
}
case $(uname -m) in x86_64) isas=v2,v3,v4 ints=v2,v3,v3-vnni,v4-vnni ;; *) isas=neon ints=neon,neon-dotprod ;; esac
# bindings LAYOUT: of the languages that there are
bindings() {
  "$atmc" compile pixels.json --weights w.st --shape "$few" --emit=obj,header,shared,cxx,python,rust -o photos 2>log ||
    { cat log; exit 1; }
  if /usr/bin/python3 -c 'import numpy' 2>log; then
    PYTHONPATH=. /usr/bin/python3 "$here/strides_python.py"
  fi
  [ "$1" = nhwc ] || return 0
  ${CXX:-c++} -std=c++17 -O1 -Wall -Wextra -Werror -I. "$here/strides_cxx.cc" photos.o native/*.o -pthread -o cxx
  ./cxx
  command -v rustc >log || return 0
  rm -rf rust && mkdir rust && cp "$here/strides_rust.rs" rust/main.rs && cp photos.rs rust/
  rm -f libmodel.a && ar rc libmodel.a photos.o native/*.o
  rustc --edition 2021 -O -D warnings -L . -l static=model rust/main.rs -o rust/host
  ./rust/host
}
objects native "${CC:-cc}"
if command -v qemu-aarch64 >log; then objects arm aarch64-linux-gnu-gcc; fi
few=1x3x37x50,2x3x37x50
for layout in nhwc nchw; do
  runner="" cc=${CC:-cc} objects=native
  # Planes of one pixel are not side by side.
  sed -e "s/nhwc/$layout/" -e 's/"op": "conv2d".*/"op": "relu", "name": "stem"},/' -e '/atm_block/d' "$model" >pixels.json
  "$atmc" weights pixels.json --synthetic=1 -o one.st
  weights=one.st
  tried "$layout, one pixel" 1x3x1x1,2x3x1x1 --isa=$isas
  weights=w.st
  for order in rgb bgr; do
    sed -e "s/nhwc/$layout/" -e "s/rgb/$order/" "$model" >pixels.json
    shapes=$few
    [ $order = bgr ] || shapes=$few,8x3x224x224 # in rounds
    tried "$layout $order" $shapes --isa=$isas
    tried "$layout $order, a map" $few --isa=$isas --disable-pass=read-pixels
  done
  bindings $layout
  if command -v node >log && command -v wasm-ld-19 >log; then
    "$atmc" compile pixels.json --weights w.st --shape $few --target=wasm32-unknown-unknown --emit=wasm,javascript \
      -o photos 2>log || { cat log; exit 1; }
    cp "$here/strides_wasm.mjs" .
    node strides_wasm.mjs
  fi
  tried "$layout int8" $few --isa=$ints --quantize=int8
  if [ -d arm ]; then
    runner="qemu-aarch64 -L /usr/aarch64-linux-gnu" cc=aarch64-linux-gnu-gcc objects=arm
    for pass in "" --disable-pass=read-pixels; do
      # shellcheck disable=SC2086
      tried "$layout NEON $pass" $few --target=aarch64-linux-gnu --isa=neon $pass
    done
  fi
done
# Of floats beside the bytes nothing may be said.
sed -e 's|"layers": \[|"layers": [{"op": "mean_hw", "name": "more", "inputs": ["extra"]}, {"op": "linear", "name": "wide", "channels": 10},|' \
  -e 's|"name": "stem", "channels"|"name": "stem", "inputs": ["image"], "channels"|' \
  -e 's|"std": \[0.229, 0.224, 0.225\]}}|&, {"name": "extra", "channels": 4}|' \
  -e 's|{"name": "logits"}|{"name": "logits"}, {"name": "wide", "from": "wide"}|' "$model" >two.json
"$atmc" weights two.json --synthetic=1 -o two.st
"$atmc" compile two.json --weights two.st --shape 1x3x37x50 -o photos 2>log || { cat log; exit 1; }
cat >two.c <<'C'
#include <stdlib.h>
#include "photos.h"
static float extra[PHOTOS_IN_EXTRA_ELEMENTS], logits[10], wide[10], stem[PHOTOS_OUT_STEM_ELEMENTS];
static uint8_t image[PHOTOS_IN_IMAGE_ELEMENTS];
static int run(ptrdiff_t row, ptrdiff_t plane, ptrdiff_t batch) {
  static _Alignas(64) char workspace[PHOTOS_WORKSPACE_BYTES(1)];
  const atm_strides strides[] = {{0, 0, 0}, {row, plane, batch}};
  return photos_run_strided((const void *[]){image, extra}, strides, (void *[]){logits, wide, stem}, workspace,
                            sizeof workspace, NULL);
}
int main(void) {
  int refused = run(800, 0, 0) == ATM_E_ARGUMENT && run(0, 1, 0) == ATM_E_ARGUMENT && run(0, 0, 1) == ATM_E_ARGUMENT;
  return refused && run(0, 0, 0) == ATM_OK ? 0 : 1;
}
C
${CC:-cc} -std=c11 -O1 -Wall -Wextra -Werror -I. two.c photos.o -o two
./two
# A model that takes no bytes has no such function, and its metadata end as they did.
"$atmc" compile "$top/examples/models/glyphs.json" --weights "$top/examples/glyphs/glyphs.safetensors" --shape 1x3x48x48 \
  -o photos 2>log || { cat log; exit 1; }
! grep -q "photos_run_strided" photos.h
cat >none.c <<'C'
#include "photos.h"
int main(void) {
  return photos_model()->size > offsetof(atm_model, strided) || atm_model_strided(photos_model(), photos_model()->entries);
}
C
${CC:-cc} -std=c11 -O1 -Wall -Wextra -Werror -I. none.c photos.o native/*.o -pthread -o none
./none
