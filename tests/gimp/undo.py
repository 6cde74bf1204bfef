# SPDX-License-Identifier: GPL-3.0-or-later
# One undo step for each output, which takes everything back to the byte, and one redo that brings it again. GIMP
# has no procedure to undo, so its window is asked for it by keys.
import subprocess
import time

from harness import *
from state import *

image = load(source("data/samples/coffee.png"))
image.scale(150, 100)
layer = image.get_layers()[0]
layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE))
layer.set_edit_mask(False)
image.select_rectangle(Gimp.ChannelOps.REPLACE, 5, 6, 30, 20)
Gimp.Selection.save(image)
image.set_selected_layers([layer])
display = Gimp.Display.new(image)
BOX = [41.0, 2.5, 104.0, 78.0]


def ask(*words):
    return subprocess.run(words, capture_output=True, text=True).stdout


def wait(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def key(name):
    """Presses a key in the image's window."""
    window = next(line.split()[0] for line in ask("wmctrl", "-l").splitlines() if "GIMP" in line)
    ask("wmctrl", "-ia", window)
    ask("xdotool", "key", "--clearmodifiers", name)


def undoable():
    """What GIMP's history knows: which item is active, and whether a layer or its mask, is no part of it."""
    said = describe(image)
    del said["selected"]
    for entry in said["items"]:
        entry[6:7] = []
    return said


check("GIMP shows the image", wait(lambda: "GIMP" in ask("wmctrl", "-l")))
time.sleep(1)
before = undoable()
active = image.get_selected_drawables()

for output in ("selection", "channel", "layer-mask", "new-layer", "path"):
    run(PLUG_IN, image, [layer], boxes=BOX, output=output)
    after = undoable()
    check(f"{output}: something was made", after != before)
    key("ctrl+z")
    undone = wait(lambda: undoable() != after)
    # nothing more is undone by itself
    time.sleep(0.3)
    check(f"{output}: one undo takes all of it back", undone and undoable() == before)
    if undoable() != before:
        remark(f"expected {before}, have {undoable()}")
    key("ctrl+y")
    wait(lambda: undoable() == after)
    check(f"{output}: one redo brings it again", undoable() == after)
    key("ctrl+z")
    check(f"{output}: and back", wait(lambda: undoable() == before))
    # after a channel, GIMP goes to the next one, and to a mask that is back
    if output not in ("channel", "layer-mask"):
        check_equal(f"{output}: the same layer is active", image.get_selected_drawables(), active)
    layer.set_edit_mask(False)
    image.set_selected_layers([layer])

# a failure leaves no step: undoing now undoes what was before
image.clean_all()
call(PLUG_IN, image, [layer], boxes=BOX, min_area=1e9)
check_equal("a failure leaves no undo step", image.is_dirty(), False)
display.delete()
