"""export_onnx.py MODEL H W BATCH OUT.onnx [--pyramid] [--deform]: the model as a peer's input.

Weights and image are those of synthetic.py, seed 0. Writes OUT.onnx, OUT.onnx.in
(float32 NCHW) and OUT.onnx.out (PyTorch's answer, last output). --deform uses ONNX DeformConv for
the axial sampling; the default, which ONNX Runtime runs faster, writes it as two GatherElements and
a lerp. The graph is written by hand because Debian's torch exporter mis-shapes the softmax."""
import os
import sys
import numpy as np
import onnx
import torch
from onnx import TensorProto as T, helper as H, numpy_helper as NH

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import onnx_heads  # noqa: E402
import synthetic  # noqa: E402


class Graph:
    def __init__(self):
        self.nodes, self.inits, self.n = [], [], 0

    def const(self, a):
        self.n += 1
        self.inits.append(NH.from_array(np.ascontiguousarray(a), f"c{self.n}"))
        return f"c{self.n}"

    def ints(self, *v):
        return self.const(np.array(v, np.int64))

    def op(self, kind, *ins, outs=1, **attr):
        self.n += 1
        names = [f"t{self.n}_{i}" for i in range(outs)]
        self.nodes.append(H.make_node(kind, list(ins), names, **attr))
        return names[0] if outs == 1 else names

    def p(self, t):
        return t.detach().numpy().astype(np.float32)

    def linear(self, x, l):
        w = l.weight[:, :, 0, 0] if l.weight.dim() == 4 else l.weight
        y = self.op("MatMul", x, self.const(self.p(w).T))
        return self.op("Add", y, self.const(self.p(l.bias))) if getattr(l, "bias", None) is not None else y

    def norm(self, x, l):
        return self.op("LayerNormalization", x, self.const(self.p(l.weight)), self.const(self.p(l.bias)), axis=-1, epsilon=l.eps)

    def conv(self, x, l):
        return self.op("Conv", x, self.const(self.p(l.weight)), self.const(self.p(l.bias)), kernel_shape=list(l.kernel_size),
                       strides=list(l.stride), pads=list(l.padding) * 2, group=l.groups)

    def perm(self, x, *p):
        return self.op("Transpose", x, perm=list(p))

    def mlp(self, x, m):
        return self.linear(self.op("Gelu", self.linear(x, m.fc1)), m.fc2)

    def mean(self, x, *axes):
        return self.op("ReduceMean", x, self.ints(*axes), keepdims=0)


def axial(g, x, off, axis, size):
    base = np.arange(size, dtype=np.float32).reshape((1, size, 1, 1) if axis == 1 else (1, 1, size, 1))
    pos = g.op("Clip", g.op("Add", off, g.const(base)), g.const(np.float32(-1)), g.const(np.float32(size)))
    low = g.op("Floor", pos)
    frac = g.op("Sub", pos, low)
    i = g.op("Cast", low, to=T.INT64)
    before, after = [0] * 4, [0] * 4
    before[axis], after[axis] = 1, 2
    xp = g.op("Pad", x, g.ints(*before, *after))
    a = g.op("GatherElements", xp, g.op("Add", i, g.const(np.int64(1))), axis=axis)
    b = g.op("GatherElements", xp, g.op("Add", i, g.const(np.int64(2))), axis=axis)
    return g.op("Add", a, g.op("Mul", frac, g.op("Sub", b, a)))


def deform(g, x, off, fc, axis, dims):
    b, h, w, c = dims
    o = g.perm(off, 0, 3, 1, 2)
    pair = [g.op("Unsqueeze", g.op("Mul", o, g.const(np.float32(0))), g.ints(2)), g.op("Unsqueeze", o, g.ints(2))]
    oo = g.op("Reshape", g.op("Concat", *(pair if axis == 2 else pair[::-1]), axis=2), g.ints(b, 2 * c, h, w))
    y = g.op("DeformConv", g.perm(x, 0, 3, 1, 2), g.const(g.p(fc.weight)), oo, g.const(g.p(fc.bias)),
             kernel_shape=[1, 1], offset_group=c, strides=[1, 1], pads=[0, 0, 0, 0], group=1)
    return g.perm(y, 0, 2, 3, 1)


def atmnet(g, m, b, h, w, use_deform):
    x = g.perm(g.conv("input", m.patch_embed.proj), 0, 2, 3, 1)
    h, w = (h - 3) // 4 + 1, (w - 3) // 4 + 1
    outs = []
    for i, stage in enumerate(m.blocks):
        for j, blk in enumerate(stage):
            c = blk.norm1.weight.shape[0]
            if m.fresh(i, j):
                y = g.perm(x, 0, 3, 1, 2)
                x = g.perm(g.op("Add", g.conv(y, m.pos_blocks[i].proj), y), 0, 2, 3, 1)
            if blk.offset_layer is not None:
                o = g.op("Unsqueeze", g.linear(g.norm(x, blk.offset_layer[0]), blk.offset_layer[1]), g.ints(4))
                o = g.op("Reshape", g.op("Expand", o, g.ints(1, 1, 1, 1, blk.share)), g.ints(b, h, w, 2 * c))
                ow = g.op("Slice", o, g.ints(0), g.ints(c), g.ints(3))
                oh = g.op("Slice", o, g.ints(c), g.ints(2 * c), g.ints(3))
            t = g.norm(x, blk.norm1)
            if use_deform:
                fw = deform(g, t, ow, blk.atm.atm_w, 2, (b, h, w, c))
                fh = deform(g, t, oh, blk.atm.atm_h, 1, (b, h, w, c))
            else:
                fw = g.linear(axial(g, t, ow, 2, w), blk.atm.atm_w)
                fh = g.linear(axial(g, t, oh, 1, h), blk.atm.atm_h)
            fi = g.linear(t, blk.atm.atm_c)
            a = g.mlp(g.mean(g.op("Add", g.op("Add", fw, fh), fi), 1, 2), blk.atm.fusion)
            a = g.op("Softmax", g.op("Reshape", a, g.ints(b, 1, 1, c, 3)), axis=-1)
            a = [g.op("Squeeze", q, g.ints(4)) for q in g.op("Split", a, g.ints(1, 1, 1), outs=3, axis=4)]
            y = g.op("Add", g.op("Add", g.op("Mul", fw, a[0]), g.op("Mul", fh, a[1])), g.op("Mul", fi, a[2]))
            x = g.op("Add", x, g.linear(y, blk.atm.proj))
            x = g.op("Add", x, g.mlp(g.norm(x, blk.norm2), blk.mlp))
            full = x
            if blk.downsample is not None:
                x = g.perm(g.conv(g.perm(x, 0, 3, 1, 2), blk.downsample.proj), 0, 2, 3, 1)
                h, w = (h - 1) // 2 + 1, (w - 1) // 2 + 1
        if m.pyramid:
            outs.append(g.perm(g.norm(full, getattr(m, f"norm_{i}")), 0, 3, 1, 2))
    return outs or [g.linear(g.mean(g.norm(x, m.norm), 1, 2), m.head)]


def shifted(g, x, axis, c):
    """Channel k at index i + (k + 1) % 3 - 1 along axis, zero outside."""
    pads = [0] * 8
    pads[axis] = pads[axis + 4] = 1
    xp, y = g.op("Pad", x, g.ints(*pads)), None
    for s in range(3):
        end = s - 2 if s < 2 else np.iinfo(np.int64).max
        part = g.op("Slice", xp, g.ints(s), g.ints(end), g.ints(axis))
        part = g.op("Mul", part, g.const(((np.arange(c) + 1) % 3 == s).astype(np.float32)))
        y = part if y is None else g.op("Add", y, part)
    return y


def cyclemlp(g, m, b):
    x = g.perm(g.conv("input", m.patch_embed.proj), 0, 2, 3, 1)
    for n, part in enumerate(m.network):
        if n % 2:
            x = g.perm(g.conv(g.perm(x, 0, 3, 1, 2), part.proj), 0, 2, 3, 1)
            continue
        for blk in part:
            c = blk.norm1.weight.shape[0]
            t = g.norm(x, blk.norm1)
            fh = g.linear(shifted(g, t, 2, c), blk.attn.sfc_h)
            fw = g.linear(shifted(g, t, 1, c), blk.attn.sfc_w)
            fi = g.linear(t, blk.attn.mlp_c)
            a = g.mlp(g.mean(g.op("Add", g.op("Add", fh, fw), fi), 1, 2), blk.attn.reweight)
            a = g.op("Softmax", g.op("Reshape", a, g.ints(b, 1, 1, c, 3)), axis=-1)
            a = [g.op("Squeeze", q, g.ints(4)) for q in g.op("Split", a, g.ints(1, 1, 1), outs=3, axis=4)]
            y = g.op("Add", g.op("Add", g.op("Mul", fh, a[0]), g.op("Mul", fw, a[1])), g.op("Mul", fi, a[2]))
            x = g.op("Add", x, g.linear(y, blk.attn.proj))
            x = g.op("Add", x, g.mlp(g.norm(x, blk.norm2), blk.mlp))
    return [g.linear(g.mean(g.norm(x, m.norm), 1, 2), m.head)]


def mixer(g, m, b):
    c = m.head.weight.shape[1]
    x = g.perm(g.op("Reshape", g.conv("input", m.stem.proj), g.ints(b, c, -1)), 0, 2, 1)
    for blk in m.blocks:
        x = g.op("Add", x, g.perm(g.mlp(g.perm(g.norm(x, blk.norm1), 0, 2, 1), blk.mlp_tokens), 0, 2, 1))
        x = g.op("Add", x, g.mlp(g.norm(x, blk.norm2), blk.mlp_channels))
    return [g.linear(g.mean(g.norm(x, m.norm), 1), m.head)]


if __name__ == "__main__":
    name, h, w, b, out = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5]
    torch.set_grad_enabled(False)
    kw = {"pyramid": True} if "--pyramid" in sys.argv else {"res": h} if name.startswith("mixer") else {}
    m = synthetic.fill(synthetic.build(name, **kw).eval())
    x = torch.from_numpy(synthetic.image(h, w, 0, b))
    y = m(x)
    y = y if isinstance(y, list) else [y]
    g = Graph()
    if hasattr(m, "decode_head"):
        names = onnx_heads.segmenter(g, m, atmnet(g, m.backbone, b, h, w, False), h, w)
    elif name.startswith("atmnet"):
        names = atmnet(g, m, b, h, w, "--deform" in sys.argv)
    else:
        names = (mixer if name.startswith("mixer") else cyclemlp)(g, m, b)
    for i, nm in enumerate(names):
        g.nodes.append(H.make_node("Identity", [nm], [f"out{i}"]))
    graph = H.make_graph(g.nodes, name, [H.make_tensor_value_info("input", T.FLOAT, [b, 3, h, w])],
                         [H.make_tensor_value_info(f"out{i}", T.FLOAT, list(t.shape)) for i, t in enumerate(y)], g.inits)
    model = H.make_model(graph, opset_imports=[H.make_opsetid("", 22)])
    model.ir_version = 10
    onnx.save(model, out)
    x.numpy().tofile(out + ".in")
    y[-1].contiguous().numpy().tofile(out + ".out")
    print(out, round(sum(p.numel() for p in m.parameters()) / 1e6, 2), "M params")
