# SPDX-License-Identifier: GPL-3.0-or-later
# All objects of a picture: those that the command line finds, as channels and as layers.
import json
import subprocess

from harness import *
from state import *

EVERYTHING = PLUG_IN + "-everything"
name = source("data/samples/coffee.png")
image = load(name)
layer = image.get_layers()[0]
SIZE = (image.get_width(), image.get_height())
FEW = {"points_per_side": 5, "min_iou": 0.05, "min_stability": 0.05, "min_area": 0}

said = subprocess.run([PROGRAM, "everything", name, "--points-per-side", "5", "--min-iou", "0.05",
                       "--min-stability", "0.05", "--json", "-", "-o", out("objects")],
                      check=True, capture_output=True, text=True).stdout
found = json.loads(said)["annotations"]
before = describe(image)

n, items = run(EVERYTHING, image, [layer], **FEW)
channels = image.get_channels()
check("there are some", n >= 2)
check_equal("as many as the command line finds", n, len(found))
check_equal("a channel for each", len(channels), n)
check_equal("each as large as there", [sum(v >= 128 for v in coverage(image, c)) for c in channels],
            [o["area"] for o in found])
for i in (0, n - 1):
    picture = load(out(f"objects/{i + 1:03d}.png"))
    check_equal(f"object {i + 1} is the same", coverage(image, channels[i]), pixels(picture.get_layers()[0], "Y' u8"))
    picture.delete()
check("hidden, so that they do not tint", not any(c.get_visible() for c in channels))
check_equal("the layer stays active", image.get_selected_drawables(), [layer])
for channel in channels:
    image.remove_channel(channel)
check_equal("nothing else changed", describe(image), before)

n, items = run(EVERYTHING, image, [layer], output="layers", **FEW)
group = image.get_layers()[0]
check("a group above the source", group.is_group() and image.get_layers()[1].get_id() == layer.get_id())
layers = group.get_children()
check_equal("a layer for each", len(layers), n)
check_equal("each cut out", [sum(v >= 128 for v in pixels(item, "R'G'B'A u8")[3::4]) for item in layers],
            [o["area"] for o in found])
image.remove_layer(group)
image.clean_all()

n, items = run(EVERYTHING, image, [layer], points_per_side=8)
check("by default the model finds some", n >= 1)
for channel in image.get_channels():
    image.remove_channel(channel)
image.clean_all()

check_error("none good enough", "No objects were found", EVERYTHING, image, [layer], points_per_side=2, min_iou=1.0)
check_error("no layer", "No layer is selected", EVERYTHING, image, [])
check_error("an unknown model", "The model cannot be used", EVERYTHING, image, [layer], model="none-such")
check_equal("errors leave all as it was", describe(image), before)
check_equal("and no undo step", image.is_dirty(), False)
image.delete()
