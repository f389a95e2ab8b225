"""golden.py CASE...: the outputs of tests/e2e/golden/CASE.safetensors again, in double precision with PyTorch.

A case is MODEL-HxW of a model that gives logits; weights and image are those of synthetic.py for seed 0."""
import os
import re
import sys

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import synthetic  # noqa: E402

if __name__ == "__main__":
    torch.set_grad_enabled(False)
    for case in sys.argv[1:]:
        name, h, w = re.fullmatch(r"(\w+)-(\d+)x(\d+)", case).groups()
        net = synthetic.fill(synthetic.build(name).double().eval())
        logits = net(torch.from_numpy(synthetic.image(int(h), int(w))).double()).numpy()
        folder = os.path.join(HERE, "..", "..", "tests", "e2e", "golden")
        synthetic.save_safetensors(os.path.join(folder, case + ".safetensors"), {"logits": logits})
        print(case, "largest", abs(logits).max(), "deviation", logits.std(), flush=True)
