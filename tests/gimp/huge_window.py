# SPDX-License-Identifier: GPL-3.0-or-later
# A picture of 30,000 x 20,000 in the window: how long until it can be clicked, until a click is answered and
# applied, and how much memory the plug-in takes.
import time

from harness import *
from person import *

WIDTH, HEIGHT = 30000, 20000


def memory(name):
    for pid in plugin_processes():
        with open(f"/proc/{pid}/status") as status:
            for line in status:
                if line.startswith(name):
                    return int(line.split()[1]) / 1024
    return 0


def processor():
    """Seconds that the plug-in has computed."""
    total = 0
    for pid in plugin_processes():
        with open(f"/proc/{pid}/stat") as stat:
            words = stat.read().rsplit(")", 1)[1].split()
        total += (int(words[11]) + int(words[12])) / 100
    return total


def quiet():
    """The plug-in has nothing more to do, and does not wait for GIMP."""
    before = processor()
    time.sleep(2.0)
    return plugin_processes() and processor() - before < 0.05


image = Gimp.Image.new(WIDTH, HEIGHT, Gimp.ImageBaseType.RGB)
image.undo_disable()
layer = Gimp.Layer.new(image, "huge", WIDTH, HEIGHT, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
image.insert_layer(layer, None, 0)
Gimp.context_set_foreground(Gegl.Color.new("#406040"))
layer.edit_fill(Gimp.FillType.FOREGROUND)
image.select_ellipse(Gimp.ChannelOps.REPLACE, 11000, 6000, 8000, 8000)
Gimp.context_set_foreground(Gegl.Color.new("#e0b060"))
layer.edit_fill(Gimp.FillType.FOREGROUND)
Gimp.Selection.none(image)
image.clean_all()
display = show(image)

started = time.monotonic()
window = open_window(image)
opened = time.monotonic() - started
# a picture of 67 megapixels is what it makes of it
check("it is looked at", wait(lambda: memory("VmRSS") > 250 and quiet(), 300))
remark(f"the window is there after {opened:.1f} s, the picture after {time.monotonic() - started:.1f} s "
       f"({processor():.1f} s of processor time), {memory('VmRSS'):.0f} MB, {memory('VmHWM'):.0f} MB at most")

mouse = Mouse(window)
started, spent = time.monotonic(), processor()
mouse.click(0, 0)
check("a click is answered", wait(quiet, 120))
remark(f"a click: at most {time.monotonic() - started - 2.6:.1f} s, {processor() - spent:.1f} s of processor time")

spent = processor()
keys("plus", "plus", "plus", "plus", "0")
check("zooming ends", wait(quiet, 120))
remark(f"five zooms: {processor() - spent:.1f} s of processor time")

started = time.monotonic()
keys("ctrl+Return")
check("applied and closed", wait(lambda: not is_open() and not Gimp.Selection.is_empty(image), 300))
remark(f"applied after {time.monotonic() - started:.1f} s")
_, selected, x0, y0, x1, y1 = Gimp.Selection.bounds(image)
for name, actual, expected in (("left", x0, 11000), ("top", y0, 6000), ("right", x1, 19000), ("bottom", y1, 14000)):
    check_near(f"the object's {name}", actual, expected, 300)
image.clean_all()
display.delete()
