#!/bin/sh
# debug_info.sh ATMC TOOLS: --debug-info names layers and lines of the plan for every address, by the tools that people
# use (addr2line, LLVM's), through a fault in a kernel up to main; and it changes no instruction.
set -eu
atmc=$1
here=$(cd "$(dirname "$0")" && pwd)
examples=$(cd "$here/../../examples" && pwd)
dwarfdump=$(command -v llvm-dwarfdump-19 || command -v llvm-dwarfdump) || { echo "no llvm-dwarfdump: skipped"; exit 77; }
objdump=$(command -v llvm-objdump-19 || command -v llvm-objdump)
readobj=$(command -v llvm-readobj-19 || command -v llvm-readobj)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "$@"
  exit 1
}
# take MODEL WEIGHTS SHAPES: what compile makes code of.
take() { model=$1 weights=$2 shapes=$3; }
glyphs() { take "$examples/models/glyphs.json" "$examples/glyphs/glyphs.safetensors" "$1"; }
# compile FOLDER OPTION...: FOLDER/glyphs.*
compile() {
  mkdir -p "$1"
  (cd "$1" && shift && "$atmc" compile "$model" --weights "$weights" --shape "$shapes" -o glyphs "$@" 2>log) ||
    { cat "$1/log"; exit 1; }
}
# code FILE: the instructions, with their bytes and addresses; and none of the names that addresses have.
code() { "$objdump" -d --no-print-imm-hex "$1" | sed -e 1,3d -e '/^[0-9a-f]* <.*>:$/d' -e '/^$/d' -e 's/<[^>]*>//g'; }
# sound WHAT FILE
sound() { "$dwarfdump" --verify "$2" >verified 2>&1 && grep -q '^No errors' verified || { echo "$1:"; cat verified; exit 1; }; }

# same TARGET OPTION...: the code is that without, and the information holds.
same() {
  compile without "$@" --emit=obj
  compile with "$@" --emit=obj --debug-info
  code without/glyphs.o >without.code
  code with/glyphs.o >with.code
  [ "$(wc -l <with.code)" -gt 1000 ] && cmp with.code without.code || fail "$*: other code"
}
# For the formats of objects a small model does.
"$atmc" weights "$here/pixels/model.json" --synthetic=1 -o pixels.safetensors
for target in --isa=v4,v3,v2 --isa=v3 "--isa=v3 --quantize=int8" \
  "--isa=v3 --weights-mode=external --weights-dtype=f16" --isa=neon "--isa=neon-i8mm --quantize=int8" \
  --target=riscv64-linux-gnu --target=powerpc64le-linux-gnu --target=arm64-apple-macos \
  --target=x86_64-w64-windows-gnu --target=wasm32-unknown-unknown; do
  case $target in
    --isa=v4,v3,v2) glyphs 1x3x48x48,2x3x64x80 ;;
    --isa*) glyphs 1x3x48x48 ;;
    *) take "$here/pixels/model.json" "$work/pixels.safetensors" 1x3x37x50 ;;
  esac
  # shellcheck disable=SC2086
  same $target
  sound "$target" with/glyphs.o
  for plan in with/*.plan; do
    "$dwarfdump" --debug-line with/glyphs.o | grep -qF "name: \"${plan#with/}\"" || fail "$target: no ${plan#with/}"
  done
  rm -r with without
  echo "$target: the same code"
done
glyphs 1x3x48x48
same --target=x86_64-pc-windows-msvc
"$readobj" --codeview with/glyphs.o >codeview
grep -q "DisplayName: glyphs_k0_patches_linear \[patch_embed.proj\]" codeview && grep -qF 'Filename: .\glyphs.plan' codeview ||
  fail "no CodeView"
echo "CodeView: the same code"

# Each step is a function that is called as its layers are, at its line; each kernel has its own, and of whom it is.
compile host --emit=obj,header,lib,shared,exe,asm,llvm-ir --debug-info --isa=v2
cd host
"$dwarfdump" --debug-info glyphs.o | awk '
  /DW_TAG_subprogram/ { name = "" }
  /DW_AT_name/ && name == "" { name = $0; sub(/.*\("/, "", name); sub(/"\)$/, "", name) }
  /DW_AT_decl_line/ && name != "" { gsub(/[^0-9]/, ""); print $0 ": " name; name = "" }' | sort -n >described
awk '/^kernel / { line[$2] = NR; order[++kernels] = $2 }
  /^step / {
    at = index($0, "  // ")
    if (at) label = substr($0, at + 5); else label = $2
    print NR ": " label
    if (at && !($2 SUBSEP label in seen)) {
      seen[$2, label] = 1
      layers[$2] = layers[$2] (layers[$2] == "" ? "" : ", ") label
    }
  }
  END {
    print "1: glyphs_run_48x48"
    for (i = 1; i <= kernels; i++) print line[order[i]] ": glyphs_" order[i] (layers[order[i]] == "" ? "" : " [" layers[order[i]] "]")
  }' glyphs.plan | sort -n >wanted
diff wanted described || fail "other names, or lines"
[ "$(wc -l <wanted)" -gt 50 ] || fail "few names"
# Lines are those of nodes, kernels, steps and the plan; most code of kernels has one of a node.
"$dwarfdump" --debug-line glyphs.o | awk '/^0x/ && $2 > 0 { print $2 }' | sort -un >lines
awk 'NR == FNR { wanted[$1] = 1; next } FNR in wanted' lines glyphs.plan >texts
if grep -Ev '^(plan |kernel |step |    %[0-9])' texts; then fail "lines of something else"; fi
nodes=$(grep -c '^    %' glyphs.plan) found=$(grep -c '^    %' texts)
[ "$found" -ge $((nodes * 9 / 10)) ] || fail "lines of $found of $nodes nodes"
echo "plan: all kernels and steps, $found of $nodes nodes"

# A fault in a kernel.
${CC:-cc} -O1 -g -no-pie -I. "$here/backtrace.c" glyphs.o -o backtrace
./backtrace >calls
{
  read -r handler
  read -r system
  read -r kernel
} <calls
echo "$handler $system" >/dev/null
last=$(awk '/^step / { line = NR } END { print line }' glyphs.plan)
name=$(sed -n "${last}s/^step \([^ ]*\).*/\1/p" glyphs.plan) layers=$(sed -n "${last}s,.*  // ,,p" glyphs.plan)
addr2line -f -e backtrace "$kernel" >frame
grep -qxF "glyphs_$name [$layers]" frame || { cat frame; fail "the kernel is not $name of $layers"; }
line=$(sed -n 's/^glyphs.plan:\([0-9]*\).*/\1/p' frame)
sed -n "${line}p" glyphs.plan | grep -q '^    %' || { cat frame; fail "no line of a node"; }
tail -n +4 calls | while read -r call; do
  addr2line -f -i -e backtrace "$(printf '0x%x' $((call - 1)))"
done | paste -d ' ' - - >frames
for frame in "glyphs_step ??:?" "$layers glyphs.plan:$last" "glyphs_run_48x48 glyphs.plan:1" "main .*backtrace.c:[0-9]*"; do
  grep -qx "$frame" frames || { cat frames; fail "no $frame"; }
done
[ "$(cut -d ' ' -f 1 frames | head -n 1)" = glyphs_step ]
echo "a fault in $name: of $layers, called by main"

# Products of all kinds have it.
for file in glyphs libglyphs.so; do
  address=$(nm "$file" | awk '/ glyphs_k0_patches_linear$/ { print $1 }')
  addr2line -f -e "$file" "$address" >frame
  grep -qx 'glyphs_k0_patches_linear \[patch_embed.proj\]' frame || { cat frame; fail "$file: no layer"; }
  sound "$file" "$file"
done
ar p libglyphs.a >member.o
cmp member.o glyphs.o
grep -q 'glyphs_k0_patches_linear \[patch_embed.proj\]' glyphs.s && grep -q '!DISubprogram' glyphs.ll
${CC:-cc} -c -x assembler glyphs.s -o assembled.o
sound assembled assembled.o

# The same bytes wherever it is made, from the printed plan too, and no path in them.
cd "$work"
compile another/folder --emit=obj --debug-info --isa=v2
cmp host/glyphs.o another/folder/glyphs.o
compile read --emit=obj --debug-info --from-plan="$work/host/glyphs.plan"
cmp host/glyphs.o read/glyphs.o
cmp host/glyphs.plan read/glyphs.plan
if grep -F "$work" host/glyphs.o; then fail "paths in the object"; fi
echo "the same bytes wherever it is made"
