"""Heads for segmentation as ONNX, on the graph of export_onnx.py: maps come and go NCHW, each with its (h, w). Batch
norms are folded into the convolutions before them, as ONNX Runtime would do."""
import numpy as np


def conv_bn(g, x, part):
    """Convolution, batch norm and ReLU."""
    bn = part.bn
    gain = g.p(bn.weight) / np.sqrt(g.p(bn.running_var) + bn.eps)
    weight = g.p(part.conv.weight) * gain[:, None, None, None]
    bias = g.p(bn.bias) - g.p(bn.running_mean) * gain
    y = g.op("Conv", x, g.const(weight), g.const(bias), kernel_shape=list(part.conv.kernel_size),
             pads=list(part.conv.padding) * 2)
    return g.op("Relu", y)


def resize(g, x, size, mode="linear"):
    """To size (h, w): bilinear between the middles of elements, or the nearest."""
    channels = g.op("Slice", g.op("Shape", x), g.ints(0), g.ints(2))
    how = {"linear": {"coordinate_transformation_mode": "half_pixel"},
           "nearest": {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}}[mode]
    return g.op("Resize", x, "", "", g.op("Concat", channels, g.ints(*size), axis=0), mode=mode, **how)


def pool(g, x, size, cells):
    """Cell i of `cells` over a line of m: the mean of elements floor(i m / cells) .. ceil((i + 1) m / cells) - 1."""
    def spans(m):
        return [(i * m // cells, -((-(i + 1) * m) // cells)) for i in range(cells)]

    rows = []
    for top, bottom in spans(size[0]):
        row = []
        for left, right in spans(size[1]):
            cell = g.op("Slice", x, g.ints(top, left), g.ints(bottom, right), g.ints(2, 3))
            row.append(g.op("ReduceMean", cell, g.ints(2, 3), keepdims=1))
        rows.append(g.op("Concat", *row, axis=3))
    return g.op("Concat", *rows, axis=2)


def fpn(g, m, maps, sizes):
    lat = [g.conv(x, f.conv) for f, x in zip(m.lateral_convs, maps)]
    for i in range(len(lat) - 1, 0, -1):
        lat[i - 1] = g.op("Add", lat[i - 1], resize(g, lat[i], sizes[i - 1], "nearest"))
    return [g.conv(x, f.conv) for f, x in zip(m.fpn_convs, lat)]


def semantic_fpn(g, m, maps, sizes):
    total = None
    for level, head in enumerate(m.scale_heads):
        x, (h, w) = maps[level], sizes[level]
        for part in head:
            if hasattr(part, "conv"):
                x = conv_bn(g, x, part)
            else:
                h, w = 2 * h, 2 * w
                x = resize(g, x, (h, w))
        if (h, w) != tuple(sizes[0]):
            x = resize(g, x, sizes[0])
        total = x if total is None else g.op("Add", total, x)
    return g.conv(total, m.conv_seg)


def upernet(g, m, maps, sizes):
    top = maps[-1]
    lat = [conv_bn(g, x, f) for f, x in zip(m.lateral_convs, maps)]
    pooled = [resize(g, conv_bn(g, pool(g, top, sizes[-1], f[0].output_size), f[1]), sizes[-1]) for f in m.psp_modules]
    lat.append(conv_bn(g, g.op("Concat", top, *pooled, axis=1), m.bottleneck))
    for i in range(len(lat) - 1, 0, -1):
        lat[i - 1] = g.op("Add", lat[i - 1], resize(g, lat[i], sizes[i - 1]))
    out = [conv_bn(g, x, f) for f, x in zip(m.fpn_convs, lat)] + [lat[-1]]
    out = [out[0]] + [resize(g, x, sizes[0]) for x in out[1:]]
    return g.conv(conv_bn(g, g.op("Concat", *out, axis=1), m.fpn_bottleneck), m.conv_seg)


def segmenter(g, m, maps, height, width):
    """The whole head of heads.Segmenter, on the backbone's maps."""
    sizes = [((height - 3) // 4 + 1, (width - 3) // 4 + 1)]
    for _ in maps[1:]:
        sizes.append(((sizes[-1][0] - 1) // 2 + 1, (sizes[-1][1] - 1) // 2 + 1))
    if hasattr(m, "neck"):
        y = semantic_fpn(g, m.decode_head, fpn(g, m.neck, maps, sizes), sizes)
    else:
        y = upernet(g, m.decode_head, maps, sizes)
    return [resize(g, y, (height, width))]
