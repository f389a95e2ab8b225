"""quantize_onnx.py IN.onnx OUT.onnx: ONNX Runtime's own int8. Every MatMul with constant weights of at least
32 x 32, the head apart, becomes its DynamicQuantizeMatMul: int8 weights with a scale for each column, and
rows that are quantized at run time with one scale for the tensor, as its quantize_dynamic(per_channel=True)
does. IN.onnx.in and .out are copied beside OUT.onnx."""
import shutil
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

LEAST_CHANNELS, CLASSES = 32, 1000

source, target = sys.argv[1:3]
model = onnx.load(source)
graph = model.graph
constants = {i.name: i for i in graph.initializer}


def weights_of(node):
    """The matrix of a product that is quantized, or None."""
    if node.op_type != "MatMul" or node.input[1] not in constants:
        return None
    w = numpy_helper.to_array(constants[node.input[1]])
    return w if w.ndim == 2 and min(w.shape) >= LEAST_CHANNELS and w.shape[1] != CLASSES else None


nodes, made = [], {}
for node in graph.node:
    w = weights_of(node)
    if w is None:
        nodes.append(node)
        continue
    scale = (np.maximum(np.abs(w).max(0), 1e-12) / 127).astype(np.float32)
    values = np.round(w / scale).astype(np.int8), scale, np.zeros(len(scale), np.int8)
    names = [node.input[1] + ending for ending in ("_q", "_scale", "_zero")]
    made.update({name: numpy_helper.from_array(value, name) for name, value in zip(names, values)})
    nodes.append(helper.make_node("DynamicQuantizeMatMul", [node.input[0], *names], list(node.output),
                                  domain="com.microsoft"))
used = {name for node in nodes for name in node.input}
kept = [i for i in [*graph.initializer, *made.values()] if i.name in used]
del graph.node[:], graph.initializer[:]
graph.node.extend(nodes)
graph.initializer.extend(kept)
model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
onnx.save(model, target)
for ending in (".in", ".out"):
    shutil.copyfile(source + ending, target + ending)
print(f"{len(made) // 3} products quantized")
