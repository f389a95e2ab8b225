#!/bin/sh
# sbom.sh ATMC TOOLS: --emit=sbom is SPDX 2.3, names every file with its sum, and depends on the inputs alone.
set -eu
atmc=$1
here=$(cd "$(dirname "$0")" && pwd)
examples=$here/../../examples
command -v python3 >/dev/null || { echo "no python3: skipped"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cp "$examples/models/glyphs.json" "$examples/glyphs/glyphs.safetensors" .
# compile OPTION...
compile() { "$atmc" compile glyphs.json --weights glyphs.safetensors --shape 1x3x48x48 -o product "$@" 2>log; }
compile --emit=obj,header,shared,exe,sbom,dep --weights-mode=external || { cat log; exit 1; }
python3 "$here/sbom.py" product.spdx.json . >said
cat said
grep -q "7 files" said # two inputs, and object, header, library, program, weights
cp product.spdx.json before.spdx.json
compile --emit=obj,header,shared,exe,sbom,dep --weights-mode=external
cmp product.spdx.json before.spdx.json
grep -q "product.spdx.json:" product.d

SOURCE_DATE_EPOCH=86400 compile --emit=sbom
grep -q '"created":.*"1970-01-02T00:00:00Z"' product.spdx.json
echo >>glyphs.json
compile --emit=sbom
python3 "$here/sbom.py" product.spdx.json . >said
cmp -s product.spdx.json before.spdx.json && { echo "another model has the same document"; exit 1; }

mkfifo fifo
cat glyphs.json >fifo &
code=0
"$atmc" compile fifo --weights glyphs.safetensors --shape 1x3x48x48 --emit=sbom -o piped 2>messages || code=$?
[ $code = 2 ] && grep -q "fifo is no file that can be read again" messages || { cat messages; exit 1; }
