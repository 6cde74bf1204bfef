#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count the assertions in Meson's test logs.

    count-results.py BUILD/meson-logs...

Prints what failed and what was skipped, then one line with counts.  A test
program that crashed, ran out of time or left its plan unfulfilled without a
failed assertion counts as one failure.  Fails when anything failed, and when
nothing ran at all.
"""

import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

BAD = {"FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS"}


def program_name(name):
    """Meson's "project.project:suite / program" and all its shorter forms."""
    return re.split(r" / |[.:]", name)[-1]


def assertions(folder):
    """program: [(assertion, 'passed' | 'failed' | 'skipped')] of one build's run."""
    suites = {}
    for suite in ElementTree.parse(folder / "testlog.junit.xml").iter("testsuite"):
        program = program_name(suite.get("name", ""))
        for case in suite.iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                state = "failed"
            elif case.find("skipped") is not None:
                state = "skipped"
            else:
                state = "passed"
            suites.setdefault(program, []).append((re.sub(r"^\d+ ", "", case.get("name", "")), state))
    return suites


def main(folders):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    remarks = []
    for folder in map(Path, folders):
        build = folder.parent.name
        try:
            lines = (folder / "testlog.json").read_text().splitlines()
        except OSError as problem:
            print(f"failed: {build}: no test log ({problem.strerror})")
            counts["failed"] += 1
            continue
        junit = assertions(folder)
        for record in map(json.loads, lines):
            program = program_name(record["name"])
            result = record["result"].upper().replace(" ", "")
            cases = junit.get(program, [])
            # a program without assertions of its own is one
            if not cases or program_name(cases[0][0]) == program:
                state = "failed" if result in BAD else "skipped" if result == "SKIP" else "passed"
                cases = [(program, state)]
            elif result in BAD and not any(state == "failed" for _, state in cases):
                cases = cases + [(f"{program} ended with {result}", "failed")]
            for name, state in cases:
                counts[state] += 1
                if state != "passed":
                    remarks.append(f"{state}: {build}: {program}: {name}")
    print("\n".join(sorted(set(remarks))))
    print("tests: {passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
