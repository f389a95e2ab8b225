#!/usr/bin/python3
"""Writes tests/unit/resized.h: what Pillow (Debian's python3-pil) makes of the image of
tests/unit/resize.c at a few sizes. Usage: record_resize.py > tests/unit/resized.h"""
import PIL
from PIL import Image

# height and width before and after
SIZES = [(37, 53, 12, 12), (11, 7, 16, 20), (24, 30, 12, 40), (300, 500, 5, 9), (20, 33, 20, 11)]
FILTERS = [("BILINEAR", Image.BILINEAR), ("BICUBIC", Image.BICUBIC)]


def image_bytes(height, width):
    """The image of tests/unit/resize.c: edges of full contrast, ramps, noise."""
    out = bytearray()
    for y in range(height):
        for x in range(width):
            noise = ((y * width + x) * 2654435761 & 0xFFFFFFFF) >> 24
            out += bytes([255 if (x // 3 + y // 2) % 2 else 0, (5 * x + 3 * y) % 256, noise])
    return bytes(out)


print("/* What Pillow %s makes of the test image: written by tests/record_resize.py. */" %
      PIL.__version__)
print("static const Resized resized[] = {")
for h, w, to_h, to_w in SIZES:
    for name, kind in FILTERS:
        image = Image.frombytes("RGB", (w, h), image_bytes(h, w))
        text = image.resize((to_w, to_h), kind).tobytes().hex()
        print("    {%d, %d, %d, %d, ATM_FILTER_%s," % (h, w, to_h, to_w, name))
        for i in range(0, len(text), 88):
            print('     "%s"%s' % (text[i:i + 88], "" if i + 88 < len(text) else "},"))
print("};")
