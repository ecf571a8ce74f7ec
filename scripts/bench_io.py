#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure guests' disks and networks on xen-lite beside Debian's Xen 4.17.

Both boot the same dom0 and the same two guests in QEMU, in turn. Each figure
is taken three times a boot, for a fixed time; the table has the medians; more
is better. A metric has two rows: by the guest's own clock, and (`_cpu`) per
second of processor time that the whole emulated machine used, which other work
on the host disturbs less. bench_io-dom0.sh and bench_io-guest.sh do the work.

  bench_io.py --out BUILD [--cache DIR] [--runs 1] [--csv FILE] [--only xen]
"""

import os
import re
import sys

import bench

HV_ARGS = bench.HV_ARGS % (800, 800)
GOAL = 1.2
CPU = "_cpu"

# Metric, unit, what it is.
METRICS = [
    ("randread_qd1", "IOPS", "fio 4 KiB random read, depth 1"),
    ("randwrite_qd1", "IOPS", "fio 4 KiB random write, depth 1"),
    ("randread_qd32", "IOPS", "fio 4 KiB random read, depth 32"),
    ("randwrite_qd32", "IOPS", "fio 4 KiB random write, depth 32"),
    ("read_128k", "KiB/s", "fio 128 KiB sequential read"),
    ("write_128k", "KiB/s", "fio 128 KiB sequential write"),
    ("iperf_dom0_guest", "kbit/s", "iperf3 dom0 to guest"),
    ("iperf_guest_dom0", "kbit/s", "iperf3 guest to dom0"),
    ("iperf_guest_guest", "kbit/s", "iperf3 guest to guest"),
    ("ping", "1/s", "ping round trips dom0 to guest"),
    ("pgbench", "tps", "pgbench transactions"),
]

ROWS = METRICS + [(metric + CPU, unit, title + ", by CPU time")
                  for metric, unit, title in METRICS]


def boot(hypervisor, args, run):
    """The figures of one boot; ends the run without them."""
    iso = bench.begin_boot(args, hypervisor, run, "bench-io")
    bench.make_iso(
        iso, hypervisor, args,
        {"test.sh": os.path.join(bench.TOP, "scripts/bench_io-dom0.sh")},
        ["debian-full/dom0.cpio"], HV_ARGS + " " + args.hv_options,
        "xl.slow=5 xl.tool=xl xl.parts=%s xl.seconds=%d" %
        (args.parts, args.seconds))
    disks = []
    for name in ("one", "two"):
        disks += ["-drive", "if=none,id=%s,format=raw,snapshot=on,file=%s" %
                  (name, os.path.join(args.out, "images/debian-full/disk.img")),
                  "-device", "virtio-blk-pci,drive=" + name]
    lines = bench.boot(iso, args, "2G", disks, ["--show", "^IO .*$"]) or []
    if any(text.startswith("XL-STAGE script-end rc=0 ")
           for _, _, text in lines):
        return figures([row[1:] for row in lines], args.seconds)
    log = os.path.join(os.path.dirname(iso), "console.log")
    with open(log, errors="replace") as file:
        print("".join(file.readlines()[-15:]))
    sys.exit("bench-io: %s did not finish; see %s" % (hypervisor, log))


def figures(lines, seconds):
    """{metric: [values]} of one boot; lines are (processor time, text)."""
    rates, used, begun = {}, {}, {}
    for cpu, text in lines:
        match = re.match(r"IO(-BEGIN|-END|) (\w+) ?([0-9.]*)$", text)
        if not match:
            continue
        what, metric, value = match.groups()
        if what == "-BEGIN":
            begun[metric] = cpu
        elif what == "-END":
            used.setdefault(metric, []).append(cpu - begun[metric])
        else:
            rates.setdefault(metric, []).append(float(value))
    for metric in used:
        rates[metric + CPU] = [
            rate * seconds / max(cpu, 0.01)
            for rate, cpu in zip(rates.get(metric, []), used[metric])]
    return rates


def measure(args):
    results = {hypervisor: {} for hypervisor in args.only}
    for run in range(args.runs):
        for hypervisor in args.only:
            for metric, values in boot(hypervisor, args, run).items():
                results[hypervisor].setdefault(metric, []).extend(values)
    return results


def verdict(ratio):
    if ratio is None:
        return ""
    return "met" if ratio >= GOAL else "below %.1f" % GOAL


def text(value, form):
    return "-" if value is None else form % value


def report(results):
    """The table; lines for the CSV file by metric."""
    rows = {}
    print("%-52s %12s %12s %6s" % ("more is better", "Xen 4.17", "xen-lite",
                                   "ratio"))
    for metric, unit, title in ROWS:
        xen, lite = bench.medians(results, metric)
        ratio = bench.ratio_of(results, metric)
        if xen is None and lite is None:
            continue
        figures = (text(xen, "%.1f"), text(lite, "%.1f"), text(ratio, "%.2f"))
        print(("%-52s %12s %12s %6s  %s" % (
            ("%s [%s]" % (title, unit),) + figures +
            (verdict(ratio),))).rstrip())
        rows[metric] = ",".join((metric, unit) + figures) + "\n"
    return rows


def write_csv(rows, path):
    """Metrics that were not measured now keep the figures they had."""
    old = {}
    if os.path.exists(path):
        with open(path) as file:
            old = {line.split(",")[0]: line for line in file}
    with open(path, "w") as file:
        file.write("metric,unit,xen,xenlite,ratio\n")
        for metric, _, _ in ROWS:
            file.write(rows.get(metric, old.get(metric, "")))


def main():
    parser = bench.options(__doc__, 1, 1800)
    add = parser.add_argument
    add("--seconds", type=int, default=4,
        help="for each measurement; there are three in a boot")
    add("--parts", default="disk,net,pgbench", help="only these")
    add("--hv-options", default="", help="more for both hypervisors")
    args = bench.parse(parser)
    rows = report(measure(args))
    if args.csv:
        write_csv(rows, args.csv)


if __name__ == "__main__":
    main()
