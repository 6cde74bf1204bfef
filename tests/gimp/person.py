# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person does with the window, by xdotool, and what has become of the image.

    values = with_window(image, layer, act)     GIMP waits for the window, act (window) uses it meanwhile
    window = open_window(image)                 GIMP opens it by a shortcut; the suite goes on
"""

import glob
import os
import subprocess
import threading
import time

from harness import *
from state import *

PARASITE = "segment-anything-prompts"
TITLE = "^Segment Anything: "
# of "Segment Anything…", in the profile that run-gimp.py makes
SHORTCUT = "F9"


def xdo(*words):
    return subprocess.run(["xdotool", *map(str, words)], capture_output=True, text=True, timeout=60).stdout.split()


def wait(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def is_open():
    return bool(xdo("search", "--onlyvisible", "--name", TITLE))


def find_window(timeout=60):
    """The window's id once it is shown and active."""
    found = []

    def look():
        # once more could be once too often: while the manager puts it into a frame it is not visible
        found.extend(xdo("search", "--onlyvisible", "--name", TITLE))
        return found

    if not wait(look, timeout):
        raise RuntimeError("the window did not open")
    window = found[-1]
    xdo("windowactivate", "--sync", window)
    time.sleep(1.0)
    return window


def show(image):
    """GIMP's window with the image, the only one."""
    display = Gimp.Display.new(image)
    if not wait(lambda: image_window() is not None):
        raise RuntimeError("GIMP does not show the image")
    time.sleep(0.5)
    return display


def image_window():
    said = subprocess.run(["wmctrl", "-l"], capture_output=True, text=True).stdout
    # its title begins with the image's name in square brackets or with a file's name
    found = [line.split()[0] for line in said.splitlines() if " – GIMP" in line and "(" in line]
    return found[0] if found else None


def image_keys(*names):
    """Presses keys in GIMP's window."""
    subprocess.run(["wmctrl", "-ia", image_window()], check=True)
    time.sleep(0.5)
    keys(*names)


def open_window(image):
    """As a person does, while the suite goes on; the window's id. The image must be the one shown."""
    image_keys(SHORTCUT)
    return find_window()


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


def with_window(image, layer, act, forget=True, **arguments):
    """Opens the window, lets `act (window)` use it meanwhile; the procedure's values."""
    problems = []

    def drive():
        try:
            act(find_window())
        except Exception as problem:  # the window must be closed all the same
            problems.append(problem)
        end = time.time() + 60
        while time.time() < end and is_open():
            if problems:
                keys("Escape")
            time.sleep(0.2)

    # what was used the last time is not what this is about
    if forget:
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
