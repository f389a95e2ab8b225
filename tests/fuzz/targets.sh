#!/bin/sh
# targets.sh SECONDS [TARGET...]: builds the readers under libFuzzer (tests/fuzz/targets) and runs
# each for so long, or those that are named. What is found stays in build-fuzz/findings; what gets
# further than the kept corpus, in build-fuzz/corpus, from where the next run goes on.
set -eu
seconds=$1
shift
cd "$(dirname "$0")/../.."
cmake --preset fuzz >/dev/null
cmake --build build-fuzz --target fuzz_targets >/dev/null
mkdir -p build-fuzz/findings build-fuzz/seeds
# Words come from the tables that the readers are made from.
{
  sed -n 's/^\(OP\|STRUCTURE\)([A-Z0-9_]*, \([a-z0-9_]*\),.*/"\2"/p' ir/ops.def
  grep -oh 'INT([a-z_]*)\|REAL([a-z_]*)\|WINDOW([a-z_]*)\|ELEMENT([a-z_]*)' ir/ops.def |
    sed 's/.*(\(.*\))/"\1="/'
  sed -n 's/^ \* *\([a-z0-9_]*\)(R.*/"\1("/p' ir/recipe.h
  printf '"%%%%"\n"graph @"\n"output"\n"constant @"\n" : f32["\n"{"\n"}"\n"fill("\n"iota3("\n'
} | sed 's/"%%"/"%"/' | sort -u >build-fuzz/text.dict
{
  grep -oh 'LAYER_KEY([a-z_0-9]*' frontend/*.c frontend/layer.h | sed 's/.*(\(.*\)/"\\"\1\\":"/'
  grep -oh 'LAYER_OP[_OF]*([a-z_0-9]*,' frontend/*.c | sed 's/.*(\(.*\),/"\\"\1\\""/'
} | sort -u >build-fuzz/json.dict
# Small files alone: large ones make slow runs.
gather() { # TARGET FILE...
  mkdir -p "build-fuzz/seeds/$1" "build-fuzz/corpus/$1"
  into=build-fuzz/seeds/$1
  shift
  for file in "$@"; do
    [ "$(wc -c <"$file")" -gt 40000 ] || cp "$file" "$into"
  done
}
gather recipe tests/fuzz/corpus/recipe/*
gather npy tests/e2e/accepted/*.npy
gather pickle tests/fuzz/corpus/pickle/*
gather safetensors tests/e2e/accepted/*.safetensors tests/e2e/checkpoints/*.safetensors
gather pth tests/e2e/accepted/*.pth tests/e2e/checkpoints/*.pth
gather ir tests/passes/*.ir tests/errors/*.ir
gather plan tests/fuzz/corpus/plan/*
gather photo tests/e2e/photos/*.png tests/e2e/photos/*.jpg
gather model tests/fuzz/model.json tests/errors/*.json tests/e2e/aarch64/*.json
[ $# -gt 0 ] || set -- recipe npy pickle safetensors pth ir plan model photo
# As many at once as there are processors.
printf '%s\n' "$@" | xargs -n 1 -P "$(nproc)" sh tests/fuzz/target.sh "$seconds"
