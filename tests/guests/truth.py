# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""What the host's kernel and libvirt say about a guest, each with the time of its saying."""

import dataclasses
import pathlib
import re
import time


@dataclasses.dataclass(frozen=True)
class Thread:
    """One thread of QEMU: its name, time on a CPU and time runnable but not running (schedstat)."""

    name: str
    run_ns: int
    delay_ns: int


@dataclasses.dataclass(frozen=True)
class CpuTimes:
    """CPU times of one QEMU process; run_ns is the process's clock, ended threads included."""

    before_ns: int
    after_ns: int
    run_ns: int
    threads: dict

    @property
    def time_ns(self):
        """The middle of the reading, on CLOCK_MONOTONIC."""
        return (self.before_ns + self.after_ns) // 2

    @property
    def vcpus(self):
        """The thread of each vCPU by number."""
        found = {}
        for thread in self.threads.values():
            match = re.match(r"CPU (\d+)/", thread.name)
            if match:
                found[int(match[1])] = thread
        return found


@dataclasses.dataclass(frozen=True)
class Stats:
    """One answer of virsh domstats: values by libvirt's names, int where it is one."""

    before_ns: int
    after_ns: int
    values: dict

    @property
    def time_ns(self):
        """The middle of the call, on CLOCK_MONOTONIC."""
        return (self.before_ns + self.after_ns) // 2

    def __getitem__(self, name):
        return self.values[name]

    def __contains__(self, name):
        return name in self.values

    def delta(self, earlier, name):
        """The growth of a value since an earlier answer."""
        return self.values[name] - earlier.values[name]


def cpu_times(pid):
    """Reads CPU times of a process and of each of its threads."""
    before_ns = time.monotonic_ns()
    threads = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            run_ns, delay_ns, _ = (task / "schedstat").read_text(encoding="ascii").split()
            name = (task / "comm").read_text(encoding="utf-8").strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
        threads[int(task.name)] = Thread(name, int(run_ns), int(delay_ns))
    # The clock id of another process, as clock_getcpuclockid(3) makes it.
    run_ns = time.clock_gettime_ns((~pid << 3) | 2)
    return CpuTimes(before_ns, time.monotonic_ns(), run_ns, threads)


def process_state(pid):
    """The state letter of a process (R, S, T, Z …), None when it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rsplit(")", 1)[1].split()[0]


def is_stopped(pid):
    """Tells whether every thread of a process is stopped by a signal."""
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return all(process_state(task.name) == "T" for task in tasks)


def start_time_ns(pid):
    """When a process started, on CLOCK_BOOTTIME in steps of 10 ms."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return int(text.rsplit(")", 1)[1].split()[19]) * 10_000_000


def parse_domstats(text):
    """Takes apart the output of virsh domstats: {domain name: {name: value}}."""
    domains = {}
    for line in text.splitlines():
        heading = re.match(r"Domain: '(.*)'$", line)
        name, separator, value = line.strip().partition("=")
        if heading:
            values = domains[heading[1]] = {}
        elif separator:
            values[name] = int(value) if re.fullmatch(r"-?\d+", value) else value
    return domains


def parse_key_values(text):
    """Takes apart /proc/meminfo and its like: {name: number}."""
    pairs = re.findall(r"^(\S+?)[:=]\s*(-?\d+)", text, re.MULTILINE)
    return {name: int(value) for name, value in pairs}


def parse_diskstats(text):
    """Takes apart /proc/diskstats: {device: {reads, read_bytes, writes, write_bytes, flushes}}."""
    disks = {}
    for line in text.splitlines():
        _, _, name, *fields = line.split()
        numbers = [int(field) for field in fields]
        disks[name] = {"reads": numbers[0], "read_bytes": numbers[2] * 512, "writes": numbers[4],
                       "write_bytes": numbers[6] * 512, "flushes": numbers[15]}
    return disks


def parse_netdev(text):
    """Takes apart /proc/net/dev: {interface: {rx_bytes, rx_packets, tx_bytes, tx_packets}}."""
    interfaces = {}
    for line in text.splitlines()[2:]:
        name, _, fields = line.partition(":")
        numbers = [int(field) for field in fields.split()]
        interfaces[name.strip()] = {"rx_bytes": numbers[0], "rx_packets": numbers[1],
                                    "tx_bytes": numbers[8], "tx_packets": numbers[9]}
    return interfaces


def wait_for(condition, seconds, what, details=lambda: ""):
    """Polls until the condition holds and returns its value, or raises TimeoutError naming it."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {seconds} s {details()}".strip())
        time.sleep(0.03)
