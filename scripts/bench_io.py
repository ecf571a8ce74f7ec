#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure guests' disks and networks on xen-lite beside Debian's Xen 4.17.

Both boot the same dom0 and the same two guests in QEMU, in turn. Each
figure is the median of all measurements; more is better. A metric has two
rows: by the guest's own clock, and (`_cpu`) per second of processor time that
the whole emulated machine used, which other work on the host disturbs much
less. bench_io-dom0.sh and bench_io-guest.sh do the work between marker lines.

  bench_io.py --out BUILD [--cache DIR] [--runs 1] [--csv FILE] [--only xen]
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys

import bench

TOP = bench.TOP
HV_ARGS = bench.HV_ARGS % (800, 800)
CPU = "_cpu"

# Metric, unit of the guest's rate, what it is, unit of the amount between the
# markers as a multiple of the rate's.
METRICS = [
    ("randread_qd1", "IOPS", "fio 4 KiB random read, depth 1", 1 / 4),
    ("randwrite_qd1", "IOPS", "fio 4 KiB random write, depth 1", 1 / 4),
    ("randread_qd32", "IOPS", "fio 4 KiB random read, depth 32", 1 / 4),
    ("randwrite_qd32", "IOPS", "fio 4 KiB random write, depth 32", 1 / 4),
    ("read_128k", "KiB/s", "fio 128 KiB sequential read", 1),
    ("write_128k", "KiB/s", "fio 128 KiB sequential write", 1),
    ("iperf_dom0_guest", "kbit/s", "iperf3 dom0 to guest", 8.192),
    ("iperf_guest_dom0", "kbit/s", "iperf3 guest to dom0", 8.192),
    ("iperf_guest_guest", "kbit/s", "iperf3 guest to guest", 8.192),
    ("ping", "1/s", "ping round trips dom0 to guest", 1),
    ("pgbench", "tps", "pgbench transactions", 1),
]


def cpio(source, target):
    subprocess.check_call([os.path.join(TOP, "guest-kit/images/mkcpio.sh"),
                           source, target])


def boot(hypervisor, args, work):
    """One boot; lines as (processor time, text), or None."""
    folder = os.path.join(work, "script")
    os.makedirs(folder, exist_ok=True)
    shutil.copy(os.path.join(TOP, "scripts/bench_io-dom0.sh"),
                os.path.join(folder, "test.sh"))
    cpio(folder, os.path.join(work, "script.cpio"))
    images = os.path.join(args.out, "images")
    iso = os.path.join(work, "boot.iso")
    times = os.path.join(work, "times")
    subprocess.check_call([
        os.path.join(TOP, "scripts/mkiso.sh"), "-o", iso,
        "-x", bench.hypervisor_file(hypervisor, args),
        "-k", os.path.join(images, "vmlinuz"),
        "-i", os.path.join(images, "dom0.img"),
        "-i", os.path.join(images, "guest.cpio"),
        "-i", os.path.join(images, "debian-full/dom0.cpio")] +
        [word for extra in args.initrd for word in ("-i", extra)] + [
        "-i", os.path.join(work, "script.cpio"), "-X", HV_ARGS,
        "-K", "console=hvc0 xl.slow=3 xl.tool=%s xl.parts=%s" %
        (args.tool, args.parts)])
    disks = []
    for name in ("one", "two"):
        disks += ["-drive", "if=none,id=%s,format=raw,snapshot=on,file=%s" %
                  (name, os.path.join(images, "debian-full/disk.img")),
                  "-device", "virtio-blk-pci,drive=" + name]
    code = subprocess.call([
        sys.executable, os.path.join(TOP, "scripts/console.py"),
        "--log", os.path.join(work, "console.log"), "--times", times,
        "--limit", str(args.limit), "--bad", bench.BAD,
        "--show", "^IO-END (.*)", "--",
        os.path.join(TOP, "scripts/qemu.sh"), "-s", "2", "-m", "2G",
        "-c", args.cpu, iso] + disks)
    os.remove(iso)
    if code != 0:
        return None
    with open(times, errors="replace") as file:
        rows = (line.rstrip("\n").split("\t", 2) for line in file)
        return [(float(cpu), text) for _, cpu, text in rows]


def figures(lines):
    """{metric: [values]} of one boot, by both clocks."""
    factors = {metric: factor for metric, _, _, factor in METRICS}
    begun = {}
    result = {}
    for cpu, text in lines:
        match = re.match(r"IO-BEGIN (\w+)", text)
        if match:
            begun[match.group(1)] = cpu
        match = re.match(r"IO-END (\w+) ([0-9.]+) ([0-9.]+)", text)
        if match:
            metric, amount, rate = match.groups()
            used = max(cpu - begun[metric], 0.01)
            result.setdefault(metric, []).append(float(rate))
            result.setdefault(metric + CPU, []).append(
                float(amount) * factors[metric] / used)
    return result


def measure(args):
    results = {hypervisor: {} for hypervisor in args.only}
    for run in range(args.runs):
        for hypervisor in args.only:
            work = os.path.join(args.out, "bench-io", hypervisor, str(run))
            os.makedirs(work, exist_ok=True)
            print("  BOOT  %s (run %d of %d)" % (
                bench.HYPERVISORS[hypervisor]["title"], run + 1, args.runs),
                flush=True)
            lines = boot(hypervisor, args, work)
            if lines is None:
                sys.exit("bench-io: %s did not finish; see %s/console.log" %
                         (hypervisor, work))
            for metric, values in figures(lines).items():
                results[hypervisor].setdefault(metric, []).extend(values)
    return results


def rows(results):
    for suffix in ("", CPU):
        for metric, unit, title, _ in METRICS:
            if suffix:
                title += ", per s of CPU"
            xen, lite = bench.medians(results, metric + suffix)
            yield (metric + suffix, unit, title, xen, lite,
                   bench.ratio_of(results, metric + suffix))


def text(value, form):
    return "-" if value is None else form % value


def report(results, args):
    print("%-46s %12s %12s %6s" % ("more is better", "Xen 4.17", "xen-lite",
                                   "ratio"))
    for _, unit, title, xen, lite, ratio in rows(results):
        print("%-46s %12s %12s %6s" % (
            "%s [%s]" % (title, unit), text(xen, "%.1f"), text(lite, "%.1f"),
            text(ratio, "%.2f")))
    if args.csv:
        write_csv(results, args.csv)


def write_csv(results, path):
    """Metrics that were not measured now keep the figures they had."""
    old = {}
    if os.path.exists(path):
        with open(path) as file:
            old = {line.split(",")[0]: line for line in file}
    with open(path, "w") as file:
        file.write("metric,unit,xen,xenlite,ratio\n")
        for metric, unit, _, xen, lite, ratio in rows(results):
            if xen is None and lite is None:
                file.write(old.get(metric, ""))
                continue
            file.write("%s,%s,%s,%s,%s\n" % (
                metric, unit, text(xen, "%.1f"), text(lite, "%.1f"),
                text(ratio, "%.2f")))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--out", required=True, help="build folder")
    add("--cache", help="download cache (default BUILD/cache)")
    add("--runs", type=int, default=1, help="boots of each; a boot measures "
        "everything three times")
    add("--cpu", default="Nehalem", help="QEMU's CPU model")
    add("--parts", default="disk,net,pgbench", help="only these")
    add("--tool", default="xl", help="what creates the guests on both")
    add("--initrd", action="append", default=[], help="more for dom0's image")
    add("--limit", type=float, default=3600, help="seconds for one boot")
    add("--csv", help="write the figures here")
    add("--only", action="append", choices=sorted(bench.HYPERVISORS),
        help="measure only this hypervisor")
    args = parser.parse_args()
    args.only = args.only or ["xen", "xenlite"]
    args.cache = args.cache or os.path.join(args.out, "cache")
    report(measure(args), args)


if __name__ == "__main__":
    main()
