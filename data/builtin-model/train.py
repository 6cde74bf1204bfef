#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains the built-in model: bounded by time, resumable at any moment.

Each step: encode a batch of windows once; for K objects of each, simulate a
first prompt (point, box, scribble, mask), then corrections where the answer is
most wrong.  Losses: focal + dice of the masks, the border and thin parts counting more;
squared error of the predicted IoUs, and their order among a click's candidates.  What is exported is the moving average of the weights.

The learning rate follows a cosine over training time, not steps; time spent is
kept in the checkpoint, so an interruption loses at most --save-every minutes.
"""
import argparse
import concurrent.futures
import datetime
import glob
import json
import math
import os
import signal
import sys
import threading
import time

import cv2
import numpy as np
import torch
import torch.nn.functional as F

import evaluate
from data import Packs, Samples
from model import CORNER_0, CORNER_1, MEAN, OFF, ON, PADDING, STD, UNUSED, TinySAM

N_SCRIBBLE, N_CORRECTIONS = 5, 4
# Slots: the first point, more points of a scribble, a box, the padding token, corrections.
BOX = N_SCRIBBLE
PAD = BOX + 2
FIRST = PAD + 1
SLOTS = FIRST + N_CORRECTIONS


def arguments():
    ap = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    ap.add_argument('--packs', nargs='+', required=True, help='zip files or patterns')
    ap.add_argument('--out', default='checkpoint.pt')
    ap.add_argument('--init', help='start from exported weights (safetensors)')
    ap.add_argument('--trunk', help="a published trunk's file (.pth) to start its part from")
    ap.add_argument('--version', type=int, default=2, help='of the trunk: EfficientNet-Lite0, 1 or 2')
    ap.add_argument('--d', type=int, default=128)
    ap.add_argument('--mlp', type=int, default=512)
    ap.add_argument('--size', type=int, default=256, help='window, pixels')
    ap.add_argument('--batch', type=int, default=16, help='windows per step')
    ap.add_argument('--large-size', type=int, default=384, help='window in the last part')
    ap.add_argument('--large-batch', type=int, default=10)
    ap.add_argument('--large-from', type=float, default=0.85, help='part of the schedule at which it begins')
    ap.add_argument('--k', type=int, default=3, help='objects per window')
    ap.add_argument('--lr', type=float, default=6e-4)
    ap.add_argument('--trunk-lr', type=float, default=0.3, help="the trunk's rate, as a part of --lr")
    ap.add_argument('--ema', type=float, default=0.998)
    ap.add_argument('--minutes', type=float, default=1e9, help='stop this piece after so long')
    ap.add_argument('--total', type=float, default=60, help='minutes of the whole schedule')
    ap.add_argument('--until', help='HH:MM (UTC) at which the schedule ends, instead of --total')
    ap.add_argument('--workers', type=int, default=1, help='processes that make windows')
    ap.add_argument('--threads', type=int, default=os.cpu_count(), help='on a CPU: parts of a batch computed at once')
    ap.add_argument('--part', type=int, default=8, help='on a CPU: windows per part')
    ap.add_argument('--save-every', type=float, default=2.0, help='minutes')
    ap.add_argument('--check-every', type=float, default=15.0, help='minutes between checks on held-out pictures')
    return ap.parse_args()


def inward(m):
    """The distance to the mask's border: [B,H,W] 0/1 -> [B,H,W].

    On the CPU even when training on a GPU: 0.1 ms a mask, and the clicks are
    exactly those of the evaluation."""
    planes = np.pad(m.to(torch.uint8).cpu().numpy(), ((0, 0), (1, 1), (1, 1)))
    d = np.stack([cv2.distanceTransform(x, cv2.DIST_L2, 5)[1:-1, 1:-1] for x in planes])
    return torch.from_numpy(d).to(m.device)


def pick(weights):
    """One cell per row from non-negative weights [B,H,W] -> x, y [B,2]"""
    w = weights.shape[-1]
    i = torch.multinomial(weights.flatten(1) + 1e-9, 1)[:, 0]
    return torch.stack([i % w, i // w], -1)


def pick_point(dist, middle):
    """A cell of the area that dist was made of: its middle with probability `middle`, else anywhere."""
    deep = (dist >= dist.flatten(1).amax(1)[:, None, None] - 0.5).float() * (dist > 0)
    u = torch.rand(len(dist), 1, 1, device=dist.device)
    return pick(torch.where(u < middle, deep, torch.where(u < (1 + middle) / 2, dist, (dist > 0).float())))


def spoiled(m):
    """Masks as a person or an earlier answer has them: [B,1,h,w] soft -> 0..1"""
    b, _, s, _ = m.shape
    dev = m.device
    other = m.roll(1, 0)
    g = F.interpolate(torch.rand(b, 1, 5, 5, device=dev), (s, s), mode='bilinear', align_corners=True)
    variants = torch.stack([
        m, F.max_pool2d(m, 5, 1, 2), -F.max_pool2d(-m, 5, 1, 2), F.max_pool2d(m, 11, 1, 5),
        F.interpolate(F.avg_pool2d(m, 8), (s, s), mode='bilinear', align_corners=False),
        m.roll((s // 24, -s // 32), (2, 3)), m * (g > 0.45), torch.maximum(m, other * (g > 0.5))])
    return variants[torch.randint(len(variants), (b,), device=dev), torch.arange(b, device=dev)]


def border(target):
    """What each place counts: 1, near the border and in parts as thin as it 4, mean 1   [B,1,h,w] -> the same"""
    near = F.max_pool2d(target, 3, 1, 1) + F.max_pool2d(-target, 3, 1, 1)
    w = 1 + 3 * near
    return w / w.mean((2, 3), keepdim=True)


def losses(logits, target):
    """logits [B,N,h,w], target [B,1,h,w] soft -> loss [B,N], IoU [B,N]"""
    t = target.expand_as(logits)
    p = torch.sigmoid(logits)
    cross = F.binary_cross_entropy_with_logits(logits, t, reduction='none')
    miss = p + t - 2 * p * t
    focal = (border(target) * miss * miss * cross).mean((2, 3))
    both, sums = (p * t).sum((2, 3)), p.sum((2, 3)) + t.sum((2, 3))
    with torch.no_grad():
        a, b = logits > 0, t > 0.5
        inter = (a & b).sum((2, 3)).float()
        iou = inter / ((a | b).sum((2, 3)) + 1e-6)
    return 10 * focal + 1 - (2 * both + 1) / (sums + 1), iou


def order(said, iou):
    """Candidates in the wrong order, by how much it matters: predicted and true IoUs [B,N] -> [B]"""
    s = torch.logit(said, 1e-4)
    better = (iou[:, :, None] - iou[:, None, :]).clamp(min=0)
    return (better * F.softplus(-(s[:, :, None] - s[:, None, :]))).sum((1, 2)) / (better.sum((1, 2)) + 0.1)


class Prompts:
    """The prompts of R objects, as slots filled over the rounds."""

    def __init__(self, full, target, generator_device):
        self.dev, self.target = generator_device, target
        self.full = full
        R, S = full.shape[0], full.shape[-1]
        self.R, self.S = R, S
        rand = lambda *n: torch.rand(*n, device=self.dev)
        self.pts = torch.zeros(R, SLOTS, 2, device=self.dev)
        self.lab = torch.full((R, SLOTS), UNUSED, device=self.dev)
        kind = rand(R)
        self.lone = kind < 0.5                       # one point
        scribble = (kind >= 0.5) & (kind < 0.58)     # several points along the inside
        boxed = kind >= 0.58
        both = (kind >= 0.86) & (kind < 0.93)        # a box and a point
        with_mask = (kind >= 0.93) | (scribble & (rand(R) < 0.2))
        point_and_mask = kind >= 0.965
        boxed &= ~point_and_mask

        hard = target[:, 0] > 0.5
        hard |= (target[:, 0] > 0) & ~hard.flatten(1).any(1)[:, None, None]
        dist = inward(hard)
        point = self.place(pick_point(dist, 0.5))
        # Now and then a click misses a little.
        missed = rand(R) < 0.04
        point = torch.where(missed[:, None], point + torch.randn(R, 2, device=self.dev) * S * 0.012, point).clamp(0, S - 1)
        self.set(0, point, torch.where(self.lone | scribble | both | point_and_mask, ON, UNUSED))
        for i in range(1, N_SCRIBBLE):
            self.set(i, self.place(pick_point(dist, 0)), torch.where(scribble & (rand(R) < 0.8), ON, UNUSED))
        tl, br = self.box()
        self.set(BOX, tl, torch.where(boxed, CORNER_0, UNUSED))
        self.set(BOX + 1, br, torch.where(boxed, CORNER_1, UNUSED))
        self.set(PAD, torch.zeros(R, 2, device=self.dev), torch.where(boxed, UNUSED, PADDING))
        strength = 2 + 14 * rand(R, 1, 1, 1)
        self.mask = ((2 * spoiled(target) - 1) * strength, with_mask)

    def set(self, slot, pts, lab):
        self.pts[:, slot] = pts
        self.lab[:, slot] = lab.long()

    def place(self, cell):
        """A random place inside a cell of the 4-pixel grid."""
        return cell * 4 + torch.rand(self.R, 2, device=self.dev) * 4

    def box(self):
        """Boxes as people draw them: a third tight, the others 0 to 20 % too wide, or a little too narrow, a side."""
        R, S = self.R, self.S
        rand = lambda: torch.rand(R, device=self.dev)
        tight, corners = rand() < 0.35, []
        sides = []
        for axis in (1, 2):  # x, then y
            on = self.full[:, 0].amax(axis) > 0
            i = torch.arange(S, device=self.dev).expand(R, S)
            sides.append((torch.where(on, i, S).amin(1).float(), torch.where(on, i, -1).amax(1).float() + 1))
        loose = 0.2 * rand()
        for out in (-1, 1):
            xy = []
            for lo, hi in sides:
                n = hi - lo
                off = torch.where(tight, 0.5 * torch.randn(R, device=self.dev), (loose * rand() - 0.03 * rand()) * n)
                xy.append((hi if out > 0 else lo) + out * off)
            corners.append(torch.stack(xy, -1).clamp(0, S))
        return corners

    def columns(self, last):
        """Points and labels without the slots that nobody uses yet."""
        return self.pts[:, :last], self.lab[:, :last]

    def correct(self, slot, logits, keep=0.88, again=0.0):
        """Adds a click where `logits` [R,1,h,w] are most wrong, and passes them on as the mask prompt.

        A part `again` of the rows gets no click, but only the mask, coarser: that is what a closer look is told."""
        answer, truth = logits[:, 0] > 0, self.target[:, 0] > 0.5
        R = self.R
        d = inward(torch.cat([truth & ~answer, answer & ~truth]))
        d_on, d_off = d[:R], d[R:]
        depth_on, depth_off = d_on.flatten(1).amax(1), d_off.flatten(1).amax(1)
        on = depth_on >= depth_off
        swap = torch.rand(R, device=self.dev) < 0.12  # sometimes not the worst place first
        on = torch.where(swap & (depth_on > 0) & (depth_off > 0), ~on, on)
        cell = pick_point(torch.where(on[:, None, None], d_on, d_off), 0.65)
        wrong = torch.maximum(depth_on, depth_off) > 0
        again = torch.rand(R, device=self.dev) < again
        self.set(slot, self.place(cell), torch.where(wrong & ~again, torch.where(on, ON, OFF), UNUSED))
        coarse = F.interpolate(F.avg_pool2d(logits, 2 if torch.rand(()) < 0.5 else 4), logits.shape[-2:],
                               mode='bilinear', align_corners=False).clamp(-10, 10)
        logits = torch.where((again & (torch.rand(R, device=self.dev) < 0.75))[:, None, None, None], coarse, logits)
        self.mask = (logits.clamp(-24, 24), again | (torch.rand(R, device=self.dev) < keep))


def step_loss(net, x, masks, amp, log):
    B, K, S, _ = masks.shape
    dev = x.device
    with torch.autocast(dev.type, dtype=torch.bfloat16):
        feats = net.encode(x)
    # On a CPU the small decoder is no slower in float32.
    feats = [(f if amp else f.float()).repeat_interleave(K, 0) for f in feats]
    full = masks.reshape(B * K, 1, S, S)
    target = F.avg_pool2d(full, 4)
    with torch.no_grad():
        p = Prompts(full, target, dev)

    def answer(last):
        with torch.autocast(dev.type, dtype=torch.bfloat16, enabled=amp):
            lg, iou = net.decode(feats, *p.columns(last), p.mask)
        return lg.float(), iou.float()

    lg, said = answer(FIRST)
    each, iou = losses(lg, target)
    lone = p.lone.float()
    best, which = each[:, 1:].min(1)
    total = (lone * (best + 0.05 * each[:, 1:].mean(1) + 0.4 * each[:, 0]) + (1 - lone) * each[:, 0]).mean()
    total = total + 2 * F.mse_loss(said, iou) + 0.3 * (lone * order(said[:, 1:], iou[:, 1:])).mean()
    with torch.no_grad():
        scored = said[:, 1:].argmax(1)
        chosen = torch.where(p.lone, torch.where(torch.rand(len(which), device=dev) < 0.7, scored, which) + 1, 0)
        log('click', iou.gather(1, 1 + scored[:, None])[p.lone])
        log('oracle', iou.gather(1, 1 + which[:, None])[p.lone])
        log('box', iou[p.lab[:, BOX] == CORNER_0, 0])
        # Some unobserved corrections, so that later clicks are trained at the price of one.
        unseen = int(torch.multinomial(torch.tensor([0.5, 0.2, 0.15, 0.15]), 1))
        cur = lg.gather(1, chosen[:, None, None, None].expand(-1, 1, *lg.shape[-2:]))
        for r in range(unseen):
            p.correct(FIRST + r, cur)
            cur = answer(FIRST + r + 1)[0][:, :1]
        p.correct(FIRST + unseen, cur, again=0.25)
    lg, said = answer(FIRST + unseen + 1)
    each, iou = losses(lg, target)
    log(f'+{unseen + 1}', iou[:, 0])
    return total + each[:, 0].mean() + F.mse_loss(said[:, 0], iou[:, 0]) + 0.3 * F.mse_loss(said[:, 1:], iou[:, 1:])


class Parts:
    """The gradient of a batch, computed in parts by threads that take the next part when free.

    Threads inside operations wait for each other hundreds of times a step, and
    a neighbour on one of the cores makes all of them as slow as the slowest."""

    def __init__(self, net, threads, size):
        self.net, self.size = net, size
        self.params = list(net.parameters())
        self.pool = concurrent.futures.ThreadPoolExecutor(threads)
        self.lock = threading.Lock()
        torch.set_num_threads(1)
        cv2.setNumThreads(1)

    def __call__(self, x, masks, log):
        def part(i):
            xs, ms = x[i:i + self.size], masks[i:i + self.size]
            loss = step_loss(self.net, xs, ms, False, log) * (len(xs) / len(x))
            grads = torch.autograd.grad(loss, self.params, materialize_grads=True)
            with self.lock:
                torch._foreach_add_([p.grad for p in self.params], grads)
            return loss.item()

        for p in self.params:
            p.grad = torch.zeros_like(p)
        return sum(self.pool.map(part, range(0, len(x), self.size)))


def whole(net, x, masks, log):
    """The gradient of a batch at once, on a GPU."""
    for p in net.parameters():
        p.grad = None
    loss = step_loss(net, x, masks, True, log)
    loss.backward()
    return loss.item()


class Meter:
    """Running means for the progress line."""

    def __init__(self):
        self.v = {}

    def __call__(self, name, values):
        if values.numel():
            v = values.mean().item()
            self.v[name] = 0.95 * self.v.get(name, v) + 0.05 * v

    def __str__(self):
        return ' '.join(f'{k} {v:.3f}' for k, v in sorted(self.v.items()))


def main():
    a = arguments()
    dev = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    paths = sorted(sum((glob.glob(p) for p in a.packs), []))
    packs, heldout = Packs(paths, False), Packs(paths, True)
    print(len(packs), 'pictures,', len(heldout), 'held out,', dev, flush=True)
    cfg = dict(version=a.version, d=a.d, mlp=a.mlp)
    mean = torch.tensor(MEAN, device=dev).view(1, 3, 1, 1)
    std = torch.tensor(STD, device=dev).view(1, 3, 1, 1)
    step, spent, seen = 0, 0.0, 0
    ck = torch.load(a.out, map_location='cpu') if os.path.exists(a.out) else None
    if ck:
        cfg = ck['cfg']
        net = TinySAM(**cfg)
        net.load_state_dict(ck['net'])
        step, spent, seen = ck['step'], ck['spent'], ck['seen']
        print(f'resumed at step {step}, minute {spent:.1f}', flush=True)
    else:
        if a.init:
            state, cfg, meta = evaluate.read_safetensors(a.init)
            seen = int(meta.get('seen', 0))
        net = TinySAM(**cfg)
        if a.init:
            net.load_state_dict(state)
        if a.trunk:
            net.image_encoder.trunk.load(torch.load(a.trunk, map_location='cpu', weights_only=True))
    net = net.to(dev).to(memory_format=torch.channels_last).train()
    ema = TinySAM(**cfg).to(dev)
    ema.load_state_dict(ck['ema'] if ck else net.state_dict())
    ema.eval()
    groups = []
    for trunk in (True, False):
        for wide in (True, False):
            mine = [p for n, p in net.named_parameters()
                    if n.startswith('image_encoder.trunk') == trunk and (p.ndim > 1) == wide]
            groups.append(dict(params=mine, weight_decay=0.05 if wide else 0.0, part=a.trunk_lr if trunk else 1.0))
    opt = torch.optim.AdamW(groups, lr=a.lr, betas=(0.9, 0.98), fused=True)
    if ck:
        opt.load_state_dict(ck['opt'])
    pairs = [(e, n) for e, n in zip(ema.state_dict().values(), net.state_dict().values()) if e.dtype.is_floating_point]
    averages, current = [e for e, _ in pairs], [n for _, n in pairs]
    parts = Parts(net, a.threads, a.part) if dev.type == 'cpu' else None
    until = None
    if a.until:
        now = datetime.datetime.now(datetime.timezone.utc)
        h, m = map(int, a.until.split(':'))
        until = now.replace(hour=h, minute=m, second=0)
        until = until.timestamp() + (86400 if until < now else 0)

    stop = []
    for s in (signal.SIGTERM, signal.SIGINT):
        signal.signal(s, lambda *_: stop.append(1))
    start, before = time.time(), spent
    saved = last = checked = start
    counted = seen
    meter = Meter()

    def save():
        torch.save(dict(net=net.state_dict(), ema=ema.state_dict(), opt=opt.state_dict(), step=step, spent=spent,
                        seen=seen, cfg=cfg), a.out + '.part')
        os.replace(a.out + '.part', a.out)

    def check():
        r = evaluate.heldout(ema, heldout, a.large_size)
        line = dict(minute=round(spent, 1), step=step, seen=seen, **{k: round(float(v), 4) for k, v in r.items()})
        print('held out', json.dumps(line), flush=True)
        with open(a.out + '.log', 'a') as f:
            f.write(json.dumps(line) + '\n')

    def part():
        return spent / (spent + max(0, until - time.time()) / 60) if until else spent / a.total

    def loader(large):
        size, batch = (a.large_size, a.large_batch) if large else (a.size, a.batch)
        data = Samples(packs, size, a.k, seed=step + 1)
        return torch.utils.data.DataLoader(data, batch, num_workers=a.workers, drop_last=True,
                                           prefetch_factor=4 if a.workers else None)

    done = False
    while not done:
        large = part() >= a.large_from
        for img, masks in loader(large):
            spent = before + (time.time() - start) / 60
            f = part()
            if stop or f >= 1 or spent - before >= a.minutes:
                done = True
                break
            if large != (f >= a.large_from):
                break  # the next size
            lr = a.lr * min(1, (step + 1) / 150) * (0.5 + 0.5 * math.cos(math.pi * f)) + 2e-6
            for g in opt.param_groups:
                g['lr'] = lr * g['part']
            img, masks = img.to(dev, non_blocking=True).float(), masks.to(dev, non_blocking=True).float()
            x = ((img - mean) / std).contiguous(memory_format=torch.channels_last)
            loss = parts(x, masks, meter) if parts else whole(net, x, masks, meter)
            if not math.isfinite(loss):
                sys.exit(f'the loss is {loss} at step {step}: lower --lr and start again from the last checkpoint')
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            opt.step()
            step += 1
            seen += len(img)
            with torch.no_grad():
                torch._foreach_lerp_(averages, current, 1 - min(a.ema, (1 + step) / (10 + step)))
            now = time.time()
            if now - last > 15:
                print(f'{spent:.1f} min {100 * f:.0f} % step {step} seen {seen} {(seen - counted) / (now - last):.1f}/s '
                      f'size {img.shape[-1]} lr {lr:.1e} loss {loss:.3f} {meter}', flush=True)
                last, counted = now, seen
            if now - saved > 60 * a.save_every:
                saved = now
                save()
            if now - checked > 60 * a.check_every:
                check()
                checked = last = time.time()
                counted = seen
    save()
    if not stop:
        check()
    print(f'saved {a.out}: step {step}, {seen} windows, {spent:.1f} minutes', flush=True)


if __name__ == '__main__':
    main()
