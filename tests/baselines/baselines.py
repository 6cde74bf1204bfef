#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks as a person gets them today, for comparison: a developers' tool (needs OpenCV and NumPy).

usage: baselines.py grabcut|fuzzy|default-fuzzy EVAL OUT

EVAL holds sets (folders) of NAME.jpg|png with NAME_k.png per object.  For each
object OUT/set/NAME_k.png is written, to be scored with
`samcore evaluate EVAL --predictions OUT`; the means are printed as well.

  grabcut        OpenCV's GrabCut, five iterations, from the tight box
  fuzzy          a contiguous selection by colour from the innermost pixel, at
                 the tolerance that is best for this object: more than a person
                 could hope for, since the true mask chooses the tolerance
  default-fuzzy  the same at GIMP's preset tolerance of 15
"""
import glob
import os
import sys

import cv2
import numpy as np

TOLERANCES = [0, 1, 2, 4, 6, 8, 10, 12, 15, 18, 22, 26, 30, 35, 40, 46, 52, 60, 70, 80, 95, 110, 130, 160, 200]


def iou(a, b, valid):
    union = ((a | b) & valid).sum()
    return (a & b & valid).sum() / union if union else 1.0


def grabcut(picture, truth, valid):
    h, w = truth.shape
    ys, xs = np.flatnonzero(truth.any(1)), np.flatnonzero(truth.any(0))
    box = np.zeros((h, w), np.uint8)
    box[ys[0]:ys[-1] + 1, xs[0]:xs[-1] + 1] = cv2.GC_PR_FGD
    if box.all():  # nothing outside to learn the background from
        return box > 0
    cv2.setRNGSeed(0)
    cv2.grabCut(picture, box, None, np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_MASK)
    return (box == cv2.GC_FGD) | (box == cv2.GC_PR_FGD)


def similar(picture, seed, tolerance):
    """Connected pixels that differ from the seed by at most `tolerance` in each channel."""
    h, w = picture.shape[:2]
    mask = np.zeros((h + 2, w + 2), np.uint8)
    cv2.floodFill(picture, mask, seed, 0, (tolerance,) * 3, (tolerance,) * 3,
                  4 | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | (1 << 8))
    return mask[1:-1, 1:-1] > 0


def innermost(truth):
    d = cv2.distanceTransform(np.pad(truth, 1).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    y, x = np.unravel_index(d.argmax(), d.shape)
    return int(x), int(y)


def fuzzy(picture, truth, valid):
    seed = innermost(truth)
    return max((similar(picture, seed, t) for t in TOLERANCES), key=lambda m: iou(m, truth, valid))


def default_fuzzy(picture, truth, valid):
    return similar(picture, innermost(truth), 15)


METHODS = {'grabcut': grabcut, 'fuzzy': fuzzy, 'default-fuzzy': default_fuzzy}


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in METHODS:
        sys.exit(__doc__)
    method, root, out = METHODS[sys.argv[1]], sys.argv[2], sys.argv[3]
    means = []
    for folder in sorted(d for d in glob.glob(os.path.join(root, '*')) if os.path.isdir(d)):
        name = os.path.basename(folder)
        os.makedirs(os.path.join(out, name), exist_ok=True)
        scores = []
        for file in sorted(glob.glob(glob.escape(folder) + '/*')):
            base = os.path.splitext(file)[0]
            truths = sorted(glob.glob(glob.escape(base) + '_[0-9]*.png'))
            if not truths:
                continue
            picture = cv2.imread(file, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
            ignore = cv2.imread(base + '_ignore.png', cv2.IMREAD_GRAYSCALE) if os.path.exists(base + '_ignore.png') else None
            valid = np.ones(picture.shape[:2], bool) if ignore is None else ignore <= 127
            for t in truths:
                truth = cv2.imread(t, cv2.IMREAD_GRAYSCALE) > 127
                if not truth.any():
                    continue
                mask = method(picture, truth, valid)
                cv2.imwrite(os.path.join(out, name, os.path.basename(t)), mask.astype(np.uint8) * 255)
                scores.append(iou(mask, truth, valid))
        if scores:
            means.append(np.mean(scores))
            print(f'{name:10s} {len(scores):4d} objects, mean IoU {means[-1]:.3f}', flush=True)
    if not means:
        sys.exit(f'{root} has no set of pictures with masks: give the folder above the sets')
    print(f'mean of sets {np.mean(means):.3f}')


if __name__ == '__main__':
    main()
