"""Reference PyTorch models of ATMNet's relatives, written for this project from the papers' equations and the published
parameter names (timm's, or the authors'), as models.py is.

ResMLP (arXiv 2105.03404), gMLP (arXiv 2105.08050), gMixer (timm's Mixer with gates), AS-MLP (arXiv 2107.08391),
Vision Permutator (arXiv 2106.12368).
"""
import torch
from torch import nn
import torch.nn.functional as F


class Mlp(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.fc1 = nn.Linear(d, h)
        self.fc2 = nn.Linear(h, d)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class GluMlp(nn.Module):
    """The second half of the hidden channels gates the first."""

    def __init__(self, d, h):
        super().__init__()
        self.fc1 = nn.Linear(d, h)
        self.fc2 = nn.Linear(h // 2, d)

    def forward(self, x):
        x, gates = self.fc1(x).chunk(2, -1)
        return self.fc2(x * F.silu(gates))


class Affine(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, 1, c))
        self.beta = nn.Parameter(torch.zeros(1, 1, c))

    def forward(self, x):
        return self.alpha * x + self.beta


class ResMlpBlock(nn.Module):
    def __init__(self, tokens, c, ratio):
        super().__init__()
        self.norm1 = Affine(c)
        self.linear_tokens = nn.Linear(tokens, tokens)
        self.norm2 = Affine(c)
        self.mlp_channels = Mlp(c, c * ratio)
        self.ls1 = nn.Parameter(torch.ones(c))
        self.ls2 = nn.Parameter(torch.ones(c))

    def forward(self, x):
        x = x + self.ls1 * self.linear_tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.ls2 * self.mlp_channels(self.norm2(x))


class GMixerBlock(nn.Module):
    def __init__(self, tokens, c, ratio):
        super().__init__()
        self.norm1 = nn.LayerNorm(c, eps=1e-6)
        self.mlp_tokens = GluMlp(tokens, c)
        self.norm2 = nn.LayerNorm(c, eps=1e-6)
        self.mlp_channels = GluMlp(c, c * ratio)

    def forward(self, x):
        x = x + self.mlp_tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.mlp_channels(self.norm2(x))


class GMlpBlock(nn.Module):
    """The spatial gating unit: half of the hidden channels, mixed over the tokens, gates the other."""

    def __init__(self, tokens, c, ratio):
        super().__init__()
        self.norm = nn.LayerNorm(c, eps=1e-6)
        self.mlp_channels = nn.Module()
        self.mlp_channels.fc1 = nn.Linear(c, c * ratio)
        self.mlp_channels.gate = nn.Module()
        self.mlp_channels.gate.norm = nn.LayerNorm(c * ratio // 2)
        self.mlp_channels.gate.proj = nn.Linear(tokens, tokens)
        self.mlp_channels.fc2 = nn.Linear(c * ratio // 2, c)

    def forward(self, x):
        m = self.mlp_channels
        u, v = F.gelu(m.fc1(self.norm(x))).chunk(2, -1)
        v = m.gate.proj(m.gate.norm(v).transpose(1, 2)).transpose(1, 2)
        return x + m.fc2(u * v)


TIMM = {  # block, layers, patch, channels, ratio
    "resmlp_12": (ResMlpBlock, 12, 16, 384, 4), "resmlp_24": (ResMlpBlock, 24, 16, 384, 4),
    "resmlp_36": (ResMlpBlock, 36, 16, 384, 4), "resmlp_big_24": (ResMlpBlock, 24, 8, 768, 4),
    "gmixer_12": (GMixerBlock, 12, 16, 384, 4), "gmixer_24": (GMixerBlock, 24, 16, 384, 4),
    "gmlp_ti16": (GMlpBlock, 30, 16, 128, 6), "gmlp_s16": (GMlpBlock, 30, 16, 256, 6),
    "gmlp_b16": (GMlpBlock, 30, 16, 512, 6),
}


class TimmMixer(nn.Module):
    def __init__(self, block, layers, patch, c, ratio, res=224, classes=1000):
        super().__init__()
        self.stem = nn.Module()
        self.stem.proj = nn.Conv2d(3, c, patch, patch)
        self.blocks = nn.ModuleList(block((res // patch) ** 2, c, ratio) for _ in range(layers))
        self.norm = Affine(c) if block is ResMlpBlock else nn.LayerNorm(c, eps=1e-6)
        self.head = nn.Linear(c, classes)

    def forward(self, x):
        x = self.stem.proj(x).flatten(2).transpose(1, 2)
        for b in self.blocks:
            x = b(x)
        return self.head(self.norm(x).mean(1))


def axial_shift(x, size, axis):
    """x [B,C,H,W], in `size` runs of channels (the last may be shorter): run g at place i is x at i + size // 2 - g,
    zero outside."""
    reach, n = size // 2, x.shape[axis]
    pad = [reach, reach, 0, 0] if axis == 3 else [0, 0, reach, reach]
    runs = F.pad(x, pad).split(-(-x.shape[1] // size), 1)
    return torch.cat([run.narrow(axis, 2 * reach - g, n) for g, run in enumerate(runs)], 1)


class AxialShift(nn.Module):
    def __init__(self, c, size):
        super().__init__()
        self.size = size
        for name in ("conv1", "conv2_1", "conv2_2", "conv3"):
            self.add_module(name, nn.Conv2d(c, c, 1))
        self.norm1 = nn.GroupNorm(1, c)
        self.norm2 = nn.GroupNorm(1, c)

    def forward(self, x):
        x = F.gelu(self.norm1(self.conv1(x)))
        w = F.gelu(self.conv2_1(axial_shift(x, self.size, 3)))
        h = F.gelu(self.conv2_2(axial_shift(x, self.size, 2)))
        return self.conv3(self.norm2(w + h))


class AsMlpBlock(nn.Module):
    def __init__(self, c, ratio, size):
        super().__init__()
        self.norm1 = nn.GroupNorm(1, c)
        self.axial_shift = AxialShift(c, size)
        self.norm2 = nn.GroupNorm(1, c)
        self.mlp = nn.Module()
        self.mlp.fc1 = nn.Conv2d(c, c * ratio, 1)
        self.mlp.fc2 = nn.Conv2d(c * ratio, c, 1)

    def forward(self, x):
        x = x + self.axial_shift(self.norm1(x))
        return x + self.mlp.fc2(F.gelu(self.mlp.fc1(self.norm2(x))))


class PatchMerging(nn.Module):
    """Four places beside each other become one, column by column."""

    def __init__(self, c):
        super().__init__()
        self.reduction = nn.Conv2d(4 * c, 2 * c, 1, bias=False)
        self.norm = nn.GroupNorm(1, 4 * c)

    def forward(self, x):
        places = [x[:, :, i::2, j::2] for j in (0, 1) for i in (0, 1)]
        return self.reduction(self.norm(torch.cat(places, 1)))


ASMLP = {  # depths, channels of the first stage
    "asmlp_t": ([2, 2, 6, 2], 96), "asmlp_s": ([2, 2, 18, 2], 96), "asmlp_b": ([2, 2, 18, 2], 128),
}


class AsMlp(nn.Module):
    def __init__(self, depths, c, ratio=4, size=5, classes=1000):
        super().__init__()
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(3, c, 4, 4)
        self.patch_embed.norm = nn.GroupNorm(1, c)
        self.layers = nn.ModuleList()
        for i, depth in enumerate(depths):
            layer = nn.Module()
            layer.blocks = nn.ModuleList(AsMlpBlock(c << i, ratio, size) for _ in range(depth))
            layer.downsample = PatchMerging(c << i) if i < len(depths) - 1 else nn.Identity()
            self.layers.append(layer)
        c <<= len(depths) - 1
        self.norm = nn.GroupNorm(1, c)
        self.head = nn.Linear(c, classes)

    def forward(self, x):
        x = self.patch_embed.norm(self.patch_embed.proj(x))
        for layer in self.layers:
            for block in layer.blocks:
                x = block(x)
            x = layer.downsample(x)
        return self.head(self.norm(x).mean((2, 3)))


class PermuteMlp(nn.Module):
    """Channels in `segments` runs: along H and along W, linears over a run of channels of all places of a column or a
    row at once, with as many segments as places, so that they have C inputs too."""

    def __init__(self, c, segments):
        super().__init__()
        self.segments = segments
        for name in ("mlp_c", "mlp_h", "mlp_w"):
            self.add_module(name, nn.Linear(c, c, bias=False))
        self.reweight = nn.Module()
        self.reweight.fc1 = nn.Linear(c, c // 4)
        self.reweight.fc2 = nn.Linear(c // 4, 3 * c)
        self.proj = nn.Linear(c, c)

    def forward(self, x):
        b, h, w, c = x.shape
        y = x.view(b, h, w, self.segments, c // self.segments)
        swap_h, swap_w = (0, 3, 2, 1, 4), (0, 1, 3, 2, 4)
        along_h = self.mlp_h(y.permute(swap_h).flatten(3)).view(b, self.segments, w, h, -1).permute(swap_h).flatten(3)
        along_w = self.mlp_w(y.permute(swap_w).flatten(3)).view(b, h, self.segments, w, -1).permute(swap_w).flatten(3)
        branches = (along_h, along_w, self.mlp_c(x))
        a = self.reweight.fc2(F.gelu(self.reweight.fc1(sum(branches).mean((1, 2)))))
        a = a.view(b, c, 3).softmax(-1)[:, None, None]
        return self.proj(sum(branch * a[..., i] for i, branch in enumerate(branches)))


class ViPBlock(nn.Module):
    def __init__(self, c, segments, ratio):
        super().__init__()
        self.norm1 = nn.LayerNorm(c)
        self.attn = PermuteMlp(c, segments)
        self.norm2 = nn.LayerNorm(c)
        self.mlp = Mlp(c, c * ratio)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViPDown(nn.Module):
    def __init__(self, a, b, patch):
        super().__init__()
        self.proj = nn.Conv2d(a, b, patch, patch)

    def forward(self, x):
        return self.proj(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


VIP = {  # depths, patch, channels, segments, the stage that ends at half the resolution
    "vip_s14": ([4, 3, 8, 3], 14, [384] * 4, [16] * 4, None),
    "vip_s7": ([4, 3, 8, 3], 7, [192, 384, 384, 384], [32, 16, 16, 16], 0),
    "vip_m7": ([4, 3, 14, 3], 7, [256, 256, 512, 512], [32, 32, 16, 16], 1),
    "vip_l7": ([8, 8, 16, 4], 7, [256, 512, 512, 512], [32, 16, 16, 16], 0),
}


class ViP(nn.Module):
    def __init__(self, depths, patch, dims, segments, halved, ratio=3, classes=1000):
        super().__init__()
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(3, dims[0], patch, patch)
        self.network = nn.ModuleList()
        for i, depth in enumerate(depths):
            self.network.append(nn.Sequential(*(ViPBlock(dims[i], segments[i], ratio) for _ in range(depth))))
            if i == halved:
                self.network.append(ViPDown(dims[i], dims[i + 1], 2))
        self.norm = nn.LayerNorm(dims[-1])
        self.head = nn.Linear(dims[-1], classes)

    def forward(self, x):
        x = self.patch_embed.proj(x).permute(0, 2, 3, 1)
        for part in self.network:
            x = part(x)
        return self.head(self.norm(x).mean((1, 2)))


def relative(name, **kw):
    """The model called `name`; None: it is none of these."""
    for models, table in ((TimmMixer, TIMM), (AsMlp, ASMLP), (ViP, VIP)):
        if name in table:
            return models(*table[name], **kw)
    return None
