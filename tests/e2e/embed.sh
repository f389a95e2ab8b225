#!/bin/sh
# embed.sh ATMC TOOLS: the hosts of examples/embed, each built as its head says; all print the same answer. And a
# freestanding program: no libc, no runtime; and one that changes the modes of floats.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../.. embed=$here/../../examples/embed
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cc="${CC:-cc} -std=gnu11 -O1 -Wall -Wextra -Werror -I. -I$top/runtime"

"$atmc" compile "$top/examples/models/glyphs.json" --weights "$top/examples/glyphs/glyphs.safetensors" \
  --shape 1x3x48x48,1x3x64x80 --emit=obj,header,shared,cxx,python,rust -o glyphs 2>log || { cat log; exit 1; }
"$tools/make_image" 48 48 0 1 image.npy
for source in "$top"/runtime/*.c; do $cc -c "$source" -o "runtime_$(basename "$source" .c).o"; done

# same NAME COMMAND...: the first host's answer.
same() {
  name=$1
  shift
  "$@" image.npy >"$name.answer"
  cmp answer "$name.answer" || { echo "$name answers:"; cat "$name.answer"; exit 1; }
  echo "$name: $(cat "$name.answer")"
}
$cc "$embed/one_model.c" glyphs.o -o one_model
./one_model image.npy >answer
same one_model ./one_model
$cc "$embed/two_threads.c" glyphs.o -pthread -o two_threads
same two_threads ./two_threads
if $cc -fopenmp "$embed/openmp.c" glyphs.o -o openmp 2>messages; then
  same openmp ./openmp
else
  grep -q "omp.h\|openmp\|gomp" messages || { cat messages; exit 1; }
  echo "openmp: not here, skipped"
fi
$cc "$embed/resolutions.c" glyphs.o runtime_*.o -pthread -o resolutions
./resolutions image.npy 48 48 >answer.fit 2>messages
cmp answer answer.fit
grep -q "^48x48 runs at 48x48" messages
./resolutions image.npy 33 57 2>&1 >/dev/null | grep -q "^33x57 runs at 64x80"
if ./resolutions image.npy 65 48 2>messages; then exit 1; fi
grep -q "no entry holds 65x48" messages
echo "resolutions: exact, larger, none"
cxx="${CXX:-c++} -std=c++17 -O1 -Wall -Wextra -Werror -I. -I$top/runtime"
$cxx "$embed/classify.cc" glyphs.o runtime_*.o -pthread -o classify_cc
same c++ ./classify_cc
printf '#include "glyphs.hpp"\nint main() { float x = 0; return glyphs::Model().try_run({&x}, {}) != ATM_E_ARGUMENT; }\n' >plain.cc
$cxx -fno-exceptions -fno-rtti plain.cc glyphs.o runtime_*.o -pthread -o plain
./plain
if /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
  PYTHONPATH=. same python /usr/bin/python3 "$embed/classify.py"
  PYTHONPATH=. /usr/bin/python3 "$here/embed_python.py" image.npy
else
  echo "python: no NumPy here, skipped"
fi
if command -v rustc >/dev/null; then
  mkdir rust && cp "$embed/classify.rs" rust/main.rs && cp glyphs.rs rust/
  ar rc libmodel.a glyphs.o runtime_*.o
  rustc --edition 2021 -O -D warnings -L . -l static=model rust/main.rs -o classify_rs
  same rust ./classify_rs
else
  echo "rust: no rustc here, skipped"
fi

$cc "$here/float_modes.c" glyphs.o -lm -o float_modes
./float_modes
if [ "$(uname -m)" = x86_64 ]; then
  $cc -ffreestanding -nostdlib -static -fno-stack-protector "$here/freestanding.c" glyphs.o -o freestanding
  ./freestanding
  echo "freestanding: runs"
fi
