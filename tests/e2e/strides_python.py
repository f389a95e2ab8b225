"""strides_python.py: parts of a larger array give what their copies do, without being copied; what no model can read
is refused."""
import numpy as np

import photos

model = photos.Model(threads=2)
lots = np.random.default_rng(1)


def refused(array):
    try:
        model.run(array)
    except ValueError as error:
        assert "contiguous" in str(error), error
        return
    raise AssertionError("ValueError was expected")


for resolution in model.resolutions:
    tensor = resolution.inputs[0]
    n, planes = tensor.shape[0], tensor.layout == "nchw"
    h, w = tensor.shape[2:] if planes else tensor.shape[1:3]
    big = lots.integers(0, 256, (3 * n, 3, h + 9, w + 5) if planes else (3 * n, h + 9, w + 5, 3), np.uint8)
    whole = (slice(None),) if planes else ()
    parts = [big[(images, *whole, rows, slice(2, 2 + w))] for images in (slice(n), slice(0, None, 3), slice(n - 1, None, -1))
             for rows in (slice(4, 4 + h), slice(h + 2, 2, -1))]
    for part in parts:
        part = part[:n]
        assert not part.flags.c_contiguous and part.shape == tensor.shape
        for got, wanted in zip(model.run(part), model.run(part.copy())):
            assert np.array_equal(got, wanted)
    refused(big[(slice(n), *whole, slice(h), slice(w - 1, None, -1))])  # columns backwards
    refused(np.broadcast_to(big[(slice(n), *whole, slice(1), slice(w))], tensor.shape))  # one row for all
    if n > 1:
        refused(np.broadcast_to(big[(slice(1), *whole, slice(h), slice(w))], tensor.shape))  # one image for all
    if planes:
        apart = np.ascontiguousarray(parts[0][:n].transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)  # planes by rows
        assert np.array_equal(model.run(apart)[0], model.run(apart.copy())[0])
    else:
        refused(np.asfortranarray(parts[0][:n]))
print("python: parts, upside down, every third image")
