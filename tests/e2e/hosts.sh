#!/bin/sh
# hosts.sh ATMC TOOLS: host programs around generated models, for every target and everything that
# can be linked: objects, static and shared libraries, assembly; in C99 and in C++ (hosts.c).
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
runtime=$here/../../runtime
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cd "$work"

cat >a.json <<'JSON'
{"atmc": 1, "name": "a", "inputs": [{"name": "image", "channels": 3}], "classes": ["none", "one", "many"],
 "layers": [
   {"op": "conv2d", "name": "stem", "channels": 24, "kernel": 7, "stride": 4, "padding": 2},
   {"op": "peg", "name": "peg"},
   {"op": "atm_block", "name": "block.0", "mlp_ratio": 2, "offsets": "new", "share": 2},
   {"op": "atm_block", "name": "block.1", "mlp_ratio": 2, "offsets": "block.0"},
   {"op": "layer_norm", "name": "norm"}, {"op": "mean_hw"},
   {"op": "linear", "name": "head", "channels": 3}],
 "outputs": [{"name": "logits"}]}
JSON
sed -e 's/"name": "a"/"name": "b"/' -e 's/, "classes": .*/,/' -e 's/"logits"/"map", "from": "norm"/' \
  -e '/"layer_norm"/s/, {"op": "mean_hw"},/],/' -e '/"head"/d' a.json >b.json
for model in a b; do "$atmc" weights $model.json --synthetic=1 -o $model.safetensors; done
"$tools/make_image" 16 24 1 2 image.npy

# compile TARGET: everything that it can make of both models.
compile() {
  kinds=obj,header,lib,asm,shared,exe
  "$atmc" compile a.json --weights a.safetensors --shape 2x3x32x32 "$1" --emit=$kinds -o a
  "$atmc" compile b.json --weights b.safetensors --shape 2x3x16x24,1x3x9x9 "$1" --emit=$kinds \
    --weights-mode=external -o b
}

# build COMPILER PROGRAM ARGUMENT...: warnings are errors, in headers too.
build() {
  compiler=$1 program=$2
  shift 2
  $compiler -O1 -Wall -Wextra -Wpedantic -Werror -I. "$@" -o "$program" -pthread
}

# check TARGET CC CXX [EMULATOR]: CXX may be "".
check() {
  target=$1 cc=$2 cxx=$3 emulator=${4-}
  compile "$target" 2>log || { cat log; exit 1; }
  objects=""
  for source in "$runtime"/*.c; do
    name=runtime_$(basename "$source" .c).o
    $cc -O1 -c "$source" -o "$name"
    objects="$objects $name"
  done
  $cc -c b.s -o b_assembled.o
  build "$cc -std=c99" host_objects "$here/hosts.c" a.o b.o $objects
  build "$cc -std=c99" host_libraries "$here/hosts.c" liba.a libb.a $objects
  build "$cc -std=c99" host_shared "$here/hosts.c" -L. -la -lb "-Wl,-rpath,$work"
  build "$cc -std=c99" host_assembled "$here/hosts.c" a.o b_assembled.o $objects
  programs="host_objects host_libraries host_shared host_assembled"
  if [ -n "$cxx" ]; then
    build "$cxx -std=c++11 -xc++" host_cxx "$here/hosts.c" -xnone a.o b.o $objects
    programs="$programs host_cxx"
  fi
  for program in $programs; do
    $emulator ./$program $program.results
    cmp host_objects.results $program.results
  done
  $emulator ./b --weights=b.weights --input image.npy --output map=program.npy >/dev/null
  if [ -z "$emulator" ]; then
    case $target in *,*) target=--cpu=native ;; esac # what a program chooses by itself
    "$atmc" run b.json --weights b.safetensors "$target" --input image.npy --output map=run.npy
    cmp run.npy program.npy
  fi
  echo "$target: $programs: equal"
}

for isa in v4 v3; do
  if "$tools/cpu_supports" $isa; then check --isa=$isa cc c++; fi
done
if "$tools/cpu_supports" v2; then check --isa=v2,v3,v4 cc c++; fi
arm=aarch64-linux-gnu
if command -v qemu-aarch64 >/dev/null && command -v $arm-gcc >/dev/null; then
  check --target=$arm $arm-gcc "" "qemu-aarch64 -L /usr/$arm"
fi
