#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Includes point down only, and never in a circle:  check-includes.py SOURCE_FOLDER

A room may include itself and the rooms below it. A public header in samcore/ belongs to the room of
the file that implements it.
"""

import re
import sys
from pathlib import Path

SOURCE = Path(sys.argv[1])
# from the bottom up; rooms on one line do not know each other
FLOORS = [
    ["samcore/base"],
    ["samcore/kernels"],
    ["samcore/nn"],
    ["samcore/image"],
    ["samcore/weights", "samcore/mask"],
    ["samcore/encoders"],
    ["samcore/model"],
    ["samcore/store"],
    ["samcore"],  # samcore.h, which names the public headers
    ["samcore/cli", "ui/session"],
    ["ui"],
    ["plugin"],
]
FLOOR = {room: n for n, rooms in enumerate(FLOORS) for room in rooms}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def room(path):
    """The room of a file, given by its path below the source folder."""
    folder = str(path.parent)
    if folder == "samcore" and path.name != "samcore.h":
        for home in (SOURCE / "samcore").iterdir():
            if (home / path.with_suffix(".c").name).exists():
                return f"samcore/{home.name}"
    return folder


def arrows():
    """{file: [files that it includes]}, both below the source folder"""
    found = {}
    for folder in ("samcore", "ui", "plugin"):
        for path in sorted((SOURCE / folder).rglob("*.[ch]")):
            name = path.relative_to(SOURCE)
            found[name] = []
            for text in INCLUDE.findall(path.read_text()):
                # made by the build, or beside the file
                for to in (Path(text), name.parent / text):
                    if (SOURCE / to).exists():
                        found[name].append(to)
                        break
    return found


def circle(found):
    """A list of headers that include each other, or None"""
    done = set()

    def visit(name, above):
        if name in above:
            return above[above.index(name):] + [name]
        if name in done:
            return None
        for to in found.get(name, []):
            ring = visit(to, above + [name])
            if ring:
                return ring
        done.add(name)
        return None

    for name in found:
        ring = visit(name, [])
        if ring:
            return ring
    return None


def main():
    found = arrows()
    lost = sorted({str(room(name)) for name in found} - set(FLOOR))
    wrong = []
    for name, targets in found.items():
        for to in targets:
            here, there = room(name), room(to)
            if here in FLOOR and there in FLOOR and here != there and FLOOR[there] >= FLOOR[here]:
                wrong.append(f"{name} ({here}) includes {to} ({there})")
    ring = circle(found)
    for title, problems in (("every folder has a floor", lost),
                            ("no include points up", wrong),
                            ("no include goes in a circle", [" -> ".join(map(str, ring))] if ring else [])):
        for problem in problems:
            print(f"# {problem}")
        print(("not ok" if problems else "ok"), "-", title)
        main.failed |= bool(problems)
    print("1..3")
    return main.failed


main.failed = False
sys.exit(main())
