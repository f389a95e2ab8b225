#!/usr/bin/python3
"""Writes the photos of this folder, and resized.npy: what Debian's Pillow makes of each by Resize(64, bicubic) and
CenterCrop(48). Usage: record.py, in this folder."""
import math

from PIL import Image

HEIGHT, WIDTH = 90, 131


def pixel(y, x):
    """Something like a photo: a gradient, a disk, stripes."""
    disk = 90 if (y - 40) ** 2 + (x - 70) ** 2 < 900 else 0
    stripes = int(40 * math.sin(x / 3) + 40 * math.cos(y / 5))
    return tuple(max(0, min(255, v)) for v in (x + disk, 2 * y + stripes // 2, 200 - x + stripes))


def save_npy(path, image):
    """Bytes [1,H,W,3]."""
    text = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, %d, %d, 3), }" % (image.height, image.width)
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00\x76\x00" + text.ljust(117).encode() + b"\n" + image.tobytes())


photo = Image.new("RGB", (WIDTH, HEIGHT))
photo.putdata([pixel(y, x) for y in range(HEIGHT) for x in range(WIDTH)])
photo.save("photo.png")
photo.save("photo.jpg", quality=90)
photo.convert("L").save("gray.jpg", quality=90)
photo.quantize(64).save("palette.png")
for name in ("photo.png", "photo.jpg", "gray.jpg", "palette.png"):
    image = Image.open(name).convert("RGB")
    image = image.resize((64 * WIDTH // HEIGHT, 64), Image.BICUBIC)
    left, top = round((image.width - 48) / 2), round((image.height - 48) / 2)
    save_npy(name + ".npy", image.crop((left, top, left + 48, top + 48)))
