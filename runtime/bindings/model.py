"""The model @PREFIX@, compiled by atmc, for Python: needs NumPy and @LIBRARY@ beside this file.

    import @MODULE@
    model = @MODULE@.Model(threads=4)
    logits = model.run(image)                      # arrays of a shape that was compiled
    logits, features = other.run(image=a, mask=b)  # several inputs by name, several outputs in order

Arrays are handed over as they are, without a copy; those of bytes may be parts of larger ones, image[:, 8:232, 16:240]
or upside down, image[:, ::-1], as long as the pixels of a row stand side by side. The interpreter's lock is released while the model runs. A Model
may be used by several threads at once: each has a workspace of its own. They share one pool of `threads` threads.
"""
import ctypes
import mmap
import os
import threading

import numpy as np

_DTYPES = {1: np.float32, 2: np.float16, 3: np.int32, 4: np.int8, 5: np.uint8, 6: np.int16}


class _Tensor(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("layout", ctypes.c_char_p), ("dtype", ctypes.c_uint32),
                ("rank", ctypes.c_uint32), ("dims", ctypes.c_uint32 * 4)]


class _Env(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("threads", ctypes.c_uint32), ("isa", ctypes.c_uint64),
                ("weights", ctypes.c_void_p), ("ctx", ctypes.c_void_p), ("parallel_for", ctypes.c_void_p)]


class _Strides(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ssize_t) for name in ("row", "plane", "image")]


_Run = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_void_p),
                        ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(_Env))
_RunStrided = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(_Strides),
                               ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(_Env))


class _Entry(ctypes.Structure):
    _fields_ = [("run", _Run), ("inputs", ctypes.POINTER(_Tensor)), ("outputs", ctypes.POINTER(_Tensor)),
                ("workspace_base", ctypes.c_size_t), ("workspace_scratch", ctypes.c_size_t), ("macs", ctypes.c_uint64)]


class _Variant(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("isa", ctypes.c_uint64)]


class _Pixels(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("order", "resize_to", "crop", "filter")]


class _Model(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("abi_version", "input_count", "output_count", "entry_count",
                                                     "variant_count", "class_count")]
    _fields_ += [("name", ctypes.c_char_p), ("target", ctypes.c_char_p), ("hash", ctypes.c_char_p),
                 ("entries", ctypes.POINTER(_Entry)), ("variants", ctypes.POINTER(_Variant)),
                 ("classes", ctypes.POINTER(ctypes.c_char_p)), ("weights_bytes", ctypes.c_uint64),
                 ("arithmetic", ctypes.c_char_p), ("image_input", ctypes.c_uint32), ("size", ctypes.c_uint32),
                 ("pixels", ctypes.POINTER(_Pixels)), ("strided", ctypes.POINTER(_RunStrided))]


class Error(RuntimeError):
    """What the model returned, in English."""


class Tensor:
    """An input or an output at one resolution: name, layout, dtype and shape."""

    def __init__(self, tensor):
        self.name = tensor.name.decode()
        self.layout = tensor.layout.decode()
        self.dtype = np.dtype(_DTYPES[tensor.dtype])
        self.shape = tuple(tensor.dims[:tensor.rank])

    def __repr__(self):
        return f"{self.name}: {self.dtype} {list(self.shape)} {self.layout}"


class Pixels:
    """How an input takes photos: the order of channels ("rgb" or "bgr"); where `resize_to` is not 0, the shorter side
    is resized to it by `filter` ("bilinear" or "bicubic", both as Pillow does it) and the middle crop x crop is kept."""

    def __init__(self, pixels):
        self.order = {1: "rgb", 2: "bgr"}[pixels.order]
        self.resize_to, self.crop = pixels.resize_to, pixels.crop
        self.filter = {0: None, 1: "bilinear", 2: "bicubic"}[pixels.filter]

    def __repr__(self):
        return f"{self.order}, resized to {self.resize_to} ({self.filter}), crop {self.crop}"


def _strides(array, tensor):
    """How the rows of bytes of `array` lie; None where the model cannot read them so."""
    if array.flags.c_contiguous:
        return _Strides()
    if tensor.dtype != np.uint8 or array.ndim != 4:
        return None
    steps = [step if size > 1 else 0 for step, size in zip(array.strides, array.shape)]
    planes = tensor.layout == "nchw"
    row = 2 if planes else 1
    dense = all(step in (0, wanted) for step, wanted in zip(steps[row + 1:], (1,) if planes else (array.shape[3], 1)))
    apart = all(step or size == 1 for step, size in zip(steps, array.shape))
    long = steps[row] == 0 or abs(steps[row]) >= array[(0,) * (row + 1)].size
    return _Strides(steps[row], steps[1] if planes else 0, steps[0]) if dense and apart and long else None


class Resolution:
    """One compiled resolution: its inputs, outputs and multiply-adds."""

    def __init__(self, model, index):
        entry = model.entries[index]
        self.inputs = [Tensor(entry.inputs[i]) for i in range(model.input_count)]
        self.outputs = [Tensor(entry.outputs[i]) for i in range(model.output_count)]
        self.macs = entry.macs
        self._entry = entry
        self._strided = model.strided[index] if model.size > _Model.strided.offset else None

    def __repr__(self):
        return f"{self.inputs} -> {self.outputs}"


class Model:
    """`threads` workers; `weights` is the file of external weights, which is mapped; `library` another place."""

    def __init__(self, threads=1, weights=None, library=None):
        path = library or os.path.join(os.path.dirname(os.path.abspath(__file__)), "@LIBRARY@")
        self._pool = None
        self._library = lib = ctypes.CDLL(path)
        lib.@PREFIX@_model.restype = ctypes.POINTER(_Model)
        lib.@PREFIX@_check_weights.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        lib.atm_error_text.restype = ctypes.c_char_p
        lib.atm_pool_create.restype = ctypes.c_void_p
        lib.atm_pool_env.argtypes, lib.atm_pool_env.restype = [ctypes.c_void_p], _Env
        lib.atm_pool_destroy.argtypes = [ctypes.c_void_p]
        model = lib.@PREFIX@_model().contents
        if model.abi_version != @ABI@:
            raise Error(f"{path} has version {model.abi_version} of the interface, this file knows @ABI@")
        self.name, self.hash = model.name.decode(), model.hash.decode()
        self.target, self.arithmetic = model.target.decode(), model.arithmetic.decode()
        self.isas = [model.variants[i].name.decode() for i in range(model.variant_count)]
        self.classes = [model.classes[i].decode("utf-8", "replace") for i in range(model.class_count)]
        self.resolutions = [Resolution(model, i) for i in range(model.entry_count)]
        self.pixels = [Pixels(model.pixels[i]) if model.size and model.pixels[i].order else None
                       for i in range(model.input_count)]  # of each input; None: it takes no photos
        self._weights = self._map(weights) if model.weights_bytes else None
        self._pool = lib.atm_pool_create(threads)
        if not self._pool:
            raise Error(f"cannot start {threads} threads")
        self._env = lib.atm_pool_env(self._pool)
        if self._weights is not None:
            self._env.weights = self._weights.ctypes.data
        self._local = threading.local()

    def __del__(self):
        if self._pool:
            self._library.atm_pool_destroy(self._pool)

    def _check(self, code):
        if code:
            raise Error(self._library.atm_error_text(code).decode())

    def _map(self, path):
        if path is None:
            raise Error("the weights are external: weights=FILE is missing")
        with open(path, "rb") as file:
            data = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
        self._check(self._library.@PREFIX@_check_weights(data.ctypes.data, data.size))
        return data

    def _workspace(self, entry):
        need = entry.workspace_base + (self._env.threads - 1) * entry.workspace_scratch
        space = getattr(self._local, "space", None)
        if space is None or space.size < need + 64:
            space = self._local.space = np.empty(need + 64, np.uint8)
        return (space.ctypes.data + 63) // 64 * 64, need

    def _choose(self, arrays):
        for resolution in self.resolutions:
            if all(a.shape == t.shape for a, t in zip(arrays, resolution.inputs)):
                return resolution
        shapes = [[t.shape for t in r.inputs] for r in self.resolutions]
        raise ValueError(f"shapes {[a.shape for a in arrays]} were not compiled; there are {shapes}")

    def run(self, *arrays, out=None, **named):
        """The outputs for these inputs, in order or by name: an array, or a list where there are several. `out` is the
        array, or the list of arrays, to write instead of new ones."""
        tensors = self.resolutions[0].inputs
        arrays = list(arrays) + [named.pop(t.name) for t in tensors[len(arrays):] if t.name in named]
        if named or len(arrays) != len(tensors):
            raise TypeError(f"the inputs are {[t.name for t in tensors]}")
        resolution = self._choose(arrays)
        outputs = [np.empty(t.shape, t.dtype) for t in resolution.outputs] if out is None else out
        outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        strides = [_strides(a, t) if resolution._strided or a.flags.c_contiguous else None
                   for a, t in zip(arrays, resolution.inputs)]
        strides += [_Strides() if a.flags.c_contiguous else None for a in outputs]
        for array, tensor, how in zip(arrays + list(outputs), resolution.inputs + resolution.outputs, strides):
            if array.dtype != tensor.dtype or array.shape != tensor.shape or how is None:
                raise ValueError(f"{tensor.name} is {array.dtype} {list(array.shape)}; wanted is {tensor}, contiguous")
        inputs, outs = [(ctypes.c_void_p * len(list_))(*[a.ctypes.data for a in list_]) for list_ in (arrays, outputs)]
        memory = *self._workspace(resolution._entry), ctypes.byref(self._env)
        if resolution._strided:
            code = resolution._strided(inputs, (_Strides * len(arrays))(*strides[:len(arrays)]), outs, *memory)
        else:
            code = resolution._entry.run(inputs, outs, *memory)
        self._check(code)
        return outputs[0] if len(outputs) == 1 else list(outputs)
