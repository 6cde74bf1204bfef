# SPDX-License-Identifier: GPL-3.0-or-later
# Every output and every operation, by their pixels: the mask of the selection is the truth that the others
# are compared with, and the command line's mask is what the selection itself must be.
from harness import *
from state import *

PICTURE = source("data/samples/coffee.png")
image = load(PICTURE)
layer = image.get_layers()[0]
size = (image.get_width(), image.get_height())
prompt = {"points": INSIDE}
BOX = [165.0, 10.0, 415.0, 312.0]  # the cup
WORDS = "165,10,415,312"


def segment(**arguments):
    return run(PLUG_IN, image, [layer], **{**prompt, **arguments})


# --- the selection is the command line's mask ------------------------------------------------------

PROMPTS = {
    "a point": ({"points": INSIDE}, ["--point", "265,205"]),
    "a box": ({"boxes": BOX}, ["--box", WORDS]),
    "candidate 1": ({"points": INSIDE, "candidate": "1"}, ["--point", "265,205", "--candidate", "1"]),
    "candidate 3": ({"points": INSIDE, "candidate": "3"}, ["--point", "265,205", "--candidate", "3"]),
}
for name, (arguments, words) in PROMPTS.items():
    expected, said = command_line(PICTURE, *words)
    for edge in ("hard", "smooth"):
        predicted, n, item = run(PLUG_IN, image, [layer], edge=edge, **arguments)
        selected = coverage(image)
        agreement = iou(selected, expected)
        if not check(f"{name}, {edge}: the selection is the command line's mask", agreement >= 0.999):
            remark(f"IoU {agreement}")
        check_equal(f"{name}, {edge}: counts the pixels", n, sum(v >= 128 for v in selected))
    check(f"{name}: the predicted IoU is a score", 0.0 <= predicted <= 1.1)
    check(f"{name}: no item for a selection", item is None)

# one prompt, three ways to say it
segment()
truth = coverage(image)
Gimp.Selection.none(image)
run(PLUG_IN, image, [layer], prompt="265,205 +")
check_equal("the prompt line says the same as the arrays", coverage(image), truth)
run(PLUG_IN, image, [layer], points=INSIDE + OUTSIDE, labels=[1, 0])
two = coverage(image)
run(PLUG_IN, image, [layer], prompt="265,205; 40,360 -")
check_equal("so does one with labels", coverage(image), two)
run(PLUG_IN, image, [layer], boxes=[BOX[2], BOX[3], BOX[0], BOX[1]], edge="hard")
boxed = coverage(image)
run(PLUG_IN, image, [layer], prompt="box " + WORDS, edge="hard")
check_equal("corners of a box come in any order", coverage(image), boxed)

# --- several at once are answered one after the other, as in the window ------------------------------

AGAIN = [300.0, 150.0]
SEVERAL = {
    "points on and off": ({"points": INSIDE + OUTSIDE + AGAIN, "labels": [1, 0, 1]},
                          "265,205; 40,360 -; 300,150 +",
                          "object -1; point 1 265 205; then -1; point 1 300 150; then -1; point 0 40 360"),
    "a box and points": ({"boxes": BOX, "points": OUTSIDE + INSIDE, "labels": [0, 1]},
                         f"40,360 -; box {WORDS}; 265,205",
                         "object -1; box 1 165 10 415 312; then -1; point 1 265 205; then -1; point 0 40 360"),
}
for name, (arrays, line, clicks) in SEVERAL.items():
    scores = []
    masks = []
    for arguments in (arrays, {"prompt": line}, {"prompt": clicks}):
        scores.append(run(PLUG_IN, image, [layer], **arguments)[0])
        masks.append(coverage(image))
    check_equal(f"{name}: the prompt line gives the same mask as the arrays", masks[1], masks[0])
    check_equal(f"{name}: so do clicks that wait for their answers", masks[2], masks[0])
    check_equal(f"{name}: and the same score", scores, scores[:1] * 3)
    check(f"{name}: what is on the object is in it",
          all(masks[0][int(y) * size[0] + int(x)] >= 128 for x, y in (INSIDE, AGAIN)))
    check(f"{name}: what is off it is not", masks[0][int(OUTSIDE[1]) * size[0] + int(OUTSIDE[0])] < 128)

# --- operations ------------------------------------------------------------------------------------

RECTANGLE = (200, 100, 300, 200)
rectangle = bytearray(size[0] * size[1])
for y in range(RECTANGLE[1], RECTANGLE[1] + RECTANGLE[3]):
    rectangle[y * size[0] + RECTANGLE[0]:y * size[0] + RECTANGLE[0] + RECTANGLE[2]] = b"\xff" * RECTANGLE[2]
OPERATIONS = {
    "replace": lambda old, mask: mask,
    "add": lambda old, mask: min(old + mask, 255),
    "subtract": lambda old, mask: max(old - mask, 0),
    "intersect": min,
}
for operation, rule in OPERATIONS.items():
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *RECTANGLE)
    segment(operation=operation)
    expected = bytes(rule(a, b) for a, b in zip(rectangle, truth))
    check(f"selection, {operation}", largest_difference(coverage(image), expected) <= 1)

# feathering set for the tools must not leak in
Gimp.context_push()
Gimp.context_set_feather(True)
Gimp.context_set_feather_radius(20, 20)
segment()
check_equal("the tools' feather does not matter", coverage(image), truth)
check_equal("the tools' feather is still set", Gimp.context_get_feather(), True)
Gimp.context_pop()

# --- channel ---------------------------------------------------------------------------------------

Gimp.Selection.none(image)
before = describe(image)
predicted, n, channel = segment(output="channel")
check("channel: is a channel of the image", isinstance(channel, Gimp.Channel)
      and [c.get_id() for c in image.get_channels()] == [channel.get_id()])
check_equal("channel: holds the mask", coverage(image, channel), truth)
check_equal("channel: is hidden", channel.get_visible(), False)
check_equal("channel: the layer stays active", image.get_selected_layers(), [layer])
check_equal("channel: nothing is selected", Gimp.Selection.is_empty(image), True)
image.select_item(Gimp.ChannelOps.REPLACE, channel)
check_equal("channel: as a selection it is the same", coverage(image), truth)
Gimp.Selection.none(image)
image.remove_channel(channel)
check_equal("channel: nothing else changed", describe(image), before)

# --- layer mask ------------------------------------------------------------------------------------

own = pixels(layer)
_, n, mask = segment(output="layer-mask")
check("layer mask: is the layer's", layer.get_mask() is not None and layer.get_mask().get_id() == mask.get_id())
check_equal("layer mask: holds the mask", coverage(image, mask), truth)
check_equal("layer mask: the layer's pixels are untouched", pixels(layer), own)
check_equal("layer mask: the layer is edited, not the mask", layer.get_edit_mask(), False)
check_equal("layer mask: the layer stays active", image.get_selected_drawables(), [layer])

for operation, rule in OPERATIONS.items():
    layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *RECTANGLE)
    layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))
    Gimp.Selection.none(image)
    _, _, mask = segment(output="layer-mask", operation=operation)
    expected = bytes(rule(a, b) for a, b in zip(rectangle, truth))
    check(f"layer mask, {operation}", largest_difference(coverage(image, mask), expected) <= 1)
layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
_, _, mask = segment(output="layer-mask", operation="subtract")
check("layer mask, subtract from none: hides the object",
      largest_difference(coverage(image, mask), bytes(255 - v for v in truth)) <= 1)

# with the mask being edited the drawable is the mask: it stands for its layer
layer.set_edit_mask(True)
check("an active layer mask is what a caller gets", isinstance(image.get_selected_drawables()[0], Gimp.LayerMask))
Gimp.Selection.none(image)
run(PLUG_IN, image, image.get_selected_drawables(), **prompt)
check_equal("an active layer mask: its layer is segmented", coverage(image), truth)
check_equal("an active layer mask: it stays active", layer.get_edit_mask(), True)
_, _, mask = run(PLUG_IN, image, image.get_selected_drawables(), output="layer-mask", **prompt)
check_equal("an active layer mask: is replaced", coverage(image, mask), truth)
check_equal("an active layer mask: the new one is active", layer.get_edit_mask(), True)
layer.remove_mask(Gimp.MaskApplyMode.DISCARD)

# --- new layer -------------------------------------------------------------------------------------

Gimp.Selection.none(image)
before = describe(image)
_, n, cut = segment(output="new-layer")
check("new layer: is above its source", image.get_layers()[0].get_id() == cut.get_id()
      and image.get_layers()[1].get_id() == layer.get_id())
there = pixels(cut, "R'G'B'A u8")
was = pixels(layer, "R'G'B' u8")
check_equal("new layer: alpha is the mask", there[3::4], truth)
check("new layer: colours are the source's", all(
    there[4 * i:4 * i + 3] == was[3 * i:3 * i + 3] for i in range(size[0] * size[1]) if truth[i] >= 128))
check_equal("new layer: lies on its source", tuple(cut.get_offsets()[1:]), tuple(layer.get_offsets()[1:]))
check_equal("new layer: the source stays active", image.get_selected_layers(), [layer])
image.remove_layer(cut)
check_equal("new layer: nothing else changed", describe(image), before)

# --- path ------------------------------------------------------------------------------------------

_, n, path = segment(output="path")
strokes = path.get_strokes()
check("path: has closed curves", len(strokes) >= 1 and all(path.stroke_get_points(s)[-1] for s in strokes))
image.select_item(Gimp.ChannelOps.REPLACE, path)
agreement = iou(coverage(image), truth)
if not check("path: encloses the object", agreement >= 0.97):
    remark(f"IoU {agreement}")
check("path: is not a curve for every pixel",
      sum(len(path.stroke_get_points(s)[1]) // 6 for s in strokes) < n / 50)
image.remove_path(path)

# --- what is done with the mask --------------------------------------------------------------------

area = sum(v >= 128 for v in truth)
for grow in (-6.0, 9.0):
    _, n, _ = segment(grow=grow)
    grown = coverage(image)
    if grow > 0:
        check("grow: all of the object is in it", all(g >= m for g, m in zip(grown, truth)))
        check("grow: it is larger", n > area)
    else:
        check("shrink: it lies in the object", all(g <= m for g, m in zip(grown, truth)))
        check("shrink: it is smaller", n < area)
_, n, _ = segment(feather=12.0)
soft = coverage(image)
check("feather: more is between", sum(0 < v < 255 for v in soft) > 3 * sum(0 < v < 255 for v in truth))
_, n, _ = segment(edge="hard")
check("hard: nothing is between", set(coverage(image)) <= {0, 255})
check("hard: agrees with smooth", iou(coverage(image), truth) == 1.0)
_, filled, _ = segment(fill_holes=1e9)
check("fill holes: never less", filled >= area)
_, kept, _ = segment(min_area=50.0)
check("smallest part: never more", kept <= area)
run(PLUG_IN, image, [layer], boxes=BOX)
smooth = coverage(image)
run(PLUG_IN, image, [layer], boxes=BOX, edge="matte")
matte = coverage(image)
agreement = iou(matte, smooth)
if not check("matte: much the same object", agreement > 0.7):
    remark(f"IoU {agreement}")
check("matte: more is between", sum(0 < v < 255 for v in matte) > 1.5 * sum(0 < v < 255 for v in smooth))

# --- the selection as a prompt ---------------------------------------------------------------------

image.select_rectangle(Gimp.ChannelOps.REPLACE, 165, 10, 250, 302)
run(PLUG_IN, image, [layer], prompt_selection="box", edge="hard")
check_equal("a selection's box is a box prompt", coverage(image), boxed)
image.select_ellipse(Gimp.ChannelOps.REPLACE, 180, 15, 230, 290)
rough = coverage(image)
run(PLUG_IN, image, [layer], prompt_selection="mask")
refined = coverage(image)
check("a rough selection is refined", refined != rough and iou(refined, rough) > 0.4)
image.select_ellipse(Gimp.ChannelOps.REPLACE, 180, 15, 230, 290)
run(PLUG_IN + "-selection", image, [layer])
check_equal("the companion does the same", coverage(image), refined)

image.delete()
