#!/bin/sh
# Installs what atmc is built and tested with on Debian 12 (nothing when all of it is there).
#   sh cmake/setup.sh                to build, to link what atmc emits, and for the demo
#   sh cmake/setup.sh tests          also what the tests need (Criterion, compilers for others, qemu)
#   sh cmake/setup.sh lint           also what the house is kept clean with (clang and its tools)
#   sh cmake/setup.sh package        also what cpack makes a .deb with
#   sh cmake/setup.sh tests lint     what changes of atmc need
# By apt, as root or through sudo.
set -eu
packages="cmake ninja-build gcc libc6-dev llvm-19-dev libcjson-dev libzip-dev libpng-dev libjpeg62-turbo-dev"
for set in "$@"; do
  case $set in
    tests)
      packages="$packages g++ libcriterion-dev pkg-config binutils qemu-user musl-tools"
      packages="$packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
      packages="$packages gcc-riscv64-linux-gnu libc6-dev-riscv64-cross"
      packages="$packages gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross"
      packages="$packages clang-19 lld-19 nodejs"
      ;;
    lint) packages="$packages clang-19 lld-19 libclang-rt-19-dev clang-tidy-19 clang-format-19" ;;
    package) packages="$packages dpkg-dev file" ;;
    *) echo "setup.sh: no set $set; there are: tests lint package" >&2 && exit 2 ;;
  esac
done
missing=""
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
    missing="$missing $package"
done
[ -z "$missing" ] && exit 0
echo "Installing:$missing" >&2
root=""
[ "$(id -u)" = 0 ] || root=sudo
$root apt-get update -qq
# shellcheck disable=SC2086
$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
