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

import argparse
import os
import re
import shutil
import subprocess
import sys

import bench

TOP = bench.TOP
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


def cpio(source, target):
    subprocess.check_call([os.path.join(TOP, "guest-kit/images/mkcpio.sh"),
                           source, target])


def make_iso(hypervisor, args, work, iso):
    folder = os.path.join(work, "script")
    os.makedirs(folder, exist_ok=True)
    shutil.copy(os.path.join(TOP, "scripts/bench_io-dom0.sh"),
                os.path.join(folder, "test.sh"))
    cpio(folder, os.path.join(work, "script.cpio"))
    images = os.path.join(args.out, "images")
    subprocess.check_call([
        os.path.join(TOP, "scripts/mkiso.sh"), "-o", iso,
        "-x", bench.hypervisor_file(hypervisor, args),
        "-k", os.path.join(images, "vmlinuz"),
        "-i", os.path.join(images, "dom0.img"),
        "-i", os.path.join(images, "guest.cpio"),
        "-i", os.path.join(images, "debian-full/dom0.cpio"),
        "-i", os.path.join(work, "script.cpio"),
        "-X", HV_ARGS + " " + args.hv_options,
        "-K", "console=hvc0 xl.slow=5 xl.tool=xl xl.parts=%s xl.seconds=%d" %
        (args.parts, args.seconds)])


def boot(hypervisor, args, work):
    """The figures of one boot, or None."""
    iso = os.path.join(work, "boot.iso")
    log = os.path.join(work, "console.log")
    times = os.path.join(work, "times")
    make_iso(hypervisor, args, work, iso)
    disks = []
    for name in ("one", "two"):
        disks += ["-drive", "if=none,id=%s,format=raw,snapshot=on,file=%s" %
                  (name, os.path.join(args.out, "images/debian-full/disk.img")),
                  "-device", "virtio-blk-pci,drive=" + name]
    code = subprocess.call([
        sys.executable, os.path.join(TOP, "scripts/console.py"),
        "--log", log, "--times", times, "--limit", str(args.limit), "--bad", bench.BAD,
        "--show", "^IO .*$", "--",
        os.path.join(TOP, "scripts/qemu.sh"), "-s", "2", "-m", "2G",
        "-c", args.cpu, iso] + disks)
    os.remove(iso)
    with open(times, errors="replace") as file:
        rows = [line.rstrip().split("\t", 2) for line in file]
    lines = [(float(row[1]), row[2]) for row in rows if len(row) == 3]
    if code != 0 or not any(text.startswith("XL-STAGE script-end rc=0 ")
                            for _, text in lines):
        return None
    return figures(lines, args.seconds)


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
            work = os.path.join(args.out, "bench-io", hypervisor, str(run))
            os.makedirs(work, exist_ok=True)
            print("  BOOT  %s (run %d of %d)" % (
                bench.HYPERVISORS[hypervisor]["title"], run + 1, args.runs),
                flush=True)
            values = boot(hypervisor, args, work)
            if values is None:
                with open(os.path.join(work, "console.log"),
                          errors="replace") as file:
                    print("".join(file.readlines()[-15:]))
                sys.exit("bench-io: %s did not finish; see %s/console.log" %
                         (hypervisor, work))
            for metric in values:
                results[hypervisor].setdefault(metric, []).extend(
                    values[metric])
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
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--out", required=True, help="build folder")
    add("--cache", help="download cache (default BUILD/cache)")
    add("--runs", type=int, default=1, help="boots of each; a boot measures "
        "everything three times")
    add("--seconds", type=int, default=4, help="for each measurement")
    add("--cpu", default="Nehalem", help="QEMU's CPU model")
    add("--parts", default="disk,net,pgbench", help="only these")
    add("--hv-options", default="", help="more for both hypervisors")
    add("--limit", type=float, default=1800, help="seconds for one boot")
    add("--csv", help="write the figures here")
    add("--only", action="append", choices=sorted(bench.HYPERVISORS),
        help="measure only this hypervisor")
    args = parser.parse_args()
    args.only = args.only or ["xen", "xenlite"]
    args.cache = args.cache or os.path.join(args.out, "cache")
    rows = report(measure(args))
    if args.csv:
        write_csv(rows, args.csv)


if __name__ == "__main__":
    main()
