# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs of pictures with object masks, and the random windows made of them.

A pack is a zip of N.jpg + N.m: three little-endian uint16 (width, height, K),
then zlib-packed bit planes, K x ceil(width * height / 8) bytes, most
significant bit first.

A window is what the model sees: a part of a picture whose longer side fills
the square, placed at the top left, the rest padded with the mean colour (zero
after normalising).  Some windows get objects of other pictures pasted in, some
are drawn (shapes, strokes, letters).
"""
import io
import math
import random
import struct
import zipfile
import zlib

import cv2
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

PAD = (124, 116, 104)


class Packs:
    """heldout: None for all pictures, True for every 40th, False for the others."""

    def __init__(self, paths, heldout=None):
        self.items = []
        for p in paths:
            with zipfile.ZipFile(p) as z:
                for n in sorted(z.namelist()):
                    if n.endswith('.jpg'):
                        self.items.append((z.read(n), z.read(n[:-4] + '.m'), n))
        if heldout is not None:
            self.items = [x for i, x in enumerate(self.items) if (i % 40 == 7) == heldout]

    def __len__(self):
        return len(self.items)

    def load(self, i):
        """picture [h,w,3] u8 RGB, masks [k,h,w] u8 0/1"""
        jpeg, planes, _ = self.items[i]
        w, h, k = struct.unpack('<HHH', planes[:6])
        bits = np.frombuffer(zlib.decompress(planes[6:]), np.uint8).reshape(k, -1)
        im = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        return cv2.cvtColor(im, cv2.COLOR_BGR2RGB), np.unpackbits(bits, axis=1)[:, :w * h].reshape(k, h, w)


def thinness(m):
    """How thin a mask is: its area in discs of its largest inner radius; 1 for a disc, 13 for a stick 10 times as
    long as wide."""
    m = np.pad(m[::2, ::2], 1)
    d = cv2.distanceTransform(m, cv2.DIST_L2, 3).max()
    return m.sum() / (math.pi * max(d, 0.5) ** 2)


def fit(a, size):
    """Resize so that the longer side is `size`."""
    h, w = a.shape[:2]
    s = size / max(h, w)
    n = (max(1, round(w * s)), max(1, round(h * s)))
    return cv2.resize(a, n, interpolation=cv2.INTER_AREA if s < 1 else cv2.INTER_LINEAR)


def jitter(im, rng):
    """Light, colour, noise, softness and compression."""
    if rng.random() < 0.8:
        gain, bias, gamma = rng.uniform(0.7, 1.35), rng.uniform(-25, 25), math.exp(rng.uniform(-0.3, 0.3))
        x = np.arange(256) / 255
        lut = np.stack([np.clip((255 * x ** gamma - 127) * gain * rng.uniform(0.93, 1.07) + 127 + bias, 0, 255)
                        for _ in range(3)], -1)
        im = cv2.LUT(im, lut.astype(np.uint8)[None])
    grey = rng.random()
    if grey < 0.5:
        g = cv2.cvtColor(cv2.cvtColor(im, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        k = 0 if grey < 0.08 else rng.uniform(0.3, 1.6)
        im = cv2.addWeighted(im, k, g, 1 - k, 0)
    if rng.random() < 0.08:  # fog, dusk
        k, grey = rng.uniform(0.2, 0.5), rng.uniform(30, 225)
        im = cv2.addWeighted(im, k, np.full_like(im, grey), 1 - k, 0)
    if rng.random() < 0.12:
        im = cv2.GaussianBlur(im, (0, 0), rng.uniform(0.4, 1.6))
    if rng.random() < 0.1:
        noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(2, 14), im.shape[:2] + (1,))
        im = np.clip(im + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.1:
        im = cv2.imdecode(cv2.imencode('.jpg', im, [cv2.IMWRITE_JPEG_QUALITY, rng.randrange(25, 80)])[1], 1)
    return im


def random_colour(rng):
    if rng.random() < 0.25:
        return np.full(3, rng.choice((0, 255, rng.randrange(256))), np.float32)
    return np.array([rng.randrange(256) for _ in range(3)], np.float32)


def fill(rng, h, w):
    """A flat or gradient area [h,w,3]."""
    a = random_colour(rng)
    if rng.random() < 0.6:
        return np.broadcast_to(a, (h, w, 3))
    b, t = random_colour(rng), rng.uniform(0, 2 * math.pi)
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    g = (x / w - 0.5) * math.cos(t) + (y / h - 0.5) * math.sin(t) + 0.5
    return a + (b - a) * np.clip(g, 0, 1)[..., None]


def grow(rng, draw, x, y, angle, length, thick, depth):
    """A plant: a bent stem with branches and, at their ends, leaves or nothing."""
    p = [(x, y)]
    bend = rng.uniform(-0.25, 0.25)
    for _ in range(5):
        angle += bend + rng.uniform(-0.15, 0.15)
        x, y = x + length / 5 * math.cos(angle), y + length / 5 * math.sin(angle)
        p.append((x, y))
    draw(p, max(1, thick))
    if depth:
        for _ in range(rng.choice((1, 2, 2, 3))):
            bx, by = p[rng.randrange(2, 6)]
            grow(rng, draw, bx, by, angle + rng.uniform(-1, 1), length * rng.uniform(0.45, 0.75), round(0.7 * thick), depth - 1)


def panel(rng, size):
    """A program's window or a web page: [size,size,3] and the coverage of its parts, large ones first."""
    img = np.asarray(fill(rng, size, size)).astype(np.uint8).copy()
    parts = []
    edge = random_colour(rng)

    def box(x0, y0, x1, y1, depth):
        a = np.zeros((size, size), np.uint8)
        round_by = rng.choice((0, 0, 2, 4, 8))
        cv2.rectangle(a, (x0 + round_by, y0), (x1 - round_by, y1), 255, -1)
        cv2.rectangle(a, (x0, y0 + round_by), (x1, y1 - round_by), 255, -1)
        for cx in (x0 + round_by, x1 - round_by):
            for cy in (y0 + round_by, y1 - round_by):
                cv2.circle(a, (cx, cy), round_by, 255, -1, cv2.LINE_AA)
        img[:] = Samples.blend(img, fill(rng, size, size), a)
        if rng.random() < 0.4:
            cv2.rectangle(img, (x0, y0), (x1, y1), edge.tolist(), 1)
        parts.append(a)
        if rng.random() < 0.5:
            cv2.putText(img, rng.choice(('OK', 'Cancel', 'File', 'Open', 'Save as', '12:45', 'Search')),
                        (x0 + 4, min(y1 - 2, y0 + 16)), cv2.FONT_HERSHEY_SIMPLEX, rng.uniform(0.3, 0.7),
                        random_colour(rng).tolist(), 1, cv2.LINE_AA)
        if depth and x1 - x0 > 60 and y1 - y0 > 60:
            rows, columns = rng.randrange(1, 5), rng.randrange(1, 4)
            gap = rng.randrange(3, 10)
            w, h = (x1 - x0 - gap) // columns, (y1 - y0 - gap - 18) // rows
            for i in range(rows):
                for j in range(columns):
                    if w > gap + 20 and h > gap + 20 and rng.random() < 0.8:
                        box(x0 + gap + j * w, y0 + 18 + gap + i * h, x0 + j * w + w, y0 + 18 + i * h + h, depth - 1)

    for _ in range(rng.choice((1, 1, 2))):
        x0, y0 = rng.randrange(size // 3), rng.randrange(size // 3)
        box(x0, y0, rng.randrange(x0 + size // 3, size), rng.randrange(y0 + size // 3, size), 2)
    return img, parts


def shape(rng, size):
    """Coverage [size,size] u8 of a random drawn thing."""
    a = np.zeros((size, size), np.uint8)
    kind = rng.choice(('polygon', 'star', 'ellipse', 'ring', 'rectangle', 'stroke', 'stroke', 'branch', 'branch', 'grid', 'blob',
                       'text', 'text'))
    r = size * math.exp(rng.uniform(math.log(0.04), math.log(0.38)))
    cx, cy = rng.uniform(0.08, 0.92) * size, rng.uniform(0.08, 0.92) * size
    turn = rng.uniform(0, 360) if rng.random() < 0.6 else 0

    def draw(points, thick=None, closed=True):
        p = np.round(np.array(points, np.float64) * 16).astype(np.int32)
        if thick is None:
            cv2.fillPoly(a, [p], 255, cv2.LINE_AA, 4)
        else:
            cv2.polylines(a, [p], closed, 255, thick, cv2.LINE_AA, 4)

    def around(n, radius):
        t0 = math.radians(turn)
        return [(cx + radius(i) * math.cos(t0 + 2 * math.pi * i / n), cy + radius(i) * math.sin(t0 + 2 * math.pi * i / n))
                for i in range(n)]

    thick = max(1, round(size * math.exp(rng.uniform(math.log(0.005), math.log(0.05)))))
    if kind == 'polygon':
        n = rng.randrange(3, 8)
        draw(around(n, lambda i: r * rng.uniform(0.6, 1.2)))
    elif kind == 'star':
        n, k = 2 * rng.randrange(4, 9), rng.uniform(0.3, 0.75)
        draw(around(n, lambda i: r * (k if i % 2 else 1)))
    elif kind == 'blob':
        w = [rng.uniform(-0.3, 0.3) for _ in range(4)]
        draw(around(48, lambda i: r * (1 + sum(v * math.sin((j + 2) * 2 * math.pi * i / 48) for j, v in enumerate(w)))))
    elif kind in ('ellipse', 'ring'):
        axes = (max(1, round(r)), max(1, round(r * rng.uniform(0.35, 1))))
        cv2.ellipse(a, (round(cx), round(cy)), axes, turn, 0, 360, 255, -1 if kind == 'ellipse' else max(2, thick), cv2.LINE_AA)
    elif kind == 'rectangle':
        k = rng.uniform(0.25, 1)
        box = cv2.boxPoints(((cx, cy), (2 * r, 2 * r * k), turn if rng.random() < 0.4 else 0))
        draw(box)
    elif kind == 'stroke':
        p = [(cx, cy)]
        t = rng.uniform(0, 2 * math.pi)
        bend, step = rng.uniform(-0.35, 0.35), r / 5
        for _ in range(rng.randrange(6, 22)):
            t += bend + rng.uniform(-0.3, 0.3)
            p.append((p[-1][0] + step * math.cos(t), p[-1][1] + step * math.sin(t)))
        draw(p, max(2, thick), False)
    elif kind == 'branch':
        grow(rng, lambda p, n: draw(p, n, False), cx, cy, rng.uniform(0, 2 * math.pi), r, thick, rng.randrange(2, 5))
    elif kind == 'grid':  # a fence, a rack, spokes: mostly holes
        n, k = rng.randrange(2, 7), rng.uniform(0.4, 1)
        box = cv2.boxPoints(((cx, cy), (2 * r, 2 * r * k), turn))
        if rng.random() < 0.7:
            draw(box, thick)
        for i in range(n):
            u = (i + 0.5) / n
            draw([box[0] * (1 - u) + box[1] * u, box[3] * (1 - u) + box[2] * u], thick, False)
            if n > 4:
                draw([box[0] * (1 - u) + box[3] * u, box[1] * (1 - u) + box[2] * u], thick, False)
    else:
        text = ''.join(rng.choice('ABCDEFGHKLMNPRSTUVXYZabdeghkmnpqrstuy23456789&?') for _ in range(rng.choice((1, 1, 1, 2, 3, 5))))
        im = Image.fromarray(a)
        d = ImageDraw.Draw(im)
        font = ImageFont.load_default(max(12, 2 * r / max(1, len(text) / 2)))
        d.text((cx, cy), text, 255, font, anchor='mm', stroke_width=rng.choice((0, 0, 1, 2)))
        a = np.array(im)
    return a


class Samples(torch.utils.data.IterableDataset):
    """Yields (picture u8 [3,S,S], masks bool [K,S,S])."""

    def __init__(self, packs, size, k, seed=0, paste=0.35, drawn=0.15):
        self.packs, self.size, self.k, self.seed = packs, size, k, seed
        self.paste, self.drawn = paste, drawn
        self.least = max(40, 0.0006 * size * size)

    def __iter__(self):
        cv2.setNumThreads(0)
        info = torch.utils.data.get_worker_info()
        rng = random.Random(self.seed * 1000 + (info.id if info else 0))
        while True:
            s = self.sample(rng)
            if s is not None:
                yield s

    def window(self, rng, kmax):
        """(picture [S,S,3], height used, width used, [mask [S,S] bool])"""
        S = self.size
        im, ms = self.packs.load(rng.randrange(len(self.packs)))
        h, w = im.shape[:2]
        # Thin things are rare, and hard: they come more often than they are.
        i = rng.choices(range(len(ms)), [1 + min(3, thinness(m) / 4) for m in ms])[0]
        ys, xs = np.flatnonzero(ms[i].any(1)), np.flatnonzero(ms[i].any(0))
        if len(ys) < 3 or len(xs) < 3:
            return None
        box = (0, 0, w, h)
        if rng.random() < 0.55:  # a part of the picture around the object
            bh, bw = ys[-1] + 1 - ys[0], xs[-1] + 1 - xs[0]
            side = max(48, max(bw, bh) / math.exp(rng.uniform(math.log(0.15), math.log(1.2))))
            aspect = math.exp(rng.uniform(-0.35, 0.35))
            sw, sh = min(w, side * aspect), min(h, side / aspect)
            x = (xs[0] + xs[-1] + 1) / 2 - sw / 2 + rng.uniform(-0.5, 0.5) * max(sw - bw, 0.3 * bw)
            y = (ys[0] + ys[-1] + 1) / 2 - sh / 2 + rng.uniform(-0.5, 0.5) * max(sh - bh, 0.3 * bh)
            x, y = int(min(max(x, 0), w - sw)), int(min(max(y, 0), h - sh))
            box = (x, y, min(w, x + max(8, int(sw))), min(h, y + max(8, int(sh))))
        x0, y0, x1, y1 = box
        flip, turn = rng.random() < 0.5, rng.choice((1, 2, 3)) if rng.random() < 0.12 else 0

        def cut(a):
            a = a[y0:y1, x0:x1]
            if flip:
                a = a[:, ::-1]
            return np.ascontiguousarray(np.rot90(a, turn))

        part = fit(cut(im), S)
        hh, ww = part.shape[:2]
        out = np.empty((S, S, 3), np.uint8)
        out[:] = PAD
        out[:hh, :ww] = part
        masks = []
        for j in [i] + rng.sample([j for j in range(len(ms)) if j != i], min(len(ms) - 1, kmax + 2)):
            if ms[j][y0:y1, x0:x1].sum() < 12:
                continue
            m = np.zeros((S, S), bool)
            m[:hh, :ww] = fit(cut(ms[j]) * 255, S) > 127
            if self.least <= m.sum() <= 0.92 * S * S:
                masks.append(m)
            if len(masks) == kmax:
                break
        return (out, hh, ww, masks) if masks else None

    @staticmethod
    def blend(img, src, alpha):
        a = alpha[..., None].astype(np.float32) / 255
        return (img * (1 - a) + src * a).astype(np.uint8)

    def put(self, rng, img, hh, ww, src, m, scale=None, turn=30):
        """Pastes the object m of src over img at a random place and size."""
        ys, xs = np.flatnonzero(m.any(1)), np.flatnonzero(m.any(0))
        box = np.s_[ys[0]:ys[-1] + 1, xs[0]:xs[-1] + 1]
        o, om = src[box], m[box].astype(np.uint8) * 255
        n = max(om.shape)
        if scale is None:
            scale = max(hh, ww) * math.exp(rng.uniform(math.log(0.1), math.log(0.75))) / n
        angle = rng.uniform(-turn, turn) if turn > 30 or rng.random() < 0.4 else 0
        t = cv2.getRotationMatrix2D((om.shape[1] / 2, om.shape[0] / 2), angle, scale)
        t[:, 2] += (rng.uniform(0.05, 0.95) * ww - om.shape[1] / 2, rng.uniform(0.05, 0.95) * hh - om.shape[0] / 2)
        S = self.size
        if scale < 0.6:  # warping alone would skip pixels
            o = cv2.GaussianBlur(o, (0, 0), 0.35 / scale)
        a = cv2.warpAffine(om, t, (S, S), flags=cv2.INTER_LINEAR)
        o = cv2.warpAffine(o, t, (S, S), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        a[hh:], a[:, ww:] = 0, 0
        hard = a > 127
        if not self.least <= hard.sum() <= 0.6 * S * S:
            return img, None
        if rng.random() < 0.35:
            img = self.beside(rng, img, o, a, hh, ww)
        soft = cv2.GaussianBlur(a, (0, 0), rng.choice((0.5, 0.7, 1.0, 2.0)))
        soft[hh:], soft[:, ww:] = 0, 0
        return self.blend(img, o, soft), hard

    def beside(self, rng, img, o, a, hh, ww):
        """The shadow or the reflection of what is about to be pasted: no part of the object."""
        S = self.size
        foot = np.flatnonzero(a.any(1))[-1]
        if rng.random() < 0.3:  # in water or on a table: upside down below it
            t = np.float32([[1, rng.uniform(-0.1, 0.1), 0], [0, -rng.uniform(0.6, 1), 0]])
            t[1, 2] = foot - t[1, 1] * foot
            strength = rng.uniform(0.2, 0.6)
            src = cv2.warpAffine(o, t, (S, S))
        else:  # on the ground, leaning away from the light
            t = np.float32([[1, rng.uniform(-1.2, 1.2), 0], [0, rng.choice((1, 1, -1)) * rng.uniform(0.2, 1), 0]])
            t[0, 2], t[1, 2] = -t[0, 1] * foot, foot - t[1, 1] * foot
            strength = rng.uniform(0.3, 0.8)
            src = np.zeros_like(img)
        m = cv2.GaussianBlur(cv2.warpAffine(a, t, (S, S)), (0, 0), rng.uniform(0.5, 4)).astype(np.float32) * strength
        m[hh:], m[:, ww:] = 0, 0
        return self.blend(img, src, m)

    def compose(self, rng, img, hh, ww, masks):
        """Objects of other pictures, or copies of this one's, over the window."""
        if rng.random() < 0.12:  # cut-outs on a plain ground
            keep = np.any(masks, 0)
            g = np.asarray(fill(rng, self.size, self.size), np.float32)
            out = self.blend(g, img.astype(np.float32), cv2.GaussianBlur(keep.astype(np.uint8) * 255, (0, 0), 0.7))
            img[:hh, :ww] = out[:hh, :ww]
        if rng.random() < 0.25:
            return self.heap(rng, img, hh, ww, masks)
        for _ in range(rng.choice((1, 1, 2, 3))):
            if rng.random() < 0.2:
                src, m, scale = img, rng.choice(masks), rng.uniform(0.6, 1.2)
            else:
                q = self.window(rng, 1)
                if q is None or not 0.002 < q[3][0].mean() < 0.5:
                    continue
                src, m, scale = q[0], q[3][0], None
            img, new = self.put(rng, img, hh, ww, src, m, scale)
            if new is not None:
                masks = [new] + [x for x in (a & ~new for a in masks) if x.sum() >= self.least]
        rng.shuffle(masks)
        return img, masks

    def heap(self, rng, img, hh, ww, masks):
        """Many of the same thing, beside and over each other: a click means one of them."""
        q = self.window(rng, 1)
        src, m = (img, masks[0]) if q is None else (q[0], q[3][0])
        n = max(np.flatnonzero(m.any(0)).size, np.flatnonzero(m.any(1)).size)
        side, light = max(hh, ww) * math.exp(rng.uniform(math.log(0.1), math.log(0.35))), rng.uniform(0, 0.3)
        put = []
        for _ in range(rng.randrange(4, 15)):
            one = np.clip(src * (1 + rng.uniform(-light, light)), 0, 255).astype(np.uint8)
            img, new = self.put(rng, img, hh, ww, one, m, side * rng.uniform(0.8, 1.2) / n, 180)
            if new is not None:
                put = [a & ~new for a in put] + [new]
        put = [a for a in put if a.sum() >= self.least]
        rng.shuffle(put)
        if len(put) > 1 and rng.random() < 0.2:  # or all of them
            put.insert(0, np.any(put, 0))
        return img, put or [a for a in masks if a.sum() >= self.least]

    def draw(self, rng):
        """Shapes, strokes and letters on a plain ground or on a photo."""
        S = self.size
        if rng.random() < 0.15:
            img, masks = panel(rng, S)
            masks = [m for m in (a > 127 for a in masks) if m.sum() >= self.least]
            rng.shuffle(masks)
            return img, masks
        q = self.window(rng, 1) if rng.random() < 0.5 else None
        texture = self.window(rng, 1) if rng.random() < 0.4 else None
        img = np.asarray(fill(rng, S, S)).astype(np.uint8) if q is None else q[0]
        masks = []
        for _ in range(rng.randrange(2, 8)):
            a = shape(rng, S)
            hard = a > 127
            if hard.sum() < self.least:
                continue
            if rng.random() < 0.15:
                a = cv2.GaussianBlur(a, (0, 0), rng.uniform(0.5, 2.5))
            src = fill(rng, S, S)
            if texture is not None and rng.random() < 0.7:
                src = np.clip(texture[0] * rng.uniform(0.4, 1.4), 0, 255)
            if rng.random() < 0.3:  # outlined
                img = self.blend(img, random_colour(rng), a)
                k = 2 * rng.randrange(1, 3) + 1
                a = cv2.erode(a, np.ones((k, k), np.uint8))
            img = self.blend(img, src, a)
            masks = [m & ~hard for m in masks] + [hard]
        masks = [m for m in masks if m.sum() >= self.least]
        rng.shuffle(masks)
        return img, masks

    def sample(self, rng):
        if rng.random() < self.drawn:
            img, masks = self.draw(rng)
            hh = ww = self.size
        else:
            q = self.window(rng, self.k)
            if q is None:
                return None
            img, hh, ww, masks = q
            if rng.random() < self.paste:
                img, masks = self.compose(rng, img, hh, ww, masks)
        if not masks:
            return None
        masks = masks[:self.k]
        while len(masks) < self.k:
            masks.append(rng.choice(masks))
        img = jitter(img, rng)
        img[hh:], img[:, ww:] = PAD, PAD
        return torch.from_numpy(img).permute(2, 0, 1).contiguous(), torch.from_numpy(np.stack(masks))
