# SPDX-License-Identifier: GPL-3.0-or-later
"""What Python-Fu suites use to say what they found; run-gimp.py reads it.

    from harness import *

    check("name", condition)
    check_equal("name", actual, expected)
    check_near("name", actual, expected, tolerance)
    result = run("plug-in-segment-anything", image, [layer], points=[120.0, 80.0])
    check_error("name", "part of the message", "plug-in-…", image, [layer], …)
    source("data/samples/coffee.png"), out("mask.png")
"""

import os
import pathlib

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gegl, Gimp, Gio, GObject  # noqa: E402

__all__ = ["Gegl", "Gimp", "Gio", "GObject", "check", "check_equal", "check_error", "check_near",
           "call", "out", "plugin_processes", "remark", "run", "source", "load", "PROGRAM"]

PROGRAM = os.environ.get("SAM_PROGRAM", "")


def source(name):
    return os.path.join(os.environ["SAM_SOURCE_ROOT"], name)


def out(name):
    return os.path.join(os.environ["SAM_TEST_DIR"], name)


def remark(text):
    print("# " + " ".join(str(text).split()), flush=True)


def check(name, condition):
    print(("ok - " if condition else "not ok - ") + name, flush=True)
    return bool(condition)


def check_equal(name, actual, expected):
    if actual != expected:
        remark(f"expected {expected!r}, have {actual!r}")
    return check(name, actual == expected)


def check_near(name, actual, expected, tolerance):
    ok = abs(actual - expected) <= tolerance
    if not ok:
        remark(f"expected {expected} within {tolerance}, have {actual}")
    return check(name, ok)


def load(path):
    return Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(path))


def _array(kind, setter, values):
    value = GObject.Value()
    value.init(kind.__gtype__)
    setter(value, values)
    # the bare GValue is refused by the configuration object
    return value.get_boxed()


def call(procedure, image, drawables, run_mode=Gimp.RunMode.NONINTERACTIVE, **arguments):
    """Calls a procedure; gives its GimpValueArray, whatever the status."""
    found = Gimp.get_pdb().lookup_procedure(procedure)
    if found is None:
        raise RuntimeError(f"there is no procedure {procedure}")
    config = found.create_config()
    config.set_property("run-mode", run_mode)
    config.set_property("image", image)
    config.set_core_object_array("drawables", drawables)
    for name, value in arguments.items():
        name = name.replace("_", "-")
        if name in ("points", "boxes"):
            value = _array(Gimp.DoubleArray, Gimp.value_set_double_array, value)
        elif name == "labels":
            value = _array(Gimp.Int32Array, Gimp.value_set_int32_array, value)
        config.set_property(name, value)
    return found.run(config)


def run(procedure, image, drawables, **arguments):
    """Calls a procedure that must succeed; its return values as a list."""
    result = call(procedure, image, drawables, **arguments)
    if result.index(0) != Gimp.PDBStatusType.SUCCESS:
        raise RuntimeError(f"{procedure}: {Gimp.get_pdb().get_last_error()}")
    return [result.index(i) for i in range(1, result.length())]


def check_error(name, part, procedure, image, drawables, **arguments):
    """The call fails, and its message has this part."""
    result = call(procedure, image, drawables, **arguments)
    message = Gimp.get_pdb().get_last_error() or ""
    if result.index(0) == Gimp.PDBStatusType.SUCCESS:
        remark("it did not fail")
        return check(name, False)
    if part not in message:
        remark(f"expected {part!r} in: {message}")
    return check(name, part in message)


def plugin_processes():
    """The processes of our plug-in that belong to this very GIMP, zombies included."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            stat = (entry / "stat").read_text()
            parent = int(stat.rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        # a zombie has a name but no command line; names end after 15 letters
        if parent == os.getppid() and (words[0].endswith(b"/segment-anything") or "(segment-anythin)" in stat):
            found.append(int(entry.name))
    return found
