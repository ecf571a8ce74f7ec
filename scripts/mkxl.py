#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Set the stock tools' results on Xen 4.17 and on xen-lite side by side.

    O=build HV=xen make test-system GROUP=xl; O=build make test-system GROUP=xl
    scripts/mkxl.py build/test-system >docs/results/xl.md

Given several folders, the first with a whole run of a test counts.
Reads the consoles of the tests of group xl: their XL-STEP lines (a command,
its status, the first line it said), and XL-CHECK lines (what must hold).
"""
import os
import re
import sys

TESTS = ["xl", "xl-guest", "xl-core", "xl-save", "xl-block", "xl-net",
         "xl-libvirt"]


def read(folders, hypervisor, test):
    """Steps in order, {step: (status, line)}, names of checks that failed."""
    steps, result, failed = [], {}, set()
    logs = [f"{folder}/{hypervisor}/{test}/console.log" for folder in folders]
    texts = [open(log, errors="replace").read()
             for log in logs if os.path.exists(log)]
    whole = [text for text in texts if "\nXL-STAGE script-end rc=0 " in text]
    if not whole:
        return None
    for line in whole[0].splitlines():
        line = line.rstrip("\r\n")
        match = re.match(r"XL-STEP (.*?);rc=(\d+);(.*)", line)
        if match:
            name = match[1]
            if name in result:
                name += " (again)"
            steps.append(name)
            result[name] = (match[2], match[3])
            continue
        match = re.match(r"XL-CHECK (ok|failed) (.*)", line)
        if not match:
            continue
        if match[1] == "failed":
            failed.add(match[2].split(": no line")[0])
        if match[2] not in result and ": no line" not in match[2]:
            steps.append(match[2])
            result[match[2]] = (match[1], "")
    return steps, result, failed


def cell(run, name):
    if run is None or name not in run[1]:
        return "-"
    status, line = run[1][name]
    if status in ("ok", "failed"):
        return status
    text = f"{status}"
    if status != "0" and line:
        text += " " + line.replace("|", "/")[:60].strip()
    if name in run[2]:
        text += " **failed**"
    return text


def table(folders, test):
    runs = [read(folders, hv, test) for hv in ("xen", "xenlite")]
    if not any(runs):
        print(f"## {test}\n\nNo whole run yet.\n")
        return
    steps = next(run[0] for run in runs if run)
    for run in runs:
        steps = steps + [s for s in (run[0] if run else []) if s not in steps]
    print(f"## {test}\n\n| step | Xen 4.17 | xen-lite |\n|---|---|---|")
    for name in steps:
        print(f"| {name} | {cell(runs[0], name)} | {cell(runs[1], name)} |")
    print()


def main():
    folders = sys.argv[1:] or ["build/test-system"]
    print("# The stock tools, step by step\n")
    print("Made by `scripts/mkxl.py` from runs of `make test-system GROUP=xl`: "
          "exit status of each command (and the first line\nof those that "
          "fail), and whether what was checked afterwards held; `-`: no whole "
          "run there yet.\n")
    for test in TESTS:
        table(folders, test)


if __name__ == "__main__":
    main()
