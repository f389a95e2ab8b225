#!/bin/sh
# target.sh SECONDS TARGET: runs one reader that targets.sh has built, in the root of the project, and prints how many runs
# there were, or the end of its log.
set -eu
seconds=$1
target=$2
dict=""
case $target in
  recipe | ir | plan) dict=-dict=build-fuzz/text.dict ;;
  model | safetensors) dict=-dict=build-fuzz/json.dict ;;
esac
# Freed memory is watched for a while, not until 256 MB of it have pushed all else from the caches.
export ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=8:malloc_context_size=4
"build-fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" \
  -timeout=20 -rss_limit_mb=4096 -max_len=65536 -artifact_prefix="build-fuzz/findings/$target-" \
  -print_final_stats=1 $dict "build-fuzz/corpus/$target" "build-fuzz/seeds/$target" \
  >"build-fuzz/$target.log" 2>&1 || { tail -40 "build-fuzz/$target.log"; exit 1; }
sed -n "s/^stat::number_of_executed_units: *\(.*\)/$target: \1 runs/p" "build-fuzz/$target.log"
