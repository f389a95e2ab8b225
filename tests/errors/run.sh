#!/bin/sh
# Bad input: each file is one mistake, its .expected the exact messages that it must give.
#
#   run.sh ATMC [--bless] [NAME...]
#
# NAME.json is compiled with the weights of NAME.tensors, of NAME.pth, or of tiny.tensors; NAME.weights (made into a
# safetensors file), the checkpoint NAME.pth and the index NAME.index of shards/ with tiny.model; NAME.ir is put through `atmc opt`.
# NAME.args, where it is there, replaces the arguments behind the model. Each must end
# with exit code 1, say exactly what NAME.expected holds on stderr, nothing on stdout, and leave no
# file. --bless writes the .expected files instead, to be read in review.
#
# A .weights or .tensors file is lines of directives, a line `header`, then the text of the header:
#   data N     N zero bytes follow the header      length N   the length to claim instead of the true
#   raw        the text alone, neither length nor data
set -u
here=$(cd "$(dirname "$0")" && pwd)
atmc=$1
shift
case $atmc in /*) ;; *) atmc=$PWD/$atmc ;; esac
bless=no
if [ "${1-}" = --bless ]; then
  bless=yes
  shift
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# little_endian N: eight bytes. Shell integers are signed: 2^64-1 is -1.
little_endian() {
  n=$1
  if [ "$n" = 18446744073709551615 ]; then n=-1; fi
  for shift in 0 8 16 24 32 40 48 56; do
    byte=$(((n >> shift) & 255))
    printf "\\$((byte >> 6))$((byte >> 3 & 7))$((byte & 7))"
  done
}

# make_weights DESCRIPTION: the bytes that it describes. There are hundreds of them, so the shell makes them alone.
make_weights() {
  data=0 length= raw=no
  {
    while read -r word value && [ "$word" != header ]; do
      case $word in
        data) data=$value ;;
        length) length=$value ;;
        raw) raw=yes ;;
      esac
    done
    header=
    while IFS= read -r line || [ -n "$line" ]; do header=${header:+$header
}$line; done
  } <"$1"
  if [ $raw = no ]; then little_endian "${length:-${#header}}"; fi
  printf %s "$header"
  if [ $raw = no ] && [ "$data" != 0 ]; then head -c "$data" /dev/zero; fi
}

# nothing_in FOLDER: hidden files count too.
nothing_in() {
  for file in "$1"/* "$1"/.[!.]*; do
    [ ! -e "$file" ] || return 1
  done
}

# run_case NAME: false when it does not behave.
run_case() {
  model=tiny.json weights=tiny.safetensors tensors=$here/tiny.tensors
  if [ -f "$1.json" ]; then
    model=$1.json
    if [ -f "$here/$1.tensors" ]; then tensors=$here/$1.tensors; fi
    if [ -f "$1.pth" ]; then weights=$1.pth; else make_weights "$tensors" >$weights; fi
  elif [ -f "$here/$1.weights" ]; then
    weights=$1.safetensors
    make_weights "$here/$1.weights" >"$weights"
  elif [ -f "$1.pth" ]; then
    weights=$1.pth
  elif [ -f "$1.index.json" ]; then
    weights=$1.index.json
  elif [ ! -f "$1.ir" ]; then
    echo "$1: no such case"
    return 1
  fi
  name=$1
  set -- --shape=1x3x8x8
  if [ -f "$here/$name.args" ]; then set -- $(cat "$here/$name.args"); fi
  if [ -f "$name.ir" ]; then
    "$atmc" opt "$name.ir" >stdout 2>stderr
  else
    "$atmc" compile "$model" --weights "$weights" "$@" -o out/tiny >stdout 2>stderr
  fi
  code=$?
  if [ $bless = yes ]; then cp stderr "$here/$name.expected"; fi
  [ $code = 1 ] || { echo "$name: exit code $code, expected 1"; return 1; }
  [ ! -s stdout ] || { echo "$name: output on stdout"; return 1; }
  nothing_in out || { echo "$name: left files: $(ls -A out)"; rm -rf out; mkdir out; return 1; }
  diff -u "$here/$name.expected" stderr || { echo "$name: other messages"; return 1; }
}

if [ $# = 0 ]; then
  for file in "$here"/*.json "$here"/*.weights "$here"/*.pth "$here"/*.index "$here"/*.ir; do
    name=${file##*/}
    name=${name%.*}
    case " $* " in *" $name "*) ;; *) set -- "$@" "$name" ;; esac
  done
fi
# Messages name files as they were named, so that all stand in one folder, which is made once.
mkdir "$work/out" && cd "$work" && cp "$here"/*.json "$here"/*.pth "$here"/*.ir "$here"/shards/* . &&
  cp "$here/tiny.model" tiny.json || exit 1
for index in "$here"/*.index; do
  name=${index##*/}
  cp "$index" "${name%.index}.index.json" || exit 1
done
failed=0 total=0
for name in "$@"; do
  total=$((total + 1))
  (run_case "$name") || failed=$((failed + 1))
done
echo "$total cases, $failed failed"
[ $failed = 0 ]
