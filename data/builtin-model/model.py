# SPDX-License-Identifier: GPL-3.0-or-later
"""The built-in model's network, in the Segment Anything shape.

picture [B,3,S,S] -> encoder (trunk.py: inverted bottlenecks at strides 4, 8, 16, 32)
  -> embedding [B,d,S/16,S/16] and two high-resolution features (strides 4 and 8)
prompts (points, box corners, a mask) -> tokens [B,N,d] and a dense map
both -> two-way transformer -> 4 masks of logits [B,4,S/4,S/4] and 4 predicted IoUs

Candidate 0 answers precise prompts, 1 to 3 a lone point.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from trunk import Trunk

MEAN = (123.675, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)

# Labels of sparse prompt tokens.
UNUSED, PADDING, OFF, ON, CORNER_0, CORNER_1 = -2, -1, 0, 1, 2, 3


class LayerNorm2d(nn.Module):
    """Layer norm over the channels of [B,C,H,W]."""

    def __init__(self, c, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(c))
        self.bias = nn.Parameter(torch.zeros(c))
        self.eps = eps

    def forward(self, x):
        u = x.mean(1, keepdim=True)
        v = (x - u).pow(2).mean(1, keepdim=True)
        return (x - u) * torch.rsqrt(v + self.eps) * self.weight[:, None, None] + self.bias[:, None, None]


class Encoder(nn.Module):
    """Pictures come normalised by MEAN and STD; the trunk has a scale of its own."""

    def __init__(self, out, version):
        super().__init__()
        self.trunk = Trunk(version)
        dims = self.trunk.dims
        self.fuse_stage2 = nn.Conv2d(dims[2], out, 1, bias=False)
        self.fuse_stage3 = nn.Conv2d(dims[3], out, 1, bias=False)
        self.neck = nn.Sequential(nn.Conv2d(out, out, 1, bias=False), LayerNorm2d(out),
                                  nn.Conv2d(out, out, 3, padding=1, bias=False), LayerNorm2d(out))
        mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
        self.register_buffer('scale', std / 128, persistent=False)
        self.register_buffer('shift', (mean - 127) / 128, persistent=False)

    def forward(self, x):
        s4, s8, s16, s32 = self.trunk(x * self.scale + self.shift)
        y = self.fuse_stage2(s16) + F.interpolate(self.fuse_stage3(s32), scale_factor=2, mode='bilinear',
                                                  align_corners=False)
        return self.neck(y), s4, s8


class MLP(nn.Module):
    def __init__(self, i, h, o, n):
        super().__init__()
        sizes = [i] + [h] * (n - 1) + [o]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


class Attention(nn.Module):
    def __init__(self, d, heads, down=1):
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(d, d // down)
        self.k_proj = nn.Linear(d, d // down)
        self.v_proj = nn.Linear(d, d // down)
        self.out_proj = nn.Linear(d // down, d)

    def split(self, x):
        b, n, c = x.shape
        return x.view(b, n, self.heads, c // self.heads).transpose(1, 2)

    def forward(self, q, k, v, mask=None):
        q, k, v = self.split(self.q_proj(q)), self.split(self.k_proj(k)), self.split(self.v_proj(v))
        if q.shape[2] <= k.shape[2]:
            o = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        else:
            # Many queries, a dozen keys: with the long side last, softmax is vectorised.
            s = k @ (q * q.shape[-1] ** -0.5).transpose(-1, -2)
            if mask is not None:
                s = s.masked_fill(~mask.transpose(-1, -2), -1e4)
            o = s.softmax(-2).transpose(-1, -2) @ v
        return self.out_proj(o.transpose(1, 2).flatten(2))


class MLPBlock(nn.Module):
    def __init__(self, d, m):
        super().__init__()
        self.lin1 = nn.Linear(d, m)
        self.lin2 = nn.Linear(m, d)

    def forward(self, x):
        return self.lin2(F.relu(self.lin1(x)))


class TwoWayBlock(nn.Module):
    def __init__(self, d, heads, m, first):
        super().__init__()
        self.self_attn = Attention(d, heads)
        self.norm1 = nn.LayerNorm(d)
        self.cross_attn_token_to_image = Attention(d, heads, 2)
        self.norm2 = nn.LayerNorm(d)
        self.mlp = MLPBlock(d, m)
        self.norm3 = nn.LayerNorm(d)
        self.norm4 = nn.LayerNorm(d)
        self.cross_attn_image_to_token = Attention(d, heads, 2)
        self.first = first

    def forward(self, q, k, qpe, kpe, mask):
        if self.first:
            q = self.self_attn(q, q, q, mask)
        else:
            q = q + self.self_attn(q + qpe, q + qpe, q, mask)
        q = self.norm1(q)
        kk = k + kpe
        q = self.norm2(q + self.cross_attn_token_to_image(q + qpe, kk, k))
        q = self.norm3(q + self.mlp(q))
        k = self.norm4(k + self.cross_attn_image_to_token(kk, q + qpe, q, mask))
        return q, k


class Transformer(nn.Module):
    def __init__(self, d, heads, m, depth=2):
        super().__init__()
        self.layers = nn.ModuleList(TwoWayBlock(d, heads, m, i == 0) for i in range(depth))
        self.final_attn_token_to_image = Attention(d, heads, 2)
        self.norm_final_attn = nn.LayerNorm(d)

    def forward(self, img, pe, tok, mask):
        k = img.flatten(2).transpose(1, 2)
        kpe = pe.flatten(2).transpose(1, 2)
        q = tok
        for layer in self.layers:
            q, k = layer(q, k, tok, kpe, mask)
        return self.norm_final_attn(q + self.final_attn_token_to_image(q + tok, k + kpe, k)), k


class PositionEncoding(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.register_buffer('positional_encoding_gaussian_matrix', torch.randn(2, n))

    def encode(self, c):
        """c: x, y in 0..1"""
        c = (2 * c - 1) @ self.positional_encoding_gaussian_matrix * (2 * math.pi)
        return torch.cat([c.sin(), c.cos()], -1)

    def grid(self, h, w):
        dev = self.positional_encoding_gaussian_matrix.device
        y = (torch.arange(h, device=dev) + 0.5) / h
        x = (torch.arange(w, device=dev) + 0.5) / w
        g = torch.stack(torch.broadcast_tensors(x[None, :], y[:, None]), -1)
        return self.encode(g).permute(2, 0, 1)[None]


class PromptEncoder(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.pe_layer = PositionEncoding(d // 2)
        self.point_embeddings = nn.ModuleList(nn.Embedding(1, d) for _ in range(4))
        self.not_a_point_embed = nn.Embedding(1, d)
        self.mask_downscaling = nn.Sequential(
            nn.Conv2d(1, 4, 2, 2), LayerNorm2d(4), nn.GELU(),
            nn.Conv2d(4, 16, 2, 2), LayerNorm2d(16), nn.GELU(), nn.Conv2d(16, d, 1))
        self.no_mask_embed = nn.Embedding(1, d)

    def forward(self, pts, labels, mask, hw, size):
        """pts [B,N,2] model pixels, labels [B,N]; mask None or (logits [B,1,4h,4w], which rows have one [B])"""
        e = self.pe_layer.encode((pts + 0.5) / size)
        e = torch.where((labels < 0)[..., None], torch.zeros_like(e), e)
        e = e + (labels == PADDING)[..., None] * self.not_a_point_embed.weight
        for i in range(4):
            e = e + (labels == i)[..., None] * self.point_embeddings[i].weight
        none = self.no_mask_embed.weight.reshape(1, -1, 1, 1)
        if mask is None:
            return e, none.expand(pts.shape[0], -1, *hw)
        m, has = mask
        dense = self.mask_downscaling(m)
        return e, torch.where(has[:, None, None, None], dense, none.to(dense.dtype))


def upscale(x, up):
    """The transposed 2x2 convolution `up` as a matrix product: [B,h,w,i] -> [B,2h,2w,o]"""
    b, h, w, i = x.shape
    o = up.weight.shape[1]
    y = x @ up.weight.permute(0, 2, 3, 1).reshape(i, 4 * o) + up.bias.repeat(4)
    return y.view(b, h, w, 2, 2, o).transpose(2, 3).reshape(b, 2 * h, 2 * w, o)


class MaskDecoder(nn.Module):
    def __init__(self, d, heads, m, dims, n=4):
        super().__init__()
        self.d, self.n = d, n
        self.transformer = Transformer(d, heads, m)
        self.iou_token = nn.Embedding(1, d)
        self.mask_tokens = nn.Embedding(n, d)
        self.output_upscaling = nn.Sequential(nn.ConvTranspose2d(d, d // 4, 2, 2), LayerNorm2d(d // 4), nn.GELU(),
                                              nn.ConvTranspose2d(d // 4, d // 8, 2, 2), nn.GELU())
        self.conv_s0 = nn.Conv2d(dims[0], d // 8, 1)
        self.conv_s1 = nn.Conv2d(dims[1], d // 4, 1)
        self.output_hypernetworks_mlps = nn.ModuleList(MLP(d, d, d // 8, 3) for _ in range(n))
        self.iou_prediction_head = MLP(d, 256, n, 3)

    def forward(self, img, pe, sparse, labels, dense, s0, s1):
        b, (h, w) = sparse.shape[0], img.shape[-2:]
        own = torch.cat([self.iou_token.weight, self.mask_tokens.weight], 0)[None].expand(b, -1, -1)
        tok = torch.cat([own, sparse], 1)
        # Rows of a batch have different numbers of prompts: nobody may look at
        # the slots left over, or the network would learn to expect them.
        mask = None
        if (labels == UNUSED).any():
            mask = F.pad(labels != UNUSED, (1 + self.n, 0), value=True)[:, None, None, :]
        q, k = self.transformer(img + dense, pe.expand(b, -1, -1, -1), tok, mask)
        # Channels last, where these layers are several times faster in training.
        up0, norm, act0, up1, act1 = self.output_upscaling
        x = upscale(k.view(b, h, w, self.d), up0) + s1.permute(0, 2, 3, 1)
        x = act0(F.layer_norm(x, x.shape[-1:], norm.weight, norm.bias, norm.eps))
        x = act1(upscale(x, up1) + s0.permute(0, 2, 3, 1))
        hyper = torch.stack([f(q[:, 1 + i]) for i, f in enumerate(self.output_hypernetworks_mlps)], 1)
        masks = (x.flatten(1, 2) @ hyper.transpose(1, 2)).transpose(1, 2).unflatten(2, (4 * h, 4 * w))
        return masks, torch.sigmoid(self.iou_prediction_head(q[:, 0]))


class TinySAM(nn.Module):
    def __init__(self, version=2, d=128, heads=8, mlp=512):
        super().__init__()
        self.image_encoder = Encoder(d, version)
        self.prompt_encoder = PromptEncoder(d)
        self.mask_decoder = MaskDecoder(d, heads, mlp, self.image_encoder.trunk.dims)

    def encode(self, x):
        e, s4, s8 = self.image_encoder(x)
        return e, self.mask_decoder.conv_s0(s4), self.mask_decoder.conv_s1(s8)

    def decode(self, feats, pts, labels, mask=None):
        e, s0, s1 = feats
        sparse, dense = self.prompt_encoder(pts, labels, mask, e.shape[-2:], e.shape[-1] * 16)
        return self.mask_decoder(e, self.prompt_encoder.pe_layer.grid(*e.shape[-2:]), sparse, labels, dense, s0, s1)
