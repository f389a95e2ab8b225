"""Dense heads on a pyramid, in evaluation mode, with the parameter names of the published checkpoints: Semantic FPN
(arXiv 1901.02446) on an FPN neck (arXiv 1612.03144), UperNet (arXiv 1807.10221). Maps are NCHW; the answer is the
logits at stride 4, resized to the image."""
import torch
from torch import nn
import torch.nn.functional as F

import models

CLASSES = 150


class ConvBN(nn.Module):
    """Convolution without bias, batch norm, ReLU."""

    def __init__(self, a, b, k):
        super().__init__()
        self.conv = nn.Conv2d(a, b, k, padding=k // 2, bias=False)
        self.bn = nn.BatchNorm2d(b)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class PlainConv(nn.Module):
    """Convolution with bias."""

    def __init__(self, a, b, k):
        super().__init__()
        self.conv = nn.Conv2d(a, b, k, padding=k // 2)

    def forward(self, x):
        return self.conv(x)


class Double(nn.Module):
    def forward(self, x):
        return bilinear(x, (2 * x.shape[2], 2 * x.shape[3]))


def bilinear(x, size):
    return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)


class FPN(nn.Module):
    """neck.*: lateral 1x1, nearest upsampling from the top down, 3x3."""

    def __init__(self, dims, channels=256):
        super().__init__()
        self.lateral_convs = nn.ModuleList(PlainConv(c, channels, 1) for c in dims)
        self.fpn_convs = nn.ModuleList(PlainConv(channels, channels, 3) for _ in dims)

    def forward(self, maps):
        lat = [f(x) for f, x in zip(self.lateral_convs, maps)]
        for i in range(len(lat) - 1, 0, -1):
            lat[i - 1] = lat[i - 1] + F.interpolate(lat[i], size=lat[i - 1].shape[2:], mode="nearest")
        return [f(x) for f, x in zip(self.fpn_convs, lat)]


class SemanticFPN(nn.Module):
    """decode_head.*: level i is convolved and doubled i times (level 0 once, not doubled), then all are summed."""

    def __init__(self, channels=256, mid=128, levels=4):
        super().__init__()
        heads = []
        for i in range(levels):
            seq = []
            for k in range(max(1, i)):
                seq.append(ConvBN(channels if k == 0 else mid, mid, 3))
                if i:
                    seq.append(Double())
            heads.append(nn.Sequential(*seq))
        self.scale_heads = nn.ModuleList(heads)
        self.conv_seg = nn.Conv2d(mid, CLASSES, 1)

    def forward(self, maps):
        y = self.scale_heads[0](maps[0])
        for f, x in zip(self.scale_heads[1:], maps[1:]):
            y = y + bilinear(f(x), y.shape[2:])
        return self.conv_seg(y)


class UperNet(nn.Module):
    """decode_head.*: pyramid pooling on the last level, FPN with 1x1 and 3x3 convolutions, fusion at stride 4."""

    def __init__(self, dims, channels=512, scales=(1, 2, 3, 6)):
        super().__init__()
        self.psp_modules = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(s), ConvBN(dims[-1], channels, 1)) for s in scales)
        self.bottleneck = ConvBN(dims[-1] + len(scales) * channels, channels, 3)
        self.lateral_convs = nn.ModuleList(ConvBN(c, channels, 1) for c in dims[:-1])
        self.fpn_convs = nn.ModuleList(ConvBN(channels, channels, 3) for _ in dims[:-1])
        self.fpn_bottleneck = ConvBN(len(dims) * channels, channels, 3)
        self.conv_seg = nn.Conv2d(channels, CLASSES, 1)

    def forward(self, maps):
        top = maps[-1]
        lat = [f(x) for f, x in zip(self.lateral_convs, maps)]
        lat.append(self.bottleneck(torch.cat([top] + [bilinear(f(top), top.shape[2:]) for f in self.psp_modules], 1)))
        for i in range(len(lat) - 1, 0, -1):
            lat[i - 1] = lat[i - 1] + bilinear(lat[i], lat[i - 1].shape[2:])
        out = [f(x) for f, x in zip(self.fpn_convs, lat)] + [lat[-1]]
        out = [out[0]] + [bilinear(x, out[0].shape[2:]) for x in out[1:]]
        return self.conv_seg(self.fpn_bottleneck(torch.cat(out, 1)))


class Segmenter(nn.Module):
    """backbone.* (a pyramid), neck.* (Semantic FPN only), decode_head.*: logits [N,classes,H,W]."""

    def __init__(self, backbone, dims, kind):
        super().__init__()
        self.backbone = backbone
        if kind == "semantic_fpn":
            self.neck = FPN(dims)
        self.decode_head = SemanticFPN() if kind == "semantic_fpn" else UperNet(dims)

    def forward(self, x):
        maps = self.backbone(x)
        return bilinear(self.decode_head(self.neck(maps) if hasattr(self, "neck") else maps), x.shape[2:])


def segmenter(name):
    """name: atmnet_SIZE_semantic_fpn or atmnet_SIZE_upernet."""
    kind = "semantic_fpn" if name.endswith("_semantic_fpn") else "upernet"
    config = models.ATMNET[name[:-len(kind) - 1]]
    return Segmenter(models.ATMNet(*config, pyramid=True), config[2], kind)
