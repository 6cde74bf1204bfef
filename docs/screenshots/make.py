#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the screenshots of this folder: the window in a real GIMP, on the sample photo.

    docs/screenshots/make.py BUILD_FOLDER [NAME…]

Needs GIMP, Xvfb, openbox, xdotool and ImageMagick's import; Chinese needs a CJK font and a
zh_CN.UTF-8 locale.  Each picture is one start of GIMP.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent.parent

spec = importlib.util.spec_from_file_location("run_gimp", SOURCE / "tests/gimp/run-gimp.py")
run_gimp = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run_gimp)

# name: (GIMP's colour scheme, environment, scale, what is done)
SHOTS = {
    "window": ("light", {}, 1, "box"),
    "dark": ("dark", {}, 1, "box"),
    "click": ("dark", {}, 1, "click"),
    "models": ("dark", {}, 1, "models"),
    "on-transparency": ("light", {}, 1, "look"),
    "hidpi": ("dark", {}, 2, "box"),
    "chinese": ("light", {"LC_ALL": "zh_CN.UTF-8", "LANGUAGE": "zh_CN"}, 1, "box"),
}


def xdo(env, *words):
    result = subprocess.run(["xdotool", *map(str, words)], env=env, capture_output=True, text=True)
    return result.stdout.split()


def act(env, window, scale, what):
    words = dict(word.split("=") for word in xdo(env, "getwindowgeometry", "--shell", window) if "=" in word)
    x, y, w, h = (int(words[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))
    # the middle of the picture: the panel is beside it, tools, zoom and buttons are around it
    x += 12 * scale + (w - 336 * scale) // 2
    y += 54 * scale + (h - 194 * scale) // 2

    def drag(x0, y0, x1, y1):
        xdo(env, "mousemove", x + x0 * scale, y + y0 * scale, "mousedown", 1)
        for i in range(1, 9):
            xdo(env, "mousemove", x + (x0 + (x1 - x0) * i // 8) * scale, y + (y0 + (y1 - y0) * i // 8) * scale)
            time.sleep(0.05)
        xdo(env, "mouseup", 1)
        time.sleep(1.5)

    if what == "click":
        xdo(env, "mousemove", x - 11 * scale, y - 45 * scale, "click", 1)
        time.sleep(1.5)
        # the smallest of the three: the cup alone
        xdo(env, "key", "3")
        time.sleep(0.5)
    else:
        drag(-231, -221, 203, 193)
    if what == "look":
        for _ in range(4):
            xdo(env, "key", "v")
            time.sleep(0.2)
    if what == "models":
        xdo(env, "key", "alt+m")
        time.sleep(0.5)
        xdo(env, "key", "space")
        time.sleep(1.0)
    # the pointer out of the way
    xdo(env, "mousemove", 2, 2)
    time.sleep(1.0)


def shoot(name, build, gimp):
    scheme, extra, scale, what = SHOTS[name]

    class Args:
        pass

    args = Args()
    args.gimp, args.samcore = gimp, None
    args.plugin, args.locale = build / "plugin/segment-anything", build / "po"
    for variable in ("gimplibdir", "gimpdatadir"):
        setattr(args, variable, subprocess.check_output(
            ["pkg-config", f"--variable={variable}", "gimp-3.0"], text=True).strip())

    with tempfile.TemporaryDirectory(prefix="screenshot ", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        run_gimp.make_profile(home / "gimp", args)
        with open(home / "gimp/gimprc", "a") as rc:
            rc.write(f"(theme-color-scheme {scheme})\n")
        env = run_gimp.make_environment(home, args)
        env.update(extra, GDK_SCALE=str(scale))
        display = f":{os.getpid() % 10000 + 100}"
        env["DISPLAY"] = display
        helpers = [subprocess.Popen(["Xvfb", display, "-screen", "0", f"{1400 * scale}x{1000 * scale}x24"],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)]
        time.sleep(1.5)
        helpers.append(subprocess.Popen(["openbox"], env=env, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL))
        photo = SOURCE / "data/samples/coffee.png"
        code = (f'(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{photo}")))'
                f' (layers (car (gimp-image-get-layers image)))) (gimp-display-new image)'
                f' (plug-in-segment-anything #:run-mode RUN-INTERACTIVE #:image image #:drawables layers))')
        program = subprocess.Popen([gimp, "--new-instance", "--no-splash", "--no-data", "--no-fonts", "--console-messages",
                                    "--batch-interpreter=plug-in-script-fu-eval", "-b", code],
                                   env=env, cwd=home, start_new_session=True, stdin=subprocess.DEVNULL)
        try:
            for _ in range(240):
                found = xdo(env, "search", "--onlyvisible", "--name", "^Segment Anything")
                if found:
                    break
                time.sleep(0.5)
            else:
                sys.exit(f"{name}: the window did not open")
            xdo(env, "windowactivate", "--sync", found[-1])
            time.sleep(3.0)
            act(env, found[-1], scale, what)
            subprocess.run(["import", "-window", found[-1], str(HERE / f"{name}.png")], env=env, check=True)
        finally:
            os.killpg(program.pid, signal.SIGKILL)
            for helper in reversed(helpers):
                helper.kill()
                helper.wait()


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    gimp = shutil.which("gimp") or shutil.which("gimp-3.0") or sys.exit("GIMP is not installed")
    for name in sys.argv[2:] or SHOTS:
        shoot(name, Path(sys.argv[1]).resolve(), gimp)


if __name__ == "__main__":
    main()
