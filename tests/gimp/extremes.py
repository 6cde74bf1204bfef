# SPDX-License-Identifier: GPL-3.0-or-later
# The window with pictures and people out of the ordinary: a single pixel, nothing at all, 500 clicks.
import time

from harness import *
from person import *


def memory():
    """The most that the plug-in has had, in MB."""
    for pid in plugin_processes():
        with open(f"/proc/{pid}/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
    return 0


# one pixel: a sentence, no window
dot = Gimp.Image.new(1, 1, Gimp.ImageBaseType.RGB)
pixel = Gimp.Layer.new(dot, "dot", 1, 1, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
dot.insert_layer(pixel, None, 0)
before = describe(dot)
check_error("a single pixel: says so", "has only 1 × 1 pixels", PLUG_IN, dot, [pixel],
            run_mode=Gimp.RunMode.INTERACTIVE)
check_equal("a single pixel: is as it was", describe(dot), before)
dot.delete()

# two by two: large enough to be asked about
dot = Gimp.Image.new(2, 2, Gimp.ImageBaseType.RGB)
pixel = Gimp.Layer.new(dot, "dots", 2, 2, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
dot.insert_layer(pixel, None, 0)
dot.clean_all()
display = show(dot)
window = open_window(dot)
keys("Left", "Return", "a")
time.sleep(2.0)
check("four pixels: the window stays, whatever was found", is_open())
# the first one puts the cross away
keys("Escape", "Escape")
check("four pixels: and closes", wait(lambda: not plugin_processes()))
dot.clean_all()
display.delete()

# nothing: said in the window, which goes on when there is something
image = load(source("data/samples/coffee.png"))
full = image.get_layers()[0]
layer = Gimp.Layer.new(image, "empty", 600, 400, Gimp.ImageType.RGBA_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
image.insert_layer(layer, None, 0)
image.set_selected_layers([layer])
image.clean_all()
display = show(image)
before = describe(image)
window = open_window(image)
Mouse(window).click(0, 0)
keys("Left", "Return", "a", "ctrl+Return", "s", "ctrl+z", "ctrl+shift+c")
time.sleep(2.0)
check("an empty layer: the window stays", is_open())
check_equal("an empty layer: the image is as it was", describe(image), before)
layer.get_buffer().set(Gegl.Rectangle.new(0, 0, 600, 400), "R'G'B'A u8", pixels(full, "R'G'B'A u8"))
layer.get_buffer().flush()
layer.update(0, 0, 600, 400)
time.sleep(3.0)
keys("F5")
time.sleep(2.0)
Mouse(window).click(0, 0)
time.sleep(1.0)
keys("ctrl+Return")
check("painted into: an object is found there", wait(lambda: not is_open() and not Gimp.Selection.is_empty(image)))
check("its process ends", wait(lambda: not plugin_processes()))
image.clean_all()
display.delete()

# 500 clicks as fast as they come
image = load(source("data/samples/coffee.png"))
image.clean_all()
display = show(image)
window = open_window(image)
mouse = Mouse(window)
mouse.click(0, 0)
time.sleep(1.0)
least = memory()
started = time.monotonic()
for row in range(20):
    words = []
    for column in range(25):
        words += ["mousemove", mouse.x - 300 + 25 * column, mouse.y - 200 + 21 * row, "click",
                  1 if 5 < row < 14 and 8 < column < 16 else 3]
    xdo(*words)
took = time.monotonic() - started
keys("a")
check("500 clicks: applied", wait(lambda: image.get_parasite(PARASITE) is not None, 120))
answered = time.monotonic() - started
prompts = said(image)
remark(f"500 clicks in {took:.1f} s, applied after {answered:.1f} s; {least:.0f} MB before, {memory():.0f} MB at most")
check("500 clicks: as many points", 450 <= len(prompts) <= 501)
check("500 clicks: little memory", memory() - least < 300)
started = time.monotonic()
xdo(*["key", "ctrl+z"] * 100)
keys("a")
check("500 clicks: 100 steps back", wait(lambda: len(said(image)) == len(prompts) - 100, 120))
remark(f"100 steps back in {time.monotonic() - started:.1f} s")
keys("ctrl+Return")
check("500 clicks: closed", wait(lambda: not is_open() and not plugin_processes()))
image.clean_all()
display.delete()
