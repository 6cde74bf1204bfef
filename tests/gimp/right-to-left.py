# SPDX-License-Identifier: GPL-3.0-or-later
# Needs: accessibility
# Language: ar_EG
# Arabic turns the window around, and must not turn the picture: a click selects what is below it.
from harness import *
from person import *
from widgets import *

WIDTH, HEIGHT = 600, 400
MARGIN = 12


def extents(widget):
    box = widget.get_extents(Atspi.CoordType.SCREEN)
    return box.x, box.y, box.width, box.height


class Picture:
    """Places in the picture, which is fitted into the canvas."""

    def __init__(self, app):
        x, y, w, h = extents(find(app, "drawing area", "Image"))
        self.zoom = min((w - 2 * MARGIN) / WIDTH, (h - 2 * MARGIN) / HEIGHT)
        self.x = x + (w - WIDTH * self.zoom) / 2
        self.y = y + (h - HEIGHT * self.zoom) / 2

    def move(self, x, y):
        xdo("mousemove", round(self.x + x * self.zoom), round(self.y + y * self.zoom))
        time.sleep(0.1)

    def click(self, x, y, button=1):
        self.move(x, y)
        xdo("click", button)

    def drag(self, x0, y0, x1, y1):
        self.move(x0, y0)
        xdo("mousedown", 1)
        for i in range(1, 6):
            self.move(x0 + (x1 - x0) * i / 5, y0 + (y1 - y0) * i / 5)
        xdo("mouseup", 1)


def description(app, part):
    canvas = find(app, "drawing area", "Image")
    until(lambda: part in canvas.get_description(), f"the picture's description has “{part}”")


image = load(source("data/samples/coffee.png"))
layer = image.get_layers()[0]
Gimp.Display.new(image)


def by_click(window):
    app = application()
    canvas, panel = find(app, "drawing area", "Image"), find(app, "list box", "Objects")
    check("turned: the panel is on the left of the picture",
          extents(panel)[0] + extents(panel)[2] <= extents(canvas)[0])
    ok, cancel = find(app, "button", "OK"), find(app, "button", "Cancel")
    check("turned: OK is on the left of Cancel", extents(ok)[0] < extents(cancel)[0])
    picture = Picture(app)
    picture.click(*INSIDE)
    description(app, "1 prompt. ")
    keys("ctrl+Return")


values = with_window(image, layer, by_click)
check_equal("click: success", values.index(0), Gimp.PDBStatusType.SUCCESS)
prompts = said(image)
prompts = said(image)
check_equal("click: one point was kept", [words[:2] for words in prompts], [["point", "1"]])
place = [float(word) for word in prompts[0][2:4]]
check(f"click: it is where the pointer was ({place})", all(abs(a - b) < 1.5 for a, b in zip(place, INSIDE)))
have = coverage(image)
run(PLUG_IN, image, [layer], points=place, fill_holes=120.0, min_area=120.0)
check("click: the selection is what the procedure makes of the same prompt", iou(have, coverage(image)) > 0.99)
check("click: the place is selected", selected(image, *INSIDE) >= 128)


# arrows go where they point; a box from left to right
def by_box(window):
    app = application()
    press(app, "button", "Close the message")
    picture = Picture(app)
    picture.drag(20, 30, 420, 330)
    description(app, "1 prompt. ")
    find(app, "drawing area", "Image").grab_focus()
    picture.move(*INSIDE)
    keys("Right", "Left", "Left", "Return")
    description(app, "2 prompts. ")
    picture.click(*OUTSIDE, 3)
    description(app, "3 prompts. ")
    keys("ctrl+Return")


values = with_window(image, layer, by_box)
check_equal("box: success", values.index(0), Gimp.PDBStatusType.SUCCESS)
prompts = said(image)
check_equal("box: all of it was kept", [words[0] for words in prompts], ["box", "point", "point"])
check("box: it is where it was drawn",
      all(abs(float(a) - b) < 1.5 for a, b in zip(prompts[0][2:6], (20, 30, 420, 330))))
check("box: the right button took away, where the pointer was", prompts[2][1] == "0" and
      all(abs(float(a) - b) < 1.5 for a, b in zip(prompts[2][2:4], OUTSIDE)))
check("box: the key to the left went to the left",
      float(prompts[1][2]) < INSIDE[0] - 5 and abs(float(prompts[1][3]) - INSIDE[1]) < 2)
