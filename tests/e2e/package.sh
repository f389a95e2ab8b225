#!/bin/sh
# package.sh ATMC TOOLS BUILD: what `cmake --install` gives a product. A project elsewhere finds the package, compiles
# two models as libraries and runs them; again after the prefix was moved, and cross-compiled to AArch64, RISC-V and
# POWER. Touching the model compiles it again, and nothing else does. Of the .deb, lintian has nothing to say.
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
grep -q "/libatm_runtime.a$" flags
build "$work/second" moved
moved/product moved/large.atmc/large.weights >moved.answers
cmp answers moved.answers
echo "moved: the same answers"

# The shared runtime: by the package, and by pkg-config.
build "$work/second" shared -DRUNTIME=SHARED_RUNTIME
PKG_CONFIG_PATH=$(dirname "$(find second -name atmc-shared.pc)") pkg-config --cflags --libs atmc-shared >flags
libraries=$(dirname "$(find "$work/second" -name libatm_runtime.so)")
# shellcheck disable=SC2046 # the flags are words
cc -Imoved/tiny.atmc -Imoved/large.atmc product/product.c moved/*.atmc/*.a $(cat flags) "-Wl,-rpath,$libraries" -o by_flags
for program in shared/product ./by_flags; do
  objdump -p $program | grep -q 'NEEDED *libatm_runtime.so.2$' || { echo "$program: not shared"; exit 1; }
  $program moved/large.atmc/large.weights >shared.answers
  cmp answers shared.answers
done
echo "with the shared runtime: the same answers"

# Instruction sets of another machine than the project's are no code for it.
sed 's/SHAPES 1x3x32x32 PREFIX/SHAPES 1x3x32x32 ISAS neon PREFIX/' product/CMakeLists.txt >other.txt
mkdir other && cp product/product.c product/tiny.* other && mv other.txt other/CMakeLists.txt
cmake -S other -B wrong -G Ninja -DCMAKE_PREFIX_PATH="$work/second" -DCMAKE_SYSTEM_PROCESSOR=x86_64 \
  -DCMAKE_SYSTEM_NAME=Linux >cmake.log 2>&1 || { cat cmake.log; exit 1; }
if cmake --build wrong >build.log 2>&1; then echo "neon for x86-64"; exit 1; fi
grep -q 'unknown ISA "neon" for x86-64' build.log || { cat build.log; exit 1; }
echo "instruction sets of another machine: refused"

# cross PROCESSOR MACHINE EMULATOR...: the same answers there, where its compiler and emulator are at hand.
cross() {
  processor=$1 machine=$2
  shift 2
  command -v "$machine-gcc" >/dev/null && command -v "$1" >/dev/null || return 0
  build "$work/second" "$processor" -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="$processor" \
    -DCMAKE_C_COMPILER="$machine-gcc"
  "$@" -L "/usr/$machine" "$processor/product" "$processor/large.atmc/large.weights" >cross.answers
  cmp answers cross.answers
  echo "cross-compiled to $processor: the same answers"
}
cross aarch64 aarch64-linux-gnu qemu-aarch64
cross riscv64 riscv64-linux-gnu qemu-riscv64 -cpu "rv64,v=true,vlen=128,vext_spec=v1.0"
cross ppc64le powerpc64le-linux-gnu qemu-ppc64le

for tool in lintian dpkg-shlibdeps file; do command -v $tool >/dev/null || { echo "no $tool: no .deb"; exit 0; }; done
grep -q '^ATMC_SANITIZE:[A-Z]*=$' "$build/CMakeCache.txt" || exit 0
cpack --config "$build/CPackConfig.cmake" -B "$work/deb" >cpack.log 2>&1 || { cat cpack.log; exit 1; }
lintian --fail-on error,warning deb/*.deb 2>lintian.log || { cat lintian.log; exit 1; }
dpkg-deb -I deb/*.deb | grep -q '^ Depends: .*libllvm19'
echo ".deb: lintian has nothing to say"
