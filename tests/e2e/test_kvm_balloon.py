# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Memory that a guest reports through its balloon: with a period, without one, without a balloon,
stale, and after the balloon was inflated. What the guest did not say lately is absent."""

import re
import stat

import kvm
import pytest
from kvm import collected, following

INTERVAL = 2
MEMORY = 192 * 1024
REPORTED = ["mem.usage.average", "kvm.memAvailable.average", "kvm.memUnused.average",
            "kvm.memUsable.average", "kvm.memUsed.average", "kvm.guestMajorFaults.latest"]
# Carries libvirt's messages to a socket, as ssh does to another machine.
CONNECT = """#!/usr/bin/python3 -S
import os, socket, threading
server = socket.socket(socket.AF_UNIX)
server.connect("{path}")
def send():
    while data := os.read(0, 65536):
        server.sendall(data)
    server.shutdown(socket.SHUT_RDWR)
threading.Thread(target=send, daemon=True).start()
while data := server.recv(65536):
    os.write(1, data)
"""


@pytest.fixture(scope="module")
def guests(libvirtd):
    """One that reports every second, one with a balloon and no period, one without a balloon."""
    trio = [libvirtd.guest(kvm.guest_name("periodic"), balloon_period=1),
            libvirtd.guest(kvm.guest_name("silent")),
            libvirtd.guest(kvm.guest_name("plain"), balloon=False)]
    for guest in trio:
        guest.start(wait=False)
    for guest in trio:
        guest.wait_ready()
    yield trio
    for guest in trio:
        guest.destroy()


def reported(rows, guest):
    """Which of the reported counters has a value in the last round."""
    return [counter for counter in REPORTED if rows.rounds(guest, counter)[-1] is not None]


def advice(rows):
    """The lines that name --balloon-period."""
    return [line for line in rows.done.messages if "--balloon-period" in line]


def test_who_reports_and_who_does_not(vperf, guests, relay):
    """Values of those that report; the others have what the host knows; one line of advice."""
    periodic, silent, plain = guests
    relay.shifts = {"balloon.last-update": -50}
    rows = collected(vperf, relay, INTERVAL, 1, "--type", "vm")
    assert rows.done.status == 0, rows.done
    assert reported(rows, periodic) == REPORTED
    assert reported(rows, plain) == []
    for guest in guests:
        assert rows.only(guest, "kvm.memCurrent.average") == MEMORY
        assert rows.only(guest, "mem.vmmemctl.average") == 0
        rss = rows.only(guest, "kvm.memRss.average")
        assert 0 < rows.only(guest, "mem.consumed.average") == min(rss, MEMORY)
    assert len(advice(rows)) == 1, rows.done
    silent_count = 1 + (not reported(rows, silent))
    assert f"{silent_count} of 3 running guests" in advice(rows)[0], rows.done
    rows.check_sane(vcpus=1)


def test_a_stale_report(vperf, guests, relay):
    """A report that is older than a minute is none; its age is told."""
    relay.shifts = {"balloon.last-update": -100}
    rows = collected(vperf, relay, INTERVAL, 1, "--type", "vm")
    assert rows.done.status == 0, rows.done
    for guest in guests:
        assert reported(rows, guest) == []
        assert rows.only(guest, "kvm.memCurrent.average") == MEMORY
    low, high = relay.age_bounds(guests[0])
    assert low <= rows.only(guests[0], "kvm.balloonAge.latest") <= high
    assert "3 of 3 running guests" in advice(rows)[0], rows.done


def test_no_advice_for_who_asks_for_no_memory(vperf, guests, relay):
    """The line is for those who miss something."""
    rows = collected(vperf, relay, 1, 1, "--name", guests[2].name, "--counter", "cpu.*")
    assert (rows.done.status, advice(rows)) == (0, []), rows.done


def test_from_afar(vperf, guests, relay, tmp_path):
    """Clocks of two machines may differ: a report counts while it advances, uptime is unknown."""
    periodic, silent, _ = guests
    connect = tmp_path / "connect"
    connect.write_text(CONNECT.format(path=relay.path), encoding="utf-8")
    connect.chmod(connect.stat().st_mode | stat.S_IXUSR)
    # An hour off: as if this machine's clock were wrong.
    relay.shifts = {"balloon.last-update": -3600}
    relay.uri = f"qemu+ext://kvm9.example.com/system?command={connect}"
    rows = collected(vperf, relay, 3, 1, "--type", "vm")
    assert rows.done.status == 0, rows.done
    assert {row["source"] for row in rows.rows} == {"kvm9.example.com"}
    assert reported(rows, periodic) == REPORTED
    assert reported(rows, silent) == []
    assert not {name for name, _ in rows.counters(periodic)} & {"sys.uptime.latest"}
    assert relay.polls and "2 of 3 running guests" in advice(rows)[0], rows.done


def test_inflated(vperf, guests, relay, tmp_path):
    """What the balloon took is ballooned memory, and no longer the guest's."""
    periodic = guests[0]
    small = 128 * 1024

    def shrunk(rows):
        available = seen(rows, "kvm.memAvailable.average")
        return seen(rows, "kvm.memCurrent.average")[-1:] == [small] and \
            available[-1] < available[0] - (MEMORY - small) * 0.9

    def seen(rows, counter):
        return [value for value in rows.rounds(periodic, counter) if value is not None]
    with following(vperf, relay, 1, tmp_path, "--name", periodic.name, "--counter",
                   "mem.*,kvm.mem*") as run:
        run.await_rows("memory", lambda rows: len(seen(rows, "kvm.memAvailable.average")) > 1)
        periodic.set_balloon(small // 1024)
        run.await_rows("less memory", shrunk)
        rows = run.finish()
    periodic.set_balloon(MEMORY // 1024)
    current = rows.rounds(periodic, "kvm.memCurrent.average")
    assert seen(rows, "kvm.memCurrent.average")[0] == MEMORY, current
    assert seen(rows, "kvm.memCurrent.average") == sorted(seen(rows, "kvm.memCurrent.average"),
                                                          reverse=True)
    assert rows.rounds(periodic, "mem.vmmemctl.average") == [
        None if one is None else MEMORY - one for one in current]
    assert set(seen(rows, "kvm.memMaximum.average")) == {MEMORY}
    available = seen(rows, "kvm.memAvailable.average")
    assert available[0] - available[-1] == pytest.approx(MEMORY - small, rel=0.02), available
    assert [value is None for value in rows.rounds(periodic, "mem.usage.average")] == [
        value is None for value in rows.rounds(periodic, "kvm.memAvailable.average")]
    rows.check_sane(vcpus=1)


def test_switched_on(vperf, guests, relay):
    """Somebody sets a period in mid-run: a fresh report comes, with no jump in what it sums up."""
    silent = guests[1]
    relay.shifts = {"balloon.last-update": -50}
    rows = collected(vperf, relay, INTERVAL, 4, "--name", silent.name,
                     act=lambda: silent.set_balloon_period(1),
                     again=lambda: silent.set_balloon_period(0))
    silent.set_balloon_period(0)
    assert rows.done.status == 0, rows.done
    assert reported(rows, silent) == REPORTED
    ages = rows.rounds(silent, "kvm.balloonAge.latest")
    low, high = relay.age_bounds(silent)
    assert low <= ages[-1] <= high < ages[0], ages
    rows.check_sane(vcpus=1)


def period_of(guest):
    """The period that libvirt shows, 0 for none."""
    found = re.search(r"<stats period='(\d+)'", guest.libvirtd.virsh("dumpxml", guest.name))
    return int(found[1]) if found else 0


def test_balloon_period(vperf, guests, relay):
    """--balloon-period makes those report that can and do not, and leaves the others alone."""
    periodic, silent, plain = guests
    before = [period_of(guest) for guest in guests]
    rows = collected(vperf, relay, 3, 1, "--type", "vm", "--balloon-period", 2)
    after = [period_of(guest) for guest in guests]
    silent.set_balloon_period(0)
    assert rows.done.status == 0, rows.done
    assert (before, after) == ([1, 0, 0], [1, 2, 0])
    assert any(not flags & kvm.FLAG_READ_ONLY for flags in relay.opens)
    for guest in (periodic, silent):
        assert reported(rows, guest) == REPORTED
        low, high = relay.age_bounds(guest)
        assert low <= rows.only(guest, "kvm.balloonAge.latest") <= high < 60
    assert reported(rows, plain) == []


def test_balloon_period_where_nothing_may_be_changed(vperf, guests, libvirtd, relay):
    """A read-only daemon is enough for all but this option, which is then refused in one line."""
    relay.uri = f"qemu:///system?socket={libvirtd.directory}/run/libvirt-sock-ro"
    done = kvm.in_time(lambda: vperf.run("collect", "--interval", 4, relay.uri))
    assert done.status == 0, done
    done = vperf.run("collect", "--interval", 1, "--balloon-period", 2, relay.uri)
    assert done.status in (1, 3), done
    # Only one of the three guests needs a period and can have one.
    lines = [line for line in done.messages if "balloon" in line or "period" in line]
    assert len([line for line in lines if "cannot" in line or "forbidden" in line]) == 1, done
    assert period_of(guests[1]) == 0
