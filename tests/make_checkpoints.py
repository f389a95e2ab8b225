"""make_checkpoints.py: writes the checkpoints of tests/errors and tests/e2e/accepted, and those of
tests/e2e/checkpoints but tiny*.pth and hostile.pth, which are recorded: no test needs Python. They are what torch.save writes, byte for byte in what matters, without torch: the standard library pickles
references to functions of modules that stand in for torch's.

  python3 tests/make_checkpoints.py      from the root

Weights of tiny.model: head.weight [2,3], head.bias [2]."""
import gzip
import io
import json
import math
import os
import pickle
import struct
import sys
import types
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ERRORS = os.path.join(HERE, "errors")
CHECKPOINTS = os.path.join(HERE, "e2e", "checkpoints")
ACCEPTED = os.path.join(HERE, "e2e", "accepted")
WEIGHT, BIAS = [1.0, -2.0, 3.0, 0.5, 0.25, -4.0], [10.0, -1.0]


def stand_in(module, name):
    """A function that pickles as module.name."""
    parts = module.split(".")
    for i in range(len(parts)):
        made = sys.modules.setdefault(".".join(parts[:i + 1]), types.ModuleType(module))

    def function(*args):
        return None

    function.__module__, function.__qualname__ = module, name
    setattr(made, name, function)
    return function


REBUILD = stand_in("torch._utils", "_rebuild_tensor_v2")
STORAGES = {kind: stand_in("torch", name + "Storage") for kind, name in {
    "f": "Float", "d": "Double", "q": "Long", "i": "Int", "b": "Char", "B": "Byte", "c64": "ComplexFloat"}.items()}
STORAGES["untyped"] = stand_in("torch.storage", "UntypedStorage")


class Storage:
    def __init__(self, kind, values, data=None):
        self.kind, self.count = kind, len(values)
        self.data = data if data is not None else struct.pack("<%d%s" % (len(values), kind), *values)


class Call:
    """Pickles as a call of `function` with `args`, of which storages become references."""

    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


def strides(shape):
    steps, step = [], 1
    for dim in reversed(shape):
        steps.insert(0, step)
        step *= dim
    return tuple(steps)


def tensor(values, *shape, kind="f", marks=None):
    args = (Storage(kind, values), 0, tuple(shape), strides(shape), False, dict())
    return Call(REBUILD, *args, *([] if marks is None else [marks]))


class Pickler(pickle.Pickler):
    def __init__(self, file, protocol):
        super().__init__(file, protocol)
        self.storages = []

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        if value not in self.storages:
            self.storages.append(value)
        key = str(self.storages.index(value))
        return ("storage", STORAGES[value.kind], key, "cpu", value.count) + (() if self.new else (None,))


def pickled(value, protocol, new):
    out = io.BytesIO()
    pickler = Pickler(out, protocol)
    pickler.new = new
    pickler.dump(value)
    return out.getvalue(), pickler.storages


def zipped(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def checkpoint(value, protocol=2):
    data, storages = pickled(value, protocol, True)
    return zipped([("archive/data.pkl", data)] + [("archive/data/%d" % i, s.data) for i, s in enumerate(storages)] +
                  [("archive/version", "3\n")])


def legacy(value, protocol):
    data, storages = pickled(value, protocol, False)
    system = dict(protocol_version=1001, little_endian=True, type_sizes=dict(short=2, int=4, long=4))
    out = [pickle.dumps(part, protocol) for part in (0x1950a86a20f9469cfc6c, 1001, system)] + [data]
    out.append(pickle.dumps([str(i) for i in range(len(storages))], protocol))
    return b"".join(out + [struct.pack("<Q", s.count) + s.data for s in storages])


def safetensors(tensors, metadata=None):
    """NAME: (dtype, shape, bytes)."""
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, (dtype, shape, values) in tensors.items():
        header[name] = dict(dtype=dtype, shape=shape, data_offsets=[len(data), len(data) + len(values)])
        data += values
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def floats(values):
    return struct.pack("<%df" % len(values), *values)


ROWS = {"head.weight": ("F32", [2, 3], floats(WEIGHT)), "head.bias": ("F32", [2], floats(BIAS))}


def state(prefix="", **more):
    names = {prefix + "head.weight": tensor(WEIGHT, 2, 3), prefix + "head.bias": tensor(BIAS, 2)}
    names.update(more)
    return names


def write(folder, name, data):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def error(name, value):
    write(ERRORS, "pth_%s.pth" % name, value if isinstance(value, bytes) else checkpoint(value))


def npy(descr, shape, data, fortran=False):
    text = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (descr, fortran, shape)
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text.encode() + data


def accept(name, value):
    write(ACCEPTED, name, value if isinstance(value, bytes) else checkpoint(value))


ODD = dict(
    none=None, int=7, text="resnet", dict=dict(a=1), list=[1, 2],
    ndarray=Call(stand_in("numpy.core.multiarray", "_reconstruct"), stand_in("numpy", "ndarray"), (0,), b"b"),
    sparse=Call(stand_in("torch._utils", "_rebuild_sparse_tensor"), "layout", (tensor([1, 2], 2), tensor([1, 2], 2))),
    quantized=Call(stand_in("torch._utils", "_rebuild_qtensor"), Storage("b", [1, 2]), 0, (2,), (1,), (), False, {}),
    meta=Call(stand_in("torch._utils", "_rebuild_meta_tensor_no_storage"), "dtype", (2,), (1,), False),
    v3=Call(stand_in("torch._utils", "_rebuild_tensor_v3"), Storage("untyped", [0, 0], b"\0\0"), 0, (2,), (1,), False,
            {}, "float8_e4m3fn"),
    complex=Call(REBUILD, Storage("c64", [0, 0], bytes(16)), 0, (2,), (1,), False, {}),
    rank_9=tensor([1, 2], 2, 1, 1, 1, 1, 1, 1, 1, 1))


def marks_and_odd_entries():
    accept("metadata_empty.pth", state(**{"head.weight": tensor(WEIGHT, 2, 3, marks={})}))
    for mark in ("neg", "conj"):
        error("metadata_" + mark, state(**{"head.weight": tensor(WEIGHT, 2, 3, marks={mark: True})}))
    error("metadata_of_a_list", state(**{"head.weight": tensor(WEIGHT, 2, 3, marks=["neg"])}))
    accept("odd_entries.pth", state(**ODD, **{"neg": tensor([1], 1, marks=dict(neg=True))}))
    wrapped = Call(stand_in("torch._utils", "_rebuild_parameter_with_state"), tensor(BIAS, 2), True, {}, {"a": 1})
    accept("parameter_with_state.pth", state(**{"head.bias": wrapped}))
    for kind in ODD:
        error("wanted_" + kind, state(**{"head.bias": ODD[kind]}))
    error("extra_tensor", state(**{"bn.running_mean": tensor([1, 2], 2)}))
    error("wanted_int64", state(**{"head.bias": tensor([1, 2], 2, kind="q")}))


def states():
    average = {"head.weight": tensor([0] * 6, 2, 3), "head.bias": tensor([0] * 2, 2)}
    optimizer = dict(state={0: dict(exp_avg=tensor([0], 1))}, param_groups=[dict(lr=0.1)])
    for key in ("state_dict", "model_state_dict", "net"):
        accept("state_of_%s.pth" % key, {"epoch": 3, "meta": dict(seed=1), key: state(), "optimizer": optimizer})
    accept("state_beside_average.pth", dict(model=state(), model_ema=average, optimizer=optimizer))
    accept("state_average.pth", dict(model=average, model_ema=state(), optimizer=optimizer))
    accept("state_of_one_key.pth", dict(generator=state(), optimizer=optimizer))
    accept("key_of_an_int.pth", {**state(), 5: tensor(BIAS, 2)})
    error("two_states", dict(generator=state(), critic=state(), optimizer=optimizer, meta=dict(seed=1)))
    error("state_of_an_optimizer", dict(model=state(), optimizer=optimizer))
    error("whole_model", Call(stand_in("models.active_mlp", "ActivexTiny")))


def base():
    write(ACCEPTED, "base.safetensors", safetensors(ROWS))
    image = [i % 7 - 2.5 for i in range(192)]
    write(ACCEPTED, "image.npy", npy("<f4", (1, 3, 8, 8), floats(image)))
    write(ACCEPTED, "image_one.npy", npy("<f4", (3, 8, 8), floats(image)))
    write(ACCEPTED, "image_f8.npy", npy("<f8", (1, 3, 8, 8), struct.pack("<192d", *image)))
    write(ACCEPTED, "image_f2.npy", npy("<f2", (1, 3, 8, 8), struct.pack("<192e", *image)))
    turned = [image[c * 64 + h * 8 + w] for w in range(8) for h in range(8) for c in range(3)]
    write(ACCEPTED, "image_fortran.npy", npy("<f4", (1, 3, 8, 8), floats(turned), fortran=True))


def buffers():
    """Integers, and the constant offsets of CycleMLP."""
    accept("counters.pth", state(**{"bn.num_batches_tracked": tensor([7], kind="q")}))
    accept("integers.pth", state(**{"index.%d" % i: tensor([i], 1, kind="q") for i in range(30)}))
    names = {**cycle_block("b", 4), **offsets("b", 4)}
    stem = [1.0 if i % 4 == 0 else 0.0 for i in range(12)]
    accept("cycle_offsets.pth", {**names, "stem.weight": tensor(stem, 4, 3, 1, 1)})
    error("cycle_offsets_shape", {**names, "b.attn.sfc_w.offset": tensor([0] * 8, 2, 4)})
    error("cycle_offsets", {**names, "b.attn.sfc_w.offset": tensor([0, 0, 1, 0, -1, 0, 1, 0], 1, 8, 1, 1)})


def heads_of_training():
    """As the segmentation framework saves them: a second head that nothing reads, and counters."""
    extra = {"auxiliary_head.convs.0.bn.num_batches_tracked": tensor([7], kind="q"),
             "auxiliary_head.conv_seg.weight": tensor(WEIGHT, 2, 3), "auxiliary_head.conv_seg.bias": tensor(BIAS, 2)}
    accept("head_of_training.pth", {"meta": dict(seed=1), "state_dict": {**state(), **extra}})
    parts = {"backbone." + name: value for name, value in state().items()}
    accept("head_behind_a_backbone.pth", {"meta": dict(seed=1), "state_dict": {**parts, **extra}})


def cycle_shapes(c, hidden):
    return {"norm1.weight": (c,), "norm1.bias": (c,), "norm2.weight": (c,), "norm2.bias": (c,),
            "attn.sfc_h.weight": (c, c, 1, 1), "attn.sfc_h.bias": (c,), "attn.sfc_w.weight": (c, c, 1, 1),
            "attn.sfc_w.bias": (c,), "attn.mlp_c.weight": (c, c), "attn.reweight.fc1.weight": (c // 4, c),
            "attn.reweight.fc1.bias": (c // 4,), "attn.reweight.fc2.weight": (3 * c, c // 4),
            "attn.reweight.fc2.bias": (3 * c,), "attn.proj.weight": (c, c), "attn.proj.bias": (c,),
            **mlp_shapes("mlp", c, hidden)}


def mlp_shapes(name, c, hidden):
    return {name + ".fc1.weight": (hidden, c), name + ".fc1.bias": (hidden,), name + ".fc2.weight": (c, hidden),
            name + ".fc2.bias": (c,)}


def offsets(block, c):
    """The buffers of CycleFC."""
    steps = [(i + 1) % 3 - 1 for i in range(c)]
    along_w, along_h = sum([[0, step] for step in steps], []), sum([[step, 0] for step in steps], [])
    return {block + ".attn.sfc_h.offset": tensor(along_w, 1, 2 * c, 1, 1),
            block + ".attn.sfc_w.offset": tensor(along_h, 1, 2 * c, 1, 1)}


def cycle_block(name, c):
    """The weights of a cycle_block of `c` channels and mlp_ratio 1, zeros."""
    zeros = {"%s.%s" % (name, part): tensor([0] * math.prod(shape), *shape)
             for part, shape in cycle_shapes(c, c).items()}
    return {**zeros, "head.weight": tensor(WEIGHT[:3] + [7] + WEIGHT[3:] + [7], 2, 4), "head.bias": tensor(BIAS, 2)}


def synthetic(name, shape):
    """The tensor that `atmc weights --synthetic=0` writes (frontend/synthetic.c)."""
    mask, state = 2 ** 64 - 1, 0xCBF29CE484222325
    for byte in name.encode():
        state = (state ^ byte) * 0x100000001B3 & mask
    middle, spread = 0, math.sqrt(3 / math.prod(shape[1:]))
    if name.endswith("x_proj_weight"):
        spread = 4 / math.sqrt(shape[-1])
    elif name.endswith("dt_projs_weight"):
        spread = 0.5 / math.sqrt(shape[-1])
    elif name.endswith("dt_projs_bias"):
        middle, spread = -4.6, 2.3
    elif name.endswith("A_logs"):
        middle, spread = (0, 0.3) if shape[-1] == 1 else (1.4, 1.4)
    elif name.endswith("Ds"):
        middle, spread = 1, 0.3
    elif name.endswith("weight") and len(shape) == 1:
        middle, spread = 1, 0.3
    elif name.endswith("bias"):
        middle, spread = 0, 0.1
    elif name.endswith((".alpha", ".beta", ".ls1", ".ls2")):
        middle, spread = {"alpha": (1, 0.3), "beta": (0, 0.1)}.get(name.rsplit(".")[-1], (0, 0.5))
    values = []
    for i in range(math.prod(shape)):
        z = (state + (i + 1) * 0x9E3779B97F4A7C15) & mask
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
        z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
        u = ((z ^ z >> 31) >> 40) / 2 ** 24
        values.append(middle + spread * (2 * u - 1))
    return tensor(values, *shape)


def families():
    """As the authors of CycleMLP and timm save a model in training, with an average beside it."""
    cycle = {"patch_embed.proj.weight": (8, 3, 7, 7), "patch_embed.proj.bias": (8,)}
    cycle.update(("network.0.0." + part, shape) for part, shape in cycle_shapes(8, 16).items())
    cycle.update({"network.1.proj.weight": (16, 8, 3, 3), "network.1.proj.bias": (16,)})
    cycle.update(("network.2.0." + part, shape) for part, shape in cycle_shapes(16, 32).items())
    mixer = {"stem.proj.weight": (16, 3, 8, 8), "stem.proj.bias": (16,)}
    for block in ("blocks.0.", "blocks.1."):
        for part in ("norm1", "norm2"):
            mixer.update({block + part + ".weight": (16,), block + part + ".bias": (16,)})
        mixer.update(mlp_shapes(block + "mlp_tokens", 16, 8))
        mixer.update(mlp_shapes(block + "mlp_channels", 16, 32))
    ends = {"norm.weight": (16,), "norm.bias": (16,), "head.weight": (10, 16), "head.bias": (10,)}
    made = {name: synthetic(name, shape) for name, shape in {**cycle, **ends}.items()}
    made.update({**offsets("network.0.0", 8), **offsets("network.2.0", 16)})
    wrapped = {"module." + name: value for name, value in made.items()}
    write(CHECKPOINTS, "cyclemlp.pth", checkpoint(dict(model=wrapped, epoch=299, max_accuracy=78.9)))
    made = {name: synthetic(name, shape) for name, shape in {**mixer, **ends}.items()}
    zeros = {name: tensor([0] * math.prod(shape), *shape) for name, shape in {**mixer, **ends}.items()}
    write(CHECKPOINTS, "mixer.pth", checkpoint(dict(epoch=299, arch="mixer", state_dict=zeros, state_dict_ema=made,
                                                    optimizer=dict(state={}, param_groups=[]))))


def norm_shapes(name, c):
    return {name + ".weight": (c,), name + ".bias": (c,)}


def affine_shapes(name, c):
    return {name + ".alpha": (1, 1, c), name + ".beta": (1, 1, c)}


def resmlp_shapes():
    return {**affine_shapes("norm1", 16), "linear_tokens.weight": (16, 16), "linear_tokens.bias": (16,),
            **affine_shapes("norm2", 16), **mlp_shapes("mlp_channels", 16, 32), "ls1": (16,), "ls2": (16,)}


def gmixer_shapes():
    return {**norm_shapes("norm1", 16), **mlp_shapes("mlp_tokens", 16, 12), "mlp_tokens.fc2.weight": (16, 6),
            **norm_shapes("norm2", 16), **mlp_shapes("mlp_channels", 16, 32), "mlp_channels.fc2.weight": (16, 16)}


def gmlp_shapes():
    return {**norm_shapes("norm", 16), **mlp_shapes("mlp_channels", 16, 32), "mlp_channels.fc2.weight": (16, 16),
            **norm_shapes("mlp_channels.gate.norm", 16), "mlp_channels.gate.proj.weight": (16, 16),
            "mlp_channels.gate.proj.bias": (16,)}


def relatives():
    """As timm saves them."""
    for name, block in dict(resmlp=resmlp_shapes(), gmixer=gmixer_shapes(), gmlp=gmlp_shapes()).items():
        shapes = {"stem.proj.weight": (16, 3, 8, 8), "stem.proj.bias": (16,), "head.weight": (10, 16), "head.bias": (10,)}
        shapes.update({"blocks.%d.%s" % (i, part): shape for i in (0, 1) for part, shape in block.items()})
        shapes.update((affine_shapes if name == "resmlp" else norm_shapes)("norm", 16))
        made = {name: synthetic(name, shape) for name, shape in shapes.items()}
        write(CHECKPOINTS, name + ".pth", checkpoint(made))


def pointwise_shapes(name, c, depth):
    """Of a 1x1 convolution."""
    return {name + ".weight": (c, depth, 1, 1), name + ".bias": (c,)}


def asmlp_block_shapes(c):
    convolutions = {}
    for name in ("conv1", "conv2_1", "conv2_2", "conv3"):
        convolutions.update(pointwise_shapes("axial_shift." + name, c, c))
    return {**norm_shapes("norm1", c), **convolutions, **norm_shapes("axial_shift.norm1", c),
            **norm_shapes("axial_shift.norm2", c), **norm_shapes("norm2", c),
            **pointwise_shapes("mlp.fc1", 2 * c, c), **pointwise_shapes("mlp.fc2", c, 2 * c)}


def asmlp():
    """As its authors save it."""
    shapes = {"patch_embed.proj.weight": (8, 3, 4, 4), "patch_embed.proj.bias": (8,), **norm_shapes("patch_embed.norm", 8),
              "layers.0.downsample.reduction.weight": (16, 32, 1, 1), **norm_shapes("layers.0.downsample.norm", 32),
              **norm_shapes("norm", 16), "head.weight": (10, 16), "head.bias": (10,)}
    for i, c in enumerate((8, 16)):
        shapes.update(("layers.%d.blocks.0.%s" % (i, part), shape) for part, shape in asmlp_block_shapes(c).items())
    made = {name: synthetic(name, shape) for name, shape in shapes.items()}
    write(CHECKPOINTS, "asmlp.pth", checkpoint(dict(model=made, epoch=299, max_accuracy=81.3)))


def vip():
    """As its authors save it."""
    shapes = {"patch_embed.proj.weight": (8, 3, 8, 8), "patch_embed.proj.bias": (8,), **norm_shapes("norm", 8),
              "head.weight": (10, 8), "head.bias": (10,)}
    block = {**norm_shapes("norm1", 8), **{"attn.mlp_%s.weight" % axis: (8, 8) for axis in "chw"},
             "attn.reweight.fc1.weight": (2, 8), "attn.reweight.fc1.bias": (2,), "attn.reweight.fc2.weight": (24, 2),
             "attn.reweight.fc2.bias": (24,), "attn.proj.weight": (8, 8), "attn.proj.bias": (8,),
             **norm_shapes("norm2", 8), **mlp_shapes("mlp", 8, 24)}
    shapes.update(("network.0.%d.%s" % (i, part), shape) for i in (0, 1) for part, shape in block.items())
    made = {name: synthetic(name, shape) for name, shape in shapes.items()}
    write(CHECKPOINTS, "vip.pth", checkpoint({"module." + name: value for name, value in made.items()}))


def vmamba():
    """As its authors save it: FCs as 1x1 convolutions, beside an average of the weights."""
    shapes = {"patch_embed.0.weight": (8, 3, 4, 4), "patch_embed.0.bias": (8,), **norm_shapes("patch_embed.2", 8),
              **norm_shapes("classifier.norm", 8), "classifier.head.weight": (10, 8), "classifier.head.bias": (10,)}
    block = {**norm_shapes("norm", 8), "op.in_proj.weight": (16, 8, 1, 1), "op.conv2d.weight": (16, 1, 3, 3),
             "op.x_proj_weight": (4, 3, 16), "op.dt_projs_weight": (4, 16, 1), "op.dt_projs_bias": (4, 16),
             "op.A_logs": (64, 1), "op.Ds": (64,), **norm_shapes("op.out_norm", 16),
             "op.out_proj.weight": (8, 16, 1, 1), **norm_shapes("norm2", 8), "mlp.fc1.weight": (16, 8, 1, 1),
             "mlp.fc1.bias": (16,), "mlp.fc2.weight": (8, 16, 1, 1), "mlp.fc2.bias": (8,)}
    shapes.update(("layers.0.blocks.0." + part, shape) for part, shape in block.items())
    made = {name: synthetic(name, shape) for name, shape in shapes.items()}
    write(CHECKPOINTS, "vmamba.pth", checkpoint(dict(model=made, model_ema=made, epoch=299)))


def vmamba_v0():
    """Of the first generation, under the names that it had at first."""
    shapes = {"patch_embed.proj.weight": (8, 3, 4, 4), "patch_embed.proj.bias": (8,), **norm_shapes("patch_embed.norm", 8),
              **norm_shapes("norm", 16), "head.weight": (10, 16), "head.bias": (10,),
              "layers.0.downsample.reduction.weight": (16, 32), **norm_shapes("layers.0.downsample.norm", 32)}
    for i, c in enumerate((8, 16)):
        block = {**norm_shapes("ln_1", c), "self_attention.in_proj.weight": (4 * c, c),
                 "self_attention.conv2d.weight": (2 * c, 1, 3, 3), "self_attention.conv2d.bias": (2 * c,),
                 "self_attention.x_proj_weight": (4, 5, 2 * c), "self_attention.dt_projs_weight": (4, 2 * c, 1),
                 "self_attention.dt_projs_bias": (4, 2 * c), "self_attention.A_logs": (8 * c, 2),
                 "self_attention.Ds": (8 * c,), **norm_shapes("self_attention.out_norm", 2 * c),
                 "self_attention.out_proj.weight": (c, 2 * c)}
        shapes.update(("layers.%d.blocks.0.%s" % (i, part), shape) for part, shape in block.items())
    today = (("patch_embed.proj.", "patch_embed.0."), ("patch_embed.norm.", "patch_embed.2."), (".ln_1.", ".norm."),
             (".self_attention.", ".op."))
    made = {}
    for name, shape in shapes.items():
        new = "classifier." + name if name.startswith(("norm.", "head.")) else name
        for before, after in today:
            new = new.replace(before, after)
        made[name] = synthetic(new, shape)
    write(CHECKPOINTS, "vmamba_v0.pth", checkpoint(dict(model=made)))


def prefixes():
    others = {"neck.conv.weight": tensor([1], 1), "fc.weight": tensor([1, 2], 2)}
    accept("prefix_backbone.pth", {**state("backbone."), **others})
    accept("prefix_model.pth", dict(state_dict=state("model.")))
    for wrapper in ("_orig_mod.", "module._orig_mod.", "module.module."):
        accept("prefix_%s.pth" % wrapper.strip(".").replace(".", "_"), state(wrapper))
    accept("prefix_of_some.pth", {**state("module."), "queue": tensor([1], 1)})
    both = {**state("student."), **{name: tensor([0] * 6, 2, 3) if "weight" in name else tensor([0] * 2, 2)
                                    for name in state("teacher.")}}
    accept("prefix_chosen.pth", both)
    accept("prefix_without_dot.pth", both)
    accept("prefix_taken_already.pth", state("module."))
    accept("prefix_behind_a_wrapper.pth", {"module." + name: value for name, value in both.items()})
    error("two_prefixes", {**state("student."), **state("teacher.")})
    error("prefix_unknown", {**both, **others})
    error("prefix_of_most", {"backbone.head.weight": tensor(WEIGHT, 2, 3), **others})
    error("other_names", {"%s.%s" % (layer, part): tensor([1, 2], 2) for layer in ("stem", "cls") for part in
                          ("gamma", "beta")})
    rows = {"model." + name: value for name, value in ROWS.items()}
    accept("prefix_in_safetensors.safetensors", safetensors(rows))


def doubles():
    near = [value * (1 + 2.0 ** -26) for value in WEIGHT]
    names = {"head.weight": tensor(near, 2, 3, kind="d"), "head.bias": tensor(BIAS, 2)}
    accept("doubles.pth", names)
    rows = {**ROWS, "head.weight": ("F64", [2, 3], struct.pack("<6d", *near))}
    accept("doubles_in_safetensors.safetensors", safetensors(rows))
    error("unsigned", state(**{"head.bias": tensor([1, 2], 2, kind="B")}))


def containers():
    for protocol in (2, 3, 4, 5):
        accept("legacy_protocol_%d.pth" % protocol, legacy(dict(model=state()), protocol))
        accept("protocol_%d.pth" % protocol, checkpoint(dict(model=state()), protocol))
    whole = checkpoint(state())
    error("cut_short", whole[:-100])
    error("npz", zipped([("params/head/kernel.npy", npy("<f4", (2,), floats(BIAS)))]))
    error("torch_script", Call(stand_in("__torch__.models", "Mixer")))
    error("plain_pickle", pickle.dumps(dict(model=dict(a=1, b=[1, 2])), 4))
    error("gzip", gzip.compress(whole, mtime=0))
    error("npy", npy("<f4", (2,), floats(BIAS)))
    error("hdf5", b"\x89HDF\r\n\x1a\n" + bytes(100))
    error("empty_zip", b"PK\5\6" + bytes(18))
    error("html", "\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n".encode())
    error("lfs_pointer", ("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 61865984\n" %
                          ("0" * 64)).encode())


def index(**files):
    return json.dumps(dict(metadata=dict(total_size=32), weight_map={
        "head." + name: "model-%s.safetensors" % file for name, file in files.items()}))


def shards():
    for folder in (ACCEPTED, os.path.join(ERRORS, "shards")):
        for number, name in (("1", "head.weight"), ("2", "head.bias")):
            write(folder, "model-%s.safetensors" % number, safetensors({name: ROWS[name]}))
    write(ACCEPTED, "shards.index.json", index(weight="1", bias="2"))
    broken = os.path.join(ERRORS, "shards")
    write(broken, "model-both.safetensors", safetensors(ROWS))
    write(broken, "model-pointer.safetensors", "version https://git-lfs.github.com/spec/v1\n")
    for name, text in dict(
            missing=index(weight="1", bias="3"), tensor_missing=index(weight="1", bias="1"),
            above=index(weight="1", bias="2").replace("model-2", "../model-2"),
            twice=index(weight="1", bias="both"), pointer=index(weight="1", bias="pointer"),
            without_map="{}", of_a_number=json.dumps(dict(weight_map={"head.weight": 1})),
            incomplete=index(weight="1"), of_pickles=index(weight="1").replace("safetensors", "bin")).items():
        write(ERRORS, "shards_%s.index" % name, text)
    write(broken, "model-1.bin", checkpoint(state()))


def classes():
    names = dict(CLASSES=("cat", "a dog"), epoch=3)
    accept("classes_of_mmcv.pth", dict(meta=names, state_dict=state()))
    accept("classes_of_mmengine.pth", dict(meta=dict(dataset_meta=dict(classes=["cat", "a dog"])), state_dict=state()))
    accept("classes_too_many.pth", dict(meta=dict(CLASSES=("cat", "dog", "bird")), state_dict=state()))
    for kind, text in dict(array='["cat", "a dog"]', lines="cat\na dog\n", characters="cd").items():
        accept("classes_in_safetensors_%s.safetensors" % kind, safetensors(ROWS, dict(classes=text)))


heads_of_training()
base()
families()
relatives()
asmlp()
vip()
vmamba()
vmamba_v0()
classes()
containers()
shards()
doubles()
prefixes()
buffers()
marks_and_odd_entries()
states()
