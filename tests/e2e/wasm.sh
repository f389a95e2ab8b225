#!/bin/sh
# wasm.sh ATMC TOOLS: WebAssembly in Node: golden files of ATMNet-xT, VMamba and a head, a model of all operators beside
# the interpreter, the generated binding, the example host beside the one in C. And the object: it asks for nothing.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
models=$top/examples/models
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for tool in node clang-19 wasm-ld-19; do
  command -v $tool >log || { echo "$tool is not installed: skipped"; exit 77; }
done
node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' || { echo "Node $(node --version) is too old: skipped"; exit 77; }

# compile MODEL WEIGHTS SHAPE NAME OPTION...
compile() {
  model=$1 of=$2 shape=$3 name=$4
  shift 4
  "$atmc" compile "$model" --weights "$of" --shape "$shape" --target=wasm32-unknown-unknown \
    --emit=wasm,javascript -o "$name" "$@" 2>log || { cat log; exit 1; }
}
# golden MODEL CASE SHAPE: against double-precision outputs.
golden() {
  "$atmc" weights "$models/$1.json" --synthetic=0 -o golden.safetensors
  compile "$models/$1.json" golden.safetensors "$3" golden
  size=${2#*-}
  height=${size%%x*} width=${size#*x}
  "$tools/make_image" "$height" "${width%%-*}" 0 "${3%%x*}" image.npy
  node "$here/wasm_run.mjs" golden.mjs image.npy .
  printf 'wasm %s: ' "$2"
  "$tools/compare_golden" "$here/golden/$2.safetensors" logits.npy
}
golden atmnet_xt atmnet_xt-32x32 1x3x32x32
golden atmnet_xt atmnet_xt-96x160 1x3x96x160
golden atmnet_xt atmnet_xt-224x224-b2 2x3x224x224
golden vmamba_t vmamba_t-64x96 1x3x64x96

ops=$here/aarch64/all_ops.json
"$atmc" weights "$ops" --synthetic=0 -o ops.safetensors
"$tools/make_image" 32 48 0 1 ops.npy
compile "$ops" ops.safetensors 1x3x32x48 ops
mkdir expected got
node "$here/wasm_run.mjs" ops.mjs ops.npy got
arguments="" outputs=$(sed -n '/"outputs"/,$p' "$ops" | grep -o '"name": "[^"]*"' | cut -d'"' -f4)
for output in $outputs; do arguments="$arguments --output $output=expected/$output.npy"; done
# shellcheck disable=SC2086
"$atmc" run "$ops" --weights ops.safetensors --input image=ops.npy --engine=interp $arguments
for output in $outputs; do
  printf 'wasm all operators, %s: ' "$output"
  case $output in
    indices | *labels*) # whole numbers, behind a header of 128 bytes
      for side in expected got; do tail -c +129 $side/"$output.npy" >$side/numbers; done
      cmp expected/numbers got/numbers
      echo equal
      ;;
    *) "$tools/compare_npy" "expected/$output.npy" "got/$output.npy" ;;
  esac
done

pixels=$here/pixels/model.json
"$atmc" weights "$pixels" --synthetic=0 -o pixels.safetensors
compile "$pixels" pixels.safetensors 1x3x37x50 pixels
"$tools/make_pixels" nhwc rgb 37 50 1 bytes.npy floats.npy
"$atmc" run "$pixels" --weights pixels.safetensors --input bytes.npy --engine=interp --output stem=stem.npy
node "$here/wasm_run.mjs" pixels.mjs bytes.npy got
printf 'wasm pixels: '
"$tools/compare_npy" stem.npy got/stem.npy

glyphs=$models/glyphs.json weights=$top/examples/glyphs/glyphs.safetensors
compile "$glyphs" "$weights" 1x3x48x48,1x3x64x80 glyphs --selftest
compile "$glyphs" "$weights" 1x3x48x48 outside --selftest --weights-mode=external
node "$here/wasm_load.mjs" glyphs.mjs outside.mjs outside.weights
"$atmc" inspect glyphs.wasm | grep -q "^model *glyphs"

# The host of examples/embed, and the one in C: the same class, logits as far apart as rounding may have them.
cp "$top/examples/embed/classify.mjs" .
"$tools/make_image" 48 48 0 1 image.npy
node classify.mjs image.npy >node.answer
"$atmc" compile "$glyphs" --weights "$weights" --shape 1x3x48x48 --emit=obj,header -o glyphs 2>log || { cat log; exit 1; }
${CC:-cc} -std=gnu11 -O1 -Wall -Wextra -Werror -I. -I"$top/runtime" "$top/examples/embed/one_model.c" glyphs.o -o one_model
./one_model image.npy >c.answer
paste -d ' ' c.answer node.answer | awk '
  { d = $2 - $4; bound = 2e-6 * $2 + 1e-5 }
  END { print "hosts: C " $1, $2 ", Node " $3, $4; exit NR != 1 || $1 != $3 || d > bound || -d > bound }'

# An object for others to link: nothing undefined but what a linker defines.
"$atmc" compile "$glyphs" --weights "$weights" --shape 1x3x48x48 --target=wasm32-wasi --emit=obj -o bare 2>log ||
  { cat log; exit 1; }
"$atmc" inspect bare.o | grep -q "^target *wasm32"
wasm-ld-19 --no-entry --export=bare_run --fatal-warnings bare.o -o bare.wasm
node -e '
  const module = new WebAssembly.Module(require("fs").readFileSync("bare.wasm"));
  const imports = WebAssembly.Module.imports(module);
  if (imports.length) throw new Error(JSON.stringify(imports));
  console.log("object: no imports");'
