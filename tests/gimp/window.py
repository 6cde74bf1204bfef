# SPDX-License-Identifier: GPL-3.0-or-later
# The window as a person uses it: keys and mouse by xdotool while GIMP waits, then what has become of the image.
import glob
import os
import subprocess
import threading
import time

from harness import *
from state import *

PLUG_IN = "plug-in-segment-anything"
PARASITE = "segment-anything-prompts"


def xdo(*words):
    return subprocess.run(["xdotool", *map(str, words)], capture_output=True, text=True, timeout=60).stdout.split()


def find_window(timeout=60):
    """The window's id once it is shown and active."""
    end = time.time() + timeout
    while time.time() < end:
        found = xdo("search", "--onlyvisible", "--name", "^Segment Anything: ")
        if found:
            xdo("windowactivate", "--sync", found[-1])
            time.sleep(1.0)
            return found[-1]
        time.sleep(0.2)
    raise RuntimeError("the window did not open")


def keys(*names):
    for name in names:
        xdo("key", name)
        time.sleep(0.3)


class Mouse:
    """Places on the canvas as parts of its width and height, measured from the middle."""

    def __init__(self, window):
        words = dict(word.split("=") for word in xdo("getwindowgeometry", "--shell", window) if "=" in word)
        x, y, w, h = (int(words[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))
        # the panel beside the picture, and the tools, zoom and buttons around it
        self.x, self.y = x + (w - 300) // 2, y + 60 + (h - 240) // 2

    def move(self, dx, dy):
        xdo("mousemove", self.x + dx, self.y + dy)
        time.sleep(0.2)

    def click(self, dx, dy, button=1):
        self.move(dx, dy)
        xdo("click", button)
        time.sleep(0.6)

    def drag(self, dx0, dy0, dx1, dy1):
        self.move(dx0, dy0)
        xdo("mousedown", 1)
        for i in range(1, 6):
            xdo("mousemove", self.x + dx0 + (dx1 - dx0) * i // 5, self.y + dy0 + (dy1 - dy0) * i // 5)
            time.sleep(0.05)
        xdo("mouseup", 1)
        time.sleep(0.6)


def with_window(image, layer, act, **arguments):
    """Opens the window, lets `act (window)` use it meanwhile; the procedure's values."""
    problems = []

    def drive():
        try:
            act(find_window())
        except Exception as problem:  # the window must be closed all the same
            problems.append(problem)
        end = time.time() + 60
        while time.time() < end and xdo("search", "--onlyvisible", "--name", "^Segment Anything: "):
            if problems:
                keys("Escape")
            time.sleep(0.2)

    # GIMP puts the settings of the last time before a caller's arguments
    for path in glob.glob(os.path.join(os.environ["GIMP3_DIRECTORY"], "plug-in-settings", "*.last")):
        os.unlink(path)
    driver = threading.Thread(target=drive)
    driver.start()
    values = call(PLUG_IN, image, [layer], run_mode=Gimp.RunMode.INTERACTIVE, **arguments)
    driver.join()
    for problem in problems:
        remark(problem)
    check("the window could be used", not problems)
    return values


def said(image):
    """What the prompts were: lists of words."""
    parasite = image.get_parasite(PARASITE)
    if parasite is None:
        return []
    text = bytes(parasite.get_data()).rstrip(b"\0").decode()
    return [line.split() for line in text.split("\n")
            if line.split(" ")[0] in ("point", "box", "stroke", "lasso", "mask")]


def selected(image, x, y):
    buffer = image.get_selection().get_buffer()
    return buffer.get(Gegl.Rectangle.new(int(x), int(y), 1, 1), 1.0, "Y u8", Gegl.AbyssPolicy.NONE)[0]


def count_selected(image):
    buffer = image.get_selection().get_buffer()
    pixels = buffer.get(buffer.get_extent(), 1.0, "Y u8", Gegl.AbyssPolicy.NONE)
    return sum(1 for value in pixels if value >= 128)


image = load(source("data/samples/coffee.png"))
layer = image.get_layers()[0]
Gimp.Display.new(image)


# keys alone: a cross, a point, OK
def by_keys(window):
    keys("Left", "Return")
    time.sleep(1.5)
    keys("ctrl+Return")


values = with_window(image, layer, by_keys)
check_equal("keys: the status is success", values.index(0), Gimp.PDBStatusType.SUCCESS)
prompts = said(image)
check_equal("keys: one point was kept with the image", [words[:2] for words in prompts], [["point", "1"]])
x, y = (float(word) for word in prompts[0][2:4])
check("keys: the point is inside the selection", selected(image, x, y) >= 128)
check_equal("keys: as many pixels as the procedure says", count_selected(image), values.index(2))
check("keys: not everything is selected", 100 < values.index(2) < 600 * 400 * 0.95)
before = count_selected(image)


# Cancel leaves no trace
other = load(source("data/samples/coffee.png"))
Gimp.Display.new(other)
other.select_rectangle(Gimp.ChannelOps.REPLACE, 10, 20, 30, 40)
other.clean_all()


def clicked_and_cancelled(window):
    mouse = Mouse(window)
    mouse.click(0, 0)
    mouse.click(30, 20, 3)
    keys("Escape")


values = with_window(other, other.get_layers()[0], clicked_and_cancelled)
check_equal("cancel: the status says so", values.index(0), Gimp.PDBStatusType.CANCEL)
check_equal("cancel: the selection is as it was", count_selected(other), 1200)
check_equal("cancel: no parasite", other.get_parasite(PARASITE), None)
check("cancel: the image is clean", not other.is_dirty())


# the mouse: a click, a click that takes away, undo, a box in a second object, a channel
def by_mouse(window):
    mouse = Mouse(window)
    mouse.click(0, 0)
    mouse.click(-150, -100, 3)
    mouse.click(60, 60)
    keys("ctrl+z")
    keys("n")
    mouse.drag(-120, -80, 80, 60)
    time.sleep(0.5)
    keys("ctrl+Return")


values = with_window(other, other.get_layers()[0], by_mouse, output="channel")
check_equal("mouse: success", values.index(0), Gimp.PDBStatusType.SUCCESS)
check_equal("mouse: click, click away and box, without what was undone",
            [words[:2] for words in said(other)], [["point", "1"], ["point", "0"], ["box", "1"]])
channel = values.index(3)
check("mouse: a channel was made", channel is not None and
      [item.get_id() for item in other.get_channels()] == [channel.get_id()])
check_equal("mouse: the selection is as it was", count_selected(other), 1200)
if channel is not None:
    buffer = channel.get_buffer()
    for words in said(other)[:2]:
        value = buffer.get(Gegl.Rectangle.new(int(float(words[2])), int(float(words[3])), 1, 1), 1.0, "Y' u8",
                           Gegl.AbyssPolicy.NONE)[0]
        box = [float(word) for word in said(other)[2][2:6]]
        inside = box[0] <= float(words[2]) < box[2] and box[1] <= float(words[3]) < box[3]
        if words[1] == "1" or not inside:
            check_equal(f"mouse: the channel agrees with the point labelled {words[1]}", value >= 128,
                        words[1] == "1")


# kept prompts are offered, and brought back by the button
def bring_back(window):
    time.sleep(2.0)
    keys("alt+b")
    time.sleep(1.5)
    keys("ctrl+Return")


values = with_window(image, layer, bring_back)
check_equal("kept: success", values.index(0), Gimp.PDBStatusType.SUCCESS)
check_equal("kept: the same prompt again", said(image), prompts)
check_equal("kept: the same selection again", count_selected(image), before)


# the selection as a prompt
def by_selection(window):
    time.sleep(1.0)
    keys("s")
    time.sleep(1.0)
    keys("ctrl+Return")


other.select_ellipse(Gimp.ChannelOps.REPLACE, 150, 60, 300, 280)
values = with_window(other, other.get_layers()[0], by_selection, output="selection")
check_equal("selection: success", values.index(0), Gimp.PDBStatusType.SUCCESS)
check_equal("selection: it was the prompt", [words[0] for words in said(other)], ["mask"])
check("selection: something is selected", count_selected(other) > 100)


# closed at once, while the worker has hardly begun
def closed_at_once(window):
    keys("Escape")


third = load(source("data/samples/coffee.png"))
started = time.time()
values = with_window(third, third.get_layers()[0], closed_at_once)
check_equal("closed at once: cancelled", values.index(0), Gimp.PDBStatusType.CANCEL)
check("closed at once: soon", time.time() - started < 30)
