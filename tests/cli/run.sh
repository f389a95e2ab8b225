#!/bin/sh
# The command line: exit codes, streams, help, and files that appear whole or not at all.
#
#   run.sh ATMC
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/cli/expect.sh
. "$here/expect.sh"

commands="compile run bench inspect verify report offsets opt init weights import"

echo "-- help and documents"
expect 0 --help
for command in $commands; do says stdout "  $command "; done
for command in $commands; do
  expect 0 "$command" --help
  says stdout "Usage: atmc $command "
  says stdout "Example:"
  expect 0 "$command" -h
done
expect 0 init --help
says stdout "  atmnet_xt atmnet_t "
expect 0 --version
expect 0 --help=man
for command in $commands; do says stdout "atmc $command"; done
expect 0 --help=bash
if command -v bash >/dev/null; then
  cp stdout completion
  complete_words() {
    bash -c 'source ./completion; compopt() { :; }; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _atmc
             echo "${COMPREPLY[@]}"' bash "$@" >stdout
  }
  complete_words atmc ins && says stdout inspect
  complete_words atmc bench --pro && says stdout --profile
  complete_words atmc compile --stop-after = form && says stdout form-kernels
  complete_words atmc init atmnet_x && says stdout atmnet_xt
  complete_words atmc compile --isa = v4- && says stdout v4-vnni
  complete_words atmc compile --target = risc && says stdout riscv64-linux-gnu
  complete_words atmc bench --cpu = neoverse-n && says stdout neoverse-n1
  complete_words atmc compile --emit = sb && says stdout sbom
fi
for shell in zsh fish; do
  expect 0 --help=$shell
  for command in $commands; do says stdout "$command"; done
  says stdout v4-vnni
  says stdout atmnet_xt
  command -v $shell >/dev/null || continue
  cp stdout completion.$shell
  total=$((total + 1))
  $shell -n completion.$shell 2>stderr || { fail "$shell does not read its completion"; cat stderr; }
done
if command -v fish >/dev/null; then
  total=$((total + 1))
  HOME=$work/fish fish -c 'source completion.fish; complete -C "atmc compile --isa=v4"' 2>stderr >stdout
  says stdout v4-vnni
fi
rm -rf fish .config .local completion.zsh completion.fish

echo "-- offsets as an input, of a fixed size"
sed 's/"channels": 3}/"channels": 3, "height": 8, "width": 8}/
     s/"channels": 18}/"channels": 18, "height": 8, "width": 8}/' \
  "$here/../errors/deform_conv2d_offsets_of_an_open_input.json" >fixed.json
expect 0 inspect fixed.json
says stdout 'offsets 1x8x8x18'
rm fixed.json

echo "-- a model out of a pipe"
mkfifo pipe
cat tiny.json >pipe &
expect 0 inspect pipe
wait
rm pipe

echo "-- weights files, listed"
checkpoints=$here/../e2e/checkpoints accepted=$here/../e2e/accepted
expect 0 inspect "$checkpoints/tiny.pth"
for line in 'states     "model", 188 entries, shown here' '           "model_ema", 188 entries' \
  'epoch: 299' 'args: an object of "argparse.Namespace"' 'tensors    188, of 51.58 k elements' \
  'patch_embed.proj.weight                      F32   [8,3,7,7]'; do
  says stdout "$line"
done
expect 0 inspect "$checkpoints/tiny_legacy.pth" --state=model_ema
says stdout '"model_ema", 188 entries, shown here'
says stdout 'PyTorch checkpoint of before 1.6'
expect 0 inspect "$checkpoints/tiny_bare.pth" --json
says stdout '"prefix":	"module."'
says stdout '"shape":	[8, 3, 7, 7]'
expect 0 inspect "$here/../errors/pth_two_states.pth"
says stdout '"critic", 2 entries'
says stdout 'tensors    0'
expect 0 inspect "$accepted/odd_entries.pth"
says stdout 'None, not a tensor'
expect 0 inspect "$accepted/odd_entries.pth" --json
says stdout '"problem":	"a list, not a tensor"'
expect 0 inspect "$accepted/base.safetensors"
says stdout 'head.weight                                  F32   [2,3]'
cp "$accepted/base.safetensors" any_name
expect 0 inspect any_name
rm any_name
expect 1 inspect "$here/../errors/pth_no_pickle.pth"
expect 1 inspect "$checkpoints/tiny.pth" --state=optimizer
expect 2 inspect "$checkpoints/tiny.pth" --shape=1x3x8x8
expect 2 inspect tiny.json --state=model

echo "-- wrong command lines"
expect 2
expect 2 frobnicate
expect 2 insepct
says stderr "did you mean inspect?"
expect 2 inspect
expect 2 inspect tiny.json tiny.json
expect 2 inspect tiny.json --frobnicate
expect 2 inspect tiny.json --jsn
says stderr "did you mean --json?"
expect 2 inspect tiny.json -x
expect 2 inspect tiny.json --json=yes
expect 2 inspect tiny.json --shape
expect 2 inspect tiny.json --help=html
expect 2 compile tiny.json --weights w --shape 1x3x8x8
says stderr "--output"
for shape in "" 1 1x3x8 1x3x8x8x8 1x3x8x8, x3x8x8 1x3x8x-8 0x3x8x8 1x4x8x8 1x3x8x99999999 \
  9999999999x3x8x8 1x3x16384x16384 "1x3x8x8,1x3x9x9"; do
  expect 2 inspect tiny.json --shape="$shape"
done
for threads in 0 65 -1 two 1.5 99999999999999999999 ""; do
  expect 2 inspect tiny.json --threads="$threads"
done
expect 2 inspect tiny.json --shape=1x3x8x8 --shape=1x3x9x9
says stderr "--shape is given twice"
expect 2 inspect tiny.json --threads=1 --isa=v3 --threads 2
expect 2 inspect tiny.json --isa=v9
expect 2 inspect tiny.json --target=x86_64-linux-gnux32
expect 2 inspect tiny.json --target=aarch64-linux-gnu_ilp32
expect 2 inspect tiny.json --isa=v3,v2
says stderr "atmc inspect takes one instruction set"
several="compile tiny.json --weights w --shape 1x3x16x16 -o x --isa"
expect 2 $several=v3,v2,x86-64-v3
says stderr "--isa: x86-64-v3 is named twice"
expect 2 $several=v3,neon
says stderr "--isa: v3 is of x86-64, neon of aarch64"
expect 2 $several=v3,v9
says stderr 'unknown ISA "v9"'
expect 2 $several=v3,
# Layers that --quantize leaves alone.
expect 2 inspect tiny.json --quantize=int4
says stderr "--quantize: \"int4\" is none of none|int8"
expect 2 inspect tiny.json --keep-float=block
says stderr "--keep-float goes with --quantize=int8"
expect 2 inspect tiny.json --quantize=none --keep-float=block
expect 2 inspect tiny.json --quantize=int8 --keep-float=blokc
says stderr '--keep-float: no layer is named "blokc"; did you mean "block"?'
expect 2 inspect tiny.json --quantize=int8 --keep-float=block,elsewhere
says stderr 'no layer is named "elsewhere"; there are stem, peg, block, norm, mean_hw, head'
expect 2 inspect tiny.json --quantize=int8 --keep-float=
expect 2 inspect tiny.json --quantize=int8 --keep-float=bloc
expect 0 inspect tiny.json --quantize=int8 --keep-float=block --keep-float=stem,peg
sed 's/"channels": 16/"channels": 32/' tiny.json >wide.json
expect 0 inspect wide.json --quantize=int8
says stdout "as int8 and f32"
total=$((total + 1))
grep -q '^stem .* -$' stdout && grep -q '^block .* [1-9][0-9]* %$' stdout && grep -q '^total .* %$' stdout || {
  fail "which layers are in int8"
  cat stdout
}
expect 0 inspect wide.json --quantize=int8 --json
says stdout '"quantized_bytes"'
says stdout '"int8_macs"'
expect 0 inspect wide.json --quantize=int8 --keep-float=block
says stdout " as f32 (for"
! grep -q "in int8" stdout || fail "a column of int8 without any"
expect 0 init vmamba_t -o vmamba.json
expect 0 inspect vmamba.json --shape 1x3x224x224
says stdout "multiply-adds   4.81 G (4.91 G with scans and norms)"
rm vmamba.json
expect 0 init atmnet_xt -o xt.json
share=
for images in 1 8; do # in one round, and in several
  expect 0 inspect xt.json --quantize=int8 --shape ${images}x3x224x224
  : "${share:=$(sed -n 's/^total.* \([0-9]* %\)$/\1/p' stdout)}"
  says stdout " $share"
done
expect 0 inspect xt.json --shape 8x3x224x224 --stop-after=cut-rounds
says stdout "rounds"
expect 2 inspect tiny.json --target=vax
expect 2 inspect tiny.json --stop-after=frobnicate
expect 2 inspect tiny.json --disable-pass=form-kernels
expect 2 inspect tiny.json --disable-pass=fold-afine
says stderr "fold-affine"
expect 2 init resnet50
says stderr "see atmc init --help"
expect 2 init atmnet_xs
says stderr "did you mean atmnet_"
expect 2 weights tiny.json --synthetic=-1 -o w

echo "-- init, weights, inspect"
expect 0 init atmnet_xt
cp stdout xt.json
expect 0 init atmnet_xt -o xt2.json
expect 0 init ActivexTiny
says stderr "called atmnet_xt here"
expect 2 init mixer_b16 --pyramid
says stderr "mixer_b16 has one resolution, and no stages"
expect 2 init vip_s7 --size=448x448
says stderr "vip_s7 takes images of 224x224 alone"
expect 2 init asmlp_t --pyramid
says stderr "asmlp_t has none here"
expect 2 init atmnet_xt --size=384x384
says stderr "takes images of any size"
expect 2 init mixer_b16 --size=384x390
says stderr "patches of 16x16 do not tile images of 384x390"
for size in 384 384x 0x16 x384 384x384x384 99999x16 -16x16; do expect 2 init mixer_b16 --size="$size"; done
expect 0 init mixer_b16 --size=384x256
says stdout '"grid": [24, 16]'
expect 0 init mixer_b16_224 --size 384x384 --classes=10
says stdout '"grid": 24'
says stdout '"name": "head", "channels": 10'
expect 0 init vmamba_t --pyramid
says stdout '"name": "outnorm3", "inputs": ["layers.3.blocks.1"]'
expect 0 init vmamba_v0_t --head=upernet
says stdout '"name": "backbone.outnorm3"'
expect 0 init cyclemlp-b1 --class-names=imagenet
says stdout '"classes": ["tench", "goldfish", '
says stdout '"toilet tissue"]'
printf 'cat\na "dog"\r\n\303\274\n' >names.txt
expect 0 init atmnet_t --class-names=names.txt
says stdout '"classes": ["cat", "a \"dog\"", "ü"]'
says stdout '"name": "head", "channels": 3'
expect 0 init atmnet_t --class-names=names.txt --classes=3
expect 2 init atmnet_t --class-names=names.txt --classes=4
says stderr "names.txt names 3"
expect 2 init atmnet_t --class-names=names.txt --pyramid
printf 'cat\n\ndog\n' >names.txt
expect 1 init atmnet_t --class-names=names.txt
says stderr "line 2 is no name of a class"
rm names.txt
expect 3 init atmnet_t --class-names=names.txt
cmp xt.json xt2.json || fail "init: other bytes in the file"
expect 0 init atmnet_l --pyramid -o l_pyramid.json
expect 2 init mixer_b16 --head=upernet
expect 2 init atmnet_t --head=fcn
expect 2 init atmnet_t --head=upernet --pyramid
expect 2 init atmnet_t --answer=labels
expect 2 init atmnet_t --head=upernet --answer=picture
expect 2 init atmnet_t --head=upernet --class-names=imagenet
for head in semantic_fpn upernet; do
  for answer in logits logits4 labels; do
    expect 0 init cyclemlp_b1 --head=$head --answer=$answer --classes=19 -o head.json
    expect 0 inspect head.json --shape 1x3x64x96
  done
done
# The paper's counts, and those of the definition that the recorded outputs come from.
for line in 'xt semantic_fpn 512x512 19.10 32.77' 't semantic_fpn 512x512 30.91 42.09' \
  's semantic_fpn 512x512 42.39 57.42' 'b semantic_fpn 512x512 55.91 74.26' 'l semantic_fpn 512x512 79.84 86.16' \
  'xt upernet 512x2048 45.33 887.71' 't upernet 512x2048 57.13 925.02' 's upernet 512x2048 68.61 986.32' \
  'b upernet 512x2048 82.13 1053.69' 'l upernet 512x2048 107.89 1103.31' 'xt upernet 512x512 45.33 221.94'; do
  # shellcheck disable=SC2086
  set -- $line
  expect 0 init atmnet_$1 --head=$2 -o head.json
  expect 0 inspect head.json --shape 1x3x$3
  says stdout "parameters      $4 M"
  says stdout "multiply-adds   $5 G"
done
expect 2 init atmnet_t --head=upernet --output=labels
says stderr "--output=labels: a file; what the model gives is --answer=labels"
[ ! -e labels ] || fail "init: a file called labels"
# What a head takes beside its weights: the largest of its maps three times, and no concatenated one.
expect 0 init atmnet_xt --head=upernet --answer=labels -o head.json
expect 0 inspect head.json --shape 1x3x512x512 --isa=v3
workspace=$(sed -n 's/^workspace *\([0-9]*\).* MB (.*/\1/p' stdout)
[ "${workspace:-1000}" -le 96 ] || fail "UperNet takes $workspace MB of workspace"
expect 0 inspect head.json --shape 1x3x512x512 --isa=v3 --disable-pass=split-concats
workspace=$(sed -n 's/^workspace *\([0-9]*\).* MB (.*/\1/p' stdout)
[ "${workspace:-0}" -gt 128 ] || fail "UperNet takes $workspace MB of workspace without the pass"
expect 0 init atmnet_t --head=upernet -o head.json
expect 0 inspect head.json --shape 1x3x64x64 --json
says stdout '"parameters":	57128'
rm head.json
expect 0 init atmnet_l -ol.json
expect 0 weights tiny.json --synthetic=1 -o tiny.safetensors
expect 0 weights tiny.json --synthetic 1 --output=tiny2.safetensors
cmp tiny.safetensors tiny2.safetensors || fail "weights: other bytes"
expect 0 inspect xt.json
says stdout "15.35 M"
says stdout "2.17 G"
expect 0 inspect l.json --shape 1x3x384x384
says stdout "76.24 M"
says stdout "36.28 G"
expect 0 inspect --json -- tiny.json
says stdout '"macs":'
sed -e 's/"channels": 3/"channels": 1, "height": 32/' tiny.json >wide.json
expect 0 inspect wide.json
says stdout "image 1x32x224x1"
sed -e 's/"nchw", "channels": 3/"nc", "channels": 7/' -e '/"op": "[cpam]/d' tiny.json >vector.json
expect 0 inspect vector.json
says stdout "image 1x7"

# The hash in the metadata is of what was read: where it came from does not matter, a number does.
hash_of() {
  expect 0 compile tiny.json --weights "$1" --shape 1x3x64x64 --isa=v2 --emit=llvm-ir -o hashed
  grep -o 'c"[0-9a-f]\{16\}' hashed.ll
}
expect 0 weights tiny.json --synthetic=2 -o other.safetensors
first=$(hash_of tiny.safetensors) again=$(hash_of tiny2.safetensors)
other=$(hash_of other.safetensors)
total=$((total + 1))
[ -n "$first" ] && [ "$first" = "$again" ] && [ "$first" != "$other" ] ||
  fail "hashes: $first, of the same numbers $again, of others $other"
rm -f hashed.ll other.safetensors

echo "-- files that cannot be read"
expect 3 inspect missing.json
expect 3 inspect .
expect 3 inspect ""
says stderr '"": error: cannot open'
expect 3 compile tiny.json --weights missing --shape 1x3x8x8 -o x
expect 3 opt missing.ir
echo '{"atmc": 1' >broken.json
expect 1 inspect broken.json
echo 'graph' >broken.ir
expect 1 opt broken.ir
expect 1 compile xt.json --weights tiny.safetensors --shape 1x3x32x32 -o x
holds . broken.ir broken.json $([ -f completion ] && echo completion) l.json l_pyramid.json stderr \
  stdout tiny.json tiny.safetensors tiny2.safetensors vector.json wide.json xt.json xt2.json

# The system fails, not the checkpoint: there is one file descriptor, and libzip wants another.
total=$((total + 1))
files=4
while ! sh -c "ulimit -n $files && exec '$atmc' --version" >stdout 2>stderr; do
  files=$((files + 1))
done
sh -c "ulimit -n $files && exec '$atmc' import '$here/../errors/pth_another_shape.pth' -o x" 2>stderr
[ $? = 3 ] || fail "no file descriptor: $(cat stderr)"

echo "-- files that cannot be written"
compile="compile tiny.json --weights tiny.safetensors --shape 1x3x16x16"
mkdir out
expect 3 $compile -o missing/tiny
says stderr "missing/tiny.o: error: cannot write: its directory does not exist"
expect 3 $compile -o tiny.json/tiny
mkdir out/tiny.h
expect 3 $compile -o out/tiny
says stderr "out/tiny.h"
holds out tiny.h
rmdir out/tiny.h
if [ "$(id -u)" != 0 ]; then
  chmod a-w out
  expect 3 $compile -o out/tiny
  chmod u+w out
  holds out
fi
expect 2 $compile -o out/
expect 2 $compile -o out/tiny --prefix=9lives
for names in "-o out/tiny --prefix=atm" "-o out/atm" "-o out/Atm"; do
  expect 2 $compile $names
  says stderr "names that begin with atm_ are the runtime's"
done
# Prefixes that differ in case are two models; where their macros would be one, the compiler says so.
for prefix in net Net NET; do
  expect 0 $compile -o "out/$prefix" --emit=header
done
printf '#include "net.h"\n#include "Net.h"\nsize_t a = NET_WORKSPACE_BYTES(1) + Net_WORKSPACE_BYTES(1);\n' >both.c
${CC:-cc} -Iout -Wall -Wextra -Werror -fsyntax-only both.c || fail "headers of net and Net"
printf '#include "net.h"\n#include "NET.h"\n' >both.c
if ${CC:-cc} -Iout -fsyntax-only both.c 2>stderr; then fail "headers of net and NET"; fi
says stderr 'another model has macros NET_*'
rm out/*
expect 2 $compile -o out/tiny --emit=obj,everything
rm -f out/*
expect 0 $compile -o out/tiny -MD
holds out tiny.d tiny.h tiny.o
touch -d '2001-01-01' out/tiny.o out/tiny.h
expect 0 $compile -o out/tiny -MD
holds out tiny.d tiny.h tiny.o
[ -z "$(find out -name 'tiny.[oh]' -newermt 2002-01-01)" ] || fail "unchanged outputs were written again"
expect 0 $compile -o out/tiny --prefix=other
[ -n "$(find out -name tiny.o -newermt 2002-01-01)" ] || fail "a changed output was not written"
expect 2 inspect tiny.json -MD
rm -f out/*
expect 0 $compile -o out/tiny --emit=obj --debug-info
holds out tiny.o tiny.plan
rm -f out/*
expect 0 $compile,1x3x32x32 -o out/tiny --emit=obj --debug-info --isa=v2,v3
holds out tiny.o tiny_v2_16x16.plan tiny_v3_16x16.plan tiny_v2_32x32.plan tiny_v3_32x32.plan
expect 2 $compile -o out/tiny_v2_16x16 --emit=obj --debug-info --from-plan=out/tiny_v2_16x16.plan --isa=v2
says stderr "tiny_v2_16x16.plan"
expect 2 inspect tiny.json --debug-info
rm -f out/*
for kind in lib shared exe; do
  expect 2 $compile -o out/tiny --emit=obj,$kind --target=x86_64-pc-windows-msvc
  says stderr "made for Linux alone"
done
expect 2 $compile -o out/tiny --target=wasm64-unknown-unknown
says stderr 'unknown target "wasm64-unknown-unknown"; known: x86_64-linux-gnu, aarch64-linux-gnu, riscv64-linux-gnu'
for kind in lib shared exe; do
  expect 2 $compile -o out/tiny --emit=obj,$kind --target=wasm32-unknown-unknown
  says stderr "made for Linux alone; for wasm32-unknown-unknown there is --emit=obj,wasm,javascript"
done
for kind in wasm javascript; do
  expect 2 $compile -o out/tiny --emit=$kind
  says stderr "--emit=$kind: made for WebAssembly alone; for"
done
expect 2 $compile -o out/tiny --target=wasm32-wasi --quantize=int8
says stderr "--quantize=int8: code for wasm32 is in floats alone"
expect 2 $compile -o out/tiny --target=wasm32-wasi --isa=v3
says stderr 'unknown ISA "v3" for wasm32; known: simd128'
expect 2 $compile -o out/tiny --target=riscv64-linux-gnu --quantize=int8
says stderr "--quantize=int8: code for riscv64 is in floats alone"
expect 2 $compile -o out/tiny --target=arm64-apple-macos --isa=neon-i8mm
says stderr "does not say whether a CPU has it; neon is for all"
expect 2 verify tiny.json --weights tiny.safetensors --shape 1x3x32x32 --target=x86_64-pc-windows-msvc
says stderr "does not run code for x86_64-pc-windows-msvc"
for target in x86_64-linux-gnu aarch64-linux-musl riscv64-linux-gnu powerpc64le-linux-gnu arm64-apple-macos \
  x86_64-apple-macos x86_64-pc-windows-msvc x86_64-w64-windows-gnu \
  wasm32-unknown-unknown wasm32-wasi; do
  expect 0 $compile -o out/tiny --target=$target
done
rm out/*
echo old >out/tiny.o
CC=false expect 3 $compile -o out/tiny --emit=obj,exe
CC=no-such-compiler expect 3 $compile -o out/tiny --emit=obj,shared
says stderr no-such-compiler
CC=no-such-compiler expect 3 $compile -o out/tiny --emit=exe --target=aarch64-linux-gnu
says stderr no-such-compiler
CC=no-such-compiler expect 3 $compile -o out/tiny --emit=wasm --target=wasm32-unknown-unknown
says stderr "programs, shared libraries and modules need one"
for libc in x86_64-linux-musl aarch64-linux-android; do
  CC= expect 2 $compile -o out/tiny --emit=exe --target=$libc
  says stderr "programs and shared libraries for $libc need a C compiler for it (set CC)"
done
holds out tiny.o
[ "$(cat out/tiny.o)" = old ] || fail "the old output was touched"
if [ -w /dev/full ]; then
  total=$((total + 1))
  "$atmc" inspect tiny.json >/dev/full 2>stderr
  [ $? = 3 ] || fail "a full standard output"
  echo old >trace.json
  "$atmc" bench tiny.json --weights tiny.safetensors --shape 1x3x16x16 --iterations=1 \
    --trace=trace.json >/dev/full 2>stderr
  [ $? = 3 ] && [ "$(cat trace.json)" = old ] || fail "a full standard output beside a file"
  rm trace.json
fi
# A disk without room, as far as a shell can make one.
total=$((total + 1))
(
  ulimit -f 8
  "$atmc" weights l.json --synthetic=0 -o out/l.safetensors 2>/dev/null
)
[ $? = 3 ] || fail "a full disk"
holds out tiny.o
rm out/tiny.o

echo "-- no memory"
# From what the program needs to load on, in small steps: it works or says that memory is short.
limit=100000
while [ $limit -lt 400000 ] && ! sh -c "ulimit -v $limit && exec '$atmc' --version" >stdout 2>stderr; do
  limit=$((limit + 1000))
done
if [ $limit -lt 400000 ]; then # else the build has a sanitizer, whose memory is not what it takes
  short=0
  for step in $(seq 40); do
    total=$((total + 1))
    (ulimit -v $((limit + 500 * step)) && "$atmc" $compile -o out/tiny --emit=obj,asm) 2>stderr
    case $? in
      0) rm out/* ;;
      3) grep -q "error: .*memory" stderr && short=$((short + 1)) || fail "no memory: $(cat stderr)" ;;
      *) fail "no memory: exit code of atmc: $(cat stderr)" ;;
    esac
    holds out
  done
  [ $short -gt 0 ] || fail "memory was never short"
fi

echo "-- outputs over inputs, links and what is no file"
replaces="would replace the input"
cp tiny.json same.json
expect 2 weights same.json --synthetic=1 -o same.json
says stderr "atmc: error: the output same.json $replaces same.json"
ln same.json out/hard.json
ln -s ../same.json out/soft.json
expect 2 weights same.json --synthetic=1 -o out/hard.json
expect 2 weights same.json --synthetic=1 -o out/soft.json
expect 2 import tiny.safetensors -o ./tiny.safetensors
# A shard is an input too, though only its index names it.
if command -v python3 >/dev/null; then
python3 - tiny.safetensors <<'PYTHON'
import json, struct, sys
data = open(sys.argv[1], 'rb').read()
length = struct.unpack('<Q', data[:8])[0]
tensors = {k: v for k, v in json.loads(data[8:8 + length]).items() if k != '__metadata__'}
index = {}
for number, names in enumerate((sorted(tensors)[::2], sorted(tensors)[1::2]), 1):
    header, body = {}, b''
    for name in names:
        begin, end = tensors[name]['data_offsets']
        header[name] = dict(tensors[name], data_offsets=[len(body), len(body) + end - begin])
        body += data[8 + length:][begin:end]
        index[name] = f'shard-{number}.weights'
    text = json.dumps(header).encode()
    open(f'shard-{number}.weights', 'wb').write(struct.pack('<Q', len(text)) + text + body)
json.dump({'weight_map': index}, open('tiny.index.json', 'w'))
PYTHON
cp shard-2.weights same.weights
shards="--weights tiny.index.json --shape 1x3x16x16"
expect 2 import tiny.index.json -o shard-2.weights
says stderr "would replace the input shard-2.weights"
expect 2 compile tiny.json $shards -o shard-2 --weights-mode=external
expect 2 bench tiny.json $shards --iterations=1 --trace=shard-2.weights
expect 2 report tiny.json $shards -o shard-2.weights
total=$((total + 1))
cmp -s same.weights shard-2.weights || fail "a shard was replaced"
expect 0 compile tiny.json $shards -o out/tiny --emit=dep,sbom
for name in tiny.index.json shard-1.weights shard-2.weights; do
  says out/tiny.d "$name"
  says out/tiny.spdx.json "\"$name\""
done
rm out/tiny.d out/tiny.spdx.json
fi
cp tiny.json out/m.o
expect 2 compile out/m.o --weights tiny.safetensors --shape 1x3x16x16 -o out/m
expect 2 compile out/m.o --weights tiny.safetensors --shape 1x3x16x16,1x3x24x16 -o out/m
cp tiny.safetensors out/m.weights
expect 2 compile tiny.json --weights out/m.weights --shape 1x3x16x16 -o out/m --weights-mode=external \
  --emit=header
cp tiny.json out/m_24x16.plan
expect 2 compile out/m_24x16.plan --weights tiny.safetensors --shape 1x3x16x16,1x3x24x16 -o out/m \
  --emit=plan
cmp same.json tiny.json && cmp out/m.o tiny.json && cmp out/m.weights tiny.safetensors ||
  fail "an input was replaced"
holds out hard.json m.o m.weights m_24x16.plan soft.json
rm out/*
# What a link names is replaced, the link stays; so do the permissions.
echo old >target
chmod 600 target
ln -s ../target out/link
expect 0 init atmnet_xt -o out/link
[ -L out/link ] && cmp target xt.json || fail "a link was not followed"
[ "$(stat -c %a target)" = 600 ] || fail "a file of mode 600 has $(stat -c %a target)"
ln -s ../made out/dangling
expect 0 init atmnet_xt -o out/dangling
[ -L out/dangling ] && cmp made xt.json || fail "a link to what is not there was not followed"
echo old >out/tiny
chmod 640 out/tiny
expect 0 $compile -o out/tiny --emit=exe
[ "$(stat -c %a out/tiny)" = 750 ] || fail "a program of mode $(stat -c %a out/tiny)"
rm out/* target made
# A link to a pipe or a device, as /dev/stdout, is neither followed nor replaced.
ln -s /dev/null out/null
ln -s /dev/fd/1 out/pipe
expect 3 init atmnet_xt -o out/null
says stderr "out/null: error: cannot write: it is not a regular file"
total=$((total + 1))
"$atmc" init atmnet_xt -o out/pipe 2>stderr | cat >stdout
[ ! -s stdout ] && grep -q "not a regular file" stderr && [ -L out/pipe ] || fail "a link to a pipe"
holds out null pipe
rm out/*
# Said before there is work: these weights would take seconds.
expect 3 weights l.json --synthetic=0 -o /proc/l.safetensors
says stderr "/proc/l.safetensors: error: cannot write"

echo "-- compile"
expect 0 $compile -o out/all --emit=obj,plan --isa=v2,v3,v4
for isa in v2 v3 v4; do
  says stderr "x86-64-$isa          code "
  [ -s out/all_$isa.plan ] || fail "no plan for $isa"
done
rm out/all*
expect 0 $compile,2x3x24x16 -o out/tiny --emit=obj,header,lib,asm,llvm-ir,ir,plan --isa=v3
[ ! -s stdout ] || fail "compile: output on stdout"
says stderr x86-64-v3
holds out libtiny.a tiny.h tiny.ll tiny.o tiny.s tiny_16x16.ir tiny_16x16.plan tiny_2x24x16.ir \
  tiny_2x24x16.plan
rm out/*
# Every combination of what the dimensions may be, in order; names say sizes alone.
expect 0 compile tiny.json --weights tiny.safetensors --shape "{1,2}x3x16x{16,24}" -o out/tiny --emit=header --isa=v3
grep -o 'int tiny_run[_0-9x]*(' out/tiny.h >names || true
printf 'int tiny_run_16x16(\nint tiny_run_16x24(\nint tiny_run_2x16x16(\nint tiny_run_2x16x24(\nint tiny_run(\n' >wanted
cmp -s names wanted || fail "names of entries: $(cat names)"
for shape in "1x3x{16,}x16" "1x3x{16,24x16" "1x3x{}x16" "1x3x16}x16"; do
  expect 2 compile tiny.json --weights tiny.safetensors --shape="$shape" -o out/tiny
  says stderr "is not of the form NxCxHxW, as 1x3x224x224 or 1x3x{224,256}x{224,256}"
done
expect 2 compile tiny.json --weights tiny.safetensors --shape "1x3x{16,16}x16" -o out/tiny
says stderr "the same shape twice"
expect 2 compile tiny.json --weights tiny.safetensors --shape "{1,2,3,4,5}x3x{16,17,18,19}x16" -o out/tiny
says stderr "at most 16 shapes"
rm out/*
expect 0 $compile -o out/tiny --weights-mode=external --prefix=other
says stderr "other machines may lack it"
holds out tiny.h tiny.o tiny.weights
grep -q other_run out/tiny.h || fail "the prefix is not in the header"
rm out/*

echo "-- passes"
expect 0 inspect tiny.json --stop-after=fold-affine
cp stdout after.ir
says stdout "graph @tiny"
for command in compile bench verify; do
  set -- "$command" tiny.json --weights tiny.safetensors --shape 1x3x16x16
  if [ "$command" = compile ]; then set -- "$@" -o out/tiny; fi
  expect 0 "$@" --stop-after=fold-affine
  cmp stdout after.ir || fail "$command --stop-after prints another graph"
done
holds out
expect 0 opt after.ir --passes=lower-convolutions --verify-each --time-passes
cp stdout lowered.ir
says stderr lower-convolutions
expect 0 opt lowered.ir --passes=specialize-shapes --shape 1x3x16x16 -o lowered2.ir
grep -q 'f32\[1,8,8,16\]' lowered2.ir || fail "opt --shape"
expect 2 opt after.ir --passes=lower-convolution
says stderr "did you mean lower-convolutions?"
expect 0 inspect tiny.json --print-after=all --json
says stderr "// after form-kernels"
optional=$("$atmc" opt --help | sed -n '/^Passes:/,/^$/p' | tr -s ' \n' ' ' | sed 's/ \([a-z]*-[a-z-]* \)/\n\1/g' |
  grep -v 'cannot be left out' | sed -n 's/^\([a-z]*-[a-z-]*\) .*/\1/p')
[ -n "$optional" ] || fail "no optional passes in opt --help"
verify="verify tiny.json --weights tiny.safetensors --shape 1x3x20x28"
for pass in $optional; do expect 0 $verify --verify-each --disable-pass="$pass"; done
expect 0 $verify --disable-pass="$(echo $optional | tr ' ' ,)"

echo "-- verify, bench, run"
expect 2 verify tiny.json --weights tiny.safetensors
says stderr "atmc verify needs --shape=NxCxHxW or --input=[NAME=]FILE.npy"
expect 2 $verify --input missing.npy
says stderr "--shape: --input says it"
expect 3 verify tiny.json --weights tiny.safetensors --input missing.npy
expect 0 $verify --threads=3
says stdout "end to end"
expect 0 bench tiny.json --weights tiny.safetensors --shape 1x3x16x16 --iterations=3 --json
for key in median_ms min_ms threads isa macs workspace_bytes compile_ms; do says stdout "\"$key\":"; done
expect 0 bench tiny.json --weights tiny.safetensors --shape 1x3x16x16 --iterations=3 --profile
says stdout "kernels, by time"
# The last table has each layer once, and the times of all steps.
total=$((total + 1))
awk '/^steps, in order/ { part = 1 } /^kernels, by time/ { part = 2 } /^layers, in order/ { part = 3 }
  $2 ~ /[.]/ && $3 == "%" { sum[part] += $1; sub(/^.* % [a-z0-9-]+ +/, ""); if (part == 3 && seen[$0]++) bad = 1 }
  END { d = sum[1] - sum[3]; exit bad || part != 3 || sum[3] == 0 || d > 0.1 || d < -0.1 }' stdout ||
  { fail "layers of bench --profile"; cat stdout; }
says stdout "of the peak's"
expect 0 bench tiny.json --weights tiny.safetensors --shape 1x3x16x16 --iterations=3 --threads=2 \
  --profile --json --trace=trace.json
for key in peak_gflops peak_share rounds weight_bytes map_bytes gflops; do says stdout "\"$key\":"; done
cp stdout profile.json
grep -q "^{\"traceEvents\":" trace.json || fail "no trace"
# The trace: each step of the profile in its order, one after the other, with its tasks inside.
if command -v python3 >/dev/null; then
  total=$((total + 1))
  python3 - <<'PYTHON' || fail "bench --trace"
import json
steps = json.load(open("profile.json"))["steps"]
events = json.load(open("trace.json"))["traceEvents"]
tracks = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
assert tracks[0] == "steps" and tracks[1] == "worker 0", tracks
spans = [e for e in events if e["ph"] == "X"]
assert all(e["dur"] >= 0 and e["ts"] >= 0 for e in spans)
traced = [e for e in spans if e["tid"] == 0]
assert [e["name"] for e in traced] == [s["kernel"] for s in steps]
for step, event in zip(steps, traced):
    for key in "label", "macs", "weight_bytes", "map_bytes":
        assert event["args"][key] == step[key], key
end = lambda e: e["ts"] + e["dur"]
assert all(end(a) <= b["ts"] + 1e-3 for a, b in zip(traced, traced[1:]))
for i, step in enumerate(traced):
    tasks = [e for e in spans if e["tid"] > 0 and e["args"]["step"] == i]
    assert sorted(e["args"]["task"] for e in tasks) == list(range(len(tasks))) and tasks
    for e in tasks:
        assert step["ts"] <= e["ts"] and end(e) <= end(step) + 1e-3 and e["tid"] in tracks
PYTHON
fi
! grep -q int8_peak profile.json || fail "a peak of int8 in f32"
# Whole numbers have a peak of their own.
sed 's/"channels": 16/"channels": 32/' tiny.json >eight.json
expect 0 weights eight.json --synthetic=0 -o eight.safetensors
eight="bench eight.json --weights eight.safetensors --shape 1x3x32x32 --quantize=int8 --iterations=3"
expect 0 $eight --profile
says stdout "in f32 and"
total=$((total + 1))
grep -q '[1-9][0-9]* % \(int8\|mixed\)  *k.*linear' stdout || { fail "no share of the peak of int8"; cat stdout; }
expect 0 $eight --profile --json
for key in int8_peak_gops int8_macs peak_of; do says stdout "\"$key\":"; done
# So have the functions of a scan.
cat >scan.json <<'JSON'
{"atmc": 1, "name": "scan", "inputs": [{"name": "x", "channels": 3}],
 "layers": [{"op": "linear", "name": "stem", "channels": 16},
            {"op": "vss_block", "name": "block", "states": 2, "rank": 1}],
 "outputs": [{"name": "y"}]}
JSON
expect 0 weights scan.json --synthetic=0 -o scan.safetensors
scan="bench scan.json --weights scan.safetensors --shape 1x3x9x7 --iterations=3"
expect 0 $scan --profile
total=$((total + 2))
grep -q 'functions  8.06 k of exp at .* G/s at most, 4.03 k of softplus at .* G/s at most' stdout ||
  { fail "no functions"; cat stdout; }
grep -q '[1-9][0-9]* % mixed  *k.*selective_scan' stdout || { fail "no share of all that a scan does"; cat stdout; }
expect 0 $scan --profile --disable-pass=fuse-scan-steps
total=$((total + 1))
grep -q '[1-9][0-9]* % exp  *k.*selective_scan' stdout || { fail "no share of exp"; cat stdout; }
expect 0 $scan --profile --json
for key in exp_peak_gops softplus_peak_gops peak_of; do says stdout "\"$key\":"; done
expect 3 bench tiny.json --weights tiny.safetensors --shape 1x3x16x16 --trace=missing/trace.json
# Plans read back, if they are of this model and resolution.
plan="tiny.json --weights tiny.safetensors --shape 1x3x16x16"
expect 0 compile $plan -o out/tiny --emit=plan,obj
cp out/tiny.plan tiny.plan && cp out/tiny.o made.o
expect 0 compile $plan -o out/tiny --emit=plan,obj --from-plan=tiny.plan
cmp -s tiny.plan out/tiny.plan && cmp -s made.o out/tiny.o || fail "another plan"
expect 0 bench $plan --from-plan=tiny.plan --iterations=3 --profile
expect 2 compile $plan,1x3x32x32 -o out/tiny --emit=plan --from-plan=tiny.plan
says stderr "--from-plan: 1 plans for 2 resolutions"
expect 2 compile $plan --isa=v2,v3 -o out/tiny --emit=plan --from-plan=tiny.plan
expect 1 compile tiny.json --weights tiny.safetensors --shape 1x3x32x32 -o out/tiny --emit=plan \
  --from-plan=tiny.plan
says stderr "the plan's input \"image\" is f32[1,16,16,3] in nchw; the model's is"
sed 's/@head\.bias/@other.bias/' tiny.plan >other.plan
expect 1 compile $plan -o out/tiny --emit=plan --from-plan=other.plan
says stderr 'the model reads no tensor "other.bias", f32[4]'
sed 's/blocks 1,/blocks 0,/' tiny.plan >other.plan
expect 1 compile $plan -o out/tiny --emit=plan --from-plan=other.plan
says stderr "other.plan:"
says stderr "a domain of nothing"
scan="scan.json --weights scan.safetensors --shape 1x3x9x7"
expect 0 compile $scan -o out/scan --emit=plan
sed '/dt_projs_weight/s/, 16)$/, 32)/; s/weights f32\[1,1,16\]/weights f32[1,1,32]/' out/scan.plan >other.plan
expect 1 compile $scan -o out/scan --emit=plan --from-plan=other.plan
says stderr "its weights are in other panels"
rm -f out/scan.plan
expect 3 compile $plan -o out/tiny --emit=plan --from-plan=missing.plan
rm -f out/tiny.o out/tiny.plan

# A batch in rounds: the first is checked kernel by kernel, all end to end.
batch="--shape 4x3x256x256"
expect 0 verify tiny.json --weights tiny.safetensors $batch --threads=2
expect 0 compile tiny.json --weights tiny.safetensors $batch -o out/tiny --emit=plan
grep -q '^  rounds 2,' out/tiny.plan || fail "no rounds in the plan"
# The weights of a convolution are no map: here they are larger than an image's.
cat >conv.json <<'JSON'
{"atmc": 1, "name": "conv",
 "inputs": [{"name": "image", "layout": "nchw", "channels": 256}],
 "layers": [{"op": "conv2d", "name": "conv", "channels": 512, "kernel": 3, "stride": 2, "padding": 1}],
 "outputs": [{"name": "map", "layout": "nhwc"}]}
JSON
expect 0 weights conv.json --synthetic=1 -o conv.safetensors
expect 0 compile conv.json --weights conv.safetensors --shape 4x256x32x32 -o out/conv --emit=plan
grep -q '^  rounds 1,' out/conv.plan || fail "weights counted as a map"
rm out/*
# Weights whose product is beyond the floats, not beyond the interpreter's doubles.
cat >large.json <<'JSON'
{"atmc": 1, "name": "large",
 "inputs": [{"name": "image", "layout": "nchw", "channels": 1}],
 "layers": [
   {"op": "linear", "name": "a", "channels": 1, "bias": false},
   {"op": "gelu"},
   {"op": "linear", "name": "b", "channels": 1, "bias": false}],
 "outputs": [{"name": "map", "layout": "nhwc"}]}
JSON
expect 0 weights large.json --synthetic=1 -o large.safetensors
{
  head -c -8 large.safetensors
  printf '\377\377\177\177\377\377\177\177'
} >large2.safetensors
expect 4 verify large.json --weights large2.safetensors --shape 1x1x4x4
{
  head -c -8 large.safetensors
  printf '\000\000\200\377\001\000\300\177'
} >large3.safetensors
expect 0 compile large.json --weights large3.safetensors --shape 1x1x4x4 -o out/large
for tensor in a b; do
  says stderr "warning: tensor \"$tensor.weight\" holds infinities or NaN: 1"
done
rm out/*
make_npy "2, 3, 16, 16" 6144 image.npy
make_npy "16, 48" 3072 flat.npy
run="run tiny.json --weights tiny.safetensors"
expect 0 $run --input image.npy
says stdout "logits, image 1"
expect 0 $run --input image=image.npy --output=logits=native.npy --threads=2
mkfifo pipe
cat image.npy >pipe &
expect 0 $run --input image=pipe --output=logits=piped.npy
wait
cmp native.npy piped.npy || fail "an input out of a pipe: other numbers"
rm pipe
expect 0 $run --input=image=image.npy --output interp.npy --engine=interp
[ "$(wc -c <native.npy)" = 160 ] && [ "$(wc -c <interp.npy)" = 160 ] || fail "run: sizes of outputs"
expect 2 $run --input picture=image.npy
expect 2 $run --input image.npy --input image.npy
make_npy "2000, 3, 1, 1" 24000 many.npy
expect 1 $run --input many.npy
expect 1 $run --input flat.npy
expect 1 $run --input tiny.json
expect 3 $run --input missing.npy
expect 3 $run --input image.npy --output missing/out.npy
expect 2 $run --input image.npy --output scores=out.npy
expect 2 $run --input image.npy --target=aarch64-linux-gnu

echo "-- what a product was made from"
expect 0 $compile,2x3x24x16 -o out/tiny --emit=obj,lib,shared,exe --isa=v2,v3 --disable-pass=fold-affine
printf 'const void *tiny_model(void);\nint main(void) { return tiny_model() == 0; }\n' >host.c
${CC:-cc} -O1 -ffunction-sections -Wl,--gc-sections -s host.c out/tiny.o -o host
for file in out/tiny.o out/libtiny.a out/libtiny.so out/tiny host; do
  expect 0 inspect $file
  says stdout "tiny"
  says stdout '["1x3x16x16","2x3x24x16"]'
  says stdout '["fold-affine"]'
done
expect 0 inspect --json host
grep -q '"x86-64-v3", "x86-64-v2"' stdout || fail "the instruction sets are not in the note"
if grep -q "$PWD" stdout; then fail "a path is in the note"; fi
expect 1 inspect /bin/sh
says stderr "holds no model that atmc compiled"
# Notes that say more than there is, or no JSON.
LC_ALL=C sed 's/{"model":"tiny"/{"model";"tiny"/' host >odd
expect 1 inspect odd
printf '\177ELF....\005\000\000\000\377\377\000\000\001\000\000\000atmc\000\000\000\000{}' >odd
expect 1 inspect odd
says stderr "holds no model"
rm out/*

echo "-- report"
report="report tiny.json --weights tiny.safetensors --iterations=3"
expect 0 $report --shape 1x3x16x16,1x3x24x24 --threads=2 --json
cp stdout tiny.report.json
expect 2 $report --shape 1x3x16x16 --isa=v2,neon,v2
says stderr "isa: v2 is named twice"
if command -v python3 >/dev/null; then
  total=$((total + 1))
  python3 - <<'PYTHON' || fail "report --json"
import json
r = json.load(open("tiny.report.json"))
assert (r["kind"], r["schema"], r["model"]) == ("report", 1, "tiny"), r["kind"]
assert r["command"].startswith("atmc report tiny.json --weights tiny.safetensors"), r["command"]
assert [c["shape"] for c in r["columns"]] == ["1x3x16x16", "1x3x24x24"]
for c in r["columns"]:
    assert c["median_ms"] > 0 and c["bandwidth_gbs"] > 0 and c["code_bytes"] > 0
    assert c["threads"] == 2 and c["iterations"] == 3
    assert len(c["steps"]) == len(c["checks"]) and c["checks"]
    assert all(check["holds"] for check in c["checks"])
    assert sum(l["macs"] for l in c["layers"]) == c["macs"]
    assert max(b["offset"] + b["bytes"] for b in c["buffers"]) <= c["workspace_base"]
    assert {s["step"] for s in c["spans"]} == set(range(len(c["steps"])))
    passes = {p["name"]: p for p in c["passes"]}
    assert passes["lower-layer-norms"]["rewrites"][0]["layers"] == "block"
    assert {"op": "layer_norm", "before": 4, "after": 0} in passes["lower-layer-norms"]["ops"]
PYTHON
fi
expect 0 report tiny.report.json --json -o again.report.json
cmp tiny.report.json again.report.json || fail "report: a report as JSON does not read back"
expect 0 $report --shape 1x3x16x16 --isa=neon --json
says stdout '"isa":"armv8-a"'
says stdout '"median_ms":0,'
expect 0 bench tiny.json --weights tiny.safetensors --shape 1x3x16x16 --iterations=3 --profile --json
says stdout '"kind":	"bench"'
says stdout '"schema":	1'
cp stdout bench.json
expect 0 report tiny.report.json --compare=bench.json -o compared
expect 2 $report --shape 1x3x16x16 --isa=v9
expect 2 $report
says stderr "atmc report needs --weights=FILE and --shape=NxCxHxW, or neither, for a report as JSON"
expect 2 report tiny.json --shape 1x3x16x16
expect 1 report tiny.json
says stderr "neither \`atmc report --json\` nor \`atmc bench --json\` wrote this"
expect 1 report tiny.report.json --compare=tiny.safetensors
expect 3 report tiny.report.json --compare=missing.json
expect 2 report tiny.report.json -o tiny.report.json
expect 2 report tiny.report.json --compare=bench.json -o bench.json
echo '{"kind": "report", "schema": 99}' >future.json
expect 1 report future.json
says stderr "schema 99; this atmc reads schema 1"

echo "-- progress"
# So large that bench takes its two seconds, and not its most calls in less.
bench="bench tiny.json --weights tiny.safetensors --shape 1x3x64x64"
expect 0 $bench --iterations=3
[ ! -s stderr ] || fail "progress where standard error is no terminal"
if command -v script >/dev/null; then
  total=$((total + 2))
  script -qec "'$atmc' $bench" /dev/null >terminal </dev/null
  grep -q '/5\] timing, [0-9]* %, [0-9]* s left' terminal || fail "no progress on a terminal"
  script -qec "'$atmc' $bench --iterations=3 --quiet 2>&1 >/dev/null" /dev/null >terminal </dev/null
  [ ! -s terminal ] || fail "progress with --quiet"
  for command in "weights tiny.json --synthetic=1" "import $checkpoints/tiny.pth" \
    "opt $here/../passes/split_concats.ir"; do
    total=$((total + 1))
    script -qec "'$atmc' $command -o progress.out" /dev/null >terminal </dev/null
    grep -q '\[1/[12]\]' terminal || fail "no progress of atmc $command on a terminal"
  done
fi

echo "-- offsets"
offsets="offsets tiny.json --weights tiny.safetensors --input image.npy"
expect 0 $offsets -o pictures
holds pictures sampled.svg sampled.png histogram.svg histogram.png
expect 0 $offsets --layer=block --token=7,7 --data -o pictures
holds pictures sampled.svg sampled.png histogram.svg histogram.png histogram.csv \
  block.horizontal.npy block.vertical.npy
expect 2 $offsets
says stderr "atmc offsets needs --output=FOLDER"
expect 2 $offsets --layer=blok -o none
says stderr '--layer: no layer "blok" samples; did you mean block?'
expect 2 $offsets --layer=zzz -o none
says stderr "the first is block"
expect 2 $offsets --token=8,0 -o none
says stderr "--token: 8,0 is outside of the first layer's 8 x 8 tokens"
for token in 1 1,2,3 -1,2 1,x "1, 2" ""; do
  expect 2 $offsets --token="$token" -o none
  says stderr "is not of the form Y,X, as 3,5"
done
expect 3 $offsets -o tiny.json/pictures
expect 3 $offsets -o tiny.json
expect 2 offsets tiny.json --weights tiny.safetensors -o none
[ ! -e none ] || fail "offsets: a folder after a failure"
sed 's/"atm_block", "name": "block", "mlp_ratio": 2, "offsets": "new", "share": 2/"layer_norm", "name": "block"/' \
  tiny.json >still.json
expect 0 weights still.json --synthetic=1 -o still.safetensors
expect 1 offsets still.json --weights still.safetensors --input image.npy -o none
says stderr "no layer samples by offsets"

echo "-- an emitted executable"
expect 0 compile tiny.json --weights tiny.safetensors --shape 2x3x16x16 --emit=exe -o out/tiny
atmc=out/tiny
expect 0 --help
says stdout "image: nchw 2x3x16x16"
expect 0 --version
grep -Eq '^tiny [0-9a-f]{16} \(.*linux.*, C interface 2\)$' stdout || fail "the version: $(cat stdout)"
expect 0 --input image.npy --output logits=program.npy
cmp native.npy program.npy || fail "the executable: other numbers"
mkfifo pipe
cat image.npy >pipe &
expect 0 --input image=pipe --output logits=piped.npy
wait
cmp native.npy piped.npy || fail "the executable, an input out of a pipe: other numbers"
rm pipe
expect 1 --input flat.npy
expect 1 --input tiny.json
expect 2
expect 2 --input picture=image.npy
expect 2 --input image.npy --threads=0
expect 3 --input missing.npy
# As many threads as there are processors for it; one where the system refuses more.
if command -v taskset >/dev/null; then
  total=$((total + 1))
  taskset -c "$(taskset -cp $$ | sed 's/.*: \([0-9]*\).*/\1/')" "$atmc" --input image.npy >stdout
  says stdout ", 1 thread,"
fi
total=$((total + 1))
sh -c "ulimit -s 1000000 && ulimit -v 500000 && exec '$atmc' --input image.npy" >stdout 2>stderr ||
  fail "an executable without threads: $(cat stderr)"
says stdout ", 1 thread,"

echo "$total checks, $failed failed"
[ $failed = 0 ]
