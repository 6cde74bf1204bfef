#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one suite inside a real GIMP and translate what it prints to TAP.

Each suite gets a private profile with the plug-in just built and only the
stock plug-ins it needs (a full profile costs ten seconds at first start), and
one start of GIMP.  The suite (Script-Fu or Python-Fu) prints lines

    ok - NAME
    not ok - NAME
    ok - NAME # SKIP why
    # a remark

with the helpers of harness.scm or harness.py.  The runner adds what a script
cannot see of itself: that the suite ran to its end, GIMP's exit status, and
that neither the plug-in nor GIMP complained or crashed.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent.parent

# what the suites need beside our plug-in
STOCK_PLUGINS = ["script-fu", "python-eval", "file-png", "file-jpeg", "file-gif-load",
                 "selection-to-path"]

GIMPRC = """\
(plug-in-path "{plugins}")
(script-fu-path "{scripts}:{init}")
(module-path "{empty}")
(check-updates no)
(show-welcome-dialog no)
(config-version "{version}")
(color-profile-policy keep)
(metadata-rotation-policy keep)
(save-session-info no)
(undo-levels 20)
"""

SHORTCUTS = """\
(file-version 1)
(action "plug-in-segment-anything" "F9")
"""

ASSERTION = re.compile(r"^(not )?ok\b")
END = "# end of the suite"

# fonts cost time at the start: only where a suite says so
NEEDS_FONTS = re.compile(r"^[#;] Needs: fonts$", re.MULTILINE)

# a session bus, on which the window tells a screen reader what it shows
NEEDS_ACCESSIBILITY = re.compile(r"^[#;] Needs: accessibility$", re.MULTILINE)

# models.ini in the suite's folder, written before the window is opened
NEEDS_CATALOGUE = re.compile(r"^[#;] Needs: catalogue$", re.MULTILINE)

# "Language: NAME" as the locales are called, without the encoding
LANGUAGE = re.compile(r"^[#;] Language: (\w+)$", re.MULTILINE)

# lines on stderr that mean a defect of ours, whatever the suite says
COMPLAINT = re.compile(r"\(segment-anything[^)]*\).*(CRITICAL|WARNING)"
                       r"|Plug-in crashed|\(killing\)|AddressSanitizer|runtime error:")
# what GIMP says where a suite kills the plug-in on purpose
KILLED = re.compile(r"Plug-in crashed")
EXPECTS_KILLS = re.compile(r"^[#;] Expects: kills$", re.MULTILINE)
# GIMP 3.0 says these about every plug-in when it quits
HARMLESS = re.compile(r"gimp_flush\(\): error: Broken pipe|Gtk-WARNING.*cannot open display")


def gimp_version(program):
    text = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"(\d+\.\d+\.\d+)", text)
    return found.group(1) if found else "3.0.0"


def make_profile(folder, args):
    """A GIMP profile whose only third-party plug-in is ours."""
    plugins = folder / "plug-ins"
    plugins.mkdir(parents=True)
    ours = plugins / "segment-anything"
    ours.mkdir()
    (ours / "segment-anything").symlink_to(Path(args.plugin).resolve())
    if args.locale and Path(args.locale).is_dir():
        (ours / "locale").symlink_to(Path(args.locale).resolve())
    for name in STOCK_PLUGINS:
        stock = Path(args.gimplibdir) / "plug-ins" / name
        if stock.is_dir():
            (plugins / name).symlink_to(stock)
    # GIMP's Script-Fu crashes with fewer than two folders in its path
    init = folder / "scriptfu"
    init.mkdir()
    (init / "scriptfu-init").symlink_to(Path(args.gimpdatadir) / "scripts" / "scriptfu-init")
    (folder / "scripts").mkdir()
    (folder / "empty").mkdir()
    (folder / "gimprc").write_text(GIMPRC.format(
        plugins=plugins, scripts=folder / "scripts", init=init, empty=folder / "empty",
        version=gimp_version(args.gimp)))
    (folder / "shortcutsrc").write_text(SHORTCUTS)


def make_environment(home, args):
    env = dict(os.environ)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"):
        env.pop(name, None)
    run = home / "run"
    run.mkdir(mode=0o700)
    env.update(HOME=str(home), XDG_CONFIG_HOME=str(home / ".config"),
               XDG_CACHE_HOME=str(home / ".cache"), XDG_DATA_HOME=str(home / ".local/share"),
               XDG_RUNTIME_DIR=str(run), GIMP3_DIRECTORY=str(home / "gimp"),
               NO_AT_BRIDGE="1", GIO_USE_VFS="local", GSETTINGS_BACKEND="memory",
               SAM_TEST_DIR=str(home / "out"), SAM_SOURCE_ROOT=str(SOURCE))
    env.setdefault("LC_ALL", "C.UTF-8")
    env.setdefault("SAM_MODEL_PATH", str(SOURCE / "data" / "models"))
    if args.samcore:
        env["SAM_PROGRAM"] = str(Path(args.samcore).resolve())
    (home / "out").mkdir()
    return env


def add_catalogue(folder, language):
    """An empty one where there is none: GTK speaks no language that the program does not have at all."""
    installed = folder.resolve()
    if (installed / language).exists():
        return
    folder.unlink(missing_ok=True)
    folder.mkdir()
    for other in installed.iterdir() if installed != folder else ():
        (folder / other.name).symlink_to(other)
    (folder / language / "LC_MESSAGES").mkdir(parents=True)
    subprocess.run(["msgfmt", "-o", str(folder / language / "LC_MESSAGES/segment-anything.mo"), "-"], check=True,
                   text=True, input='msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n')


def set_language(env, name, home):
    """The suite's language; where the system has not been taught it, it is taught here."""
    locale = f"{name}.UTF-8"
    test = [sys.executable, "-c", "import locale; locale.setlocale(locale.LC_ALL, '')"]
    env.update(LC_ALL=locale, LANGUAGE=name)
    add_catalogue(home / "gimp/plug-ins/segment-anything/locale", name.split("_")[0])
    if subprocess.run(test, env=env, stderr=subprocess.DEVNULL).returncode == 0:
        return
    folder = home / "locale"
    folder.mkdir()
    if shutil.which("localedef"):
        subprocess.run(["localedef", "-i", name, "-f", "UTF-8", str(folder / locale)],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    env["LOCPATH"] = str(folder)
    if subprocess.run(test, env=env, stderr=subprocess.DEVNULL).returncode != 0:
        print(f"1..0 # SKIP there is no locale {locale}")
        sys.exit(0)


def start_display(env):
    """An X server of our own with a window manager: its display, and what to stop later."""
    for program in ("Xvfb", "openbox"):
        if shutil.which(program) is None:
            print(f"1..0 # SKIP {program} is not installed")
            sys.exit(0)
    reader, writer = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(writer), "-screen", "0", "1400x1000x24", "-r",
                               "-nolisten", "tcp"], pass_fds=[writer], env=env,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        number = pipe.readline().strip()
    if not number:
        print("Bail out! Xvfb did not start")
        sys.exit(1)
    env["DISPLAY"] = ":" + number
    manager = subprocess.Popen(["openbox"], env=env,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return [manager, server]


def start_bus(env):
    """A session bus of our own, with accessibility on it: its address into env, and what to stop later."""
    if shutil.which("dbus-daemon") is None:
        print("1..0 # SKIP dbus-daemon is not installed")
        sys.exit(0)
    reader, writer = os.pipe()
    bus = subprocess.Popen(["dbus-daemon", "--session", "--nofork", f"--print-address={writer}"],
                           pass_fds=[writer], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        address = pipe.readline().strip()
    if not address:
        print("Bail out! dbus-daemon did not start")
        sys.exit(1)
    env["DBUS_SESSION_BUS_ADDRESS"] = address
    env.pop("NO_AT_BRIDGE")
    return [bus]


def quote(text):
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def batch(suite, env):
    """GIMP's arguments that load the helpers, then the suite."""
    if suite.suffix == ".scm":
        words = "".join(f"(define {name} {quote(value)})" for name, value in (
            ("sam-source-dir", SOURCE), ("sam-test-dir", env["SAM_TEST_DIR"]),
            ("sam-program", env.get("SAM_PROGRAM", ""))))
        # one expression: separate ones would be separate runs of the interpreter
        code = (f"(begin {words} (load {quote(HERE / 'harness.scm')}) (load {quote(suite)})"
                f" (display \"\\n{END}\\n\"))")
        return ["--batch-interpreter=plug-in-script-fu-eval", "-b", code]
    code = (f"import sys; sys.path.insert(0, {str(HERE)!r}); sys.dont_write_bytecode = True\n"
            f"exec(compile(open({str(suite)!r}).read(), {str(suite)!r}, 'exec'))\n"
            f"print('\\n{END}', flush=True)")
    return ["--batch-interpreter=python-fu-eval", "-b", code]


class Tap:
    def __init__(self):
        self.n = 0
        self.failed = 0

    def line(self, text):
        if ASSERTION.match(text):
            self.n += 1
            self.failed += text.startswith("not ok") and "# TODO" not in text
        print(text, flush=True)

    def check(self, ok, name, remarks=()):
        for remark in remarks:
            print("# " + remark)
        self.line(("ok - " if ok else "not ok - ") + name)


def run(suite, args, tap):
    ended = False
    complaints = []
    helpers = []
    harmless = KILLED if EXPECTS_KILLS.search(suite.read_text()) else HARMLESS
    with tempfile.TemporaryDirectory(prefix="sam gimp ", ignore_cleanup_errors=True) as name:
        home = Path(name)
        make_profile(home / "gimp", args)
        env = make_environment(home, args)
        if NEEDS_CATALOGUE.search(suite.read_text()):
            env["SAM_CATALOGUE"] = env["SAM_TEST_DIR"] + "/models.ini"
        language = LANGUAGE.search(suite.read_text())
        if language:
            set_language(env, language.group(1), home)
        if args.display:
            helpers = start_display(env)
            if NEEDS_ACCESSIBILITY.search(suite.read_text()):
                helpers += start_bus(env)
            command = [args.gimp, "--new-instance", "--no-splash"]
        else:
            command = [args.gimp, "--no-interface"]
        if not NEEDS_FONTS.search(suite.read_text()):
            command += ["--no-fonts"]
        command += ["--no-data", "--console-messages",
                    *batch(suite.resolve(), env), "--quit"]
        gimp = subprocess.Popen(command, env=env, cwd=home, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, errors="replace", start_new_session=True)

        def stop(*_):
            os.killpg(gimp.pid, signal.SIGKILL)

        timer = threading.Timer(args.timeout, stop)
        timer.start()
        signal.signal(signal.SIGTERM, stop)

        def read_errors():
            for text in gimp.stderr:
                text = text.rstrip()
                if COMPLAINT.search(text) and not harmless.search(text) and not HARMLESS.search(text):
                    complaints.append(text)
                if text:
                    print(text, file=sys.stderr, flush=True)

        errors = threading.Thread(target=read_errors)
        errors.start()
        for text in gimp.stdout:
            text = text.rstrip()
            if text == END:
                ended = True
            elif ASSERTION.match(text) or text.startswith("#"):
                tap.line(text)
            elif text:
                print("# " + text)
        status = gimp.wait()
        errors.join()
        timer.cancel()
        try:
            os.killpg(gimp.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        for helper in helpers:
            helper.kill()
            helper.wait()
    title = suite.stem
    tap.check(ended, f"{title}: the suite ran to its end")
    tap.check(status == 0, f"{title}: GIMP's exit status is 0", [f"status {status}"] if status else [])
    tap.check(not complaints, f"{title}: no warnings or crashes of the plug-in", complaints[:20])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gimp", required=True, help="gimp-console, or gimp with --display")
    parser.add_argument("--plugin", required=True, help="the plug-in's program")
    parser.add_argument("--gimplibdir", required=True)
    parser.add_argument("--gimpdatadir", required=True)
    parser.add_argument("--locale", help="folder of the compiled catalogues")
    parser.add_argument("--samcore", help="the command line program")
    parser.add_argument("--display", action="store_true", help="with a window, in an Xvfb")
    parser.add_argument("--timeout", type=float, default=900)
    parser.add_argument("suites", nargs="+", type=Path)
    args = parser.parse_args()

    tap = Tap()
    print("TAP version 13")
    for suite in args.suites:
        run(suite, args, tap)
    print(f"1..{tap.n}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
