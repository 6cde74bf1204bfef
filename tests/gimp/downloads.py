# SPDX-License-Identifier: GPL-3.0-or-later
# Needs: accessibility
# Needs: catalogue
# Models fetched from within the window, off a server of our own that is slow, lies, or is not there.
import glob
import hashlib
import http.server
import json
import os
import re
import socket
import struct
import threading

from harness import *
from person import *
from widgets import *

MODELS = os.path.join(os.environ["XDG_DATA_HOME"], "segment-anything")
CACHE = os.path.join(os.environ["XDG_CACHE_HOME"], "segment-anything")


def other_model():
    """The built-in one with its masks turned inside out: small, sound, and its answers are its own."""
    with open(source("data/models/builtin.safetensors"), "rb") as file:
        old = file.read()
    n = struct.unpack("<Q", old[:8])[0]
    table = json.loads(old[8:8 + n])
    new = bytearray(old)
    for name, entry in table.items():
        if re.match(r".*output_hypernetworks_mlps\.\d\.layers\.2\.", name):
            start, end = entry["data_offsets"]
            for at in range(8 + n + start, 8 + n + end, 2):  # the sign of each half float
                new[at + 1] ^= 0x80
    return bytes(new)


contents = other_model()
served = []           # (path, first byte) of each request
go_on = threading.Event()


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        start = int((self.headers.get("Range") or "bytes=0-").split("=")[1].split("-")[0])
        served.append((self.path, start))
        body = contents
        if self.path == "/missing":
            self.send_error(404)
            return
        if self.path == "/wrong":
            body = bytes(reversed(contents))
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        try:
            if self.path == "/slow":
                # the first half, and the rest when the test says so
                middle = max(start, len(body) // 2)
                self.wfile.write(body[start:middle])
                self.wfile.flush()
                go_on.wait(120)
                start = middle
            self.wfile.write(body[start:])
        except OSError:  # the other side had enough
            pass

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
with socket.socket() as unused:
    unused.bind(("127.0.0.1", 0))
    nobody = unused.getsockname()[1]

with open(out("models.ini"), "w") as file:
    file.write("[builtin]\ntitle=Built-in\nfamily=builtin\nfile=builtin.safetensors\nlicence=Apache-2.0\n"
               "licence-words=Free.\noffer=false\n\n")
    for name, title, port in (("slow", "Slow", server.server_port), ("missing", "Missing", server.server_port),
                              ("wrong", "Wrong", server.server_port), ("nowhere", "Nowhere", nobody)):
        file.write(f"[{name}]\ntitle={title}\nfamily=builtin\nfile={name}.safetensors\nsize={len(contents)}\n"
                   f"sha256={hashlib.sha256(contents).hexdigest()}\nsource=http://127.0.0.1:{port}/{name}\n"
                   "licence=Apache-2.0\nlicence-words=Free.\noffer=true\n\n")


def embeddings():
    return glob.glob(os.path.join(CACHE, "*.safetensors"))


def shelf(app, model):
    """Opens it, where it is not open."""
    button = find(app, "toggle button", f"Model: {model}")
    if not has(button, "checked"):
        button.do_action(0)
    find(app, "button", "Open a File", "showing sensitive")


def alert(app, *parts):
    text = label_of(find(app, "alert", parts[0]))
    remark(text)
    for part in parts:
        check(f"it is said: {part}", part in text)
    check("it is one message without the command line's advice",
          len(text) < 200 and "--" not in text and "SHA-256" not in text)
    press(app, "button", "Close the message")


def description(app, part):
    canvas = find(app, "drawing area", "Image")
    until(lambda: part in canvas.get_description(), f"the picture's description has “{part}”")
    return canvas.get_description()


def progress(app, model):
    return find(app, "progress bar", f"Download of {model}").get_current_value()


def by_shelf(window):
    app = application()
    find(app, "drawing area", "Image").grab_focus()
    keys("Left", "Return")
    description(app, "is selected")
    first = description(app, "1 prompt. ")
    until(embeddings, "the embedding is kept")
    before = len(embeddings())

    for name, parts in (("Missing", ("The download failed", "404")), ("Wrong", ("not the expected one",)),
                        ("Nowhere", ("The download failed", "127.0.0.1"))):
        shelf(app, "Built-in model")
        press(app, "button", f"Download {name}")
        alert(app, *parts)
        check(f"{name}: the model is the one before", find(app, "toggle button", "Model: Built-in model"))
        check(f"{name}: the picture says the same", description(app, "1 prompt. ") == first)
    check("failed: nothing is left on the shelf", not glob.glob(os.path.join(MODELS, "*.safetensors")))

    # stopped in the middle
    shelf(app, "Built-in model")
    press(app, "button", "Download Slow")
    until(lambda: progress(app, "Slow") > 0.3, "half of it has come")
    check("slow: not more than half", progress(app, "Slow") < 0.6)
    check("slow: one at a time", not has(find(app, "button", "Download Missing"), "sensitive"))
    press(app, "button", "Stop the download")
    find(app, "button", "Download Slow", "showing sensitive")
    check("stopped: no message is needed",
          not any(role(widget) == "alert" and has(widget, "showing") for widget in all_widgets(app)))
    part = glob.glob(os.path.join(MODELS, "slow.safetensors.part"))
    check("stopped: what has come is kept", part and os.path.getsize(part[0]) >= len(contents) // 3)
    check("stopped: there is no model of that name", not os.path.exists(os.path.join(MODELS, "slow.safetensors")))

    # again; clicks are answered meanwhile, with the shelf closed
    press(app, "button", "Download Slow")
    until(lambda: served[-1][0] == "/slow" and served[-1][1] > 0, "it goes on where it was")
    keys("Escape")
    until(lambda: not any(label_of(widget).startswith("Open a File") and has(widget, "showing")
                          for widget in all_widgets(app)), "the shelf is closed")
    find(app, "drawing area", "Image").grab_focus()
    keys("Down", "Return")
    description(app, "2 prompts. ")
    keys("ctrl+z")
    check("meanwhile: a click and its undo", description(app, "1 prompt. ") == first)
    shelf(app, "Built-in model")
    until(lambda: progress(app, "Slow") > 0.3, "the progress is there again")
    check("meanwhile: it has not ended", find(app, "button", "Stop the download"))
    go_on.set()
    find(app, "toggle button", "Model: Slow")
    until(lambda: len(embeddings()) > before, "the picture was encoded again")
    description(app, "1 prompt. ")
    until(lambda: description(app, "is selected") != first, "the prompt was answered by the new model")
    check("done: no message is needed",
          not any(role(widget) == "alert" and has(widget, "showing") for widget in all_widgets(app)))
    with open(os.path.join(MODELS, "slow.safetensors"), "rb") as file:
        check("done: the model is what was served", file.read() == contents)
    check("done: nothing else is left", [name for name in os.listdir(MODELS) if "." in name and name.split(".")[0] in
                                          ("slow", "missing", "wrong", "nowhere")] == ["slow.safetensors"])
    shelf(app, "Slow")
    check("done: the one before can be used", find(app, "button", "Use Built-in model"))
    keys("Escape")
    find(app, "drawing area", "Image").grab_focus()
    keys("ctrl+Return")


image = load(source("data/samples/coffee.png"))
layer = image.get_layers()[0]
Gimp.Display.new(image)
values = with_window(image, layer, by_shelf)
check_equal("success", values.index(0), Gimp.PDBStatusType.SUCCESS)
have = coverage(image)
place = [float(word) for word in said(image)[0][2:4]]
run(PLUG_IN, image, [layer], points=place, model="slow", fill_holes=120.0, min_area=120.0)
check("the selection is the new model's", iou(have, coverage(image)) > 0.99)
run(PLUG_IN, image, [layer], points=place, model="builtin", fill_holes=120.0, min_area=120.0)
check("and not the old one's", iou(have, coverage(image)) < 0.99)


# closed in the middle; the next window begins with the new model
def close_meanwhile(window):
    app = application()
    go_on.clear()
    os.unlink(os.path.join(MODELS, "slow.safetensors"))
    find(app, "toggle button", "Model: Slow")
    shelf(app, "Slow")
    press(app, "button", "Use Built-in model")
    shelf(app, "Built-in model")
    press(app, "button", "Download Slow")
    until(lambda: progress(app, "Slow") > 0.3, "half of it has come")
    keys("Escape", "Escape")


started = time.time()
values = with_window(image, layer, close_meanwhile)
check_equal("closed: cancelled", values.index(0), Gimp.PDBStatusType.CANCEL)
check("closed: soon", time.time() - started < 60)
check("closed: there is no model of that name", not os.path.exists(os.path.join(MODELS, "slow.safetensors")))
go_on.set()
server.shutdown()
