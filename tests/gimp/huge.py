# SPDX-License-Identifier: GPL-3.0-or-later
# A picture beyond what is read at full size (14,000 x 10,000): the same object as in its thumbnail, at its own
# size, in every output.
from harness import *
from state import *

SCALE = 50
WIDTH, HEIGHT = 280, 200
BOX = [90.0, 50.0, 190.0, 160.0]

small = Gimp.Image.new(WIDTH, HEIGHT, Gimp.ImageBaseType.RGB)


def paint(image, scale):
    """A bright disc on a dark ground."""
    layer = Gimp.Layer.new(image, "paper", image.get_width(), image.get_height(), Gimp.ImageType.RGB_IMAGE, 100,
                           Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    Gimp.context_set_foreground(Gegl.Color.new("#203050"))
    layer.edit_fill(Gimp.FillType.FOREGROUND)
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 100 * scale, 60 * scale, 80 * scale, 90 * scale)
    Gimp.context_set_foreground(Gegl.Color.new("#f0b040"))
    layer.edit_fill(Gimp.FillType.FOREGROUND)
    Gimp.Selection.none(image)
    return layer


layer = paint(small, 1)
run(PLUG_IN, small, [layer], boxes=BOX)
truth = coverage(small)
small.delete()

image = Gimp.Image.new(WIDTH * SCALE, HEIGHT * SCALE, Gimp.ImageBaseType.RGB)
image.undo_disable()
layer = paint(image, SCALE)
box = [v * SCALE for v in BOX]


def reduced(drawable):
    """[HEIGHT, WIDTH], GIMP's own reduction of a huge drawable."""
    buffer = drawable.get_buffer()
    return buffer.get(Gegl.Rectangle.new(0, 0, WIDTH, HEIGHT), 1.0 / SCALE, "Y u8", Gegl.AbyssPolicy.NONE)


_, n, _ = run(PLUG_IN, image, [layer], boxes=box)
selected = reduced(image.get_selection())
agreement = iou(selected, truth)
if not check("selection: the same object", agreement > 0.9):
    remark(f"IoU {agreement}")
area = sum(v >= 128 for v in truth) * SCALE * SCALE
check_near("selection: counts the picture's pixels", n / area, 1.0, 0.05)

_, n_mask, mask = run(PLUG_IN, image, [layer], boxes=box, output="layer-mask", edge="hard")
check("layer mask: the same object", iou(reduced(mask), selected) > 0.98)
corner = pixels(mask, "Y u8", Gegl.Rectangle.new(int(box[0]), int(box[1]), 512, 512))
check("layer mask, hard: nothing between", set(corner) <= {0, 255})

_, _, path = run(PLUG_IN, image, [layer], boxes=box, output="path")
image.select_item(Gimp.ChannelOps.REPLACE, path)
check("path: the same object", iou(reduced(image.get_selection()), selected) > 0.95)

run(PLUG_IN, image, [layer], prompt_selection="mask")
check("the selection as a prompt", iou(reduced(image.get_selection()), selected) > 0.7)
check_error("a point outside", "which extends from (0, 0) to (14000, 10000)", PLUG_IN, image, [layer],
            points=[14000.5, 10.0])
image.delete()
