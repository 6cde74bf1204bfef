# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures, masks and fingerprints for the suites: what is in an image, byte by byte."""

import hashlib
import json
import subprocess

from harness import *

PLUG_IN = "plug-in-segment-anything"
# well inside the cup, and off it
INSIDE = [265.0, 205.0]
OUTSIDE = [40.0, 360.0]


def pixels(drawable, fmt=None, area=None):
    """Bytes of a drawable, in its own format unless told otherwise."""
    buffer = drawable.get_buffer()
    area = area or Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    return buffer.get(area, 1.0, fmt, Gegl.AbyssPolicy.NONE)


def _items(items):
    for item in items:
        yield item
        if item.is_group():
            yield from _items(item.get_children())


def describe(image):
    """All that an output could change, and nothing else; comparable."""
    said = {"size": (image.get_width(), image.get_height()),
            "selected": [item.get_id() for item in image.get_selected_drawables()],
            "selection": hashlib.sha256(pixels(image.get_selection())).hexdigest(),
            "items": []}
    for item in [*_items(image.get_layers()), *_items(image.get_channels())]:
        entry = [item.get_id(), item.get_name(), item.get_visible(), *item.get_offsets()[1:],
                 hashlib.sha256(pixels(item)).hexdigest()]
        if isinstance(item, Gimp.Layer):
            mask = item.get_mask()
            entry += [item.get_edit_mask() if mask else None,
                      hashlib.sha256(pixels(mask)).hexdigest() if mask else None]
        said["items"].append(entry)
    said["paths"] = [[path.get_id(), path.get_name(),
                      [path.stroke_get_points(stroke)[1:] for stroke in path.get_strokes()]]
                     for path in image.get_paths()]
    return said


def coverage(image, drawable=None):
    """[height, width] 8-bit coverage of the selection or of a channel or mask, in its own coordinates."""
    drawable = drawable or image.get_selection()
    channel = isinstance(drawable, Gimp.Channel) and not isinstance(
        drawable, (Gimp.LayerMask, Gimp.Selection))
    # GIMP's channels of this one precision hold perceptual values, all else linear ones
    perceptual = channel and image.get_precision() == Gimp.Precision.U8_NON_LINEAR
    return pixels(drawable, "Y' u8" if perceptual else "Y u8")


def iou(a, b):
    a, b = (bytes(1 if v >= 128 else 0 for v in m) for m in (a, b))
    both = sum(x & y for x, y in zip(a, b))
    either = sum(x | y for x, y in zip(a, b))
    return both / either if either else 0.0


def largest_difference(a, b):
    return max(abs(x - y) for x, y in zip(a, b)) if len(a) == len(b) else 256


def place(mask, size, offset, new_size):
    """A mask of one size laid at an offset into an empty one of another size."""
    result = bytearray(new_size[0] * new_size[1])
    for y in range(size[1]):
        to_y = y + offset[1]
        if not 0 <= to_y < new_size[1]:
            continue
        x0, x1 = max(0, -offset[0]), min(size[0], new_size[0] - offset[0])
        if x1 > x0:
            result[to_y * new_size[0] + x0 + offset[0]:to_y * new_size[0] + x1 + offset[0]] = \
                mask[y * size[0] + x0:y * size[0] + x1]
    return bytes(result)


def command_line(picture, *arguments):
    """The mask that `samcore segment` writes for the same picture and prompt, and what it says of it."""
    target = out("command-line.png")
    said = subprocess.run([PROGRAM, "segment", picture, "-o", target, "--json", *arguments],
                          check=True, capture_output=True, text=True).stdout
    image = load(target)
    mask = pixels(image.get_layers()[0], "Y' u8")
    image.delete()
    return mask, json.loads(said.splitlines()[0])
