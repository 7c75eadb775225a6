# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""The simulated pool of XenServer hosts: how it is started, and what its values are.

The waves are those of tests/servers/xapisim/world.go, as exact fractions; nothing of vperf is here.
"""

import fractions
import json
import math
import os
import ssl
import urllib.parse
import urllib.request

import harness
import launch

STEP, INTERVAL = 5, 20
MHZ, HOST_CPUS = 2500, 8
GIB = 1 << 30
UUID = "00000000-0b0b-4000-8000-{:012d}"
HOST_UUID = "00000000-0a0a-4000-8000-{:012d}"
SRS = ("aaaa0001-0000-4000-8000-000000000001", "bbbb0002-0000-4000-8000-000000000002")
# number, vCPUs, agent; web-1 is the name of two.
RUNNING = {"1": (2, True), "2": (4, False), "3": (1, True), "5": (1, False)}
MOVES, MOVE_SECONDS = "3", 120


class Pool:
    """A running simulator."""

    def __init__(self, binary, directory, *flags):
        self.authorities = str(directory / "ca.pem")
        self.server = launch.Server([str(binary), "-ca", self.authorities, "-username",
                                     harness.USER, "-password", harness.PASSWORD, *flags])
        # By name, a master is reached at this address; only tests of trust verify it here.
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def target(self, host=0):
        return f"xapi://{harness.USER}@127.0.0.{host + 1}:{self.server.port}"

    def options(self):
        return ("--ca-file", self.authorities)

    def ask(self, command, **arguments):
        url = f"{self.server.url}/sim/{command}?{urllib.parse.urlencode(arguments)}"
        with urllib.request.urlopen(url, context=self.context, timeout=30) as answer:
            return answer.read()

    def fault(self, name, **arguments):
        self.ask("fault", name=name, **arguments)

    def stats(self):
        return json.loads(self.ask("stats"))


def binary(tmp_path_factory):
    """The simulator, built unless the environment names one."""
    build = os.environ.get("VPERF_SERVERS") or os.environ.get("VPERF_BUILD")
    if build and os.access(f"{build}/xapisim", os.X_OK):
        return f"{build}/xapisim"
    return launch.build_go("xapisim", build or tmp_path_factory.mktemp("servers"))


def wave(base, owner, source, slot):
    return fractions.Fraction(base) * (1 + fractions.Fraction((slot * 7 + owner * 3 + source) % 10,
                                                              20))


class Interval:
    """The means of all data sources over an interval."""

    def __init__(self, owner, end, interval=INTERVAL):
        self.owner, self.seconds = owner, interval
        slots = interval // STEP
        # The wave is the same again after ten.
        self.slots = [end // STEP - i for i in range(10 if slots % 10 == 0 else slots)]

    def mean(self, base, source):
        values = [wave(base, self.owner, source, slot) for slot in self.slots]
        return sum(values) / len(values)

    def latency(self, base, source, requests, requests_source):
        """Microseconds of a request: each step's mean, by its requests."""
        pairs = [(wave(base, self.owner, source, slot),
                  wave(requests, self.owner, requests_source, slot)) for slot in self.slots]
        return sum(time * count for time, count in pairs) / sum(count for _, count in pairs)


def nets(found, instance, rx, tx):
    for counter, value in (("received", rx), ("bytesRx", rx), ("transmitted", tx),
                           ("bytesTx", tx), ("usage", rx + tx)):
        found[f"net.{counter}.average", instance] = value / 1024


def guest(number, end, interval=INTERVAL):
    """{(counter, instance): raw value} of a guest that has been recorded all the time."""
    cpus, agent = RUNNING[number]
    means = Interval(int(number), end, interval)
    busy = [means.mean("0.2", cpu) for cpu in range(cpus)]
    found = {("cpu.usage.average", ""): sum(busy) / cpus * 10000}
    for instance, value in [("", sum(busy))] + [(str(i), cpu) for i, cpu in enumerate(busy)]:
        found["cpu.usagemhz.average", instance] = value * MHZ
        found["cpu.run.summation", instance] = value * interval * 1000
        found["cpu.used.summation", instance] = value * interval * 1000
    for counter in ("mem.consumed.average", "mem.granted.average", "xen.memTarget.average"):
        found[counter, ""] = 4 * GIB // 1024
    found["mem.vmmemctl.average", ""] = GIB // 1024
    if agent:
        found["mem.usage.average", ""] = fractions.Fraction(7500)
        found["xen.memInternalFree.average", ""] = 1 << 20
    for instance in ("", "0"):
        nets(found, instance, means.mean(204800, 100), means.mean(102400, 101))
    read, write = means.mean(1048576, 102), means.mean(524288, 103)
    for counter, value in (("read", read), ("write", write), ("usage", read + write)):
        found[f"disk.{counter}.average", ""] = value / 1024
    for instance in ("", "xvda"):
        found["virtualDisk.read.average", instance] = read / 1024
        found["virtualDisk.write.average", instance] = write / 1024
        found["virtualDisk.numberReadAveraged.average", instance] = means.mean(64, 104)
        found["virtualDisk.numberWriteAveraged.average", instance] = means.mean(32, 105)
        for way, time in (("Read", means.latency(850, 106, 64, 104)),
                          ("Write", means.latency(1200, 107, 32, 105))):
            found[f"virtualDisk.total{way}Latency.average", instance] = time / 1000
            found[f"virtualDisk.{way.lower()}LatencyUS.latest", instance] = time
    return {key: math.floor(value) for key, value in found.items()}


def host(number, end, interval=INTERVAL):
    """The same of a host."""
    means = Interval(1000 + number, end, interval)
    usage, found = means.mean("0.3", 0), {}
    for counter in ("cpu.usage.average", "cpu.utilization.average"):
        found[counter, ""] = usage * 10000
        for cpu in range(HOST_CPUS):
            found[counter, str(cpu)] = means.mean("0.3", 10 + cpu) * 10000
    for cpu in range(HOST_CPUS):
        found["cpu.used.summation", str(cpu)] = means.mean("0.3", 10 + cpu) * interval * 1000
    found["cpu.usagemhz.average", ""] = usage * HOST_CPUS * MHZ
    found["mem.usage.average", ""] = 7500
    found["mem.consumed.average", ""] = 48 * GIB // 1024
    found["mem.capacity.provisioned.average", ""] = 64 * GIB // 1024
    rates = [[means.mean(2000000, 100 + 2 * nic + way) for way in range(2)] for nic in range(3)]
    for nic, name in enumerate(("eth0", "eth1", "bond0")):
        nets(found, name, *rates[nic])
    nets(found, "", rates[0][0] + rates[1][0], rates[0][1] + rates[1][1])
    for index, sr in enumerate(SRS):
        for way, name in enumerate(("read", "write")):
            found[f"datastore.{name}.average", sr] = \
                means.mean(3000000, 200 + 2 * index + way) / 1024
    return {key: math.floor(value) for key, value in found.items()}
