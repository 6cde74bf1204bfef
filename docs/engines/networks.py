# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks in PyTorch, so that other engines can run them: encoders, and SAM's decoder for one click.

Modules have the names of the checkpoints' tensors.  Activations are [1, height, width, channels] everywhere;
convolutions see them permuted, which PyTorch calls channels_last and does not copy.  What depends on weights alone
is computed once, when they are loaded, and batch norms are folded into the convolutions before them.
"""
import math
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import safe_open
from torch import nn
from torch.onnx.symbolic_helper import _optional_input_placeholder_tensor as no_input

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / 'data' / 'samples' / 'coffee.png'
sys.path.insert(0, str(ROOT / 'data' / 'builtin-model'))
import model as builtin  # noqa: E402

# ---- parts ------------------------------------------------------------------


class FusedAttention(torch.autograd.Function):
    """ONNX has no word for attention; ONNX Runtime has."""

    @staticmethod
    def forward(ctx, q, k, v, heads, bias):
        q, k, v = (x.unflatten(2, (heads, -1)).transpose(1, 2) for x in (q, k, v))
        return F.scaled_dot_product_attention(q, k, v, bias).transpose(1, 2).flatten(2)

    @staticmethod
    def symbolic(g, q, k, v, heads, bias):
        none = no_input(g)
        return g.op('com.microsoft::MultiHeadAttention', q, k, v, none, none, none if bias is None else bias,
                    num_heads_i=heads).setType(q.type())


def attend(q, k, v, heads, bias=None):
    """q: [b, n, heads * d]  k, v: [b, m, heads * d]  bias: [1 or b, heads, n, m], added to the scores"""
    if torch.onnx.is_in_onnx_export():
        return FusedAttention.apply(q, k, v, heads, bias)
    return FusedAttention.forward(None, q, k, v, heads, bias)


def size(x):
    """In plain numbers, which an exported graph has as constants."""
    return tuple(map(int, x.shape))


def cut(x, side):
    """[1, h, w, c] -> windows [n, side, side, c], with zeros below and on the right"""
    _, h, w, c = size(x)
    x = F.pad(x, (0, 0, 0, -w % side, 0, -h % side))
    x = x.view(-(-h // side), side, -(-w // side), side, c)
    return x.transpose(1, 2).reshape(-1, side, side, c)


def join(x, h, w):
    """windows [n, side, side, c] -> [1, h, w, c]"""
    _, side, _, c = size(x)
    x = x.view(-(-h // side), -(-w // side), side, side, c).transpose(1, 2)
    return x.reshape(1, -(-h // side) * side, -1, c)[:, :h, :w]


class Conv(nn.Conv2d):
    as_products = True  # those of 1x1: faster in PyTorch, and only so bytes in ONNX Runtime, whose f32 does better without

    def forward(self, x):
        if self.as_products and self.kernel_size == (1, 1):
            return F.linear(x, self.weight.flatten(1), self.bias)
        return super().forward(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


class Up(nn.Module):
    """A transposed 2x2 convolution with stride 2, as a product."""

    def __init__(self, i, o):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(i, o, 2, 2)), nn.Parameter(torch.empty(o))

    def forward(self, x):
        _, h, w, c = size(x)
        o = len(self.bias)
        y = F.linear(x, self.weight.permute(2, 3, 1, 0).reshape(4 * o, c), self.bias.repeat(4))
        return y.view(h, w, 2, 2, o).transpose(1, 2).reshape(1, 2 * h, 2 * w, o)


class MLP(nn.Module):
    def __init__(self, *sizes, act=F.relu):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))
        self.act = act

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.act(layer(x))
        return self.layers[-1](x)


def neck(width):
    return nn.Sequential(Conv(width, 256, 1, bias=False), nn.LayerNorm(256, 1e-6),
                         Conv(256, 256, 3, padding=1, bias=False), nn.LayerNorm(256, 1e-6))


def renamed(tensors, *pairs):
    for old, new in pairs:
        tensors = {name.replace(old, new): t for name, t in tensors.items()}
    return tensors


# ---- SAM ViT ----------------------------------------------------------------

class VitAttention(nn.Module):
    def __init__(self, width, heads, side):
        super().__init__()
        self.heads, self.side = heads, side
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        # what the checkpoint has 2 * side - 1 rows of: for each place of a query, [channel, place of the key]
        self.register_buffer('rel_pos_h', torch.empty(side, width // heads, side))
        self.register_buffer('rel_pos_w', torch.empty(side, width // heads, side))

    def _load_from_state_dict(self, tensors, prefix, *rest):
        i = torch.arange(self.side)
        for name in (prefix + 'rel_pos_h', prefix + 'rel_pos_w'):
            tensors[name] = tensors[name][i[:, None] - i + self.side - 1].transpose(1, 2)
        super()._load_from_state_dict(tensors, prefix, *rest)

    def forward(self, x):
        b, h, w, c = size(x)
        q, k, v = self.qkv(x).flatten(1, 2).chunk(3, 2)
        y = q.view(b, h, w, self.heads, -1).permute(0, 3, 1, 2, 4)
        by_row = y @ self.rel_pos_h
        by_column = (y.transpose(2, 3) @ self.rel_pos_w).transpose(2, 3)
        bias = (by_row[..., None] + by_column[..., None, :]).view(b, self.heads, h * w, h * w)
        return self.proj(attend(q, k, v, self.heads, bias).view(b, h, w, c))


class VitBlock(nn.Module):
    def __init__(self, width, heads, window):
        super().__init__()
        self.window = window
        self.norm1, self.norm2 = nn.LayerNorm(width, 1e-6), nn.LayerNorm(width, 1e-6)
        self.attn = VitAttention(width, heads, window or 64)
        self.mlp = MLP(width, 4 * width, width, act=F.gelu)

    def forward(self, x):
        y = self.norm1(x)
        y = join(self.attn(cut(y, self.window)), 64, 64) if self.window else self.attn(y)
        x = x + y
        return x + self.mlp(self.norm2(x))


class Vit(nn.Module):
    def __init__(self, width=768, depth=12, heads=12, looking_around=(2, 5, 8, 11)):
        super().__init__()
        self.patch_embed = nn.ModuleDict({'proj': Conv(3, width, 16, 16)})
        self.pos_embed = nn.Parameter(torch.empty(1, 64, 64, width))
        self.blocks = nn.ModuleList(VitBlock(width, heads, 0 if i in looking_around else 14) for i in range(depth))
        self.neck = neck(width)

    def take(self, tensors):
        self.load_state_dict(renamed(tensors, ('lin1', 'layers.0'), ('lin2', 'layers.1')))

    def forward(self, x):
        x = self.patch_embed['proj'](x.permute(0, 2, 3, 1)) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return self.neck(x)


# ---- MobileSAM's TinyViT ------------------------------------------------------

class Inverted(nn.Module):
    """1x1, depthwise 3x3, 1x1; with the same sizes inside and outside, a residual block."""

    def __init__(self, i, middle, o, stride, residual):
        super().__init__()
        self.conv1, self.conv3 = Conv(i, middle, 1), Conv(middle, o, 1)
        self.conv2 = Conv(middle, middle, 3, stride, 1, groups=middle)
        self.residual = residual

    def forward(self, x):
        y = self.conv3(F.gelu(self.conv2(F.gelu(self.conv1(x)))))
        return F.gelu(x + y) if self.residual else y


class TinyAttention(nn.Module):
    def __init__(self, width, heads, window):
        super().__init__()
        self.heads, self.window = heads, window
        self.norm = nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.register_buffer('attention_biases', torch.empty(1, heads, window ** 2, window ** 2))

    def _load_from_state_dict(self, tensors, prefix, *rest):
        # from [head][q, k, v] to [q, k, v][head], and biases for each pair of places
        for name in (prefix + 'qkv.weight', prefix + 'qkv.bias'):
            tensors[name] = tensors[name].unflatten(0, (self.heads, 3, -1)).transpose(0, 1).flatten(0, 2)
        place = torch.arange(self.window ** 2)
        y, x = place // self.window, place % self.window
        index = (y[:, None] - y).abs() * self.window + (x[:, None] - x).abs()
        tensors[prefix + 'attention_biases'] = tensors[prefix + 'attention_biases'][None, :, index]
        super()._load_from_state_dict(tensors, prefix, *rest)

    def forward(self, x):
        b, h, w, c = size(x)
        q, k, v = self.qkv(self.norm(x)).flatten(1, 2).chunk(3, 2)
        return self.proj(attend(q, k, v, self.heads, self.attention_biases).view(b, h, w, c))


class TinyBlock(nn.Module):
    def __init__(self, width, heads, window):
        super().__init__()
        self.attn = TinyAttention(width, heads, window)
        self.local_conv = Conv(width, width, 3, padding=1, groups=width)
        self.norm, self.mlp = nn.LayerNorm(width), MLP(width, 4 * width, width, act=F.gelu)

    def forward(self, x):
        x = x + join(self.attn(cut(x, self.attn.window)), *size(x)[1:3])
        x = self.local_conv(x)
        return x + self.mlp(self.norm(x))


class TinyVit(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch_embed = nn.ModuleDict({'seq': nn.Sequential(Conv(3, 32, 3, 2, 1), nn.GELU(),
                                                               Conv(32, 64, 3, 2, 1))})
        self.layers = nn.ModuleList()
        for width, depth, window, after, stride in ((64, 2, 0, 128, 2), (128, 2, 7, 160, 2), (160, 6, 14, 320, 1),
                                                    (320, 2, 7, None, 1)):
            block = (lambda: TinyBlock(width, width // 32, window)) if window else \
                    (lambda: Inverted(width, 4 * width, width, 1, True))
            self.layers.append(nn.ModuleDict({'blocks': nn.Sequential(*(block() for _ in range(depth)))}))
            if after:
                self.layers[-1]['downsample'] = Inverted(width, after, after, stride, False)
        self.neck = neck(320)

    def take(self, tensors):
        for name in [name for name in tensors if name.endswith('.bn.weight')]:
            bn = name.removesuffix('weight')
            conv = bn.removesuffix('bn.')
            scale = tensors.pop(name) / (tensors.pop(bn + 'running_var') + 1e-5).sqrt()
            tensors[conv + 'weight'] = tensors.pop(conv + 'c.weight') * scale[:, None, None, None]
            tensors[conv + 'bias'] = tensors.pop(bn + 'bias') - tensors.pop(bn + 'running_mean') * scale
        self.load_state_dict(renamed({name: t for name, t in tensors.items()
                                      if 'head' not in name and 'num_batches' not in name},
                                     ('mlp.norm', 'norm'), ('mlp.fc1', 'mlp.layers.0'), ('mlp.fc2', 'mlp.layers.1')))

    def forward(self, x):
        x = self.patch_embed['seq'](x.permute(0, 2, 3, 1))
        for layer in self.layers:
            x = layer['blocks'](x)
            if 'downsample' in layer:
                x = layer['downsample'](x)
        return self.neck(x)


# ---- SAM 2.1's Hiera ----------------------------------------------------------

def pooled(x):
    return F.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


class HieraAttention(nn.Module):
    def __init__(self, i, o, heads):
        super().__init__()
        self.qkv, self.proj = nn.Linear(i, 3 * o), nn.Linear(o, o)
        self.heads, self.pools = heads, i != o

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, 3)
        if self.pools:
            q = pooled(q)
        y = attend(q.flatten(1, 2), k.flatten(1, 2), v.flatten(1, 2), self.heads)
        return self.proj(y.view(size(q)))


class HieraBlock(nn.Module):
    def __init__(self, i, o, heads, window):
        super().__init__()
        self.window = window
        self.norm1, self.norm2 = nn.LayerNorm(i, 1e-6), nn.LayerNorm(o, 1e-6)
        self.attn, self.mlp = HieraAttention(i, o, heads), MLP(o, 4 * o, o, act=F.gelu)
        self.proj = nn.Linear(i, o) if i != o else None

    def forward(self, x):
        y = self.norm1(x)
        if self.proj:
            x = pooled(self.proj(y))
        y = join(self.attn(cut(y, self.window)), *size(x)[1:3]) if self.window else self.attn(y)
        x = x + y
        return x + self.mlp(self.norm2(x))


class Hiera(nn.Module):
    """The pyramid's convolutions at strides 4 and 8 are followed by nothing but the decoder's conv_s0 and conv_s1:
    their matrices are multiplied when they are loaded, as samcore does."""

    def __init__(self, width=96, heads=1, depths=(1, 2, 7, 2), windows=(8, 4, 14, 7), looking_around=(5, 7, 9)):
        super().__init__()
        self.patch_embed = nn.ModuleDict({'proj': Conv(3, width, 7, 4, 3)})
        self.register_buffer('pos_embed', torch.empty(1, 256, 256, width))
        self.blocks, self.ends = nn.ModuleList(), []
        before, window = width, windows[0]
        for stage, depth in enumerate(depths):
            o = width << stage
            for i in range(depth):
                around = len(self.blocks) in looking_around
                self.blocks.append(HieraBlock(before, o, heads << stage, 0 if around else window))
                before, window = o, windows[stage]
            self.ends.append(len(self.blocks) - 1)
        self.convs = nn.ModuleList(Conv(width << i, 256, 1) for i in (3, 2))
        self.conv_s1, self.conv_s0 = Conv(2 * width, 64, 1), Conv(width, 32, 1)
        self.no_mem_embed = nn.Parameter(torch.empty(1, 1, 256))

    def take(self, tensors):
        tensors = renamed(tensors, ('trunk.', ''), ('neck.', ''), ('.conv.', '.'))
        places = F.interpolate(tensors['pos_embed'], (256, 256), mode='bicubic')
        window = tensors.pop('pos_embed_window')
        tensors['pos_embed'] = (places + window.tile(1, 1, 32, 32)).permute(0, 2, 3, 1)
        for first, second in (('convs.2', 'conv_s1'), ('convs.3', 'conv_s0')):
            w, b = tensors.pop(first + '.weight'), tensors.pop(first + '.bias')
            outer = tensors[second + '.weight'].flatten(1)
            tensors[second + '.weight'] = (outer @ w.flatten(1))[..., None, None]
            tensors[second + '.bias'] += outer @ b
        self.load_state_dict(tensors)

    def forward(self, x):
        x = self.patch_embed['proj'](x.permute(0, 2, 3, 1)) + self.pos_embed
        stages = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in self.ends:
                stages.append(x)
        s4, s8, s16, s32 = stages
        s32 = self.convs[0](s32).view(32, 1, 32, 1, 256).expand(32, 2, 32, 2, 256).reshape(1, 64, 64, 256)
        return self.convs[1](s16) + s32 + self.no_mem_embed, self.conv_s0(s4), self.conv_s1(s8)


# ---- SAM's prompt encoder and mask decoder ------------------------------------

class TokenAttention(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(256, inner) for _ in range(3))
        self.out_proj = nn.Linear(inner, 256)

    def forward(self, q, k, v):
        return self.out_proj(attend(self.q_proj(q), self.k_proj(k), self.v_proj(v), 8))


class TwoWay(nn.Module):
    def __init__(self, first):
        super().__init__()
        self.first = first
        self.self_attn = TokenAttention(256)
        self.cross_attn_token_to_image, self.cross_attn_image_to_token = TokenAttention(128), TokenAttention(128)
        self.norm1, self.norm2, self.norm3, self.norm4 = (nn.LayerNorm(256) for _ in range(4))
        self.mlp = MLP(256, 2048, 256)

    def forward(self, tokens, places, own, positions):
        if self.first:
            tokens = self.self_attn(tokens, tokens, tokens)
        else:
            tokens = tokens + self.self_attn(tokens + own, tokens + own, tokens)
        tokens, located = self.norm1(tokens), places + positions
        tokens = self.norm2(tokens + self.cross_attn_token_to_image(tokens + own, located, places))
        tokens = self.norm3(tokens + self.mlp(tokens))
        return tokens, self.norm4(places + self.cross_attn_image_to_token(located, tokens + own, tokens))


class Click(nn.Module):
    """embedding [1, 64, 64, 256], point [1, 1, 2] on 1024 x 1024 -> logits [1, 4, 256, 256], predicted IoU [1, 4]"""

    def __init__(self):
        super().__init__()
        self.gaussian = nn.Parameter(torch.empty(2, 128))
        self.on_object, self.padding, self.no_mask = (nn.Parameter(torch.empty(1, 256)) for _ in range(3))
        self.iou_token, self.mask_tokens = nn.Embedding(1, 256), nn.Embedding(4, 256)
        self.layers = nn.ModuleList([TwoWay(True), TwoWay(False)])
        self.final_attn_token_to_image, self.norm_final_attn = TokenAttention(128), nn.LayerNorm(256)
        self.output_upscaling = nn.Sequential(Up(256, 64), nn.LayerNorm(64, 1e-6), nn.GELU(), Up(64, 32), nn.GELU())
        self.output_hypernetworks_mlps = nn.ModuleList(MLP(256, 256, 256, 32) for _ in range(4))
        self.iou_prediction_head = MLP(256, 256, 256, 4)
        self.register_buffer('positions', torch.empty(1, 4096, 256))

    def take(self, tensors):
        tensors = renamed(tensors, ('transformer.', ''), ('mlp.lin1', 'mlp.layers.0'), ('mlp.lin2', 'mlp.layers.1'))
        self.load_state_dict(tensors | {'positions': self.positions})
        place = (torch.arange(64) + 0.5) / 64
        grid = torch.stack((place.expand(64, 64), place[:, None].expand(64, 64)), 2)
        with torch.no_grad():
            self.positions.copy_(self.encode(grid).view(1, 4096, 256))

    def encode(self, xy):
        angle = (2 * xy - 1) @ self.gaussian * (2 * math.pi)
        return torch.cat((angle.sin(), angle.cos()), -1)

    def forward(self, embedding, point):
        point = self.encode((point + 0.5) / 1024) + self.on_object
        own = torch.cat((self.iou_token.weight, self.mask_tokens.weight, point[0], self.padding))[None]
        tokens, places = own, (embedding + self.no_mask).view(1, 4096, 256)
        for layer in self.layers:
            tokens, places = layer(tokens, places, own, self.positions)
        tokens = tokens + self.final_attn_token_to_image(tokens + own, places + self.positions, places)
        tokens = self.norm_final_attn(tokens)
        pixels = self.output_upscaling(places.view(1, 64, 64, 256)).view(1, 65536, 32)
        masks = torch.stack([mlp(tokens[:, 1 + i]) for i, mlp in enumerate(self.output_hypernetworks_mlps)], 1)
        return (masks @ pixels.transpose(1, 2)).view(1, 4, 256, 256), self.iou_prediction_head(tokens[:, 0])


# ---- the built-in model, which its own folder describes -------------------------

class Builtin(nn.Module):
    def __init__(self, spec):
        super().__init__()
        self.net = builtin.TinySAM(int(spec['trunk'].removeprefix('efficientnet-lite')), int(spec['embed_dim']))

    def take(self, tensors):
        self.net.load_state_dict(tensors)

    def forward(self, x):
        return tuple(y.permute(0, 2, 3, 1) for y in self.net.encode(x))


# ---- what the engines are given ---------------------------------------------------

FAMILIES = {'builtin': Builtin, 'vit_t': TinyVit, 'sam2.1_hiera_tiny': Hiera, 'vit_b': Vit}


def read(path, prefixes):
    """The file's tensors whose names begin with one of the prefixes, a dict from them to what stands instead."""
    with safe_open(path, 'pt') as f:
        tensors = {prefixes[p] + name.removeprefix(p): f.get_tensor(name).float()
                   for name in f.keys() for p in prefixes if name.startswith(p)}
        return tensors, f.metadata() or {}


def encoder(family, path):
    prefixes = {'builtin': {'': ''},
                'sam2.1_hiera_tiny': {'image_encoder.': '', 'sam_mask_decoder.conv_s': 'conv_s',
                                      'no_mem_embed': 'no_mem_embed'}}.get(family, {'image_encoder.': ''})
    tensors, spec = read(path, prefixes)
    net = Builtin(spec) if family == 'builtin' else FAMILIES[family]()
    net.take(tensors)
    for conv in net.modules():
        if isinstance(conv, nn.Conv2d):
            conv.to(memory_format=torch.channels_last)
    return net.eval()


def click(path):
    tensors, _ = read(path, {'mask_decoder.': '', 'prompt_encoder.point_embeddings.1.weight': 'on_object',
                             'prompt_encoder.not_a_point_embed.weight': 'padding',
                             'prompt_encoder.no_mask_embed.weight': 'no_mask',
                             'prompt_encoder.pe_layer.positional_encoding_gaussian_matrix': 'gaussian'})
    net = Click()
    net.take(tensors)
    return net.eval()


def picture(family, path=PICTURE):
    """The picture as the family's encoder wants it: [1, 3, side, side]"""
    image = Image.open(path).convert('RGB')
    if family.startswith('sam2'):
        x = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None] / 255
        x = F.interpolate(x, (1024, 1024), mode='bilinear', antialias=True)
        mean, std = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])
        return (x - mean[:, None, None]) / std[:, None, None]
    side = 384 if family == 'builtin' else 1024
    scale = side / max(image.size)
    image = image.resize([int(n * scale + 0.5) for n in image.size], Image.BILINEAR)
    x = (torch.from_numpy(np.array(image)) - torch.tensor(builtin.MEAN)) / torch.tensor(builtin.STD)
    return F.pad(x.permute(2, 0, 1), (0, side - image.width, 0, side - image.height))[None].contiguous()


def on_model(point, path=PICTURE):
    """A point of the picture on the 1024 x 1024 of SAM's encoders: [1, 1, 2]"""
    width, height = Image.open(path).size
    scale = 1024 / max(width, height)
    return torch.tensor([[[point[0] * int(width * scale + 0.5) / width, point[1] * int(height * scale + 0.5) / height]]])
