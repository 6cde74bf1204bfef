# SPDX-License-Identifier: GPL-3.0-or-later
# The sample script for Python-Fu does what it says.
from harness import *
from state import *

name = out("coffee.png")
image = load(source("data/samples/coffee.png"))
Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(name), None)
image.delete()

with open(source("data/scripts/batch.py")) as file:
    exec(compile(file.read(), file.name, "exec"))
scores = mask_all([name], [[165, 10, 415, 312], [320, 60, 430, 330]])
check_equal("batch.py: a score for each box", len(scores), 2)

layered = load(name + ".xcf")
check_equal("batch.py: a channel for each box", [channel.get_name() for channel in layered.get_channels()],
            ["object 2", "object 1"])
one, two = (coverage(layered, channel) for channel in layered.get_channels())
mask = load(name + ".mask.png")
held = pixels(mask.get_layers()[0], "Y' u8")
check("batch.py: the mask has all of them", iou(held, bytes(min(a + b, 255) for a, b in zip(one, two))) > 0.99)
check("batch.py: black elsewhere", held[0] == 0 and held[-1] == 0)
layered.delete()
mask.delete()
