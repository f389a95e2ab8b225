#!/bin/sh
# Installs what the tests need, builds everything and runs all tests.
#   sh tests/run.sh [ctest arguments, as -R e2e]
set -eu
cd "$(dirname "$0")/.."
build=${ATMC_BUILD:-build}-tests
sh cmake/setup.sh tests
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DATMC_TESTS=ON >/dev/null
cmake --build "$build"
ctest --test-dir "$build" --output-on-failure -j "$(nproc)" "$@"
