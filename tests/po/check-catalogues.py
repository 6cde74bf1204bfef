#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each catalogue of po/ is whole and fits the source:  check-catalogues.py SOURCE_FOLDER

Nothing untranslated, fuzzy, missing or left over; formats agree; a mnemonic is a mnemonic in every language,
and no two widgets of the window share one.
"""

import ast
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

SOURCE = Path(sys.argv[1])
PO = SOURCE / "po"
DOMAIN = "segment-anything"
# as meson's preset "glib"
XGETTEXT = ["xgettext", "--from-code=UTF-8", "--keyword=_", "--keyword=N_", "--keyword=C_:1c,2",
            "--keyword=NC_:1c,2", "--keyword=g_dcgettext:2", "--keyword=g_dngettext:2,3",
            "--keyword=g_dpgettext2:2c,3", "--flag=N_:1:pass-c-format", "--flag=C_:2:pass-c-format",
            "--flag=NC_:2:pass-c-format", "--flag=g_dngettext:2:pass-c-format", "--flag=g_strdup_printf:1:c-format",
            "--flag=g_string_printf:2:c-format", "--flag=g_string_append_printf:2:c-format",
            "--flag=g_error_new:3:c-format", "--flag=g_set_error:4:c-format", "--no-wrap"]
MNEMONIC = re.compile(r"_(\w)")
n_tests = n_failed = 0


def check(name, problems):
    """Holds when there are none."""
    global n_tests, n_failed
    n_tests += 1
    n_failed += bool(problems)
    for problem in list(problems)[:20]:
        print("# " + " ".join(str(problem).split()))
    print(("not ok - " if problems else "ok - ") + name, flush=True)


def run(*words):
    return subprocess.run([str(word) for word in words], cwd=SOURCE, capture_output=True, text=True)


def read(path):
    """{(context, msgid): ([msgstr…], flags, places)} of a catalogue."""
    entries = {}
    context, words, flags, places, current = None, {}, set(), [], None

    def end():
        nonlocal context, words, flags, places, current
        if words.get("msgid"):
            strings = [words[key] for key in sorted(words) if key.startswith("msgstr")]
            entries[context, words["msgid"]] = (strings, flags, places)
        context, words, flags, places, current = None, {}, set(), [], None

    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.startswith("#,"):
            flags = {flag.strip() for flag in line[2:].split(",")}
        elif line.startswith("#: "):
            places += line[3:].split()
        elif line.startswith("msg"):
            current, text = line.split(" ", 1)
            words[current] = ast.literal_eval(text)
            if current == "msgctxt":
                context = words[current]
        elif line.startswith('"'):
            words[current] += ast.literal_eval(line)
        elif not line:
            end()
    end()
    return entries


def mnemonic(text):
    return MNEMONIC.search(text.replace("__", ""))


def texts(layout):
    """[(class of the widget, text)…] of what is translated in a .ui file."""
    return [(widget.get("class"), part.text) for widget in ElementTree.parse(layout).iter("object")
            for part in [*widget.findall("property"), *widget.findall("items/item")]
            if part.get("translatable") == "yes"]


def main():
    for program in ("msgfmt", "msgcmp", "xgettext"):
        if shutil.which(program) is None:
            print(f"1..0 # SKIP {program} is not installed")
            return 0

    listed = [line for line in (PO / "POTFILES.in").read_text().split("\n") if line and not line.startswith("#")]
    layouts = [path for folder in ("plugin", "ui") for path in (SOURCE / folder).rglob("*.ui")]
    sources = [path for folder in ("plugin", "ui") for path in (SOURCE / folder).rglob("*.c")]
    speaks = re.compile(r'\bN?C?_ ?\("')
    check("every source with words for users is in POTFILES.in",
          {str(path.relative_to(SOURCE)) for path in sources if speaks.search(path.read_text())}.union(
              str(path.relative_to(SOURCE)) for path in layouts if texts(path)) ^ set(listed))
    check("every layout names the domain",
          [path for path in layouts if ElementTree.parse(path).getroot().get("domain") != DOMAIN])
    # a menu has mnemonics of its own
    in_menus = {text for path in layouts for widget, text in texts(path) if widget == "GtkMenuItem"}
    in_window = {text for path in sources if path.is_relative_to(SOURCE / "ui")
                 for text in re.findall(r'_ ?\("([^"]*)"\)', path.read_text())}
    in_window |= {text for path in layouts for widget, text in texts(path) if widget != "GtkMenuItem"}
    in_window = {text for text in in_window if mnemonic(text)}
    check("there are mnemonics", [] if len(in_window) > 10 and len(in_menus) > 1 else [in_window, in_menus])

    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "now.pot"
        result = run(*XGETTEXT, "--files-from=po/POTFILES.in", "-o", template)
        check("the source's words can be gathered", [result.stderr] if result.returncode else [])
        wanted = read(template)
        check("there are many of them", [] if len(wanted) > 200 else [len(wanted)])

        for language in (PO / "LINGUAS").read_text().split():
            path = PO / f"{language}.po"
            result = run("msgfmt", "--check-format", "--check-domain", "-o", Path(folder) / "compiled", path)
            check(f"{language}: msgfmt takes it", [result.stderr] if result.returncode else [])
            result = run("msgcmp", path, template)
            check(f"{language}: all words of the source are there",
                  [line for line in result.stderr.split("\n") if line] if result.returncode else [])
            have = read(path)
            check(f"{language}: and none that the source does not have", have.keys() - wanted.keys())
            check(f"{language}: nothing is left untranslated or empty",
                  [key for key, (strings, _, _) in have.items() if not all(strings) or not strings])
            check(f"{language}: nothing is fuzzy", [key for key, (_, flags, _) in have.items() if "fuzzy" in flags])
            check(f"{language}: nothing is obsolete", [line for line in path.read_text().split("\n")
                                                       if line.startswith("#~")])
            # without the flag, msgfmt does not compare what is printed
            check(f"{language}: formats are known as such",
                  [key for key, (_, flags, _) in wanted.items()
                   if key in have and "c-format" in flags and "c-format" not in have[key][1]])
            check(f"{language}: mnemonics stay mnemonics",
                  [key[1] for key, (strings, _, _) in have.items()
                   if any(bool(mnemonic(text)) != bool(mnemonic(key[1])) for text in strings)])
            for name, group in (("window", in_window), ("menu", in_menus)):
                letters = {}
                for text in sorted(group):
                    found = mnemonic(have[None, text][0][0]) if (None, text) in have else None
                    if found:
                        letters.setdefault(found.group(1).lower(), []).append(have[None, text][0][0])
                check(f"{language}: no mnemonic twice in the {name}", [all for all in letters.values() if len(all) > 1])
            check(f"{language}: sentences end alike",
                  [f"{key[1]} | {text}" for key, (strings, _, _) in have.items() for text in strings
                   for ends in ((":", "："), (".", "。"))
                   if key[1].replace("...", "…").endswith(ends) != text.replace("...", "…").endswith(ends)])
    print(f"1..{n_tests}")
    return 1 if n_failed else 0


sys.exit(main())
