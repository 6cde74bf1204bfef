# SPDX-License-Identifier: GPL-3.0-or-later
"""Mask the objects of many pictures, without a window.

    gimp-console --no-interface --batch-interpreter=python-fu-eval --quit -b '
    exec(open("batch.py").read())
    mask_all(["one.jpg", "two.jpg"], [[40, 30, 380, 300], [400, 60, 600, 390]])'

Beside each picture NAME.EXT appears NAME.EXT.xcf with one hidden channel for each box, and NAME.EXT.mask.png
with all of them: white on the objects, black elsewhere.
"""

from gi.repository import Gegl, Gimp, Gio, GObject


def boxed(kind, setter, values):
    """PyGObject wants arrays of numbers for GIMP packed like this."""
    value = GObject.Value()
    value.init(kind.__gtype__)
    setter(value, values)
    return value.get_boxed()


def segment(image, layer, **arguments):
    """Calls the procedure: the predicted IoU, the number of pixels, the item made."""
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-segment-anything")
    config = procedure.create_config()
    config.set_property("image", image)
    config.set_core_object_array("drawables", [layer])
    for name, value in arguments.items():
        if name in ("points", "boxes"):
            value = boxed(Gimp.DoubleArray, Gimp.value_set_double_array, value)
        elif name == "labels":
            value = boxed(Gimp.Int32Array, Gimp.value_set_int32_array, value)
        config.set_property(name.replace("_", "-"), value)
    result = procedure.run(config)
    if result.index(0) != Gimp.PDBStatusType.SUCCESS:
        raise RuntimeError(Gimp.get_pdb().get_last_error())
    return result.index(1), result.index(2), result.index(3)


def mask_all(files, boxes):
    scores = []
    for name in files:
        image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(name))
        layer = image.get_layers()[0]

        for number, box in enumerate(boxes):
            score, pixels, channel = segment(image, layer, boxes=[float(v) for v in box], output="channel")
            channel.set_name(f"object {number + 1}")
            scores.append(score)
            print(f"{name}, object {number + 1}: score {score:.2f}, {pixels} pixels")

        # all of them as one selection, and that as a picture
        Gimp.Selection.none(image)
        for channel in image.get_channels():
            image.select_item(Gimp.ChannelOps.ADD, channel)
        Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(name + ".xcf"), None)

        Gimp.context_push()
        Gimp.context_set_foreground(Gegl.Color.new("black"))
        paper = image.flatten()
        paper.fill(Gimp.FillType.FOREGROUND)  # all of it
        paper.edit_fill(Gimp.FillType.WHITE)  # what is selected
        Gimp.context_pop()
        Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(name + ".mask.png"), None)
        image.delete()
    return scores
