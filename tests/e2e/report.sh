#!/bin/sh
# report.sh ATMC: the page of the glyph model is whole and good HTML; a layer may be called what
# it likes. What checks HTML (tidy) and shows it (chromium) is used where it is there.
set -eu
atmc=$1
examples=$(cd "$(dirname "$0")/../../examples" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*"; exit 1; }

"$atmc" report "$examples/models/glyphs.json" --weights "$examples/glyphs/glyphs.safetensors" \
  --shape 1x3x48x48,1x3x64x64 --threads=2 --iterations=20 --json -o glyphs.json
"$atmc" report glyphs.json --compare=glyphs.json -o glyphs.html
# Models have no such names; a file of --compare may.
long=$(head -c 10000 /dev/zero | tr '\0' n)
sed -e 's|blocks\.1\.0|</title><script>bad(\\"x\\")</script> \&amp; \\u202e\\u0007|g' -e "s|pos_blocks\\.1|$long|g" \
  -e 's|"model":"glyphs"|"model":"<img src=x onerror=bad()>"|' glyphs.json >odd.json
"$atmc" report odd.json --compare=odd.json -o odd.html
[ "$(wc -c <odd.html)" -lt 4000000 ] || fail "odd.html is too large"
for page in glyphs odd; do
  [ "$(grep -c '<script' $page.html)" = 1 ] || fail "$page.html: scripts of others"
  ! grep -qE '<(img|link|iframe)[^>]*(src|href)="?[^d"]|url\(|@import' $page.html || fail "$page.html asks for other files"
  if command -v tidy >/dev/null; then
    tidy -q -e --drop-empty-elements no $page.html 2>$page.tidy || fail "$page.html: $(head -5 $page.tidy)"
  fi
done
if command -v chromium >/dev/null; then
  for page in glyphs odd; do
    chromium --headless --no-sandbox --disable-gpu --enable-logging=stderr --v=0 \
      --dump-dom "file://$work/$page.html" >$page.dom 2>$page.log || { cat $page.log; exit 1; }
    ! grep 'CONSOLE' $page.log || fail "$page.html: the console"
    grep -q 'class="number sorting"' $page.dom || fail "$page.html: its script did not run"
  done
fi
echo "report: good"
