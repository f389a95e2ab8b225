#!/bin/sh
# accepted.sh ATMC [--bless]: weights files as people have them. Each file of accepted/ holds the tensors of
# base.safetensors in a shape of its own; it must give the same answer, bit for bit, and say what NAME.expected
# holds, or nothing where there is none. NAME.args are arguments, NAME.model is another model than tiny.model. tests/make_checkpoints.py wrote the files.
set -eu
atmc=$1
here=$(cd "$(dirname "$0")/accepted" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/* "$here/../../errors/tiny.model" "$work"
cd "$work"
mv tiny.model tiny.json

answer() { # MODEL WEIGHTS ARGUMENT...
  model=$1
  shift
  "$atmc" run "$model" --weights "$@" --engine=interp --input image.npy -o answer.npy 2>stderr
}
answer tiny.json base.safetensors || { cat stderr; exit 1; }
[ ! -s stderr ] || { cat stderr; exit 1; }
mv answer.npy base.npy
total=0
for file in *.pth base.safetensors *_in_*.safetensors *.index.json; do
  name=${file%.*}
  total=$((total + 1))
  model=$name.model
  [ -f "$model" ] || model=tiny.json
  # shellcheck disable=SC2046
  answer "$model" "$file" $(cat "$name.args" 2>/dev/null || true) || { echo "$file: refused:"; cat stderr; exit 1; }
  cmp answer.npy base.npy || { echo "$file: another answer"; exit 1; }
  if [ "${3-}" = --bless ]; then
    rm -f "$here/$name.expected"
    if [ -s stderr ]; then cp stderr "$here/$name.expected"; fi
  fi
  [ -f "$name.expected" ] || : >"$name.expected"
  [ "${3-}" = --bless ] || diff -u "$name.expected" stderr || { echo "$file: says something else"; exit 1; }
done
for file in classes_*; do
  case $file in *.pth | *.safetensors) ;; *) continue ;; esac
  case $file in *characters*) first="  c" ;; *too_many*) first= ;; *) first="  cat" ;; esac
  "$atmc" run tiny.json --weights "$file" --engine=interp --input image.npy >stdout 2>stderr
  grep -q "  0$first\$" stdout || { echo "$file: not the class$first:"; cat stdout; exit 1; }
  "$atmc" import "$file" -o imported.safetensors 2>stderr
  "$atmc" run tiny.json --weights imported.safetensors --engine=interp --input image.npy >imported 2>stderr
  cmp stdout imported || { echo "$file: other classes when imported"; exit 1; }
done
for input in image_*.npy; do
  total=$((total + 1))
  cp "$input" image.npy
  answer tiny.json base.safetensors || { echo "$input: refused:"; cat stderr; exit 1; }
  cmp answer.npy base.npy || { echo "$input: another answer"; exit 1; }
done
[ $total -gt 10 ]
echo "$total files are accepted"
