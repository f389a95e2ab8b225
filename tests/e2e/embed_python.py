"""embed_python.py IMAGE.npy: the generated module's promises beyond the first call."""
import sys
import threading

import numpy as np

import glyphs


def refused(kind, call):
    try:
        call()
    except kind as error:
        return str(error)
    raise AssertionError(f"{kind.__name__} was expected")


image = np.load(sys.argv[1])
model = glyphs.Model(threads=2)
wanted = model.run(image)
assert model.resolutions[0].inputs[0].shape == (1, 3, 48, 48) and len(model.classes) == 34
assert model.pixels == [None]
out = np.empty_like(wanted)
assert model.run(image=image, out=out) is out and (out == wanted).all()
assert model.run(np.zeros((1, 3, 64, 80), np.float32)).shape == wanted.shape
answers = []
threads = [threading.Thread(target=lambda: answers.append(model.run(image))) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(answers) == 4 and all((a == wanted).all() for a in answers)
assert "were not compiled" in refused(ValueError, lambda: model.run(image[:, :, :40]))
assert "float64" in refused(ValueError, lambda: model.run(image.astype(np.float64)))
assert "contiguous" in refused(ValueError, lambda: model.run(np.asfortranarray(image)))
assert "the inputs are" in refused(TypeError, lambda: model.run(image, mask=image))
assert "the inputs are" in refused(TypeError, lambda: model.run())
refused(glyphs.Error, lambda: glyphs.Model(threads=65))
print("python: names, outputs, threads, errors")
