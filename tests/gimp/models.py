# SPDX-License-Identifier: GPL-3.0-or-later
# Damaged checkpoints by way of the procedure: a sentence, and an image that is exactly as it was.
import json
import math
import os
import struct

from harness import *
from state import *

image = load(source("data/samples/coffee.png"))
layer = image.get_layers()[0]
image.select_rectangle(Gimp.ChannelOps.REPLACE, 10, 20, 30, 40)
image.clean_all()
before = describe(image)

with open(source("data/models/builtin.safetensors"), "rb") as file:
    good = file.read()
n = struct.unpack("<Q", good[:8])[0]
header = json.loads(good[8:8 + n])
data = good[8 + n:]


def refused(name, contents, part="The model file cannot be used"):
    path = out("damaged.safetensors")
    with open(path, "wb") as file:
        file.write(contents)
    check_error(name, part, PLUG_IN, image, [layer], points=INSIDE, model=path)
    check_equal(f"{name}: the image is as it was", describe(image), before)
    check_equal(f"{name}: no undo step", image.is_dirty(), False)
    os.unlink(path)


def made(change, body=data):
    table = json.loads(json.dumps(header))
    change(table)
    text = json.dumps(table).encode()
    return struct.pack("<Q", len(text)) + text + body


names = sorted((name for name in header if name != "__metadata__"),
               key=lambda name: header[name]["data_offsets"])
first, second = names[0], names[1]

for where in (0, 5, 8, 100, 8 + n // 2, 8 + n, 8 + n + 1, len(good) // 2, len(good) - 1):
    refused(f"cut after {where} bytes", good[:where])
refused("a header of 2^60 bytes", struct.pack("<Q", 1 << 60) + good[8:])
refused("a tensor outside the file", made(lambda t: t[names[-1]].update(
    data_offsets=[v + 4096 for v in header[names[-1]]["data_offsets"]])))
refused("overlapping tensors", made(lambda t: t[second].update(
    shape=header[first]["shape"], dtype=header[first]["dtype"], data_offsets=header[first]["data_offsets"])))
text = json.dumps(header)
one = json.dumps({first: header[first]})[1:-1]
twice = ("{" + one + "," + text[1:]).encode()
refused("two tensors of one name", struct.pack("<Q", len(twice)) + twice + data)

# weights that are not numbers: all of one tensor's values
begin, end = header[first]["data_offsets"]
half = header[first]["dtype"] == "F16"
nan = b"\x00\x7e" * ((end - begin) // 2) if half else b"\x00\x00\xc0\x7f" * ((end - begin) // 4)
refused("weights that are not numbers", good[:8 + n + begin] + nan + good[8 + n + end:])

# the right bytes in the wrong shape
matrix = next(name for name in names if len(header[name]["shape"]) >= 2 and header[name]["shape"][0] > 1)
refused("a wrong shape", made(lambda t: t[matrix].update(shape=[math.prod(t[matrix]["shape"])])))
refused("a tensor that is missing", made(lambda t: t.update({"renamed": t.pop(first)})))
refused("another network", made(lambda t: (t.clear(), t.update({"x": {
    "dtype": "F32", "shape": [len(data) // 4], "data_offsets": [0, len(data) // 4 * 4]}})),
    data[:len(data) // 4 * 4]), "The model")

# by name, and by file: the same answer
predicted, pixels_by_name, _ = run(PLUG_IN, image, [layer], points=INSIDE, model="builtin")
by_name = coverage(image)
run(PLUG_IN, image, [layer], points=INSIDE, model=source("data/models/builtin.safetensors"))
check_equal("a model by its file", coverage(image), by_name)
image.delete()
