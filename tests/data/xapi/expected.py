#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""What the counters are of our answer beside this file and of a recorded one: prints expected.tsv.

Shares no code with vperf: xml.etree reads, Fraction computes.
"""

import fractions
import math
import os
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

HERE = pathlib.Path(__file__).parent
RECORDED = pathlib.Path(os.environ.get("VPERF_XAPI_RECORDED", HERE / "../../../../shared/data/xapi"))
T = 20
GUEST_CPUS, GUEST_MAXIMUM, HOST_MHZ, HOST_CPUS = 2, 5 << 30, 2999, 1
PHYSICAL = ("eth0", "eth1")
DISKS = ("xvda", "xvdb")


class Table:
    """The four rows of one owner, by data source; None is NaN."""

    def __init__(self, path, owner):
        root = ElementTree.parse(path).getroot()
        legend = [entry.text.split(":", 3) for entry in root.iter("entry")]
        rows = sorted(root.iter("row"), key=lambda row: int(row.find("t").text))
        self.end = int(rows[-1].find("t").text)
        self.columns = {}
        for index, (cf, kind, _, source) in enumerate(legend):
            if (cf, kind) == ("AVERAGE", owner):
                texts = [row.findall("v")[index].text for row in rows]
                self.columns[source] = [None if text == "NaN" else fractions.Fraction(text)
                                        for text in texts]

    def mean(self, source):
        values = self.columns.get(source, [None])
        return None if None in values else sum(values) / len(values)

    def total(self, *sources):
        means = [self.mean(source) for source in sources]
        return None if None in means else sum(means)


def emit(kind, counter, instance, value):
    if value is not None:
        print(kind, counter, instance, math.floor(value), sep="\t")


def scaled(value, by):
    return None if value is None else value * by


def rates(kind, table, instance, rx, tx):
    kib = fractions.Fraction(1, 1024)
    for counter, sources in (("received", rx), ("bytesRx", rx), ("transmitted", tx),
                             ("bytesTx", tx), ("usage", rx + tx)):
        emit(kind, f"net.{counter}.average", instance, scaled(table.total(*sources), kib))


def guest(table):
    kib = fractions.Fraction(1, 1024)
    cpus = [f"cpu{n}" for n in range(GUEST_CPUS)]
    emit("vm", "cpu.usage.average", "", scaled(table.mean("cpu_usage"), 10000))
    for instance, sources in [("", cpus)] + [(cpu[3:], [cpu]) for cpu in cpus]:
        busy = table.total(*sources)
        emit("vm", "cpu.usagemhz.average", instance, scaled(busy, HOST_MHZ))
        emit("vm", "cpu.run.summation", instance, scaled(busy, T * 1000))
        emit("vm", "cpu.used.summation", instance, scaled(busy, T * 1000))
    waits = table.mean("runnable_vcpus")
    emit("vm", "cpu.ready.summation", "", scaled(waits, GUEST_CPUS * T * 1000))
    emit("vm", "cpu.readiness.average", "", scaled(waits, 10000))
    memory, free = table.mean("memory"), table.mean("memory_internal_free")
    emit("vm", "mem.usage.average", "", (memory / 1024 - free) / (memory / 1024) * 10000)
    for counter in ("consumed", "granted"):
        emit("vm", f"mem.{counter}.average", "", memory * kib)
    emit("vm", "mem.vmmemctl.average", "", max(0, GUEST_MAXIMUM - memory) * kib)
    emit("vm", "xen.memTarget.average", "", table.mean("memory_target") * kib)
    emit("vm", "xen.memInternalFree.average", "", free)
    for source, name in (("fullrun", "FullRun"), ("full_contention", "FullContention"),
                         ("concurrency_hazard", "ConcurrencyHazard"), ("blocked", "Blocked"),
                         ("partial_run", "PartialRun"),
                         ("partial_contention", "PartialContention")):
        emit("vm", f"xen.runstate{name}.average", "",
             scaled(table.mean("runstate_" + source), 10000))
    emit("vm", "xen.runnableAny.average", "", scaled(table.mean("runnable_any"), 10000))
    for instance in ("", "0"):
        rates("vm", table, instance, ["vif_0_rx"], ["vif_0_tx"])
    disks(table)


def disks(table):
    """The first row has none before it: requests, and what they weight, are absent."""
    kib = fractions.Fraction(1, 1024)
    for way in ("read", "write"):
        sources = [f"vbd_{disk}_{way}" for disk in DISKS]
        emit("vm", f"disk.{way}.average", "", scaled(table.total(*sources), kib))
        for instance, some in [("", sources)] + list(zip(DISKS, ([s] for s in sources))):
            emit("vm", f"virtualDisk.{way}.average", instance, scaled(table.total(*some), kib))
    both = [f"vbd_{disk}_{way}" for disk in DISKS for way in ("read", "write")]
    emit("vm", "disk.usage.average", "", scaled(table.total(*both), kib))


def host(table):
    kib = fractions.Fraction(1, 1024)
    usage = table.mean("cpu_avg")
    for counter in ("usage", "utilization"):
        emit("host", f"cpu.{counter}.average", "", usage * 10000)
    emit("host", "cpu.usagemhz.average", "", usage * HOST_MHZ * HOST_CPUS)
    for cpu in (source for source in table.columns if re.fullmatch(r"cpu\d+", source)):
        for counter in ("usage", "utilization"):
            emit("host", f"cpu.{counter}.average", cpu[3:], table.mean(cpu) * 10000)
        emit("host", "cpu.used.summation", cpu[3:], table.mean(cpu) * T * 1000)
    total, free = table.mean("memory_total_kib"), table.mean("memory_free_kib")
    emit("host", "mem.usage.average", "", (total - free) / total * 10000)
    emit("host", "mem.consumed.average", "", total - free)
    emit("host", "mem.capacity.provisioned.average", "", total)
    emit("host", "sys.uptime.latest", "", table.end - fractions.Fraction(1630403754))
    rates("host", table, "", [f"pif_{nic}_rx" for nic in PHYSICAL],
          [f"pif_{nic}_tx" for nic in PHYSICAL])
    for nic in PHYSICAL:
        rates("host", table, nic, [f"pif_{nic}_rx"], [f"pif_{nic}_tx"])
    for way in ("read", "write"):
        emit("host", f"datastore.{way}.average", "caa66549-0000-4000-8000-000000000001",
             scaled(table.mean(f"{way}_caa66549"), kib))


if __name__ == "__main__":
    guest(Table(HERE / "derived-vm-rrd_updates.xml", "vm"))
    host(Table(RECORDED / "ch8.2-rrd_updates.xml", "host"))
    sys.exit(0)
