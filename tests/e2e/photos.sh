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

# EXIF's orientation: a segment with it behind the photo's first marker (big-endian, then little).
exif() {
  head -c 2 "$photos/photo.jpg" && printf '\377\341\0\042Exif\0\0'
  case $2 in
    big) printf 'MM\0*\0\0\0\010\0\001\001\022\0\003\0\0\0\001\0\'"$1"'\0\0\0\0\0\0' ;;
    little) printf 'II*\0\010\0\0\0\001\0\022\001\003\0\001\0\0\0\'"$1"'\0\0\0\0\0\0\0' ;;
  esac
  tail -c +3 "$photos/photo.jpg"
}
exif 06 little >turned.jpg
run "$photos/turned_6.npy" --output stem=expected.npy
run turned.jpg --output stem=got.npy
cmp got.npy expected.npy
# A PPM, as a photo without resizing gives it.
{ printf 'P6\n# of a camera\n37 21\n255\n' && head -c 2331 "$photos/photo.jpg.npy"; } >photo.ppm
{ printf '\223NUMPY\001\0\166\0' &&
  printf '%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 21, 37, 3), }" &&
  head -c 2331 "$photos/photo.jpg.npy"; } >photo.npy
for input in photo.ppm photo.npy; do model=$here/pixels/model.json run $input --output stem=$input.out; done
cmp photo.ppm.out photo.npy.out

# Emitted programs do the same: for the entry of the crop's size, without a crop for that of the photo's.
"$atmc" compile model.json --weights w.st --shape 1x3x32x32,1x3x48x48 --emit=exe -o program 2>log || { cat log; exit 1; }
./program --help >said
grep -q '|photo.ppm|.png|.jpg' said || { cat said; exit 1; }
for photo in photo.png photo.jpg gray.jpg palette.png; do
  run "$photos/$photo.npy" --output stem=expected.npy
  ./program --input "$photos/$photo" --output stem=got.npy >log
  cmp got.npy expected.npy
done
# turns EIGHTS ONES ORDER EXPECTED.npy: of the orientation with these octal digits.
turns() {
  exif "$1$2" "$3" >turned.jpg
  ./program --input "$4" --output stem=expected.npy >log
  ./program --input turned.jpg --output stem=got.npy >log
  cmp got.npy expected.npy || { echo "orientation 0$1$2, $3"; exit 1; }
}
for order in big little; do
  for orientation in 2 3 4 5 6 7; do turns 0 $orientation $order "$photos/turned_$orientation.npy"; done
  turns 1 0 $order "$photos/turned_8.npy" # octal
  turns 0 1 $order "$photos/photo.jpg.npy"
  turns 1 1 $order "$photos/photo.jpg.npy" # there is no such orientation
done
"$atmc" compile "$here/pixels/model.json" --weights w.st --shape 1x3x48x48,1x3x21x37 --emit=exe -o whole 2>log
./whole --input photo.ppm --output stem=got.npy >log
cmp got.npy photo.ppm.out
! ./whole --input "$photos/photo.png" 2>log
grep -q 'photo.png: 90 x 131 pixels: no resolution of one image takes such a photo' log || { cat log; exit 1; }
head -c 1500 "$photos/photo.jpg" >cut.jpg
! ./program --input cut.jpg 2>log
grep -q 'cut.jpg: not a good JPEG: its data are damaged' log || { cat log; exit 1; }
head -c 300 photo.ppm >cut.ppm
! ./program --input cut.ppm 2>log
grep -q 'cut.ppm: not a good PPM: the pixels are cut off' log || { cat log; exit 1; }
# Where the C compiler does not find the libraries, they read .ppm all the same; C++ compilers will do.
for cc in none "${CXX:-c++} -Wall -Wextra -Wpedantic -Werror"; do
  case $cc in *none)
    mkdir none && for header in png.h jpeglib.h; do echo '#error "none here"' >none/$header; done
    cc="cc -I$work/none"
    ;;
  esac
  CC=$cc "$atmc" compile model.json --weights w.st --shape 1x3x48x48 --emit=exe -o other 2>log || { cat log; exit 1; }
  case $cc in *none)
    ./other --help | grep -q '|photo.ppm \['
    ! ./other --input "$photos/photo.png" 2>log
    grep -q 'this program was built without libpng, and reads no PNG' log || { cat log; exit 1; }
    ;;
  *) ./other --input "$photos/photo.png" >log ;;
  esac
done

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
