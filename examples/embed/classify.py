"""classify.py IMAGE.npy: a host in Python, with the module that `--emit=python,shared` writes (on PYTHONPATH)."""
import sys

import numpy as np

import glyphs

image = np.load(sys.argv[1])
model = glyphs.Model(threads=2)
logits = model.run(image)
print(f"{model.classes[logits[0].argmax()]} {logits.max():.5f}")
