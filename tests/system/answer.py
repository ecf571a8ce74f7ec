#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What dom0 or a guest must answer to a challenge (see xl-work.sh there).

  answer.py CHALLENGE PARTS
"""

import hashlib
import sys

PIECE = 65536
COUNT = 1024


def part_hash(challenge, part):
    line = ("%s part%d\n" % (challenge, part)).encode()
    piece = (line * (PIECE // len(line) + 1))[:PIECE]
    return hashlib.md5(piece * COUNT).hexdigest()


def answer(challenge, parts):
    lines = [challenge] + [part_hash(challenge, n) for n in range(parts)]
    return hashlib.sha256(("\n".join(lines) + "\n").encode()).hexdigest()


if __name__ == "__main__":
    print(answer(sys.argv[1], int(sys.argv[2])))
