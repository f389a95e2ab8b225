#!/bin/sh
# package.sh ATMC TOOLS BUILD: what `cmake --install` gives a product. A project elsewhere finds the package, compiles
# two models as libraries and runs them; again after the prefix was moved, and cross-compiled to AArch64. Touching
# the model compiles it again, and nothing else does.
set -eu
atmc=$1 build=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset CC CFLAGS LDFLAGS || true

cmake --install "$build" --prefix "$work/first" >install.log || { cat install.log; exit 1; }
cp -r "$here/package" product
cat >product/tiny.json <<'JSON'
{"atmc": 1, "name": "tiny", "inputs": [{"name": "image", "channels": 3}],
 "layers": [
   {"op": "conv2d", "name": "stem", "channels": 16, "kernel": 4, "stride": 4},
   {"op": "mean_hw"}, {"op": "linear", "name": "head", "channels": 5}],
 "outputs": [{"name": "logits"}]}
JSON
"$atmc" weights product/tiny.json --synthetic=1 -o product/tiny.safetensors

# build PREFIX FOLDER [CMAKE ARGUMENT...]
build() {
  prefix=$1 folder=$2
  shift 2
  cmake -S product -B "$folder" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" "$@" >cmake.log 2>&1 || { cat cmake.log; exit 1; }
  cmake --build "$folder" >build.log 2>&1 || { cat build.log; exit 1; }
}
build "$work/first" here
here/product here/large.atmc/large.weights >answers
[ "$(wc -l <answers)" = 5 ]
echo "built and run: $(tr '\n' ' ' <answers)"

cmake --build here >build.log
grep -q "no work to do" build.log || { cat build.log; exit 1; }
sleep 1
touch product/tiny.json
cmake --build here >build.log 2>&1
[ "$(grep -c 'Compiling the model' build.log)" = 2 ] || { cat build.log; exit 1; }
touch product/product.c
cmake --build here >build.log 2>&1
if grep -q "Compiling the model" build.log; then cat build.log; exit 1; fi
echo "the models are compiled again when they change, and only then"

mv first second
PKG_CONFIG_PATH=$(dirname "$(find second -name atmc.pc)") pkg-config --cflags --libs atmc | tr ' ' '\n' >flags
grep -q "^-latm_runtime$" flags
build "$work/second" moved
moved/product moved/large.atmc/large.weights >moved.answers
cmp answers moved.answers
echo "moved: the same answers"

arm=aarch64-linux-gnu
command -v $arm-gcc >/dev/null && command -v qemu-aarch64 >/dev/null || exit 0
build "$work/second" cross -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_C_COMPILER=$arm-gcc \
  -DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=BOTH
qemu-aarch64 -L /usr/$arm cross/product cross/large.atmc/large.weights >cross.answers
cmp answers cross.answers
echo "cross-compiled to AArch64: the same answers"
