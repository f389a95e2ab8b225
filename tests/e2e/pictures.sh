#!/bin/sh
# pictures.sh ATMC TOOLS: labels as indexed PNGs and over the photo, for every kind of input and of labels, and one
# clear error for what can be no picture, before anything is computed.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
photo=$here/photos/photo.png
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# The classes of the photo's pixels at a quarter of its size, and of all of its pixels.
cat >model.json <<'JSON'
{"atmc": 1, "name": "labels",
 "inputs": [{"name": "image", "channels": 3,
   "pixels": {"format": "u8", "layout": "nhwc", "order": "rgb",
              "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
   "resize": {"to": 64, "crop": 48, "filter": "bicubic"}}],
 "layers": [
   {"op": "conv2d", "name": "stem", "channels": 21, "kernel": 7, "stride": 4, "padding": 2},
   {"op": "resize", "name": "full", "inputs": ["stem", "image"]},
   {"op": "argmax", "name": "best", "type": "uint8"},
   {"op": "argmax", "name": "quarter", "inputs": ["stem"], "type": "int32"}],
 "outputs": [{"name": "labels", "from": "best"}]}
JSON
"$atmc" weights model.json --synthetic=1 -o w.st
run() {
  "$atmc" run "${model:-model.json}" --weights "${weights:-w.st}" "$@"
}
if run --input "$photo" --overlay=over.png 2>&1 | grep -q 'built without'; then
  echo "atmc was built without libpng: skipped"
  exit 77
fi
run --input "$photo" --output labels.npy
run --input "$photo" --output labels=labels.png --overlay=over.png >out
[ ! -s out ]
"$tools/compare_picture" labels.npy labels.png "$photo.npy" over.png
# Not one color everywhere, or half of the above says nothing.
[ "$(tail -c 2304 labels.npy | od -An -v -tu1 -w1 | sort -u | wc -l)" -gt 3 ]

# same NAME ARGUMENT...: the same pictures.
same() {
  echo "$1"
  shift
  rm -f got.png got_over.PNG
  run "$@" --output got.png --overlay=got_over.PNG
  cmp got.png labels.png
  cmp got_over.PNG over.png
}
same "bytes for a photo" --input "$photo.npy"
same "the interpreter" --input "$photo" --engine=interp
sed 's/uint8/int32/' model.json >wide.json
model=wide.json same "labels of 32 bits" --input "$photo"
sed -e 's/nhwc/nchw/' -e 's/rgb/bgr/' model.json >planes.json
model=planes.json same "planes, blue first" --input "$photo"

# Programs write bytes, and print the first of them.
"$atmc" compile model.json --weights w.st --shape 1x3x48x48 --emit=exe -o program 2>/dev/null
./program --input "$photo.npy" >out
./program --input "$photo.npy" --output labels=got.npy >/dev/null
tail -c 2304 labels.npy >expected
tail -c 2304 got.npy | cmp - expected
[ "$(sed -n 's/ *\.\.\.$//; 2s/ \{1,\}/ /gp' out)" = "$(head -c 16 expected | od -An -v -tu1 -w16 | sed 's/ \{1,\}/ /g')" ] ||
  { cat out; exit 1; }

# refuse MESSAGE ARGUMENT...: one line that says so, and no file.
refuse() {
  message=$1 code=0
  shift
  rm -f no.png
  run "$@" 2>log >out || code=$?
  [ $code = "${code_wanted:-1}" ] && [ ! -s out ] && [ ! -e no.png ] && [ "$(wc -l <log)" = 1 ] &&
    grep -q -e "$message" log || { echo "$*: exit code $code"; cat log; exit 1; }
}
sed 's/"from": "best"/"from": "stem"/' model.json >logits.json
model=logits.json refuse 'no.png: error: output "labels" gives no labels: a picture shows what argmax' \
  --input "$photo" --output labels=no.png
model=logits.json refuse 'no.png: error: the model has no output of labels' --input "$photo" --overlay=no.png
sed -e 's/"channels": 21/"channels": 257/' -e 's/uint8/int32/' model.json >many.json
"$atmc" weights many.json --synthetic=1 -o many.st
model=many.json weights=many.st refuse 'output "labels" has 257 classes; the palette of a picture has 256' \
  --input "$photo" --output no.png
model=many.json weights=many.st refuse 'output "labels" has 257 classes' --input "$photo" --overlay no.png
sed 's/"from": "best"/"from": "quarter"/' model.json >quarter.json
model=quarter.json run --input "$photo" --output labels=quarter.png
model=quarter.json refuse 'no.png: error: labels of 12x12 over a photo of 48x48: give labels of its size' \
  --input "$photo" --overlay=no.png
"$tools/make_pixels" nhwc rgb 16 16 2 two.npy floats.npy
refuse 'no.png: error: a picture shows one image, not 2' --input two.npy --output no.png
refuse 'no.png: error: a picture shows one image, not 2' --input two.npy --overlay no.png
sed -e '/"pixels"/d' -e '/"resize": {/d' -e '/"mean"/d' -e 's/"channels": 3,/"channels": 3}],/' model.json >floats.json
model=floats.json refuse 'no.png: error: nothing to lay labels over: no input of three channels declares "pixels"' \
  --input floats.npy --overlay=no.png
code_wanted=2
refuse 'overlay: no.png is where an output goes' --input "$photo" --output no.png --overlay=no.png
code_wanted=3
refuse 'missing/over.png' --input "$photo" --overlay=missing/over.png
