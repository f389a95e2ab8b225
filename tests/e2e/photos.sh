#!/bin/sh
# photos.sh ATMC TOOLS: `atmc run` on photos gives what it gives for the bytes that Pillow made of them
# (photos/record.py), and one clear error for what is no photo.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
photos=$here/photos
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
sed -e 's|0.225]}}|0.225]}, "resize": {"to": 64, "crop": 48, "filter": "bicubic"}}|' "$here/pixels/model.json" >model.json
"$atmc" weights model.json --synthetic=1 -o w.st
run() {
  "$atmc" run "${model:-model.json}" --weights w.st --input "$@"
}
if run "$photos/photo.jpg" 2>&1 | grep -q 'built without'; then
  echo "atmc was built without libjpeg: skipped"
  exit 77
fi
for photo in photo.png photo.jpg gray.jpg palette.png; do
  run "$photos/$photo.npy" --output stem=expected.npy
  run image="$photos/$photo" --output stem=got.npy
  cmp got.npy expected.npy
done
# The same in another arrangement, where the model takes it so.
sed -e 's/nhwc/nchw/' -e 's/rgb/bgr/' model.json >planes.json
model=planes.json run "$photos/palette.png" --output stem=got.npy
"$tools/compare_npy" expected.npy got.npy
# Without "resize" the photo is taken as it is.
model=$here/pixels/model.json run "$photos/photo.png" --output stem=got.npy
grep -qa "(1, 40, 22, 33)" got.npy

run "$photos/photo.png" --json >got.json
grep -q '"name":.*"logits"' got.json
[ "$(grep -c '"class"' got.json)" = 5 ] || { cat got.json; exit 1; }
run "$photos/photo.png" >got.txt
best=$(sed -n '2s/.*  //p' got.txt)
grep -m1 '"class"' got.json | grep -q "$best" || { cat got.txt got.json; exit 1; }

# refuse MESSAGE FILE: exit code 1, and one line that says so.
refuse() {
  code=0
  run "$2" 2>log >out || code=$?
  [ $code = 1 ] && [ ! -s out ] && [ "$(wc -l <log)" = 1 ] && grep -q "$1" log || { echo "$2: $code"; cat log; exit 1; }
}
head -c 1500 "$photos/photo.jpg" >cut.jpg
refuse 'not a good JPEG: its data are damaged' cut.jpg
head -c 300 "$photos/photo.jpg" >start.jpg
refuse 'not a good JPEG: ' start.jpg
head -c 3000 "$photos/photo.png" >cut.png
refuse 'not a good PNG: ' cut.png
# A header that claims 65000 x 65000: the size stands behind the marker ff c0.
at=$(LC_ALL=C grep -obUaP '\xff\xc0' "$photos/photo.jpg" | head -1 | cut -d: -f1)
cp "$photos/photo.jpg" huge.jpg
printf '\375\350\375\350' | dd of=huge.jpg bs=1 seek=$((at + 5)) conv=notrunc 2>dd.log
refuse '65000 x 65000 pixels; at most 65535 on a side and 104857600 in all are read' huge.jpg
printf 'GIF89a' >image.gif
refuse 'not a .npy file' image.gif
sed -e '/"pixels"/d' -e 's/"channels": 3,/"channels": 3}/' -e '/"mean"/d' model.json >floats.json
model=floats.json
refuse 'a photo, but input "image" says nothing of photos: declare "pixels"' "$photos/photo.jpg"
