# SPDX-License-Identifier: GPL-3.0-or-later
# What happens to the image while the window is open: painted on, moved, resized, the layer deleted and brought
# back, the image closed. The window says so, never applies to what is not there, and goes on where it can.
# Needs: accessibility
import time

from harness import *
from person import *
from widgets import *


def fresh():
    """A picture, shown, with nothing to save, and the window open on it."""
    image = load(source("data/samples/coffee.png"))
    image.clean_all()
    display = show(image)
    return image, image.get_layers()[0], display, open_window(image)


def close(image, display):
    """The window by Escape, if it is open still, then the image."""
    if is_open():
        find_window()
        keys("Escape")
    check("the window closes", wait(lambda: not is_open()))
    check("and its process ends", wait(lambda: not plugin_processes()))
    if image.is_valid():
        image.clean_all()
        display.delete()
        check("the image can be closed then", wait(lambda: not image.is_valid()))


def says(text):
    """The message in the window, as a screen reader has it."""
    try:
        found = find(application(), "alert", text, timeout=20)
    except RuntimeError:
        found = None
    check(f"the window says: {text}", found is not None)


def apply_and_stay():
    """What the window does about A, after time enough to do it."""
    find_window()
    keys("a")
    time.sleep(2.0)


def point(image):
    """Of the one prompt that was kept."""
    words = said(image)
    check_equal("one point was said", [word[:2] for word in words], [["point", "1"]])
    return [float(word) for word in words[0][2:4]] if words else [0.0, 0.0]


# painted on: what was found goes on until the picture is read again
image, layer, display, window = fresh()
Mouse(window).click(0, 0)
image.select_ellipse(Gimp.ChannelOps.REPLACE, 60, 40, 480, 320)
Gimp.context_set_foreground(Gegl.Color.new("#3050ff"))
layer.edit_fill(Gimp.FillType.FOREGROUND)
Gimp.Selection.none(image)
says("The image has changed since it was read.")
apply_and_stay()
first = coverage(image)
place_x, place_y = point(image)
keys("F5")
time.sleep(2.0)
apply_and_stay()
check_equal("painted on: read again, the prompt is where it was", point(image), [place_x, place_y])
second = coverage(image)
run(PLUG_IN, image, [layer], points=[place_x, place_y], fill_holes=120.0, min_area=120.0)
check("painted on: read again, the object is that of the new picture", second == coverage(image))
check("painted on: which is another", iou(first, second) < 0.95)
close(image, display)

# moved: the picture is the same, so is the object, elsewhere in the image
image, layer, display, window = fresh()
Mouse(window).click(0, 0)
apply_and_stay()
first = coverage(image)
layer.set_offsets(-70, 30)
time.sleep(1.0)
apply_and_stay()
check("moved: the selection moves along", coverage(image) == place(first, (600, 400), (-70, 30), (600, 400)))
close(image, display)

# resized: read again, the prompts are gone, nothing is applied until something is said
image, layer, display, window = fresh()
Mouse(window).click(0, 0)
layer.scale(300, 200, False)
image.clean_all()
says("The layer was resized")
time.sleep(2.0)
before = describe(image)
apply_and_stay()
check_equal("resized: nothing is applied without a new click", describe(image), before)
check("resized: nor does the window close", is_open())
Mouse(window).click(0, 0)
apply_and_stay()
place_x, place_y = point(image)
check("resized: a click is where it is in the new size", selected(image, place_x, place_y) >= 128 and
      place_x < 300 and place_y < 200)
close(image, display)

# cropped, turned, without colours: whatever GIMP makes of the layer, OK does no harm
for name, change in (("cropped", lambda image: image.crop(300, 250, 100, 50)),
                     ("turned", lambda image: image.rotate(Gimp.RotationType.DEGREES90)),
                     ("grey", lambda image: image.convert_grayscale()),
                     ("indexed", lambda image: image.convert_indexed(Gimp.ConvertDitherType.NONE,
                                                                     Gimp.ConvertPaletteType.GENERATE, 8, False,
                                                                     False, "")),
                     ("of another precision", lambda image: image.convert_precision(Gimp.Precision.FLOAT_LINEAR)),
                     ("flattened", lambda image: image.flatten())):
    image, layer, display, window = fresh()
    Mouse(window).click(0, 0)
    change(image)
    time.sleep(3.0)
    find_window()
    Mouse(window).click(5, 5)
    apply_and_stay()
    # flattening deletes the layer and makes another
    check_equal(f"{name}: applied if the layer is there", not Gimp.Selection.is_empty(image),
                layer.is_valid() and name != "flattened")
    close(image, display)

# deleted: nothing can be applied; brought back: it can
image, layer, display, window = fresh()
Mouse(window).click(0, 0)
other = Gimp.Layer.new(image, "other", 100, 100, Gimp.ImageType.RGBA_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
image.insert_layer(other, None, 0)
image.remove_layer(layer)
says("The layer was deleted.")
before = describe(image)
for key in ("a", "ctrl+Return", "s", "F5", "ctrl+shift+c"):
    find_window()
    keys(key)
time.sleep(1.0)
check_equal("deleted: nothing happens to the image", describe(image), before)
check("deleted: the window stays", is_open())
image_keys("ctrl+z")
check("deleted: undo brings it back", wait(lambda: len(image.get_layers()) == 2))
time.sleep(1.0)
apply_and_stay()
check("brought back: it can be applied to", not Gimp.Selection.is_empty(image))
close(image, display)

# a selection that is in the way since the window is open
image, layer, display, window = fresh()
Mouse(window).click(0, 0)
image.select_rectangle(Gimp.ChannelOps.REPLACE, 10, 10, 50, 50)
floating = Gimp.Selection.float(image, [layer], 5, 5)
before = describe(image)
apply_and_stay()
says("anchor it first")
check_equal("a floating selection: the image is as it was", describe(image), before)
check("a floating selection: the window stays", is_open())
Gimp.floating_sel_anchor(floating)
Gimp.Selection.none(image)
apply_and_stay()
check("anchored: applied", not Gimp.Selection.is_empty(image))
close(image, display)

# closed: its display was the last that held it
image, layer, display, window = fresh()
Mouse(window).click(0, 0)
display.delete()
check("closed: the image is gone", wait(lambda: not image.is_valid()))
says("The image was closed")
for key in ("a", "ctrl+Return", "s", "F5", "ctrl+shift+c", "ctrl+z", "n"):
    find_window()
    keys(key)
Mouse(window).click(20, 20)
time.sleep(1.0)
check("closed: the window says so and stays", is_open())
close(image, display)

# closed by a person
image, layer, display, window = fresh()
Mouse(window).click(0, 0)
apply_and_stay()
image.clean_all()
image_keys("ctrl+w")
check("closed by keys: the image is gone", wait(lambda: not image.is_valid()))
says("The image was closed")
check("closed by keys: the window stays", is_open())
close(image, display)

# closed at once, while the picture is being read or looked at
image = load(source("data/samples/coffee.png"))
image.scale(3000, 2000)
image.clean_all()
display = show(image)
image_keys(SHORTCUT)
check("closed at once: the window opens", wait(is_open))
display.delete()
says("The image was closed")
check("closed at once: the window stays", is_open())
close(image, display)

# GIMP and the plug-in go on
image, layer, display, window = fresh()
Mouse(window).click(0, 0)
keys("ctrl+Return")
check("afterwards: applied and closed", wait(lambda: not is_open() and not Gimp.Selection.is_empty(image)))
close(image, display)
