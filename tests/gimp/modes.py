# SPDX-License-Identifier: GPL-3.0-or-later
# The same object in every kind of image: mode, precision, profile, place of the layer, and what kind of layer
# it is. The selection in an 8-bit RGB image, which outputs.py compares with the command line, is the truth.
# Needs: fonts
from harness import *
from state import *

BOX = [82.5, 5.0, 207.5, 156.0]
base = load(source("data/samples/coffee.png"))
base.scale(300, 200)
SIZE = (base.get_width(), base.get_height())
run(PLUG_IN, base, base.get_layers(), boxes=BOX)
truth = coverage(base)
AREA = sum(v >= 128 for v in truth)
Gimp.Selection.none(base)


def copy():
    image = base.duplicate()
    return image, image.get_layers()[0]


def same(name, selected, expected=truth, least=0.97):
    agreement = iou(selected, expected)
    if not check(f"{name}: the same object", agreement >= least):
        remark(f"IoU {agreement}")


def outputs(name, image, layer, expected=truth, least=0.97, boxes=BOX):
    """All of them in one image; each holds what the selection holds."""
    run(PLUG_IN, image, [layer], boxes=boxes)
    selected = coverage(image)
    same(name, selected, expected, least)
    x, y = layer.get_offsets()[1:]
    size, own = (image.get_width(), image.get_height()), (layer.get_width(), layer.get_height())
    on_layer = place(selected, size, (-x, -y), own)

    _, n, channel = run(PLUG_IN, image, [layer], boxes=boxes, output="channel")
    check(f"{name}: the channel holds it", largest_difference(coverage(image, channel), selected) <= 1)
    image.remove_channel(channel)

    _, n, mask = run(PLUG_IN, image, [layer], boxes=boxes, output="layer-mask")
    held = coverage(image, mask)
    check(f"{name}: the layer mask holds it",
          largest_difference(place(held, own, (x, y), size), selected) <= 1)
    layer.remove_mask(Gimp.MaskApplyMode.DISCARD)

    _, n, cut = run(PLUG_IN, image, [layer], boxes=boxes, output="new-layer")
    there = pixels(cut, "R'G'B'A u8")
    was = pixels(layer, "R'G'B'A u8")
    alpha = bytes(a * m // 255 for a, m in zip(was[3::4], held))
    if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        check(f"{name}: the new layer is cut", there[3::4] == bytes(255 if a >= 128 else 0 for a in alpha))
    else:
        check(f"{name}: the new layer is cut", largest_difference(there[3::4], alpha) <= 2)
    check(f"{name}: the new layer has the colours", all(
        largest_difference(there[4 * i:4 * i + 3], was[4 * i:4 * i + 3]) <= 1
        for i in range(0, len(alpha), 7) if alpha[i] >= 128))
    image.remove_layer(cut)


# --- modes and precisions --------------------------------------------------------------------------

P = Gimp.Precision
for precision in (P.U8_LINEAR, P.U16_NON_LINEAR, P.HALF_LINEAR, P.FLOAT_LINEAR, P.DOUBLE_LINEAR):
    image, layer = copy()
    image.convert_precision(precision)
    # in 8 bits of linear light a quarter of the shadows' values is left
    outputs(precision.value_nick, image, layer, least=0.93 if precision == P.U8_LINEAR else 0.97)
    image.delete()
for precision in (P.U8_PERCEPTUAL, P.U32_NON_LINEAR, P.FLOAT_NON_LINEAR):
    image, layer = copy()
    image.convert_precision(precision)
    run(PLUG_IN, image, [layer], boxes=BOX)
    same(precision.value_nick, coverage(image))
    image.delete()

image, layer = copy()
image.convert_grayscale()
run(PLUG_IN, image, [layer], boxes=BOX)
grey = coverage(image)
# without its colours the model may see a little more or less of it
same("grey", grey, truth, 0.6)
outputs("grey", image, layer, grey, 1.0)
image.convert_precision(P.FLOAT_LINEAR)
outputs("grey, float", image, layer, grey)
image.delete()

image, layer = copy()
image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 200, False, False, "")
outputs("indexed", image, layer, truth, 0.85)
layer.add_alpha()
outputs("indexed with alpha", image, layer, truth, 0.85)
image.delete()

# --- profiles: the net sees colours, not numbers ---------------------------------------------------

image, layer = copy()
image.convert_color_profile(Gimp.ColorProfile.new_rgb_adobe(), Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC,
                            False)
outputs("converted to Adobe RGB", image, layer)
image.convert_precision(P.FLOAT_LINEAR)
outputs("Adobe RGB, float", image, layer)
image.delete()

# --- places ----------------------------------------------------------------------------------------

for name, offset in (("the layer moved right and down", (35, 15)), ("the layer moved beyond the edge", (-30, -13))):
    image, layer = copy()
    layer.set_offsets(*offset)
    moved = [BOX[0] + offset[0], BOX[1] + offset[1], BOX[2] + offset[0], BOX[3] + offset[1]]
    outputs(name, image, layer, place(truth, SIZE, offset, SIZE), boxes=moved)
    image.delete()

image, layer = copy()
image.resize(450, 350, 100, 75)
outputs("a layer smaller than the image", image, layer, place(truth, SIZE, (100, 75), (450, 350)),
        boxes=[BOX[0] + 100, BOX[1] + 75, BOX[2] + 100, BOX[3] + 75])
image.delete()

image, layer = copy()
image.resize(150, 125, -60, -20)
cropped = place(truth, SIZE, (-60, -20), (150, 125))
_, n, _ = run(PLUG_IN, image, [layer], boxes=[BOX[0] - 60, BOX[1] - 20, BOX[2] - 60, BOX[3] - 20])
same("a layer larger than the image", coverage(image), cropped)
check_equal("a layer larger than the image: counts what is selected", n,
            sum(v >= 128 for v in coverage(image)))
_, n, mask = run(PLUG_IN, image, [layer], boxes=[BOX[0] - 60, BOX[1] - 20, BOX[2] - 60, BOX[3] - 20],
                 output="layer-mask")
same("a layer larger than the image: its mask", coverage(image, mask))
check_equal("a layer larger than the image: counts what the mask has", n, AREA)
image.delete()

# --- kinds of layers -------------------------------------------------------------------------------

# transparency: what lies under it does not matter
image, layer = copy()
layer.add_alpha()
image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 75, 200)
layer.edit_clear()
Gimp.Selection.none(image)
outputs("partly transparent", image, layer, truth, 0.6)
image.delete()

# a group
image, layer = copy()
group = Gimp.GroupLayer.new(image, "folder")
image.insert_layer(group, None, 0)
image.reorder_item(layer, group, 0)
outputs("a group", image, group)
image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 200, False, False, "")
outputs("a group in an indexed image", image, group, truth, 0.85)
image.delete()

image, layer = copy()
group = Gimp.GroupLayer.new(image, "folder")
image.insert_layer(group, None, 0)
image.reorder_item(layer, group, 0)
group.set_lock_content(True)
_, _, cut = run(PLUG_IN, image, [layer], boxes=BOX, output="new-layer")
check("a locked group: the new layer is beside it", cut.get_parent() is None
      and image.get_item_position(cut) == 0)
image.delete()

# text
image, layer = copy()
text = Gimp.TextLayer.new(image, "Ground", Gimp.context_get_font(), 90, Gimp.Unit.pixel())
image.insert_layer(text, None, 0)
w, h = text.get_width(), text.get_height()
if check("a text layer has a size", w > 8 and h > 8):
    _, n, cut = run(PLUG_IN, image, [text], boxes=[0, 0, w, h], output="new-layer")
    check("a text layer: is cut out", isinstance(cut, Gimp.Layer) and not isinstance(cut, Gimp.TextLayer))
    check("a text layer: is still text", isinstance(image.get_layers()[1], Gimp.TextLayer))
image.delete()

# locks that forbid nothing that we do
image, layer = copy()
layer.add_alpha()
for lock in ("alpha", "position", "visibility"):
    getattr(layer, f"set_lock_{lock}")(True)
outputs("locked alpha, position and visibility", image, layer)
layer.set_lock_content(True)
run(PLUG_IN, image, [layer], boxes=BOX)
same("locked pixels: can be read", coverage(image))
_, _, cut = run(PLUG_IN, image, [layer], boxes=BOX, output="new-layer")
check("locked pixels: can be copied", cut.get_lock_content() is False)
image.delete()

# a cut-out leaves out what the layer's mask hides
image, layer = copy()
image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 150, 200)
layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))
Gimp.Selection.none(image)
_, _, cut = run(PLUG_IN, image, [layer], boxes=BOX, output="new-layer")
alpha = pixels(cut, "R'G'B'A u8")[3::4]
check("hidden parts stay hidden", all(
    a == (m if i % SIZE[0] < 150 else 0) for i, (a, m) in enumerate(zip(alpha, truth))))
image.delete()

# --- sample merged ---------------------------------------------------------------------------------

image, layer = copy()
cover = Gimp.Layer.new(image, "cover", 20, 15, Gimp.ImageType.RGB_IMAGE, 100, Gimp.LayerMode.NORMAL)
image.insert_layer(cover, None, 0)
cover.set_offsets(280, 185)
images = len(Gimp.get_images())
run(PLUG_IN, image, [cover], boxes=BOX, sample_merged=True)
same("sample merged", coverage(image), truth, 0.95)
merged = coverage(image)
# a visible channel tints the view, not what is segmented
channel = Gimp.Channel.new(image, "tint", *SIZE, 100, Gegl.Color.new("red"))
image.insert_channel(channel, None, 0)
channel.fill(Gimp.FillType.WHITE)
channel.set_visible(True)
run(PLUG_IN, image, [cover], boxes=BOX, sample_merged=True)
same("sample merged with a visible channel", coverage(image), merged, 0.99)
run(PLUG_IN, image, [channel], boxes=BOX, sample_merged=True)
same("sample merged with a channel active", coverage(image), merged, 0.99)
_, n, mask = run(PLUG_IN, image, [layer], boxes=BOX, sample_merged=True, output="layer-mask")
same("sample merged, layer mask", coverage(image, mask), merged, 0.99)
layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
check_error("sample merged, a mask for a layer that has nothing of it", "outside", PLUG_IN, image, [cover],
            boxes=BOX, sample_merged=True, output="layer-mask")
_, n, cut = run(PLUG_IN, image, [cover], boxes=BOX, sample_merged=True, output="new-layer")
check("sample merged, new layer: on top", image.get_item_position(cut) == 0)
check("sample merged, new layer: the visible colours",
      pixels(cut, "R'G'B'A u8")[3::4] == merged)
check_equal("sample merged: no image is left behind", len(Gimp.get_images()), images)
layer.set_visible(False)
cover.set_visible(False)
cut.set_visible(False)
channel.set_visible(False)
check_error("nothing visible", "show a layer", PLUG_IN, image, [layer], boxes=BOX, sample_merged=True)
channel.set_visible(True)
check_error("nothing but a channel visible", "show a layer", PLUG_IN, image, [layer], boxes=BOX,
            sample_merged=True)
check_equal("sample merged: no image is left behind", len(Gimp.get_images()), images)
image.delete()
base.delete()
