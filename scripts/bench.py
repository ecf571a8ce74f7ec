#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure xen-lite beside Debian's Xen 4.17: times, sizes, memory, lines.

Both boot the same dom0 and guest in QEMU, in turn within one run; each figure
is the median. Times are those of lines on the serial console, by the wall
clock and by the processor time that the emulated machine has used, which
other work on the host disturbs much less.

  bench.py --out BUILD [--cache DIR] [--runs 3] [--csv FILE] [--only xen]
           [--boots tools]
"""

import argparse
import gzip
import os
import re
import shutil
import statistics
import struct
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What runs in dom0, its MiB, and QEMU's memory: dom0's services and guests,
# then what people wait for at its command line (a saved guest of 512 MiB lies
# in dom0's memory).
BOOTS = {
    "guests": ("scripts/bench-dom0.sh", 512, "1G"),
    "tools": ("scripts/bench-tools-dom0.sh", 1536, "3G"),
}
# Page-table isolation is off on both: by default Xen has it on for this CPU,
# and xen-lite never under emulation, where it costs what no processor charges.
HV_ARGS = ("dom0_mem=%dM,max:%dM dom0_max_vcpus=2 console=com1 "
           "com1=115200,8n1 loglvl=info noreboot xpti=off")
BAD = "Panic on CPU|PANIC|Manual reset required|Kernel panic - not syncing"

# What each hypervisor says right before and right after unpacking dom0's
# kernel.
HYPERVISORS = {
    "xen": {
        "title": "Xen 4.17", "tool": "xl",
        "unpack": (r"\*\*\* Building a PV Dom", r"Xen  kernel: 64-bit"),
    },
    "xenlite": {
        "title": "xen-lite", "tool": "xlite",
        "unpack": (r"dom0: \d+ MiB, \d+ vCPUs", r"dom0: kernel unpacked"),
    },
}

# Metric, unit, what it is, goal for xen-lite / Xen (None: no goal; a whole
# number: xen-lite's own limit).
METRICS = [
    ("unpack", "s", "dom0's kernel: payload decoding", 0.9),
    ("handover_rest", "s", "GRUB's hand-over to dom0's first line, the rest",
     0.3),
    ("handover", "s", "GRUB's hand-over to dom0's first line", None),
    ("dom0_userspace", "s", "dom0's first line to its user space", 0.9),
    ("dom0_services", "s", "dom0's user space to Xen services", 0.9),
    ("create_xl", "s", "xl create", 0.9),
    ("guest_xl", "s", "xl create to the guest's user space", 0.9),
    ("create_own", "s", "own tool's create (xl on Xen)", 0.9),
    ("guest_own", "s", "own tool's create to the guest's user space", 0.9),
    ("create_small", "s", "xl create of a small guest", 0.9),
    ("destroy_small", "s", "xl destroy of it", 0.9),
    ("list_50", "s", "xl list with 50 guests", 0.9),
    ("save_512", "s", "xl save of 512 MiB", 0.9),
    ("restore_512", "s", "xl restore of 512 MiB", 0.9),
    ("image", "bytes", "hypervisor image, loadable bytes", 400 * 1024),
    ("resident", "KiB", "memory that is neither free nor dom0's", None),
    ("lines", "lines", "hypervisor sources (C, headers, assembly)", None),
    # Far above 2 or unlike for the two: the times say little.
    ("load", "load", "host's load average at each boot's end", None),
]

# What the figures by processor time have after their metric's name.
CPU = "_cpu"


def hypervisor_file(hypervisor, args):
    if hypervisor == "xen":
        return os.path.join(args.cache, "root/boot/xen-4.17-amd64.gz")
    return os.path.join(args.out, "xen-lite.elf")


def loadable_bytes(path):
    """Sum of what an ELF file has the loader put in memory from the file."""
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as file:
        data = file.read()
    wide = data[4] == 2
    if wide:
        offset, = struct.unpack_from("<Q", data, 32)
        size, count = struct.unpack_from("<HH", data, 54)
    else:
        offset, = struct.unpack_from("<I", data, 28)
        size, count = struct.unpack_from("<HH", data, 42)
    total = 0
    for n in range(count):
        at = offset + n * size
        if struct.unpack_from("<I", data, at)[0] == 1:
            form, where = ("<Q", at + 32) if wide else ("<I", at + 16)
            total += struct.unpack_from(form, data, where)[0]
    return total


def source_lines():
    """Lines of the hypervisor: xen-lite/ and include/public/."""
    total = 0
    for folder in ("xen-lite", "include/public"):
        for path, _, names in os.walk(os.path.join(TOP, folder)):
            for name in names:
                if name.endswith((".c", ".h", ".S")):
                    with open(os.path.join(path, name), "rb") as file:
                        total += file.read().count(b"\n")
    return total


def make_iso(iso, hypervisor, args, files, images, hv_args, dom0_args):
    """An ISO. dom0 has @files, {path: source}, and more @images of the build."""
    work = os.path.dirname(iso)
    folder = os.path.join(work, "script")
    for path, source in files.items():
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(source, target)
    script = os.path.join(work, "script.cpio")
    subprocess.check_call([os.path.join(TOP, "guest-kit/images/mkcpio.sh"),
                           folder, script])
    command = [os.path.join(TOP, "scripts/mkiso.sh"), "-o", iso,
               "-x", hypervisor_file(hypervisor, args),
               "-k", os.path.join(args.out, "images/vmlinuz")]
    for name in ["dom0.img", "guest.cpio"] + images:
        command += ["-i", os.path.join(args.out, "images", name)]
    subprocess.check_call(command + ["-i", script, "-X", hv_args,
                                     "-K", "console=hvc0 " + dom0_args])


def boot(iso, args, memory, qemu=(), console=()):
    """One boot; its lines as (seconds, processor time, text), or None."""
    work = os.path.dirname(iso)
    times = os.path.join(work, "times")
    code = subprocess.call([
        sys.executable, os.path.join(TOP, "scripts/console.py"),
        "--log", os.path.join(work, "console.log"), "--times", times,
        "--limit", str(args.limit), "--bad", BAD, *console, "--",
        os.path.join(TOP, "scripts/qemu.sh"), "-s", "2", "-m", memory,
        "-c", args.cpu, iso, *qemu])
    os.remove(iso)
    if code != 0:
        return None
    with open(times, errors="replace") as file:
        rows = (line.rstrip().split("\t", 2) for line in file)
        return [(float(row[0]), float(row[1]), row[2])
                for row in rows if len(row) == 3]


def begin_boot(args, hypervisor, run, folder, kind=""):
    """The file for a boot's ISO, in a folder of its own."""
    work = os.path.join(args.out, folder, hypervisor, kind, str(run))
    os.makedirs(work, exist_ok=True)
    print("  BOOT  %s%s (run %d of %d)" % (
        HYPERVISORS[hypervisor]["title"], kind and ", " + kind, run + 1,
        args.runs), flush=True)
    return os.path.join(work, "boot.iso")


class Missing(Exception):
    """A line that a figure needs is not there."""


def when(lines, pattern, after=0.0):
    for at, text in lines:
        if at >= after and re.search(pattern, text):
            return at
    raise Missing(pattern)


def number(lines, pattern):
    for _, text in lines:
        match = re.search(pattern, text)
        if match:
            return int(match.group(1))
    raise Missing(pattern)


def resident_kib(lines):
    """Machine memory less what is free and what dom0 has."""
    return (number(lines, r"System RAM: .*\((\d+) ?[kK]") -
            number(lines, r"^free_memory *: (\d+)") * 1024 -
            BOOTS["guests"][1] * 1024)


def all_figures(lines, hypervisor, kind):
    """Every figure of one boot: name to value; times by both clocks."""
    extract = {"guests": figures, "tools": tool_figures}[kind]
    by_wall = extract([(row[0], row[2]) for row in lines], hypervisor)
    by_cpu = extract([(row[1], row[2]) for row in lines], hypervisor)
    units = {metric: unit for metric, unit, _, _ in METRICS}
    for metric, value in by_cpu.items():
        if units[metric] == "s":
            by_wall[metric + CPU] = value
    return by_wall


def tool_figures(lines, _):
    """The median time of each command that stands between two lines."""
    times = {}
    begun = 0.0
    for at, text in lines:
        if text.startswith("BENCH-BEGIN "):
            begun = at
        elif text.startswith("BENCH-END "):
            times.setdefault(text.split()[1], []).append(at - begun)
    if "restore_512" not in times:
        raise Missing("BENCH-END restore_512")
    return {metric: statistics.median(rows) for metric, rows in times.items()}


def figures(lines, hypervisor):
    """The figures by one clock; lines are (seconds, text)."""
    start = when(lines, "XL-STAGE grub-handover")
    first = when(lines, r"^\[ *0\.0+\] Linux version", start)
    userspace = when(lines, "^XL-STAGE dom0-userspace")
    result = {
        "handover": first - start,
        "dom0_userspace": userspace - first,
        "dom0_services": when(lines, "^XL-STAGE xen-services") - userspace,
        "resident": resident_kib(lines),
    }
    begin, end = HYPERVISORS[hypervisor]["unpack"]
    unpack_start = when(lines, begin)
    result["unpack"] = when(lines, end, unpack_start) - unpack_start
    result["handover_rest"] = result["handover"] - result["unpack"]
    own = HYPERVISORS[hypervisor]["tool"]
    for key, tool in (("xl", "xl"), ("own", own)):
        created = when(lines, "^BENCH %s create$" % tool)
        result["create_" + key] = \
            when(lines, "^BENCH %s created$" % tool) - created
        result["guest_" + key] = \
            when(lines, "^XL-STAGE guest-userspace", created) - created
    return result


def measure_boot(hypervisor, args, run, kind):
    """The figures of one boot, {metric: value}; ends the run without them."""
    iso = begin_boot(args, hypervisor, run, "bench", kind)
    script, dom0_mib, memory = BOOTS[kind]
    make_iso(iso, hypervisor, args,
             {"test.sh": os.path.join(TOP, script),
              "guest/spin.elf": os.path.join(args.out, "guest/spin.elf")},
             [], HV_ARGS % (dom0_mib, dom0_mib),
             "earlyprintk=xen xl.tool=" + HYPERVISORS[hypervisor]["tool"])
    lines = boot(iso, args, memory)
    work = os.path.dirname(iso)
    if lines is None:
        sys.exit("bench: %s did not finish; see %s/console.log" %
                 (hypervisor, work))
    try:
        return all_figures(lines, hypervisor, kind)
    except Missing as what:
        sys.exit("bench: %s: no line like '%s' in %s/console.log" %
                 (hypervisor, what, work))


def measure(args):
    """{hypervisor: {metric: [one value a run]}}"""
    results = {hypervisor: {} for hypervisor in args.only}
    for run in range(args.runs):
        for kind in args.boots:
            for hypervisor in args.only:
                values = measure_boot(hypervisor, args, run, kind)
                values["load"] = os.getloadavg()[0]
                for metric, value in values.items():
                    results[hypervisor].setdefault(metric, []).append(value)
    for hypervisor in args.only:
        results[hypervisor]["image"] = [
            loadable_bytes(hypervisor_file(hypervisor, args))]
    if "xenlite" in results:
        results["xenlite"]["lines"] = [source_lines()]
    return results


def shown(value, unit):
    if value is None:
        return "-"
    return "%.2f" % value if unit in ("s", "load") else "%d" % value


def medians(results, metric):
    return [statistics.median(results[h][metric])
            if metric in results.get(h, {}) else None
            for h in ("xen", "xenlite")]


def verdict(lite, ratio, goal):
    if goal is None or lite is None:
        return ""
    if isinstance(goal, int):
        return "%d %s" % (goal, "met" if lite <= goal else "MISSED")
    if ratio is None:
        return ""
    return "%.1f %s" % (goal, "met" if ratio <= goal else "MISSED")


def ratio_of(results, metric):
    xen, lite = medians(results, metric)
    return lite / xen if xen and lite is not None else None


def table(results):
    rows = [("", "Xen 4.17", "xen-lite", "ratio", "of CPU", "goal")]
    for metric, unit, title, goal in METRICS:
        xen, lite = medians(results, metric)
        ratios = [ratio_of(results, metric), ratio_of(results, metric + CPU)]
        rows.append(("%s [%s]" % (title, unit), shown(xen, unit),
                     shown(lite, unit)) +
                    tuple("-" if ratio is None else "%.2f" % ratio
                          for ratio in ratios) + (verdict(lite, ratios[0], goal),))
    width = max(len(row[0]) for row in rows)
    for row in rows:
        print(("%-*s %10s %10s %7s %7s  %s" % ((width,) + row)).rstrip())


def qemu_version():
    text = subprocess.check_output(["qemu-system-x86_64", "--version"],
                                   text=True)
    return text.split("\n")[0]


def write_csv(results, args):
    with open(args.csv, "w") as file:
        file.write("# %s, -cpu %s, 2 CPUs, 1 GiB (tools 3 GiB), dom0 %d "
                   "(tools %d) MiB, xpti=off on both; %d runs\n" %
                   (qemu_version(), args.cpu, BOOTS["guests"][1],
                    BOOTS["tools"][1], args.runs))
        file.write("metric,unit,hypervisor,median,runs\n")
        for metric, unit, _, _ in METRICS + [
                (metric + CPU, unit, "", None)
                for metric, unit, _, _ in METRICS if unit == "s"]:
            for hypervisor in args.only:
                values = results[hypervisor].get(metric)
                if values:
                    file.write("%s,%s,%s,%s,%s\n" % (
                        metric, unit, hypervisor,
                        shown(statistics.median(values), unit),
                        " ".join(shown(value, unit) for value in values)))


def options(text, runs, limit):
    """A parser with what both benches ask."""
    parser = argparse.ArgumentParser(description=text.split("\n")[0])
    add = parser.add_argument
    add("--out", required=True, help="build folder")
    add("--cache", help="download cache (default BUILD/cache)")
    add("--runs", type=int, default=runs, help="boots of each")
    add("--cpu", default="Nehalem", help="QEMU's CPU model")
    add("--limit", type=float, default=limit, help="seconds for one boot")
    add("--csv", help="write the figures here")
    add("--only", action="append", choices=sorted(HYPERVISORS),
        help="measure only this hypervisor")
    return parser


def parse(parser):
    args = parser.parse_args()
    args.only = args.only or ["xen", "xenlite"]
    args.cache = args.cache or os.path.join(args.out, "cache")
    return args


def main():
    parser = options(__doc__, 3, 900)
    parser.add_argument("--boots", action="append", choices=sorted(BOOTS),
                        help="measure only this boot's figures")
    args = parse(parser)
    args.boots = args.boots or list(BOOTS)
    results = measure(args)
    table(results)
    if args.csv:
        write_csv(results, args)
        print("Figures are in", os.path.relpath(args.csv))


if __name__ == "__main__":
    main()
