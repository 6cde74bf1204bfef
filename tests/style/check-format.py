#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every C file is formatted as .clang-format says, and no line is longer than 100:  check-format.py SOURCE_FOLDER

clang-format does not touch comments, which hold lists and drawings, so their width is looked at here.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(sys.argv[1])
WIDTH = 100
# other versions decide some lines otherwise
VERSION = "19"


def main():
    files = sorted(path for folder in ("samcore", "ui", "plugin", "tests")
                   for path in (SOURCE / folder).rglob("*.[ch]"))
    long = [f"{path.relative_to(SOURCE)}:{n}: {len(line)} characters"
            for path in files for n, line in enumerate(path.read_text().splitlines(), 1) if len(line) > WIDTH]
    for line in long:
        print(f"# {line}")
    print("not ok" if long else "ok", f"- no line is longer than {WIDTH}")

    program = shutil.which(f"clang-format-{VERSION}") or shutil.which("clang-format")
    version = program and subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    if not program or not re.search(rf"version {VERSION}\.", version):
        print(f"ok - every line is formatted # SKIP clang-format {VERSION} is not installed")
        bad = []
    else:
        result = subprocess.run([program, "--dry-run", "-Werror", "--style=file", *map(str, files)],
                                capture_output=True, text=True, cwd=SOURCE)
        bad = [line for line in result.stderr.splitlines() if "error:" in line]
        for line in bad:
            print(f"# {line}")
        print("not ok" if bad or result.returncode else "ok", "- every line is formatted")
    print("1..2")
    return bool(long or bad)


sys.exit(main())
