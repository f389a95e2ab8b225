#!/bin/sh
# table.sh ATMC [ROUNDS [PATTERN]]: the README's figures, measured again on this machine, as Markdown: f32
# beside ONNX Runtime, AVX2 code beside AVX2's peak, what batches gain; then int8 beside f32 and ONNX Runtime's
# int8, on other instruction sets, its accuracy, and what llvm-mca says of it on Arm. Rows are those below that
# grep finds PATTERN in. All of them with 5 ROUNDS take about an hour. As:
#   sh bench/table.sh build/atmc
#   sh bench/table.sh build/atmc 3 'ATMNet-xT|224x224'
#   sh bench/table.sh build/atmc 3 int8
# ONNX Runtime is left out where it is not installed: the head of compare.sh says how to have it.
set -eu
atmc=$1 rounds=${2:-5} pattern=${3:-.}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=bench/common.sh
. "$here/common.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# chosen: the lines of standard input that PATTERN chooses.
chosen() { grep -e "$pattern" || true; }

# heading ROW: a table's first row and the rule below it.
heading() {
  echo "$1"
  echo "$1" | sed 's/[^|][^|]*/ --- /g'
}

# part BEFORE BEHIND: what the last sentence of compare.sh has between two texts, or a dash.
part() {
  found=$(sed -n "s|.*$1\([0-9.]*\)$2.*|\1|p" "$work/sentence")
  echo "${found:--}"
}

# compare SCRIPT MODEL HxW THREADS [ISA]: leaves its sentence; what it says on stderr is shown once.
compare() {
  sh "$here/$1.sh" "$atmc" "$2" "$3" "$4" "$rounds" ${5:+"$5"} </dev/null >"$work/sentence" \
    2>"$work/messages" || { cat "$work/messages" >&2; exit 1; }
  cmp -s "$work/messages" "$work/shown" || cat "$work/messages" >&2
  cp "$work/messages" "$work/shown"
}

# Lines of NAME|HxW|THREADS|MODEL.
table_row() {
  while IFS='|' read -r name size threads model; do
    compare compare "$model" "$size" "$threads"
    echo "| $name | $size | $threads | $(part 'atmc ' ' ms') | $(part 'ONNX Runtime ' ' ms') |" \
      "$(part 'ratio ' ',') | $(part ' ' ' % of') % |"
  done
}
avx2_row() {
  while IFS='|' read -r name size threads model; do
    compare compare "$model" "$size" "$threads" v3
    echo "| $name, AVX2 | $size | $threads | $(part 'atmc ' ' ms') | $(part ' ' ' % of') % |"
  done
}

# Lines of int8|NAME|HxW|THREADS|MODEL.
int8_row() {
  while IFS='|' read -r _ name size threads model; do
    compare int8 "$model" "$size" "$threads"
    echo "| $name | $size | $threads | $(part 'f32 ' ' ms') | $(part ', int8 ' ' ms') | $(part 'ratio ' ',') |" \
      "$(part ' ' ' % of') % | $(part 'ONNX Runtime ' ' ms') | $(part 'which is ' ' times') |"
  done
}
# Lines of int8|NAME|HxW|THREADS|MODEL|ISA, of those that this machine has.
int8_isa_row() {
  while IFS='|' read -r _ name size threads model isa; do
    "$atmc" bench "$here/../examples/models/glyphs.json" --isa="$isa" --iterations=1 --shape 1x3x48x48 \
      --weights "$here/../examples/glyphs/glyphs.safetensors" >/dev/null 2>&1 || continue
    compare int8 "$model" "$size" "$threads" "$isa"
    echo "| $name, $isa | $size | $threads | $(part 'f32 ' ' ms') | $(part ', int8 ' ' ms') |" \
      "$(part 'ratio ' ',') | $(part 'bound ' '') | $(part ' ' ' % of') % |"
  done
}

# batch_rate N THREADS: measures once the images in a second that calls of N images take.
batch_rate() {
  "$atmc" bench "$work/model.json" --weights "$work/model.safetensors" --shape "$1x3x$size" \
    --threads="$2" --json >"$work/run.json"
  number images_per_second "$work/run.json" >>"$work/batch$1"
}
# Lines of NAME|HxW|THREADS|MODEL: batches of 8 and 32 in turns with single images.
batch_row() {
  while IFS='|' read -r name size threads model; do
    make_model "$atmc" "$model" "$work"
    rm -f "$work"/batch*
    for _ in $(seq "$rounds"); do
      for images in 1 8 32; do batch_rate $images "$threads"; done
    done
    single=$(median "$work/batch1")
    for images in 8 32; do
      awk -v name="$name, batch of $images | $size | $threads" -v s="$single" -v b="$(median "$work/batch$images")" \
        'BEGIN {printf "| %s | %.1f | %.1f | %.2f |\n", name, b, s, b / s}'
    done
  done
}

: >"$work/shown"
heading "| model | resolution | threads | atmc | ONNX Runtime | ratio | share of the peak |"
chosen <<'ROWS' | table_row
ATMNet-xT|224x224|1|atmnet_xt
ATMNet-xT|224x224|2|atmnet_xt
ATMNet-T|224x224|1|atmnet_t
ATMNet-T|224x224|2|atmnet_t
ATMNet-S|224x224|1|atmnet_s
ATMNet-S|224x224|2|atmnet_s
ATMNet-B|224x224|1|atmnet_b
ATMNet-B|224x224|2|atmnet_b
ATMNet-L|224x224|1|atmnet_l
ATMNet-L|224x224|2|atmnet_l
ATMNet-L|384x384|1|atmnet_l
ATMNet-L|384x384|2|atmnet_l
ATMNet-T, pyramid|512x512|1|atmnet_t_pyramid
ATMNet-T, pyramid|512x512|2|atmnet_t_pyramid
ATMNet-xT, pyramid|800x1280|1|atmnet_xt_pyramid
ATMNet-xT, pyramid|800x1280|2|atmnet_xt_pyramid
CycleMLP-B1|224x224|1|cyclemlp_b1
CycleMLP-B1|224x224|2|cyclemlp_b1
MLP-Mixer-B/16|224x224|1|mixer_b16
MLP-Mixer-B/16|224x224|2|mixer_b16
Semantic FPN on ATMNet-xT|512x512|1|atmnet_xt_semantic_fpn
Semantic FPN on ATMNet-xT|512x512|2|atmnet_xt_semantic_fpn
Semantic FPN on ATMNet-T|512x512|1|atmnet_t_semantic_fpn
Semantic FPN on ATMNet-T|512x512|2|atmnet_t_semantic_fpn
UperNet on ATMNet-xT|512x512|1|atmnet_xt_upernet
UperNet on ATMNet-xT|512x512|2|atmnet_xt_upernet
UperNet on ATMNet-xT|512x2048|1|atmnet_xt_upernet
UperNet on ATMNet-xT|512x2048|2|atmnet_xt_upernet
VMamba-T|224x224|1|vmamba_t
VMamba-T|224x224|2|vmamba_t
VMamba-T, pyramid|512x512|1|vmamba_t_pyramid
VMamba-T, pyramid|512x512|2|vmamba_t_pyramid
ROWS
echo
heading "| AVX2 code | resolution | threads | atmc | share of AVX2's peak |"
chosen <<'ROWS' | avx2_row
ATMNet-xT|224x224|1|atmnet_xt
ATMNet-L|224x224|1|atmnet_l
ROWS
echo
heading "| images in a second | resolution | threads | in batches | one by one | ratio |"
chosen <<'ROWS' | batch_row
ATMNet-xT|224x224|1|atmnet_xt
ATMNet-xT|224x224|2|atmnet_xt
ROWS
echo
heading "| int8 | resolution | threads | f32 | int8 | ratio | share of the peaks | ONNX Runtime, int8 | its ratio |"
chosen <<'ROWS' | int8_row
int8|ATMNet-xT|224x224|1|atmnet_xt
int8|ATMNet-xT|224x224|2|atmnet_xt
int8|ATMNet-T|224x224|1|atmnet_t
int8|ATMNet-T|224x224|2|atmnet_t
int8|ATMNet-L|224x224|1|atmnet_l
int8|ATMNet-L|224x224|2|atmnet_l
int8|ATMNet-T, pyramid|512x512|1|atmnet_t_pyramid
int8|ATMNet-T, pyramid|512x512|2|atmnet_t_pyramid
int8|ATMNet-xT, pyramid|512x512|1|atmnet_xt_pyramid
int8|ATMNet-xT, pyramid|512x512|2|atmnet_xt_pyramid
int8|ATMNet-xT, pyramid|800x1280|1|atmnet_xt_pyramid
int8|ATMNet-xT, pyramid|800x1280|2|atmnet_xt_pyramid
int8|MLP-Mixer-B/16|224x224|1|mixer_b16
int8|MLP-Mixer-B/16|224x224|2|mixer_b16
ROWS
echo
heading "| int8, both on | resolution | threads | f32 | int8 | ratio | bound | share of the peaks |"
chosen <<'ROWS' | int8_isa_row
int8|ATMNet-xT|224x224|1|atmnet_xt|v4
int8|ATMNet-xT|224x224|1|atmnet_xt|v3-vnni
int8|ATMNet-xT|224x224|1|atmnet_xt|v3
int8|ATMNet-xT|224x224|1|atmnet_xt|v2
ROWS
if echo "int8 accuracy" | chosen | grep -q .; then
  echo
  heading "| glyphs | instruction set | right in f32 | right in int8 | as f32 answers | signal over noise |"
  sh "$here/accuracy.sh" "$atmc"
fi
if echo "int8 llvm-mca" | chosen | grep -q .; then
  echo
  sh "$here/mca.sh" "$atmc" | sed 's/^/    /'
fi
