# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person does with the window, by xdotool while GIMP waits, and what has become of the image."""

import glob
import os
import subprocess
import threading
import time

from harness import *
from state import *

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
