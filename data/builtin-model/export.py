#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports a checkpoint's averaged weights, and reference outputs computed from the rounded weights.

usage: export.py CHECKPOINT... OUT.safetensors IMAGE_SIZE [GOLDEN.safetensors PICTURE]

Weights are rounded to fp16.  Of several checkpoints the mean is exported.  The golden file holds what the core's tests compare with:
the resized picture, samples of the encoder's stages, the embedding, and five
prompts' logits, predicted IoUs and areas.
"""
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file

from evaluate import load, preprocess
from model import CORNER_0, CORNER_1, MEAN, OFF, ON, PADDING, STD, TinySAM


def average(paths):
    """The network of the checkpoints' mean averaged weights, its settings, and the windows seen."""
    cks = [torch.load(p, map_location='cpu') for p in paths]
    mean = {k: sum(c['ema'][k].double() for c in cks).div(len(cks)).to(v.dtype) for k, v in cks[0]['ema'].items()}
    net = TinySAM(**cks[0]['cfg'])
    net.load_state_dict(mean)
    return net.eval(), cks[0]['cfg'], max(c['seen'] for c in cks)


@torch.no_grad()
def golden(net, path, picture, size):
    im = np.array(Image.open(picture).convert('RGB'))
    h, w = im.shape[:2]
    x, nw, nh, u8 = preprocess(im, size)
    g = {'image.size': torch.tensor([h, w]), 'pre.resized_u8': torch.from_numpy(u8.copy())}
    encoder = net.image_encoder
    y = g['enc.stem'] = encoder.trunk.stem(x * encoder.scale + encoder.shift)
    for i, block in enumerate(encoder.trunk.blocks):
        y = g[f'enc.blocks.{i}'] = block(y)
    g.update({k: v.flatten()[::7919] for k, v in g.items() if k.startswith('enc.')})
    feats = net.encode(x)
    g['emb'], g['emb.high_res0'], g['emb.high_res1'] = feats[0], feats[1].flatten()[::13], feats[2].flatten()[::13]
    g['image_pe'] = net.prompt_encoder.pe_layer.grid(*feats[0].shape[-2:])
    previous = None
    cases = (('p0', [(.5, .55, ON)], None, False), ('p1', [(.5, .55, ON), (.1, .1, OFF)], None, False),
             ('p2', [], (.2, .2, .8, .9), False), ('p3', [(.5, .5, ON), (.85, .2, OFF)], (.15, .15, .9, .95), False),
             ('p4', [(.5, .55, ON), (.3, .8, ON)], None, True))
    for name, points, box, use_previous in cases:
        tokens = list(points)
        if box:
            tokens += [(*box[:2], CORNER_0), (*box[2:], CORNER_1)]
        p = torch.tensor([[x * w * (nw / w), y * h * (nh / h)] for x, y, _ in tokens])
        lab = torch.tensor([t[2] for t in tokens])
        if not box:
            p, lab = torch.cat([p, torch.zeros(1, 2)]), torch.cat([lab, torch.tensor([PADDING])])
        mask = (previous, torch.ones(1, dtype=torch.bool)) if use_previous else None
        lg, said = net.decode(feats, p[None], lab[None], mask)
        if name == 'p0':
            best = said[0, 1:].argmax() + 1
            previous, g['p0.best'] = lg[:, best:best + 1], best
        up = F.interpolate(lg, (size, size), mode='bilinear', align_corners=False)[..., :nh, :nw]
        up = F.interpolate(up, (h, w), mode='bilinear', align_corners=False)
        area = (up[0] > 0).sum((1, 2))
        g.update({f'{name}.points_model': p, f'{name}.labels': lab, f'{name}.logits': lg[0], f'{name}.iou': said[0],
                  f'{name}.area': area})
        print(name, [round(v, 3) for v in said[0].tolist()], area.tolist())
    save_file({k: v.contiguous() for k, v in g.items()}, path, metadata=dict(
        picture=os.path.basename(picture),
        note='samples: every 7919th (encoder stages) or 13th (high_res) element, row-major [1,C,H,W]; points in model '
             'pixels, sparse token order: points, box corners, padding (-1)'))


def main():
    args = sys.argv[1:]
    n = next(i for i, a in enumerate(args) if a.endswith('.safetensors'))
    out, size = args[n], int(args[n + 1])
    net, cfg, seen = average(args[:n])
    state = {k: v.half().contiguous() for k, v in net.state_dict().items()}
    join = lambda v: ','.join(map(str, v))
    save_file(state, out, metadata=dict(
        format='segment-anything', name='builtin', family='builtin', trunk=f"efficientnet-lite{cfg['version']}",
        image_size=str(size), embed_dim=str(cfg['d']), heads='8', decoder_depth='2', mean=join(MEAN), std=join(STD),
        high_res_features='1', mask_tokens='4',
        resize='longest-side-bilinear-antialias', pad='bottom-right-zero', licence='Apache-2.0', seen=str(seen)))
    print(out, len(state), 'tensors,', sum(v.numel() for v in state.values()), 'parameters,', seen, 'windows')
    if len(args) > n + 2:
        golden(load(out), args[n + 2], args[n + 3], size)


if __name__ == '__main__':
    main()
