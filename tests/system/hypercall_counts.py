# SPDX-License-Identifier: MIT
"""Hypercalls that dom0 made on its way up, beside those it made on Xen 4.17.

  hypercall_counts.py CONSOLE-LOG TABLE

The log has xenperf's lines behind `XL-PERF `. Prints one line a call; status 1
if a call is missing, not expected, or far from its count.
"""

import re
import sys

FACTOR = 3
# What reads the counters.
OWN = {"sysctl"}


def counted(path):
    found = {}
    with open(path, errors="replace") as log:
        for line in log:
            match = re.match(r"XL-PERF (\w+) +(\d+)\s*$", line)
            if match:
                found[match.group(1)] = int(match.group(2))
    return found


def expected(path):
    with open(path) as table:
        rows = [line.split() for line in table if not line.startswith("#")]
    return {name: (count, how) for name, count, how in rows}


def verdict(ours, count, how):
    if ours is None:
        return "MISSING"
    if count == "-" or how == ".":
        return "ok"
    if how == "=":
        return "ok" if ours == int(count) else "NOT THE SAME"
    near = ours <= FACTOR * int(count) and int(count) <= FACTOR * ours
    return "ok" if near else "FAR"


def main():
    ours, table = counted(sys.argv[1]), expected(sys.argv[2])
    bad = 0
    print("%-20s %10s %10s" % ("hypercall", "Xen 4.17", "xen-lite"))
    for name, (count, how) in table.items():
        word = verdict(ours.get(name), count, how)
        bad += word != "ok"
        print("%-20s %10s %10s  %s" % (name, count, ours.get(name, "-"), word))
    for name in sorted(set(ours) - set(table) - OWN):
        bad += 1
        print("%-20s %10s %10s  NOT SEEN ON XEN" % (name, 0, ours[name]))
    return 1 if bad or not ours else 0


if __name__ == "__main__":
    sys.exit(main())
