# SPDX-License-Identifier: GPL-3.0-or-later
# The window as a person uses it: keys and mouse by xdotool while GIMP waits, then what has become of the image.
import subprocess
import time

from harness import *
from person import *

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


# the call that is copied gives the same, to the pixel: refined by steps, several objects, options, a lasso
CLIPBOARD = """
import gi
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk
print(Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD).wait_for_text(), end="")
"""
scripts = []


def by_script(window):
    mouse = Mouse(window)
    mouse.click(0, 0)
    keys("2")
    mouse.click(-60, 45)
    mouse.click(-150, -100, 3)
    keys("n")
    mouse.drag(110, -90, 200, -20)
    mouse.click(150, -40)
    keys("n", "l")
    mouse.drag(-200, 90, -100, 140)
    keys("ctrl+shift+c")
    time.sleep(1.0)
    scripts.append(subprocess.run(["python3", "-c", CLIPBOARD], capture_output=True, text=True, timeout=60).stdout)
    keys("a")
    time.sleep(2.0)
    keys("ctrl+Return")


shifted = load(source("data/samples/coffee.png"))
shifted.resize(700, 500, 33, 44)
Gimp.Display.new(shifted)
values = with_window(shifted, shifted.get_layers()[0], by_script, output="selection", grow=2.0, feather=3.0)
check_equal("script: applied", values.index(0), Gimp.PDBStatusType.SUCCESS)
by_hand = coverage(shifted)
Gimp.Selection.none(shifted)
script = scripts[0] if scripts else ""
check("script: all of it was copied", "then" in script and "lasso" in script and script.count("object") == 3)
evaluate = Gimp.get_pdb().lookup_procedure("plug-in-script-fu-eval")
config = evaluate.create_config()
config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
config.set_property("script", f"(let ((image {shifted.get_id()}) (drawables (vector "
                              f"{shifted.get_layers()[0].get_id()}))) {script})")
check_equal("script: it runs", evaluate.run(config).index(0), Gimp.PDBStatusType.SUCCESS)
check("script: the same selection", coverage(shifted) == by_hand and iou(coverage(shifted), by_hand) == 1.0)


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


# settings: what was used the last time comes back, what the caller says goes before it
def click_and_choose(*names):
    def act(window):
        Mouse(window).click(0, 0)
        keys(*names, "ctrl+Return")
    return act


settings = load(source("data/samples/coffee.png"))
Gimp.Display.new(settings)
values = with_window(settings, settings.get_layers()[0], click_and_choose("r"))
check("settings: the key for another result", isinstance(values.index(3), Gimp.Channel))
values = with_window(settings, settings.get_layers()[0], click_and_choose(), forget=False)
check("settings: the last time's result again", isinstance(values.index(3), Gimp.Channel))
values = with_window(settings, settings.get_layers()[0], click_and_choose(), forget=False, output="path", grow=5.0)
check("settings: but the caller's, if there is one", isinstance(values.index(3), Gimp.Path))
values = with_window(settings, settings.get_layers()[0], click_and_choose(), forget=False,
                     boxes=[60.0, 50.0, 400.0, 300.0])
check("settings: which is the last time's then", isinstance(values.index(3), Gimp.Path))
check_equal("settings: the caller's prompt is there, with the click", [words[0] for words in said(settings)],
            ["box", "point"])
values = with_window(settings, settings.get_layers()[0], click_and_choose(), forget=False)
check_equal("settings: and does not come back", [words[0] for words in said(settings)], ["point"])


# opened with several points, it begins with the answer that scripts get
SEVERAL = {"points": INSIDE + OUTSIDE + [300.0, 150.0], "labels": [1, 0, 1]}


def apply_at_once(window):
    time.sleep(2.0)
    keys("ctrl+Return")


several = load(source("data/samples/coffee.png"))
Gimp.Display.new(several)
with_window(several, several.get_layers()[0], apply_at_once, **SEVERAL)
check_equal("several points: those on the object come first", [words[:2] for words in said(several)],
            [["point", "1"], ["point", "1"], ["point", "0"]])
in_window = coverage(several)
run(PLUG_IN, several, several.get_layers(), fill_holes=120.0, min_area=120.0, **SEVERAL)
check("several points: the same mask as without a window", coverage(several) == in_window)


# closed at once, while the worker has hardly begun
def closed_at_once(window):
    keys("Escape")


third = load(source("data/samples/coffee.png"))
started = time.time()
values = with_window(third, third.get_layers()[0], closed_at_once)
check_equal("closed at once: cancelled", values.index(0), Gimp.PDBStatusType.CANCEL)
check("closed at once: soon", time.time() - started < 30)
