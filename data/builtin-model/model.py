# SPDX-License-Identifier: GPL-3.0-or-later
"""The built-in model's network, in the Segment Anything shape.

picture [B,3,S,S] -> encoder (RepViT-style convolutions at strides 4, 8, 16, 32)
  -> embedding [B,d,S/16,S/16] and two high-resolution features (strides 4 and 8)
prompts (points, box corners, a mask) -> tokens [B,N,d] and a dense map
both -> two-way transformer -> 4 masks of logits [B,4,S/4,S/4] and 4 predicted IoUs

Candidate 0 answers precise prompts, 1 to 3 a lone point.  The network exists in
two forms: trainable (batch norms, re-parametrised branches) and folded (plain
convolutions, as exported).  fold() and unfold() turn one state into the other.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

MEAN = (123.675, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)
BN_EPS = 1e-5

# Labels of sparse prompt tokens.
UNUSED, PADDING, OFF, ON, CORNER_0, CORNER_1 = -2, -1, 0, 1, 2, 3


class ConvBN(nn.Sequential):
    def __init__(self, i, o, k=1, s=1, p=0, g=1, init=1.0):
        super().__init__()
        self.add_module('c', nn.Conv2d(i, o, k, s, p, groups=g, bias=False))
        self.add_module('bn', nn.BatchNorm2d(o, eps=BN_EPS))
        nn.init.constant_(self.bn.weight, init)


class RepDW(nn.Module):
    """A depthwise 3x3, a depthwise 1x1 and the identity, folded to one 3x3."""

    def __init__(self, c):
        super().__init__()
        self.conv = ConvBN(c, c, 3, 1, 1, c)
        self.conv1 = ConvBN(c, c, 1, 1, 0, c)

    def forward(self, x):
        return self.conv(x) + self.conv1(x) + x


def conv(folded, i, o, k=1, s=1, p=0, g=1, init=1.0):
    return nn.Conv2d(i, o, k, s, p, groups=g) if folded else ConvBN(i, o, k, s, p, g, init)


class SE(nn.Module):
    """Squeeze and excite: channels weighted by a small network on their means."""

    def __init__(self, c):
        super().__init__()
        m = max(8, (c // 4 + 7) // 8 * 8)
        self.conv_reduce = nn.Conv2d(c, m, 1)
        self.conv_expand = nn.Conv2d(m, c, 1)

    def forward(self, x):
        s = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.conv_expand(F.relu(self.conv_reduce(s))))


class Residual(nn.Module):
    def __init__(self, m):
        super().__init__()
        self.m = m

    def forward(self, x):
        return x + self.m(x)


class Block(nn.Module):
    """Mixes neighbours (depthwise), then channels (1x1, GELU, 1x1)."""

    def __init__(self, i, o, s, se, folded):
        super().__init__()
        squeeze = SE(i) if se else nn.Identity()
        if s == 2 or i != o:
            self.token_mixer = nn.Sequential(conv(folded, i, i, 3, s, 1, i), squeeze, conv(folded, i, o))
        else:
            self.token_mixer = nn.Sequential(nn.Conv2d(i, i, 3, 1, 1, groups=i) if folded else RepDW(i), squeeze)
        self.channel_mixer = Residual(nn.Sequential(
            conv(folded, o, 2 * o), nn.GELU(), conv(folded, 2 * o, o, init=0.0)))

    def forward(self, x):
        return self.channel_mixer(self.token_mixer(x))


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
    def __init__(self, dims, depths, out, folded):
        super().__init__()
        c = dims[0]
        layers = [nn.Sequential(conv(folded, 3, c // 2, 3, 2, 1), nn.GELU(), conv(folded, c // 2, c, 3, 2, 1))]
        self.ends = []
        for stage, (d, n) in enumerate(zip(dims, depths)):
            for b in range(n):
                layers.append(Block(c, d, 2 if stage > 0 and b == 0 else 1,
                                    b % 2 == 1 if stage else b == 0, folded))
                c = d
            self.ends.append(len(layers) - 1)
        self.features = nn.ModuleList(layers)
        self.fuse_stage2 = nn.Conv2d(dims[2], out, 1, bias=False)
        self.fuse_stage3 = nn.Conv2d(dims[3], out, 1, bias=False)
        self.neck = nn.Sequential(nn.Conv2d(out, out, 1, bias=False), LayerNorm2d(out),
                                  nn.Conv2d(out, out, 3, padding=1, bias=False), LayerNorm2d(out))

    def forward(self, x):
        stages = []
        for i, f in enumerate(self.features):
            x = f(x)
            if i in self.ends:
                stages.append(x)
        s4, s8, s16, s32 = stages
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
    def __init__(self, dims=(32, 64, 128, 256), depths=(2, 2, 6, 2), d=128, heads=8, mlp=512, folded=False):
        super().__init__()
        self.image_encoder = Encoder(dims, depths, d, folded)
        self.prompt_encoder = PromptEncoder(d)
        self.mask_decoder = MaskDecoder(d, heads, mlp, dims)

    def encode(self, x):
        e, s4, s8 = self.image_encoder(x)
        return e, self.mask_decoder.conv_s0(s4), self.mask_decoder.conv_s1(s8)

    def decode(self, feats, pts, labels, mask=None):
        e, s0, s1 = feats
        sparse, dense = self.prompt_encoder(pts, labels, mask, e.shape[-2:], e.shape[-1] * 16)
        return self.mask_decoder(e, self.prompt_encoder.pe_layer.grid(*e.shape[-2:]), sparse, labels, dense, s0, s1)


def fold(net, cfg):
    """The folded twin of a trainable network, in evaluation mode."""
    src, out = dict(net.named_modules()), {}
    mods = {n: m for n, m in src.items() if isinstance(m, (ConvBN, RepDW))}

    def flat(m):
        s = m.bn.weight / torch.sqrt(m.bn.running_var + m.bn.eps)
        return m.c.weight * s[:, None, None, None], m.bn.bias - m.bn.running_mean * s

    with torch.no_grad():
        for n, m in mods.items():
            if isinstance(m, RepDW):
                w, b = flat(m.conv)
                w1, b1 = flat(m.conv1)
                w = w.clone()
                w[:, :, 1, 1] += w1[:, :, 0, 0] + 1
                out[n + '.weight'], out[n + '.bias'] = w, b + b1
            elif n.rpartition('.')[0] not in mods:
                out[n + '.weight'], out[n + '.bias'] = flat(m)
    twin = TinySAM(**cfg, folded=True)
    state = net.state_dict()
    twin.load_state_dict({k: out[k] if k in out else state[k] for k in twin.state_dict()})
    return twin.eval()


@torch.no_grad()
def unfold(state, cfg, batches):
    """A trainable network that computes what the folded state does.

    Batch norms get the statistics of `batches` (normalised pictures), and the
    convolutions the size of a fresh initialisation, so that training goes on
    as if it had never been folded."""
    net = TinySAM(**cfg)
    new, used = net.state_dict(), set()
    mods = dict(net.named_modules())
    for n, m in mods.items():
        if n + '.weight' not in state or not isinstance(m, (ConvBN, RepDW)):
            continue
        used |= {n + '.weight', n + '.bias'}
        w, b, p = state[n + '.weight'].clone(), state[n + '.bias'], n
        if isinstance(m, RepDW):
            w[:, :, 1, 1] -= 1
            new[n + '.conv1.bn.weight'] = torch.zeros_like(b)
            p = n + '.conv'
        new[p + '.c.weight'], new[p + '.bn.bias'] = w, b
        new[p + '.bn.weight'] = torch.ones_like(b)
        new[p + '.bn.running_var'] = torch.full_like(b, 1 - BN_EPS)
    new.update({k: v for k, v in state.items() if k not in used})
    net.load_state_dict(new)
    net.eval()
    sums = {}

    def watch(name):
        def hook(_, args):
            x = args[0].double()
            s = sums.setdefault(name, [0, 0, 0])
            s[0] += x.sum((0, 2, 3))
            s[1] += x.pow(2).sum((0, 2, 3))
            s[2] += x.numel() // x.shape[1]
        return hook

    hooks = [m.register_forward_pre_hook(watch(n)) for n, m in mods.items() if isinstance(m, nn.BatchNorm2d)]
    for x in batches:
        net.encode(x)
    for h in hooks:
        h.remove()
    for n, (s, s2, count) in sums.items():
        bn, c = mods[n], mods[n.rpartition('.')[0]].c
        mu = s / count
        var = (s2 / count - mu ** 2).clamp_min(1e-8)
        bn.bias += (bn.weight * mu).float()
        bn.weight *= torch.sqrt(var + BN_EPS).float()
        t = (3 * c.weight[0].numel()) ** -0.5 / c.weight.flatten(1).pow(2).mean(1).sqrt().clamp_min(1e-8)
        c.weight *= t[:, None, None, None]
        bn.running_mean.copy_(mu * t)
        bn.running_var.copy_((var + BN_EPS) * t * t - BN_EPS).clamp_(min=1e-9)
    return net


@torch.no_grad()
def grow(state, cfg, wider):
    """A trainable network of the settings `wider` that at first computes what the state does, almost exactly.

    Old channels see nothing of new ones (whose weights are those of a fresh network) until training connects
    them; new blocks, at the ends of the stages, start as the identity (Net2Net, arXiv:1511.05641)."""
    net = TinySAM(**wider)
    new = net.state_dict()
    place, old_at, new_at = {0: 0}, 1, 1
    for n, m in zip(cfg['depths'], wider['depths']):
        place |= {old_at + i: new_at + i for i in range(n)}
        for i in range(n, m):
            block = net.image_encoder.features[new_at + i]
            for bn in (block.token_mixer[0].conv.bn, block.token_mixer[0].conv1.bn):
                nn.init.zeros_(bn.weight)
            if isinstance(block.token_mixer[1], SE):
                nn.init.constant_(block.token_mixer[1].conv_expand.bias, 4.0)
        old_at, new_at = old_at + n, new_at + m
    for name, old in state.items():
        parts = name.split('.')
        if parts[:2] == ['image_encoder', 'features']:
            parts[2] = str(place[int(parts[2])])
        to = new['.'.join(parts)]
        if old.ndim > 1 and to.shape[1] > old.shape[1]:
            to[:old.shape[0]].zero_()
        to[tuple(slice(n) for n in old.shape)] = old
    net.load_state_dict(new)
    return net
