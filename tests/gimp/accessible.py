# SPDX-License-Identifier: GPL-3.0-or-later
# Needs: accessibility
# The window without eyes or without hands: what a screen reader is told, and the whole way from the picture to the
# selection by keys and by the actions that it offers to assistive programs.
import collections

from harness import *
from person import *
from widgets import *

# what a person does something with, and so has to be told what it is
TOLD = {"button", "push button", "toggle button", "radio button", "check box", "combo box", "spin button", "entry",
        "list box", "list", "menu item", "drawing area", "dialog", "frame", "progress bar", "slider"}
# where Tab does not stop: the arrows go through a group, and Escape closes a menu
PASSED = {"menu item", "list box", "list item", "scroll pane", "combo box"}
ALT_KEYS = set("umvsegtldhcao")


def look(image, layer, act, **arguments):
    return with_window(image, layer, lambda window: act(application()), **arguments)


def close(app):
    press(app, "button", "Cancel")


image = load(source("data/samples/coffee.png"))
layer = image.get_layers()[0]
Gimp.Display.new(image)


def by_names(app):
    every = list(all_widgets(app))
    check("names: the window has many widgets", len(every) > 80)
    nameless = [role(widget) for widget in every if role(widget) in TOLD and has(widget, "visible") and
                not label_of(widget)]
    if nameless:
        remark(nameless)
    check("names: everything that can be used has one", not nameless)
    check("names: no role is unknown",
          not [widget for widget in every if role(widget) in ("unknown", "invalid", "redundant object")])
    dashes = [label_of(widget) for widget in every if role(widget) in TOLD and has(widget, "visible") and
              not any(letter.isalpha() for letter in label_of(widget))]
    if dashes:
        remark(dashes)
    check("names: all of them are words", not dashes)
    usable = [widget for widget in every if role(widget) in TOLD - {"menu item", "combo box", "dialog"} and
              has(widget, "showing")]
    twins = [name for name, n in collections.Counter((role(widget), label_of(widget)) for widget in usable).items()
             if n > 1]
    if twins:
        remark(twins)
    check("names: no two are the same", not twins)

    alt = [widget.get_action_iface() and widget.get_key_binding(0) for widget in every if has(widget, "showing")]
    alt = sorted(key[5:] for key in alt if key and key.startswith("<Alt>"))
    check_equal("mnemonics: these, and none twice", alt, sorted(ALT_KEYS))
    canvas = find(app, "drawing area", "Image")
    check("canvas: it has the focus at first", has(canvas, "focused"))
    check("canvas: it says what to do", "Arrow keys move" in canvas.get_description())

    # once around with Tab; the part of a combo box that has the focus is not on the bus
    seen = []
    for _ in range(60):
        widget = focused(app)
        name = (role(widget), label_of(widget)) if widget is not None else ("combo box", "")
        if name in seen[:1]:
            break
        seen.append(name)
        xdo("key", "Tab")
        time.sleep(0.2)
    check("tab: it goes around and comes back to the picture",
          seen[0] == ("drawing area", "Image") and has(canvas, "focused") and len(seen) > 20)
    missed = [(role(widget), label_of(widget)) for widget in usable
              if has(widget, "sensitive focusable") and role(widget) not in PASSED and
              (role(widget) != "radio button" or has(widget, "checked")) and
              (role(widget), label_of(widget)) not in seen]
    if missed:
        remark(missed)
    check("tab: it stops at everything that can be used", not missed)
    check_equal("tab: and at the combo boxes", seen.count(("combo box", "")),
                sum(role(widget) == "combo box" for widget in every))
    check("tab: and at the object", ("list item", "Object 1: not clicked yet") in seen)
    close(app)


values = look(image, layer, by_names)
check_equal("names: cancelled", values.index(0), Gimp.PDBStatusType.CANCEL)


# the whole way, from the picture to the selection
found = {}


def description(app, part):
    canvas = find(app, "drawing area", "Image")
    until(lambda: part in canvas.get_description(), f"the picture's description has “{part}”")
    return canvas.get_description()


def choose(app, combo, item):
    combo = find(app, "combo box", combo)
    names = [role(widget) == "menu item" and widget.get_name() for widget in all_widgets(combo)]
    combo.select_child([name for name in names if name].index(item))
    until(lambda: combo.get_name() == item, f"“{item}” is chosen")


def all_the_way(app, button):
    n = 0
    while has(find(app, "button", button), "sensitive"):
        press(app, "button", button)
        n += 1
        if n > 20:
            raise RuntimeError(f"no end of {button}")
    check(f"actions: {button}", n > 0)


def by_keys(app):
    press(app, "radio button", "Brush")  # the focus goes elsewhere
    press(app, "radio button", "Points and boxes")
    canvas = find(app, "drawing area", "Image")
    check("keys: the picture takes the focus", canvas.grab_focus())
    keys("Right", "Left", "shift+Right", "Return")
    text = description(app, "of the image is selected")
    check("keys: the picture says that there is one prompt", text.startswith("1 prompt. "))
    check("keys: the hint says how much was found",
          any(role(widget) == "status bar" and "% of the image" in widget.get_name()
              for widget in all_widgets(app)))
    check("keys: one candidate is chosen", find(app, "toggle button", "% sure", "showing checked"))
    first = label_of(find(app, "toggle button", "% sure", "showing checked"))
    keys("Tab")
    second = label_of(until(lambda: next((widget for widget in all_widgets(app) if has(widget, "checked") and
                                          "% sure" in label_of(widget) and label_of(widget) != first), None),
                            "another candidate is chosen"))
    remark(f"{first}; after Tab {second}")
    check("keys: Tab has left the focus where it was", has(canvas, "focused"))
    keys("ctrl+Tab")
    check("keys: Ctrl+Tab leaves the picture", not has(canvas, "focused"))
    keys("ctrl+shift+Tab")
    check("keys: Ctrl+Shift+Tab comes back", has(canvas, "focused"))

    # a box from the keyboard, as a second object
    keys("n", "b", *["Left"] * 6, *["Up"] * 4, "Return")
    find(app, "list item", "Object 2: 1 prompt")
    keys("ctrl+z", "ctrl+z")
    until(lambda: not any("Object 2" in label_of(widget) for widget in all_widgets(app)), "the box is undone")
    description(app, "1 prompt. ")
    keys("shift+Return")
    description(app, "2 prompts. ")
    keys("BackSpace")
    found["candidate"] = label_of(find(app, "toggle button", "% sure", "showing checked")).split(",")[0][-1]
    found["description"] = description(app, "1 prompt. ")
    found["hint"] = next(widget.get_name() for widget in all_widgets(app) if role(widget) == "status bar")
    keys("ctrl+Return")


def selected_as_said(name, image, layer, **arguments):
    """The selection is what the procedure gives for the prompt that was kept, with the window's settings."""
    x, y = (float(word) for word in said(image)[0][2:4])
    have = coverage(image)
    run(PLUG_IN, image, [layer], points=[x, y], candidate=found["candidate"], fill_holes=120.0, min_area=120.0,
        **arguments)
    want = coverage(image)
    check(f"{name}: the selection is what the procedure makes of the same prompt", iou(have, want) > 0.99)
    return have


values = look(image, layer, by_keys)
check_equal("keys: success", values.index(0), Gimp.PDBStatusType.SUCCESS)
check_equal("keys: one point was kept", [words[:2] for words in said(image)], [["point", "1"]])
have = selected_as_said("keys", image, layer)
check("keys: as much as the picture said",
      f"{100 * sum(v >= 128 for v in have) / len(have):.1f}"[:2] in found["description"])


# no keys, no mouse: actions
def by_actions(app):
    # what was said before is offered in a message, and is not wanted
    find(app, "alert", "saved prompts")
    press(app, "button", "Close the message")
    find(app, "drawing area", "Image").grab_focus()
    keys("Left", "Return")
    description(app, "1 prompt. ")
    for name in ("Candidate 1", "Candidate 3", "Candidate 2"):
        press(app, "toggle button", name)
        find(app, "toggle button", name, "showing checked")
    found["candidate"] = "2"
    all_the_way(app, "Undo")
    description(app, "0 prompts. ")
    check("actions: nothing to apply yet", not has(find(app, "button", "OK"), "sensitive"))
    all_the_way(app, "Redo")
    description(app, "1 prompt. ")
    find(app, "toggle button", "Candidate 2", "showing checked")

    press(app, "button", "New object")
    find(app, "list item", "Object 2: not clicked yet")
    press(app, "button", "Delete this object")
    until(lambda: not any("Object 2" in label_of(widget) for widget in all_widgets(app)), "the object is deleted")
    press(app, "button", "Use Selection")
    find(app, "alert", "roughly select the object")
    press(app, "button", "Close the message")
    until(lambda: not any(role(widget) == "alert" and has(widget, "showing") for widget in all_widgets(app)),
          "the message is closed")

    for look in ("Mask only", "Tint"):
        choose(app, "View", look)
    choose(app, "Result", "Channel")
    until(lambda: not has(find(app, "radio button", "Add to the current selection"), "sensitive"),
          "a channel has no operation")
    press(app, "button", "Apply")
    until(lambda: has(find(app, "button", "OK"), "sensitive"), "it was applied")
    choose(app, "Result", "Selection")
    check("actions: the number is set", find(app, "spin button", "Grow").set_current_value(4.0))
    time.sleep(1.0)
    press(app, "button", "OK")


Gimp.Selection.none(image)
values = look(image, layer, by_actions)
check_equal("actions: success", values.index(0), Gimp.PDBStatusType.SUCCESS)
check_equal("actions: a channel was made", len(image.get_channels()), 1)
have = selected_as_said("actions", image, layer, grow=4.0)
if image.get_channels():
    smaller = coverage(image, image.get_channels()[0])
    inside = sum(a >= 128 and b < 128 for a, b in zip(smaller, have))
    check("actions: the channel lies in the selection, which was grown", inside == 0)
    check("actions: the selection is larger", sum(v >= 128 for v in have) > sum(v >= 128 for v in smaller))
