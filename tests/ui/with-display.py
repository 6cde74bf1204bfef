#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a program in an X server of its own:  with-display.py PROGRAM [ARGUMENT…]"""

import os
import shutil
import subprocess
import sys

if shutil.which("Xvfb") is None:
    print("1..0 # SKIP Xvfb is not installed")
    sys.exit(0)
reader, writer = os.pipe()
server = subprocess.Popen(["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"],
                          pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
os.close(writer)
with os.fdopen(reader) as pipe:
    number = pipe.readline().strip()
if not number:
    sys.exit("Xvfb did not start")
env = dict(os.environ, DISPLAY=":" + number, GDK_BACKEND="x11", NO_AT_BRIDGE="1", GIO_USE_VFS="local")
env.pop("WAYLAND_DISPLAY", None)
try:
    sys.exit(subprocess.run(sys.argv[1:], env=env).returncode)
finally:
    server.kill()
    server.wait()
