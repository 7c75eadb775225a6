# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""QEMU hangs, libvirtd goes away and comes back: each round ends at its deadline, what can be
collected is written, the rest is named, and no value spans a gap."""

import contextlib
import os
import re
import signal
import subprocess
import threading
import time

import kvm
import pytest
from kvm import collecting, truth

INTERVAL = 2
# A lost round may last as long as its deadline, 3 s at this interval, and a little.
OUTAGE_SECONDS = 6
MONITOR = ["kvm.diskReadBytes.latest", "virtualDisk.read.average", "disk.provisioned.latest",
           "disk.usage.average", "kvm.memRss.average", "mem.consumed.average",
           "mem.usage.average"]
PROCESS = ["kvm.state.latest", "kvm.cpuTime.latest", "cpu.usage.average", "cpu.run.summation",
           "cpu.ready.summation", "net.packetsTx.summation", "kvm.netTxBytes.latest"]


@pytest.fixture(scope="module")
def guests(libvirtd):
    """A guest that goes on, and one that hangs."""
    pair = [libvirtd.guest(kvm.guest_name(name), load=["cpu 0 20"], balloon_period=1)
            for name in ("steady", "hanging")]
    for guest in pair:
        guest.start(wait=False)
    for guest in pair:
        guest.wait_ready()
    yield pair
    settle(libvirtd)
    for guest in pair:
        guest.destroy()


def settle(libvirtd):
    """Waits until libvirtd waits for no QEMU: calls of a test before may still do."""
    truth.wait_for(lambda: all("balloon.rss" in stats for _ in range(3)
                               for stats in libvirtd.domstats("--nowait").values()),
                   30, "answers of all QEMUs")


@pytest.fixture(autouse=True)
def settled(libvirtd, guests):
    """Each test begins with guests that answer."""
    settle(libvirtd)


def check_complete(rows, guest, counters=(*PROCESS, *MONITOR)):
    """The guest has every value in every round."""
    for counter in counters:
        assert None not in rows.rounds(guest, counter), (counter, rows.rounds(guest, counter))


def check_named(rows, guest, other):
    """What is missing, and of whom, is said when it begins, and counted at the end."""
    assert rows.done.status == 3, rows.done
    lines = [line for line in rows.done.messages if line.startswith("vperf: warning: ")]
    assert 1 <= len(lines) <= 2, rows.done
    for line in lines:
        assert guest.name in line and guest.uuid in line, lines
        assert "QEMU does not answer" in line, lines
    assert len(lines) == 1 or re.search(r"\d samples in all", lines[1]), lines
    assert other.name not in rows.done.err, rows.done


def test_hung_from_the_start(vperf, guests, relay):
    """A guest that hangs all the time costs its own values and no time."""
    steady, hanging = guests
    with hanging.hung(), collecting(vperf, relay, INTERVAL, 2) as finish:
        rows = finish()
    check_named(rows, hanging, steady)
    assert rows.done.own_seconds < 2 * INTERVAL + 4, rows.done
    assert len(rows.stamps) == 2
    check_complete(rows, steady)
    check_complete(rows, hanging, PROCESS)
    for counter in MONITOR:
        assert rows.rounds(hanging, counter) == [None, None], counter
    assert max(rows.rounds(hanging, "cpu.run.summation")) == 0
    assert rows.rounds("host", "disk.usage.average") == [None, None]
    assert None not in rows.rounds("host", "cpu.usage.average")
    rows.check_sane()


def test_hangs_and_comes_back(vperf, guests, relay):
    """It hangs in mid-run and goes on: totals at once, rates with the second poll."""
    steady, hanging = guests
    with collecting(vperf, relay, INTERVAL, 6) as finish:
        relay.await_polls(2)
        with hanging.hung():
            threading.Event().wait(2 * INTERVAL)  # two rounds
        rows = finish()
    check_named(rows, hanging, steady)
    assert rows.done.own_seconds < 6 * INTERVAL + 4, rows.done
    check_complete(rows, steady)
    check_complete(rows, hanging, PROCESS)
    totals = rows.rounds(hanging, "kvm.diskReadBytes.latest")
    missing = [index for index, value in enumerate(totals) if value is None]
    back = max(missing) + 1
    assert missing == list(range(missing[0], back)) and back < len(totals) - 1, totals
    assert missing[0] > 0, totals
    for counter in ("virtualDisk.read.average", "disk.usage.average"):
        rounds = rows.rounds(hanging, counter)
        assert [index for index, value in enumerate(rounds) if value is None] == \
            [*missing, back], (counter, rounds)
    assert rows.rounds(hanging, "cpu.run.summation")[-1] > 0
    rows.check_sane()


def is_occupied(guest):
    """A call waits for an answer of the guest's QEMU."""
    return "occupied" in guest.libvirtd.virsh("domcontrol", guest.name)


@contextlib.contextmanager
def occupied(guest, seconds):
    """Within the block a call of somebody else keeps the guest busy, and for so long at most."""
    command = ["virsh", "-c", guest.libvirtd.uri, "dommemstat", guest.name]
    with guest.hung(), subprocess.Popen(command, stdout=subprocess.DEVNULL) as call:
        resume = threading.Timer(seconds, os.kill, [guest.pid, signal.SIGCONT])
        truth.wait_for(lambda: is_occupied(guest), 10, "a busy guest")
        resume.start()
        yield
        call.wait(20)
        resume.join()


def test_busy_is_not_hung(vperf, guests, libvirtd):
    """A guest that answers somebody else at the moment of a poll is asked again; the neighbour,
    which hangs all the time, is named alone."""
    steady, hanging = guests
    busy = contextlib.ExitStack()

    met = []

    def measure():
        pause_ns = time.monotonic_ns() - relay.polls[-1].reply_ns if relay.polls else 0
        if pause_ns > 10 ** 9 and not met:  # a new round
            met.append(len(relay.polls))
            busy.enter_context(occupied(steady, 0.5))
    with kvm.Relay(libvirtd, measure) as relay, hanging.hung(), busy, \
            collecting(vperf, relay, 5, 2) as finish:
        rows = finish()
    assert met and len(relay.polls) > met[0] + 1, relay.polls
    check_named(rows, hanging, steady)
    assert len(rows.stamps) == 2
    check_complete(rows, steady)
    check_complete(rows, hanging, PROCESS)
    rows.check_sane()


def test_inventory_of_a_hung_guest(vperf, guests, relay):
    """inventory needs nothing of QEMU: it lists all of them at once."""
    steady, hanging = guests
    with hanging.hung():
        done = vperf.run("inventory", "--type", "vm", relay.uri)
    assert done.status == 0, done
    assert {(row["id"], row["state"]) for row in done.rows} == {
        (steady.uuid, "on"), (hanging.uuid, "on")}
    assert done.own_seconds < 3, done


def test_hangs_when_closed(vperf, guests, relay):
    """A libvirtd that no longer answers when all is done does not keep the program from ending."""
    relay.unanswered = kvm.CONNECT_CLOSE
    done = vperf.run("inventory", "--type", "vm", relay.uri)
    assert done.status == 0, done
    assert {row["id"] for row in done.rows} == {guest.uuid for guest in guests}
    assert done.own_seconds < 4, done


def test_restart_between_polls(vperf, guests, libvirtd):
    """libvirtd is new at the next poll: no round is lost, no value is missing or wrong."""
    def restart():
        libvirtd.stop_daemon()
        libvirtd.start_daemon()
        settle(libvirtd)
    with kvm.Relay(libvirtd) as relay:
        rows = kvm.collected(vperf, relay, 5, 2, act=restart)
    assert (rows.done.status, len(rows.stamps)) == (0, 2), rows.done
    assert "warning" not in rows.done.err
    assert len(relay.opens) > 1
    for guest in guests:
        check_complete(rows, guest)
    rows.check_sane()


def test_outage(vperf, guests, libvirtd):
    """libvirtd is away for some rounds: exit 3, one line, and rates go on after a new baseline.

    The first poll that works again may come late, too late for the next one to make rates."""
    with kvm.Relay(libvirtd) as relay, collecting(vperf, relay, INTERVAL, 8) as finish:
        relay.await_polls(2)
        relay.refuse()
        libvirtd.stop_daemon()
        threading.Event().wait(OUTAGE_SECONDS)  # the outage itself
        libvirtd.start_daemon()
        settle(libvirtd)
        relay.listen()
        rows = finish()
    assert rows.done.status == 3, rows.done
    lines = [line for line in rows.done.messages if line.startswith("vperf: warning: ")]
    assert all(relay.uri in line for line in lines), rows.done
    assert ["polls gave nothing" in line or "makes no rates" in line for line in lines] == \
        [True] * len(lines) and 1 <= len(lines) <= 3, rows.done
    assert sum("polls gave nothing" in line for line in lines) == 1, rows.done
    assert rows.done.own_seconds < 8 * INTERVAL + 4, rows.done
    assert 4 <= len(rows.stamps) < 8, rows.stamps
    for guest in guests:
        for counter in ("cpu.run.summation", "cpu.usage.average", "virtualDisk.read.average"):
            rounds = rows.rounds(guest, counter)
            assert None not in rounds[:1] + rounds[3:] and rounds[1] is None, (counter, rounds)
        totals = rows.rounds(guest, "kvm.cpuTime.latest")
        assert None not in totals and totals == sorted(totals), totals
    rows.check_sane()


def test_outage_to_the_end(vperf, guests, libvirtd):
    """libvirtd goes and stays away: what was collected before is written."""
    with kvm.Relay(libvirtd) as relay, collecting(vperf, relay, INTERVAL, 3) as finish:
        relay.await_polls(2)
        relay.refuse()
        libvirtd.stop_daemon()
        try:
            rows = finish()
        finally:
            libvirtd.start_daemon()
    assert rows.done.status == 3, rows.done
    assert len(rows.stamps) == 1
    assert rows.done.own_seconds < 3 * INTERVAL + 6, rows.done
    for guest in guests:
        check_complete(rows, guest)
    lines = [line for line in rows.done.messages if line.startswith("vperf: warning: ")]
    assert len(lines) == 1 and "polls gave nothing" in lines[0], rows.done


def test_outage_from_the_first_interval(vperf, libvirtd, guests):
    """libvirtd goes away before there is any sample: nothing is written, exit 1."""
    with kvm.Relay(libvirtd) as relay, collecting(vperf, relay, INTERVAL, 1) as finish:
        relay.await_polls(1)
        relay.refuse()
        libvirtd.stop_daemon()
        try:
            rows = finish()
        finally:
            libvirtd.start_daemon()
    assert (rows.done.status, rows.done.out) == (1, ""), rows.done
    assert len(rows.done.messages) == 1 and relay.uri in rows.done.err, rows.done
    assert guests[0].state() == "running"
