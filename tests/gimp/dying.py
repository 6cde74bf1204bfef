# SPDX-License-Identifier: GPL-3.0-or-later
# The plug-in dies while its window is open, at whatever moment: GIMP lives on, the image is as it was or has all of
# the result in one step of undo, no process stays, and the next window works.
# Expects: kills
import os
import signal
import time

from harness import *
from person import *

image = load(source("data/samples/coffee.png"))
image.scale(2400, 1600)
layer = image.get_layers()[0]
image.clean_all()
display = show(image)
before = describe(image)


def die():
    for pid in plugin_processes():
        os.kill(pid, signal.SIGKILL)
    check("its window and process are gone", wait(lambda: not is_open() and not plugin_processes()))


# while it starts, reads, loads the model and looks at the picture
for seconds in (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.3):
    image_keys(SHORTCUT)
    check("a process starts", wait(plugin_processes))
    time.sleep(seconds)
    die()
    check_equal(f"killed {seconds} s after the start: the image is as it was", describe(image), before)
    check("and needs no saving", not image.is_dirty())

# with something found, not applied
window = open_window(image)
Mouse(window).click(0, 0)
Mouse(window).click(40, 30, 3)
die()
check_equal("killed with an object on show: the image is as it was", describe(image), before)
check("and needs no saving", not image.is_dirty())

# while it applies: all or nothing
n_applied = n_not = 0
for milliseconds in (0, 20, 40, 60, 80, 100, 120, 140, 160, 200, 250, 300, 400, 600):
    window = open_window(image)
    Mouse(window).click(0, 0)
    time.sleep(0.5)
    xdo("key", "a")
    time.sleep(milliseconds / 1000)
    die()
    after = describe(image)
    if after == before:
        n_not += 1
        check(f"killed {milliseconds} ms after A: nothing has happened", not image.is_dirty())
    else:
        n_applied += 1
        check(f"killed {milliseconds} ms after A: all has happened, and nothing else",
              after["selection"] != before["selection"] and {**after, "selection": before["selection"]} == before)
        image_keys("ctrl+z")
        check("one undo takes it back", wait(lambda: describe(image) == before))
        image.clean_all()
remark(f"{n_applied} of {n_applied + n_not} had applied")

# GIMP and the plug-in go on
window = open_window(image)
Mouse(window).click(0, 0)
keys("ctrl+Return")
check("afterwards: applied and closed", wait(lambda: not is_open() and not Gimp.Selection.is_empty(image)))
image_keys("ctrl+z")
check("afterwards: one step of undo", wait(lambda: describe(image) == before))
display.delete()
