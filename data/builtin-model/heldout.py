#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes held-out pictures of training packs as a folder for `samcore evaluate`.

usage: heldout.py OUT PACK...

For choosing what is not in the network: how closely to look again, how to draw masks to colours.
"""
import os
import sys

import cv2

from data import Packs


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    out, packs = sys.argv[1], Packs(sorted(sys.argv[2:]), True)
    os.makedirs(out, exist_ok=True)
    n = 0
    for i in range(0, len(packs), 2):
        picture, masks = packs.load(i)
        masks = [m for m in masks if m.sum() >= 150][:2]
        if masks:
            cv2.imwrite(f'{out}/{i:03d}.png', cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        for k, m in enumerate(masks):
            cv2.imwrite(f'{out}/{i:03d}_{k}.png', m * 255)
        n += len(masks)
    print(f'{n} objects')


if __name__ == '__main__':
    main()
