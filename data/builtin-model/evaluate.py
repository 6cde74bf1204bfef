#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quick evaluation in PyTorch, for choosing while training; `samcore evaluate` is the yardstick.

usage: evaluate.py WEIGHTS SIZE FOLDER...    exported (.safetensors) or a checkpoint (.pt, its averaged weights)

Folders hold NAME.jpg|png with NAME_k.png (0/255, one per object) and perhaps
NAME_ignore.png.  Prompts: one click at the innermost pixel, then clicks at the
innermost pixel of the largest error, and the tight box.
"""
import glob
import os
import sys

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from model import CORNER_0, CORNER_1, MEAN, OFF, ON, PADDING, STD, TinySAM

KEYS = ('click1', 'click1_oracle', 'click3', 'click5', 'box')


def read_safetensors(path):
    """state (float32), network settings, metadata"""
    from safetensors import safe_open
    with safe_open(path, 'pt') as f:
        state, meta = {k: f.get_tensor(k).float() for k in f.keys()}, f.metadata()
    cfg = dict(version=int(meta['trunk'].removeprefix('efficientnet-lite')), d=int(meta['embed_dim']),
               mlp=state['mask_decoder.transformer.layers.0.mlp.lin1.weight'].shape[0])
    return state, cfg, meta


def load(path):
    """A network from exported weights or from a checkpoint (its averaged weights)."""
    if path.endswith('.safetensors'):
        state, cfg, _ = read_safetensors(path)
    else:
        ck = torch.load(path, map_location='cpu')
        state, cfg = ck['ema'], ck['cfg']
    net = TinySAM(**cfg)
    net.load_state_dict(state)
    return net.eval()


def preprocess(picture, size):
    """u8 [h,w,3] -> [1,3,size,size], and the size within it"""
    h, w = picture.shape[:2]
    s = size / max(w, h)
    nw, nh = int(w * s + 0.5), int(h * s + 0.5)
    u8 = np.array(Image.fromarray(picture).resize((nw, nh), Image.BILINEAR))
    x = (torch.from_numpy(u8).permute(2, 0, 1).float() - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    return F.pad(x, (0, size - nw, 0, size - nh))[None], nw, nh, u8


def distance(m):
    return cv2.distanceTransform(np.pad(m, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]


def innermost(m):
    d = distance(m)
    i = int(d.argmax())
    return [i % m.shape[1] + 0.0, i // m.shape[1] + 0.0], float(d.max())


def iou(a, b, valid):
    u = ((a | b) & valid).sum()
    return (a & b & valid).sum() / u if u else 1.0


@torch.no_grad()
def picture_scores(net, picture, truths, ignore, size):
    """One dict per true mask, and (predicted, true) IoUs of all candidates of the first click."""
    h, w = picture.shape[:2]
    dev = next(net.parameters()).device
    x, nw, nh, _ = preprocess(picture, size)
    feats = net.encode(x.to(dev))
    scale = torch.tensor([nw / w, nh / h], device=dev)
    valid = np.ones((h, w), bool) if ignore is None else ~ignore
    n = len(truths)
    feats_n = [f.expand(n, -1, -1, -1) for f in feats]

    def decode(points, labels, prev=None):
        """points [n][k][2] picture pixels -> logits at model size, predicted IoUs, masks at picture size"""
        p = torch.tensor(points, dtype=torch.float32, device=dev) * scale
        lab = torch.tensor(labels, device=dev)
        if CORNER_0 not in labels[0]:
            p = torch.cat([p, torch.zeros(n, 1, 2, device=dev)], 1)
            lab = torch.cat([lab, torch.full((n, 1), PADDING, device=dev)], 1)
        m = None if prev is None else (prev, torch.ones(n, dtype=torch.bool, device=dev))
        return net.decode(feats_n, p, lab, m)

    def masks(lg):
        up = F.interpolate(lg, (size, size), mode='bilinear', align_corners=False)[..., :nh, :nw]
        return (F.interpolate(up, (h, w), mode='bilinear', align_corners=False) > 0).cpu().numpy()

    out = [{} for _ in truths]
    points = [[innermost(t)[0]] for t in truths]
    labels = [[ON] for _ in truths]
    lg, said = decode(points, labels)
    up, said = masks(lg), said.cpu().numpy()
    best = said[:, 1:].argmax(1) + 1
    ranks = []
    for i, t in enumerate(truths):
        each = [iou(up[i, j], t, valid) for j in range(4)]
        out[i]['click1'], out[i]['click1_oracle'] = each[best[i]], max(each[1:])
        ranks += [(said[i, j], each[j]) for j in range(1, 4)]
    rows = torch.arange(n)
    prev, cur = lg[rows, best][:, None], up[np.arange(n), best]
    for k in range(2, 6):
        for i, t in enumerate(truths):
            (pn, dn), (pp, dp) = innermost(t & ~cur[i] & valid), innermost(cur[i] & ~t & valid)
            points[i].append(pn if dn >= dp else pp)
            labels[i].append(ON if dn >= dp else OFF)
        lg, _ = decode(points, labels, prev)
        prev, cur = lg[:, :1], masks(lg[:, :1])[:, 0]
        if k in (3, 5):
            for i, t in enumerate(truths):
                out[i][f'click{k}'] = iou(cur[i], t, valid)
    boxes = []
    for t in truths:
        ys, xs = np.flatnonzero(t.any(1)), np.flatnonzero(t.any(0))
        boxes.append([[xs[0], ys[0]], [xs[-1] + 1, ys[-1] + 1]])
    up = masks(decode(boxes, [[CORNER_0, CORNER_1]] * n)[0][:, :1])[:, 0]
    for i, t in enumerate(truths):
        out[i]['box'] = iou(up[i], t, valid)
    return out, ranks


def rank_correlation(pairs):
    """Spearman's, by ranks (ties broken by order)."""
    a = np.array(pairs)
    r = a.argsort(0).argsort(0).astype(float)
    return np.corrcoef(r[:, 0], r[:, 1])[0, 1]


def summary(scores, ranks):
    r = {k: np.mean([s[k] for s in scores]) for k in KEYS}
    r['rank'] = rank_correlation(ranks)
    return r


def heldout(net, packs, size, most=2, pictures=60):
    """The means over held-out pictures of training packs."""
    scores, ranks = [], []
    for i in range(0, len(packs), max(1, len(packs) // pictures)):
        picture, ms = packs.load(i)
        truths = [m > 0 for m in ms if m.sum() >= 150][:most]
        if truths:
            s, r = picture_scores(net, picture, truths, None, size)
            scores += s
            ranks += r
    return summary(scores, ranks)


def folder(net, d, size, most=6):
    scores, ranks = [], []
    for f in sorted(glob.glob(d + '/*.jpg') + glob.glob(d + '/*.png')):
        base = os.path.splitext(f)[0]
        files = sorted(glob.glob(glob.escape(base) + '_[0-9]*.png'))[:most]
        # NAME_k.png of an other picture is no picture: it has no masks of its own.
        truths = [np.array(Image.open(m).convert('L')) > 127 for m in files]
        truths = [t for t in truths if t.sum() >= 50]
        if not truths:
            continue
        ig = base + '_ignore.png'
        ig = np.array(Image.open(ig).convert('L')) > 127 if os.path.exists(ig) else None
        s, r = picture_scores(net, np.array(Image.open(f).convert('RGB')), truths, ig, size)
        scores += s
        ranks += r
    return scores, ranks


def main():
    net, size = load(sys.argv[1]), int(sys.argv[2])
    line = lambda r: ' '.join(f'{k} {r[k]:.3f}' for k in KEYS + ('rank',))
    sets = []
    for d in sys.argv[3:]:
        s, r = folder(net, d, size)
        sets.append(summary(s, r))
        print(f'{os.path.basename(d.rstrip("/")):10s} n={len(s):4d} {line(sets[-1])}', flush=True)
    print('mean of sets      ' + line({k: np.mean([s[k] for s in sets]) for k in KEYS + ('rank',)}))


if __name__ == '__main__':
    main()
