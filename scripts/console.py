#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run a machine whose serial line is the child's standard input and output.

Keeps what the line says with the time of each line, reacts to it, and ends
when told: at a line, at the machine's end, at a bad line or at a time limit.
Nothing here waits a fixed time for anything.

  console.py [options] -- COMMAND...

Exit status: 0 as wanted, 2 usage, 3 time limit, 4 bad line, 5 the machine
ended before the wanted line, 6 it crashed by itself (SIGSEGV). One line on
standard error says why not 0.
"""

import argparse
import os
import re
import select
import signal
import subprocess
import sys
import termios
import time
import tty

MAX_PARTIAL = 65536
# After a bad line: let it say why, until it is silent for so long.
LAST_WORDS = 3.0


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--log", help="keep the line's output here")
    add("--times", help="keep 'SECONDS<tab>CPU<tab>LINE' here: seconds since "
        "start, and seconds of processor time that the machine has used")
    add("--limit", type=float, default=300, help="seconds (0: none)")
    add("--until", help="end the machine when a line matches this")
    add("--bad", action="append", default=[],
        help="end the machine, status 4, when a line matches this")
    add("--send", action="append", default=[], metavar="REGEX=>TEXT",
        help="type TEXT when the unfinished line matches REGEX; in order")
    add("--show", action="append", default=[], metavar="REGEX[=>TEXT]",
        help="print matching lines with the time, or TEXT with \\1 and so on")
    add("--terminal", metavar="REGEX",
        help="after a line matches, connect this terminal to the line")
    add("command", nargs="+")
    return parser.parse_args()


def split_rule(rule):
    """'REGEX=>TEXT' to (compiled, text or None)."""
    pattern, arrow, text = rule.partition("=>")
    return re.compile(pattern), text if arrow else None


class Console:
    """One run: the child, what it said so far, and what to do about it."""

    def __init__(self, args):
        self.args = args
        self.until = re.compile(args.until) if args.until else None
        self.bad = [re.compile(b) for b in args.bad]
        self.sends = [split_rule(s) for s in args.send]
        self.shows = [split_rule(s) for s in args.show]
        self.terminal = re.compile(args.terminal) if args.terminal else None
        self.connected = False
        self.stdin_ended = False
        self.partial = ""
        self.status = None
        self.reason = ""
        self.last_words = None
        self.log = open(args.log, "wb") if args.log else None
        self.times = open(args.times, "w") if args.times else None
        self.start = time.monotonic()
        self.child = subprocess.Popen(
            args.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True)

    def finish(self, status, reason=""):
        if self.status is None:
            self.status = status
            self.reason = reason

    def processor_time(self):
        """What the child has used, all threads, in seconds."""
        try:
            with open("/proc/%d/stat" % self.child.pid) as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def type_text(self, data):
        try:
            self.child.stdin.write(data)
            self.child.stdin.flush()
        except BrokenPipeError:
            pass

    def show(self, line):
        for pattern, text in self.shows:
            match = pattern.search(line)
            if match:
                print("[%5.1f s] %s" %
                      (time.monotonic() - self.start,
                       match.expand(text) if text is not None else line),
                      flush=True)
                return

    def take_line(self, line):
        if self.times:
            self.times.write("%.3f\t%.2f\t%s\n" % (
                time.monotonic() - self.start, self.processor_time(), line))
            self.times.flush()
        if not self.connected:
            self.show(line)
        for pattern in self.bad:
            if self.last_words is None and pattern.search(line):
                self.last_words = "the console says: " + line
        if self.until and self.until.search(line):
            self.finish(0)
        if self.terminal and not self.connected and \
                self.terminal.search(line):
            self.connect()

    def take(self, data):
        if self.log:
            self.log.write(data)
            self.log.flush()
        if self.connected:
            os.write(1, data)
        self.partial += data.decode("utf-8", "replace")
        *lines, self.partial = self.partial.split("\n")
        self.partial = self.partial[-MAX_PARTIAL:]
        for line in lines:
            self.take_line(line.strip("\r"))
            self.answer(line)
        self.answer(self.partial)

    def answer(self, text):
        """Type the next text if what it waits for is there."""
        if self.sends and self.sends[0][0].search(text):
            self.type_text(self.sends.pop(0)[1].encode() + b"\r")

    def connect(self):
        self.connected = True
        if sys.stdin.isatty():
            tty.setraw(0)

    def inputs(self):
        files = [self.child.stdout]
        if self.connected and not self.stdin_ended:
            files.append(sys.stdin)
        return files

    def step(self):
        limit = self.args.limit
        left = limit - (time.monotonic() - self.start) if limit else 60
        if left <= 0:
            self.finish(3, "time limit of %g s reached" % limit)
            return
        wait = LAST_WORDS if self.last_words else 60
        ready = select.select(self.inputs(), [], [], min(left, wait))[0]
        if not ready and self.last_words:
            self.finish(4, self.last_words)
        for file in ready:
            data = os.read(file.fileno(), 65536)
            if file is sys.stdin:
                self.stdin_ended = not data
                self.type_text(data)
            elif data:
                self.take(data)
            else:
                self.ended()

    def ended(self):
        code = self.child.wait()
        if self.partial:
            self.take_line(self.partial.strip("\r"))
        if self.last_words:
            self.finish(4, self.last_words)
        elif code == -signal.SIGSEGV:
            self.finish(6, "the emulator itself crashed (SIGSEGV)")
        elif self.until and self.status is None:
            self.finish(5, "the machine ended (status %d) before '%s'" %
                        (code, self.args.until))
        else:
            self.finish(0 if code == 0 else 5,
                        "the machine's program failed, status %d" % code)

    def run(self):
        saved = termios.tcgetattr(0) if sys.stdin.isatty() else None
        try:
            while self.status is None:
                self.step()
        finally:
            if self.child.poll() is None:
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.wait()
            if saved:
                termios.tcsetattr(0, termios.TCSADRAIN, saved)
        if self.status:
            print(self.reason, file=sys.stderr)
        return self.status


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return Console(parse_args()).run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
