#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Recorded typed parameters, from JSON lines to the text that tests/source/libvirt/recorded.c reads.

convert.py SAMPLES.jsonl > domstats.txt

One record a paragraph: "record NAME ID BEGIN_NS END_NS WALL_SECONDS", then "PARAMETER VALUE" lines; text values are in
quotes. The records are those in which something happened to the guest, and those before and after.
"""
import json
import sys

# line number in the samples: name in the tests
RECORDS = {
    0: "booting", 1: "booted", 12: "stale", 13: "period-set", 22: "setmem-immediate", 23: "setmem-180",
    26: "setmem-256", 27: "two-vcpus", 28: "three-vcpus", 30: "three-vcpus+5s", 39: "before-suspend",
    40: "suspended-1", 41: "suspended-2", 42: "resumed", 54: "before-reset", 55: "reset+6s", 56: "reset+26s",
    61: "before-memory", 69: "final-a", 70: "final-b", 79: "before-destroy", 80: "after-restart", 82: "no-period",
}


def text(value):
    return '"%s"' % value if isinstance(value, str) else "%d" % value


def main(path):
    with open(path, encoding="utf-8") as stream:
        records = [json.loads(line) for line in stream]
    pids = []
    for number, record in enumerate(records):
        if record["pid"] not in pids:
            pids.append(record["pid"])
        if number not in RECORDS:
            continue
        print("record", RECORDS[number], pids.index(record["pid"]) + 1, record["t0"], record["t1"], int(record["wall"]))
        for name, value in record["s"].items():
            print(name, text(value))
        print()


if __name__ == "__main__":
    main(sys.argv[1])
