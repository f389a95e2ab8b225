#!/usr/bin/python3
"""Writes tests/e2e/corners: what PyTorch (1.13, Debian's python3-torch) computes in double precision for windows,
pools and resizes in their corners. One folder for each size of input: model.json, x.npy, weights.safetensors and
expected.safetensors, with a tensor for each output. Usage: record_corners.py, from the root of the project."""
import json
import os
import struct

import numpy
import torch
from torch.nn import functional as F

CHANNELS = 6


def conv(name, out=4, **keys):
    return {"op": "conv2d", "name": name, "channels": out, **keys}


def pool(kind, name, **keys):
    return {"op": kind + "_pool", "name": name, **keys}


def resize(name, size, **keys):
    return {"op": "resize", "name": name, "size": size, **keys}


# By the size of the input: one place, one line, odd sides.
CASES = {
    (1, 1, 1): [
        {"op": "batch_norm", "name": "norm", "eps": 1e-5},
        conv("padded", kernel=3, padding=1), conv("gaps", kernel=3, dilation=3, padding=3),
        conv("one_side", kernel=[1, 4], padding=[0, 3, 0, 1]),
        conv("depthwise", out=CHANNELS, kernel=5, padding=2, groups=CHANNELS),
        pool("max", "max_padded", kernel=3, stride=1, padding=1),
        pool("max", "max_gaps", kernel=3, stride=1, padding=1, dilation=1),
        pool("average", "mean_padded", kernel=3, stride=2, padding=1),
        pool("average", "mean_inside", kernel=3, stride=2, padding=1, count_padding=False),
        pool("adaptive_average", "more_cells", size=[3, 2]), pool("adaptive_average", "one_cell", size=1),
        resize("bilinear", [4, 5]), resize("aligned", [4, 5], align_corners=True),
        resize("aligned_one", 1, align_corners=True), resize("nearest", [2, 3], mode="nearest")],
    (1, 1, 8): [
        conv("padded", kernel=3, padding=1), conv("strided", kernel=[1, 3], stride=[2, 3], padding=[0, 1]),
        conv("beyond", kernel=[5, 17], padding=[2, 8]), conv("gaps", kernel=[3, 2], dilation=[4, 5], padding=[4, 0]),
        pool("max", "max_line", kernel=[1, 3], stride=2), pool("adaptive_average", "cells", size=[2, 5]),
        resize("bilinear", [3, 11]), resize("aligned", [3, 11], align_corners=True),
        resize("aligned_column", [3, 1], align_corners=True), resize("nearest", [2, 5], mode="nearest")],
    (2, 7, 9): [
        {"op": "batch_norm", "name": "norm", "eps": 1e-3},
        conv("gaps", kernel=3, dilation=2, padding=2), conv("gaps_strided", kernel=3, dilation=[1, 3], stride=[2, 1]),
        conv("two_taps", kernel=2, dilation=[5, 7], padding=[1, 0, 0, 2]),
        conv("sides", kernel=3, stride=2, padding=[0, 1, 2, 1]), conv("corner", kernel=3, padding=[2, 0, 0, 2]),
        conv("beyond", kernel=[9, 13], padding=[4, 6]), conv("whole", kernel=[7, 9]),
        conv("apart", kernel=2, stride=3), conv("one_tap", kernel=1, stride=2),
        conv("groups", out=9, kernel=3, groups=3, dilation=2, padding=1),
        conv("depthwise", out=CHANNELS, kernel=5, groups=CHANNELS, dilation=2, padding=[4, 3]),
        pool("max", "max_beyond", kernel=[9, 11], stride=1, padding=[4, 5]),
        pool("max", "max_gaps", kernel=3, stride=2, padding=1, dilation=2),
        pool("average", "mean_padded", kernel=[3, 5], stride=2, padding=[1, 2]),
        pool("average", "mean_inside", kernel=[3, 5], stride=2, padding=[1, 2], count_padding=False),
        pool("adaptive_average", "seven_to_six", size=[6, 4]), pool("adaptive_average", "same", size=[7, 9]),
        pool("adaptive_average", "more_cells", size=[10, 13]), pool("adaptive_average", "one_cell", size=1),
        resize("bilinear_up", [13, 20]), resize("bilinear_down", [3, 4]), resize("bilinear_one", 1),
        resize("aligned_up", [13, 20], align_corners=True), resize("aligned_down", [3, 4], align_corners=True),
        resize("aligned_one", 1, align_corners=True), resize("aligned_row", [1, 5], align_corners=True),
        resize("nearest_up", [12, 20], mode="nearest"), resize("nearest_down", [3, 5], mode="nearest"),
        # maps inside of a model have channels last
        {"op": "relu", "name": "inside"}, conv("inside_gaps", kernel=3, dilation=2, padding=2, inputs=["inside"]),
        conv("inside_columns", out=40, kernel=[2, 3], dilation=[1, 3], padding=[1, 2], inputs=["inside"]),
        conv("inside_lines", kernel=[3, 2], dilation=[3, 1], padding=[4, 0, 3, 1], inputs=["inside"]),
        conv("inside_strided", kernel=[3, 5], dilation=[1, 2], stride=[2, 2], padding=[1, 3], inputs=["inside"])],
}


def pair(value):
    return value if isinstance(value, list) else [value, value]


def pad(x, sides, value=0.0):
    """Sides as the model has them: all, [height, width] or [top, left, bottom, right]."""
    sides = pair(sides)
    top, left, bottom, right = sides if len(sides) == 4 else sides + sides
    return F.pad(x, (left, right, top, bottom), value=value)


def nearest(x, size):
    """Exactly: PyTorch's own takes the quotient in single precision."""
    rows, columns = ([i * n // to for i in range(to)] for n, to in zip(x.shape[2:], size))
    out = x[:, :, rows][:, :, :, columns]
    assert torch.equal(out, F.interpolate(x, size=size, mode="nearest"))
    return out


def compute(layer, x, weights):
    name, kind = layer["name"], layer["op"]
    if kind == "conv2d":
        groups = layer.get("groups", 1)
        shape = (layer["channels"], CHANNELS // groups, *pair(layer["kernel"]))
        w = weights[name + ".weight"] = torch.randn(shape) / (shape[1] * shape[2] * shape[3]) ** 0.5
        b = weights[name + ".bias"] = torch.randn(layer["channels"])
        return F.conv2d(pad(x, layer.get("padding", 0)), w.double(), b.double(), stride=pair(layer.get("stride", 1)),
                        dilation=pair(layer.get("dilation", 1)), groups=groups)
    if kind == "relu":
        return x.relu()
    if kind == "batch_norm":
        stored = {part: torch.randn(CHANNELS) for part in ("weight", "bias", "running_mean", "running_var")}
        stored["running_var"] = stored["running_var"].abs()
        stored["running_var"][0] = 0  # of a channel that never changed
        weights.update({name + "." + part: value for part, value in stored.items()})
        w, b, mean, var = (value.double() for value in stored.values())
        return F.batch_norm(x, mean, var, w, b, eps=layer["eps"])
    if kind == "max_pool":
        return F.max_pool2d(pad(x, layer.get("padding", 0), float("-inf")), pair(layer["kernel"]),
                            pair(layer["stride"]), 0, pair(layer.get("dilation", 1)))
    if kind == "average_pool":
        return F.avg_pool2d(x, pair(layer["kernel"]), pair(layer["stride"]), pair(layer["padding"]),
                            count_include_pad=layer.get("count_padding", True))
    if kind == "adaptive_average_pool":
        return F.adaptive_avg_pool2d(x, pair(layer["size"]))
    if layer.get("mode") == "nearest":
        return nearest(x, pair(layer["size"]))
    return F.interpolate(x, size=pair(layer["size"]), mode="bilinear", align_corners=layer.get("align_corners", False))


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = tensor.contiguous().numpy().tobytes()
        kind = {torch.float32: "F32", torch.float64: "F64"}[tensor.dtype]
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def write_model(path, title, layers):
    lines = [json.dumps({**layer, "inputs": layer.get("inputs", ["x"])}) for layer in layers]
    outputs = [json.dumps({"name": layer["name"], "from": layer["name"]}) for layer in layers]
    with open(path, "w", encoding="ascii") as file:
        file.write('{"atmc": 1, "name": "%s",\n "inputs": [{"name": "x", "channels": %d}],\n "layers": [\n  ' %
                   (title, CHANNELS) + ",\n  ".join(lines) + '],\n "outputs": [\n  ' + ",\n  ".join(outputs) + "]}\n")


torch.manual_seed(1)
for (images, height, width), layers in CASES.items():
    title = "%dx%d" % (height, width)
    folder = os.path.join("tests/e2e/corners", title)
    os.makedirs(folder, exist_ok=True)
    x, weights = torch.randn(images, CHANNELS, height, width), {}
    expected = {}
    for layer in layers:
        source = expected[layer["inputs"][0]] if "inputs" in layer else x.double()
        expected[layer["name"]] = compute(layer, source, weights)
    numpy.save(os.path.join(folder, "x.npy"), x.numpy())
    write_model(os.path.join(folder, "model.json"), "corners_" + title, layers)
    write_safetensors(os.path.join(folder, "weights.safetensors"), weights)
    write_safetensors(os.path.join(folder, "expected.safetensors"), expected)
