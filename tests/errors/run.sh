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
    printf "\\$(printf %03o $(((n >> shift) & 255)))"
  done
}

# make_weights DESCRIPTION: the bytes that it describes.
make_weights() {
  data=0 length= raw=no lines=0
  while read -r word value; do
    lines=$((lines + 1))
    case $word in
      data) data=$value ;;
      length) length=$value ;;
      raw) raw=yes ;;
      header) break ;;
    esac
  done <"$1"
  header=$(tail -n +$((lines + 1)) "$1")
  if [ $raw = yes ]; then
    printf %s "$header"
    return
  fi
  little_endian "${length:-${#header}}"
  printf %s "$header"
  head -c "$data" /dev/zero
}

# run_case NAME: false when it does not behave.
run_case() {
  rm -rf "$work/case" && mkdir -p "$work/case/out" && cd "$work/case" || return 1
  [ -n "$(ls "$here/$1.json" "$here/$1.weights" "$here/$1.pth" "$here/$1.index" "$here/$1.ir" 2>/dev/null)" ] || {
    echo "$1: no such case"
    return 1
  }
  cp "$here/tiny.model" tiny.json
  model=tiny.json weights=tiny.safetensors
  if [ -f "$here/$1.json" ]; then
    model=$1.json
    cp "$here/$model" .
    tensors=$here/$1.tensors
    [ -f "$tensors" ] || tensors=$here/tiny.tensors
    make_weights "$tensors" >$weights
    if [ -f "$here/$1.pth" ]; then
      weights=$1.pth
      cp "$here/$weights" .
    fi
  elif [ -f "$here/$1.weights" ]; then
    weights=$1.safetensors
    make_weights "$here/$1.weights" >"$weights"
  elif [ -f "$here/$1.pth" ]; then
    weights=$1.pth
    cp "$here/$weights" .
  elif [ -f "$here/$1.index" ]; then
    weights=$1.index.json
    cp "$here/$1.index" "$weights"
    cp "$here"/shards/* .
  fi
  set -- "$1" "--shape=1x3x8x8"
  if [ -f "$here/$1.args" ]; then set -- "$1" $(cat "$here/$1.args"); fi
  name=$1
  shift
  if [ -f "$here/$name.ir" ]; then
    cp "$here/$name.ir" .
    "$atmc" opt "$name.ir" >stdout 2>stderr
  else
    "$atmc" compile "$model" --weights "$weights" "$@" -o out/tiny >stdout 2>stderr
  fi
  code=$?
  if [ $bless = yes ]; then cp stderr "$here/$name.expected"; fi
  [ $code = 1 ] || { echo "$name: exit code $code, expected 1"; return 1; }
  [ ! -s stdout ] || { echo "$name: output on stdout"; return 1; }
  [ -z "$(ls out)" ] || { echo "$name: left files: $(ls out)"; return 1; }
  diff -u "$here/$name.expected" stderr || { echo "$name: other messages"; return 1; }
}

if [ $# = 0 ]; then
  for file in "$here"/*.json "$here"/*.weights "$here"/*.pth "$here"/*.index "$here"/*.ir; do
    name=${file##*/}
    name=${name%.*}
    case " $* " in *" $name "*) ;; *) set -- "$@" "$name" ;; esac
  done
fi
failed=0 total=0
for name in "$@"; do
  total=$((total + 1))
  (run_case "$name") || failed=$((failed + 1))
done
echo "$total cases, $failed failed"
[ $failed = 0 ]
