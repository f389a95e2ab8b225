#!/usr/bin/python3
"""Writes the photos of this folder, and beside each what Debian's Pillow makes of it by Resize(64, bicubic) and
CenterCrop(48); turned_N.npy is that of photo.jpg with EXIF's orientation N. Usage: record.py, in this folder."""
import io
import math

from PIL import Image, ImageOps

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


def save_resized(name, image):
    """Resize(64, bicubic) and CenterCrop(48)."""
    to_width, to_height = 64 * image.width // min(image.size), 64 * image.height // min(image.size)
    image = image.resize((to_width, to_height), Image.BICUBIC)
    left, top = round((image.width - 48) / 2), round((image.height - 48) / 2)
    save_npy(name, image.crop((left, top, left + 48, top + 48)))


for name in ("photo.png", "photo.jpg", "gray.jpg", "palette.png"):
    save_resized(name + ".npy", Image.open(name).convert("RGB"))
jpeg = open("photo.jpg", "rb").read()
for orientation in range(2, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    segment = exif.tobytes()
    turned = jpeg[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + jpeg[2:]
    save_resized(f"turned_{orientation}.npy", ImageOps.exif_transpose(Image.open(io.BytesIO(turned)).convert("RGB")))
