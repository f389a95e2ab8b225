#!/bin/sh
# formats.sh ATMC TOOLS: objects for macOS and Windows, as llvm-readobj and llvm-objdump see them: sections, symbols,
# relocations, unwinding, calling convention. Those for Windows are run too, by wine, where it is installed.
set -eu
atmc=$1
here=$(cd "$(dirname "$0")" && pwd)
examples=$here/../../examples
readobj=$(command -v llvm-readobj-19 || command -v llvm-readobj) || { echo "no llvm-readobj: skipped"; exit 77; }
objdump=$(command -v llvm-objdump-19 || command -v llvm-objdump)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# compile TARGET OPTION...: tested.o
compile() {
  target=$1
  shift
  "$atmc" compile "$examples/models/glyphs.json" --weights "$examples/glyphs/glyphs.safetensors" --shape 1x3x48x48 \
    --target="$target" --selftest --emit=obj,header,asm,llvm-ir -o tested "$@" 2>log || { cat log; exit 1; }
  "$atmc" inspect tested.o | grep -q "^model *glyphs"
}
# has WHAT FILE PATTERN, has_not ...: lines that must, or must not, be there.
has() { grep -Eq -e "$3" "$2" || { echo "$1: no $3"; cat "$2"; exit 1; }; }
has_not() { if grep -E -e "$3" "$2"; then echo "$1: $3"; exit 1; fi; }

# macho TARGET ARCH SIGNATURE
macho() {
  compile "$1"
  "$readobj" --file-headers --sections tested.o >sections
  has "$1" sections "Format: Mach-O.*$2"
  for section in __text __const __atmc_note __compact_unwind __eh_frame; do has "$1" sections "Name: $section "; done
  has_not "$1" sections "Name: (__data|__bss|__common|__mod_init_func) "
  "$objdump" --syms tested.o >symbols
  for name in run run_48x48 model find check_weights selftest; do has "$1" symbols " g .* _tested_$name\$"; done
  has "$1" symbols " _tested_weights$"
  grep " g " symbols | grep -v ".hidden" | has_not "$1" /dev/stdin " _tested_(k[0-9]|step|weights|cpu_isa)"
  grep -F "*UND*" symbols >undefined || true
  has_not "$1" undefined " _tested"
  has_not "$1" undefined " _(malloc|fma|fmaf|exp|expf|erf|erff|tanhf)$"
  "$readobj" --relocations tested.o >relocations
  has "$1" relocations "$3"
  echo "$1: $(grep -c "RELOC" relocations) relocations, $(grep -c "Name: __" sections) sections"
}
macho arm64-apple-macos arm64 ARM64_RELOC_PAGE21
"$objdump" -d --no-show-raw-insn tested.o >code
has arm64 code "fmla"
has_not arm64 code '(mrs|[^#0-9a-z_][xw]18([^0-9a-z]|$))' # x18 is the system's
macho x86_64-apple-macos x86-64 X86_64_RELOC_SIGNED

# coff TARGET
coff() {
  compile "$1" --isa=v2,v3,v4
  "$readobj" --file-headers --sections tested.o >sections
  has "$1" sections "Format: COFF-x86-64"
  for section in .text .rdata .pdata .xdata .atmc; do has "$1" sections "Name: $section "; done
  awk '/Name:/ { name = $2 } /RawDataSize:/ && $2 > 0 { print name }' sections | has_not "$1" /dev/stdin '^\.(data|bss|tls)$'
  "$objdump" --syms tested.o >symbols
  for name in run run_48x48 model find check_weights selftest; do has "$1" symbols "\(scl +2\).* tested_$name\$"; done
  "$readobj" --symbols tested.o | grep -B 3 "Section: IMAGE_SYM_UNDEFINED" | awk '/Name:/ { print $2 }' >undefined
  has_not "$1" undefined '^(tested_.*|malloc|fmaf?|expf?|erff?|tanhf)$'
  "$readobj" --relocations tested.o >relocations
  has "$1" relocations IMAGE_REL_AMD64_REL32
  has "$1" relocations IMAGE_REL_AMD64_ADDR32NB
  "$readobj" --unwind tested.o >unwind
  has "$1" unwind "StartAddress: tested_run_48x48"
  has "$1" unwind "SAVE_XMM128 reg=XMM6"   # belong to the caller, as do rdi and rsi
  has "$1" unwind "PUSH_NONVOL reg=RDI"
  functions=$(grep -c "StartAddress:" unwind)
  kernels=$(grep -c " tested_k[0-9]" symbols)
  [ "$functions" -gt "$kernels" ]
  "$objdump" -d --no-show-raw-insn tested.o | sed -n '/<tested_run_48x48>:/,/^$/p' >code
  has "$1" code "testq	%rcx, %rcx" # the first argument
  echo "$1: $functions functions of $kernels kernels with unwinding, calls of libraries: $(tr '\n' ' ' <undefined)"
}
wine=$(command -v wine64 || command -v /usr/lib/wine/wine64 || command -v wine || true)
export WINEPREFIX="$work/wine" WINEDEBUG=-all
# run_coff LINKER_OPTION...
run_coff() {
  command -v x86_64-w64-mingw32-gcc >log || { echo "no MinGW: not run"; return 0; }
  x86_64-w64-mingw32-gcc -std=c11 -O1 -Wall -Wextra -Werror -I. "$here/selftest.c" "$here/../../runtime/error.c" \
    tested.o -o tested.exe "$@"
  "$atmc" inspect tested.exe | grep -q "^model *glyphs"
  [ -n "$wine" ] || { echo "no wine: not run"; return 0; }
  timeout 300 "$wine" ./tested.exe >said 2>messages || { cat said messages; exit 1; }
  cat said
  grep -q "v2: no error" said
}
coff x86_64-w64-windows-gnu
run_coff
coff x86_64-pc-windows-msvc
run_coff -Wl,--defsym,__chkstk=___chkstk_ms # as the libraries of MSVC call what MinGW has too

# A libc of another kind: objects are the same.
compile x86_64-linux-musl --isa=v2
if command -v musl-gcc >log; then
  musl-gcc -std=c11 -O1 -Wall -Wextra -Werror -static -I. "$here/selftest.c" "$here/../../runtime/error.c" tested.o \
    -o tested
  ./tested
fi
