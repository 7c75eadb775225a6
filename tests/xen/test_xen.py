# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Xen through libvirt: what vperf says is held against xl, xentop and virsh before and after, and
against what the guests did; guests that are paused, ballooned, ended and started again meanwhile.

Nothing here depends on time: an emulated machine is slow, and each wait is for what is to come.
"""

import csv
import pathlib
import re
import signal

import harness
import pytest

REQUEST, READS, WRITES = 65536, 16, 8
FRAMES, FRAME = 20, 1000
HOST_CPU = ("cpu.usage.average", "cpu.utilization.average", "cpu.used.summation",
            "cpu.idle.summation", "cpu.usagemhz.average")
ABSENT = ("kvm.memAvailable.average", "kvm.memRss.average", "kvm.diskErrors.latest",
          "cpu.ready.summation", "disk.provisioned.latest", "mem.usage.average")


class Reading:
    """What Xen's own tools say at one moment."""

    def __init__(self, machine):
        text = machine.run("xl list; echo; xl info; echo; TERM=xterm xentop -b -f -i 1")
        listed, info, top = text.split("\n\n")
        self.domains = {}
        for line in listed.splitlines()[1:]:
            name, _, memory, vcpus, _, seconds = line.split()
            self.domains[name] = {"memory_mib": int(memory), "vcpus": int(vcpus),
                                  "cpu_ms": float(seconds) * 1000}
        self.info = dict(re.findall(r"^(\w+) +: (.*)$", info, re.MULTILINE))
        names = ("vcpus nets tx_kb rx_kb vbds waited reads writes read_sectors written_sectors "
                 "ssid").split()
        for line in top.splitlines()[1:]:
            fields = line.split()
            self.domains[fields[0]].update(zip(names, map(int, fields[-len(names):])))
            self.domains[fields[0]]["memory_kib"] = int(fields[-len(names) - 4])

    def cpu_ms(self):
        """CPU time of all domains."""
        return sum(domain["cpu_ms"] for domain in self.domains.values())


def run_until(action, check):
    """Runs vperf until it has what it should: polls of an emulated machine may come too late to make
    rates, which is told as such."""
    for _ in range(10):
        done = action()
        assert done.status in (0, 3), done
        assert done.status == 0 or "makes no rates" in done.err or "takes too long" in done.err, done
        if check(done):
            return done
    raise AssertionError(done)


class Following:
    """A run that follows the machine, and its rows so far."""

    def __init__(self, vperf, directory, *arguments):
        self.file = pathlib.Path(directory) / "rows.csv"
        self.stream = open(self.file, "wb")
        self.process = vperf.start("collect", "--follow", "--raw", "-v", *arguments,
                                   stdout=self.stream)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self.stream.close()

    def rows(self):
        """The rows so far."""
        text = self.file.read_text(encoding="utf-8")
        return list(csv.DictReader(text[:text.rfind("\n") + 1].splitlines()))

    def values(self, name, counter, instance=""):
        """The values of a counter, in order."""
        return [int(row["value"]) for row in self.rows()
                if (row["name"], row["counter"], row["instance"]) == (name, counter, instance)]

    def by_time(self, name, counter):
        """{timestamp: value} of a counter's aggregate."""
        return {row["timestamp"]: int(row["value"]) for row in self.rows()
                if (row["name"], row["counter"], row["instance"]) == (name, counter, "")}

    def await_value(self, name, counter, check, what):
        """Waits until the newest value is as it should be."""
        def is_true():
            assert self.process.poll() is None, "the run has ended"
            values = self.values(name, counter)
            return values and check(values[-1])
        harness.await_true(is_true, what, 300)

    def await_more(self, name, counter, count=1):
        """Waits for so many values more."""
        before = len(self.values(name, counter))
        harness.await_true(lambda: len(self.values(name, counter)) >= before + count,
                           f"{count} values of {counter} of {name}", 300)

    def finish(self):
        """Ends the run as a user does."""
        self.process.send_signal(signal.SIGINT)
        return harness.finish(self.process, 60)


@pytest.fixture(scope="module")
def measured(vperf, machine, guests, tmp_path_factory):
    """A run in which a guest does so much, and no more, between two polls; Xen's view of it."""
    busy = guests[0]
    before = Reading(machine)
    with Following(vperf, tmp_path_factory.mktemp("measured"), "--interval", 10,
                   machine.tcp_uri) as run:
        run.await_more("paravirtual", "kvm.cpuTime.latest")
        busy.run(f"dd if=/dev/xvda of=/dev/null bs={REQUEST} count={READS} iflag=direct")
        busy.run(f"dd if=/dev/zero of=/dev/xvda bs={REQUEST} count={WRITES} oflag=direct")
        machine.run(f"busybox ping -c {FRAMES} -s {FRAME} -i 0.2 {busy.address}")
        middle = Reading(machine)
        run.await_more("xen01", "cpu.used.summation", 3)
        done = run.finish()
    after = Reading(machine)
    assert done.status == 130, done
    return before, middle, after, run


def test_memory(measured):
    """To the KiB as xentop has it: of each guest, of all, and of the host."""
    before, _, _, run = measured
    guests = {name: domain for name, domain in before.domains.items() if name != "Domain-0"}
    assert len(guests) == 2
    for name, domain in guests.items():
        for counter in ("mem.consumed", "mem.granted", "kvm.memCurrent"):
            assert set(run.values(name, f"{counter}.average")) == {domain["memory_kib"]}, counter
        assert run.values(name, "mem.consumed.average")[0] // 1024 == domain["memory_mib"]
        assert set(run.values(name, "mem.vmmemctl.average")) == {0}
    assert set(run.values("xen01", "mem.consumed.vms.average")) == {
        sum(domain["memory_kib"] for domain in guests.values())}
    total = run.values("xen01", "mem.capacity.provisioned.average")[-1]
    assert total // 1024 == int(before.info["total_memory"])
    used = run.values("xen01", "mem.consumed.average")[-1]
    assert (total - used) // 1024 == int(before.info["free_memory"])
    assert run.values("xen01", "mem.usage.average")[-1] == used * 10000 // total


def test_cpu(measured):
    """CPU time of guests and of the host lies between xl's, read before and after."""
    before, _, after, run = measured
    for name in ("paravirtual", "hardware"):
        totals = run.values(name, "kvm.cpuTime.latest")
        assert totals == sorted(totals)
        assert before.domains[name]["cpu_ms"] - 100 <= totals[0]
        assert totals[-1] <= after.domains[name]["cpu_ms"] + 100
        # What a late poll makes no rates of is missing in the sum.
        used = run.values(name, "cpu.used.summation")
        assert 0 < sum(used) <= totals[-1] - before.domains[name]["cpu_ms"] + 100
        assert set(run.values(name, "cpu.corecount.provisioned.average")) == {1}
    host = run.values("xen01", "cpu.used.summation")
    # The host's own domain works all the time: it answers us.
    assert 0 < sum(host) <= after.cpu_ms() - before.cpu_ms() + 100 * len(after.domains)
    guest = run.by_time("paravirtual", "cpu.used.summation")
    host = run.by_time("xen01", "cpu.used.summation")
    assert set(host) & set(guest) and all(host[when] > guest[when] for when in host if when in guest)
    assert set(run.values("xen01", "cpu.corecount.usage.average")) == {2}
    for counter in HOST_CPU:
        assert run.values("xen01", counter), counter


def test_disk(measured):
    """Every byte of the load, and no other; requests as xentop counts them."""
    before, middle, _, run = measured
    for counter, amount in (("kvm.diskReadBytes.latest", READS * REQUEST),
                            ("kvm.diskWriteBytes.latest", WRITES * REQUEST)):
        totals = run.values("paravirtual", counter, "xvda")
        assert totals[-1] - totals[0] == amount, totals
        assert set(run.values("hardware", counter, "xvda")) == {run.values("hardware", counter)[0]}
    for counter, name in (("kvm.diskReadRequests.latest", "reads"),
                          ("kvm.diskWriteRequests.latest", "writes")):
        totals = run.values("paravirtual", counter)
        assert (totals[0], totals[-1]) == (before.domains["paravirtual"][name],
                                           middle.domains["paravirtual"][name])


def test_net(measured):
    """The frames that were sent to the guest and came back; other hosts' may be there too."""
    _, middle, _, run = measured
    # xentop counts as Domain-0 sees it: what a guest receives is what its interface there sends.
    for direction, counter in (("Rx", "tx_kb"), ("Tx", "rx_kb")):
        totals = run.values("paravirtual", f"kvm.net{direction}Bytes.latest")
        assert totals[-1] - totals[0] >= FRAMES * FRAME
        packets = run.values("paravirtual", f"kvm.net{direction}Packets.latest")
        assert packets[-1] - packets[0] >= FRAMES
        assert totals[-1] // 1024 >= middle.domains["paravirtual"][counter] >= totals[0] // 1024


def test_what_is_absent(measured):
    """Xen does not know it; and its own domain is no guest."""
    run = measured[-1]
    assert not set(ABSENT) & {row["counter"] for row in run.rows() if row["type"] == "vm"}
    assert {(row["type"], row["name"]) for row in run.rows()} == {
        ("vm", "paravirtual"), ("vm", "hardware"), ("host", "xen01")}
    assert {row["hypervisor"] for row in run.rows()} == {"xen"}


def test_host_domain(vperf, machine, guests):
    """It is there for those who name it, and counts for nobody else."""
    assert len(guests) == 2
    done = vperf.run("inventory", "--type", "vm", machine.tcp_uri, seconds=300)
    assert {row["name"] for row in done.rows} == {"paravirtual", "hardware"}, done
    done = run_until(lambda: vperf.run("compare", "--interval", 5, machine.tcp_uri, seconds=300),
                     lambda done: "paravirtual" in done.out)
    assert "hardware" in done.out and "Domain-0" not in done.out, done
    done = run_until(lambda: vperf.run(
        "collect", "--interval", 5, "--name", "Domain-0", "--counter",
        "cpu.used.summation,mem.consumed.average", "--instance", "aggregate", machine.tcp_uri,
        seconds=300), lambda done: len(done.rows) == 2)
    rows = {row["counter"]: int(row["value"]) for row in done.rows}
    assert {row["name"] for row in done.rows} == {"Domain-0"} and len(rows) == 2, done
    assert rows["mem.consumed.average"] == Reading(machine).domains["Domain-0"]["memory_kib"]


def test_formulas(vperf, machine):
    """They speak of Xen, where there is no process of QEMU."""
    done = vperf.run("counters", machine.tcp_uri, seconds=300)
    formulas = {row["counter"]: row["formula"] for row in done.rows}
    assert "QEMU" not in formulas["cpu.usage.average"] and "domain" in formulas["cpu.usage.average"]
    assert "rss" not in formulas["mem.consumed.average"]


def test_local(vperf, machine, guests):
    """In the host's own domain, at plain xen:///system."""
    program = pathlib.Path(vperf.path)
    machine.install(program, program.with_name("vperf-libvirt"))
    text = machine.run("vperf collect --interval 5 --type vm --counter mem.consumed.average "
                       "xen:///system || [ $? = 3 ]")
    rows = {row["name"]: int(row["value"]) for row in csv.DictReader(text.splitlines())}
    domains = Reading(machine).domains
    assert rows == {guest.name: domains[guest.name]["memory_kib"] for guest in guests}


def test_life(vperf, machine, guests, tmp_path):
    """Over ssh: a guest is paused, goes on, gives memory back, ends and starts again."""
    guest = guests[0]
    state, memory = "kvm.state.latest", "mem.consumed.average"
    full, less = 112 * 1024, 96 * 1024
    with Following(vperf, tmp_path, "--interval", 5, "--counter", f"{state},mem.*",
                   machine.ssh_uri) as run:
        run.await_more(guest.name, state)
        machine.virsh("suspend", guest.name)
        run.await_value(guest.name, state, lambda value: value == 3, "a paused guest")
        machine.virsh("resume", guest.name)
        run.await_value(guest.name, state, lambda value: value != 3, "a running guest")
        machine.virsh("setmem", guest.name, less, "--live")
        run.await_value(guest.name, memory, lambda value: value == less, "less memory")
        assert run.values(guest.name, "mem.vmmemctl.average")[-1] == full - less
        machine.virsh("destroy", guest.name)
        run.await_more("hardware", state, 2)
        count = len(run.values(guest.name, state))
        run.await_more("hardware", state, 2)
        assert len(run.values(guest.name, state)) == count
        guest.start(wait=False)
        run.await_more(guest.name, state, 2)
        done = run.finish()
    assert done.status in (130, 3), done
    assert any("ended at 20" in line and guest.uuid in line for line in done.messages), done
    assert any("has arrived" in line and guest.uuid in line for line in done.messages), done
    assert set(run.values("hardware", memory)) == {run.values("hardware", memory)[0]}
