# SPDX-License-Identifier: GPL-3.0-or-later
# Cancelling in GIMP kills the plug-in: at any moment, the image is as it was and the next run works. The cache of
# embeddings, which the killed run was perhaps writing, is whole; the second run takes its answer from there.
# Expects: kills
import os
import pathlib
import signal
import threading
import time

from harness import *
from state import *

image = load(source("data/samples/coffee.png"))
layer = image.get_layers()[0]
image.select_rectangle(Gimp.ChannelOps.REPLACE, 5, 6, 30, 20)
image.clean_all()
before = describe(image)
cache = pathlib.Path(os.environ["XDG_CACHE_HOME"]) / "segment-anything"


def kill_after(seconds):
    """Kills the plug-in so long after it has started, as GIMP's Cancel button does."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for pid in plugin_processes():
            time.sleep(seconds)
            try:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
            except ProcessLookupError:
                pass
            return
        time.sleep(0.002)


killed = []
for seconds in (0.0, 0.1, 0.2, 0.4, 0.8):
    for file in cache.glob("*"):
        file.unlink()
    thread = threading.Thread(target=kill_after, args=(seconds,))
    thread.start()
    result = call(PLUG_IN, image, [layer], points=INSIDE, output="channel")
    thread.join()
    if result.index(0) == Gimp.PDBStatusType.SUCCESS:
        # it was faster: then all of it has happened
        check(f"killed after {seconds} s: was done already", len(image.get_channels()) == 1)
        image.remove_channel(image.get_channels()[0])
    else:
        check_equal(f"killed after {seconds} s: the image is as it was", describe(image), before)
check("some of them died in the middle", len(killed) >= 2)

for file in cache.glob("*"):
    file.unlink()
run(PLUG_IN, image, [layer], points=INSIDE)
first = coverage(image)
kept = {file: (file.stat().st_ino, file.stat().st_size) for file in cache.iterdir()}
check_equal("the embedding is kept", len(kept), 1)
run(PLUG_IN, image, [layer], points=OUTSIDE)
run(PLUG_IN, image, [layer], points=INSIDE)
check_equal("the second run finds it, and gives the same", coverage(image), first)
check_equal("and does not write it again",
            {file: (file.stat().st_ino, file.stat().st_size) for file in cache.iterdir()}, kept)

# damaged: encoded anew
path = next(iter(kept))
path.write_bytes(path.read_bytes()[:1000])
run(PLUG_IN, image, [layer], points=INSIDE)
check_equal("a damaged one is not believed", coverage(image), first)
check_equal("but replaced", [file.stat().st_size for file in cache.iterdir()], [kept[path][1]])

# other pixels, another embedding
layer.invert(False)
run(PLUG_IN, image, [layer], points=INSIDE)
check_equal("other pixels have another one", len(list(cache.iterdir())), 2)
image.delete()
