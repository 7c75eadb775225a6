# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""What changes between two polls: vCPUs, disks and NICs come and go, guests start, stop, reboot and
get a new life. What cannot be known is absent; nothing is negative, huge or wrong."""

import os
import time

import kvm
import pytest
from kvm import check_within, collected, following

INTERVAL = 2
RATES = ["cpu.usage.average", "cpu.run.summation", "cpu.ready.summation", "cpu.wait.summation",
         "cpu.used.summation", "net.received.average", "net.packetsTx.summation",
         "virtualDisk.read.average", "virtualDisk.numberWriteAveraged.average",
         "virtualDisk.readIOSize.latest", "disk.usage.average"]
HOST_SUMS = ["cpu.ready.summation", "disk.read.average", "disk.write.average",
             "disk.usage.average"]


@pytest.fixture(scope="module")
def guests(libvirtd):
    """A steady guest that nobody touches, a changing one, and one that is shut off."""
    steady = libvirtd.guest(kvm.guest_name("steady"), load=["cpu 0 15"])
    changing = libvirtd.guest(kvm.guest_name("changing"), balloon_period=1)
    late = libvirtd.guest(kvm.guest_name("late")).define()
    for guest in (steady, changing):
        guest.start(wait=False)
    for guest in (steady, changing):
        guest.wait_ready()
    yield steady, changing, late
    for guest in (steady, changing):
        if guest.pid:
            guest.destroy()
    late.undefine()


@pytest.fixture
def late_start(guests):
    """Starts the guest that is shut off, which is so again after the test."""
    late = guests[2]
    yield lambda: late.start(wait=False)
    if late.pid:
        late.destroy()


def check_steady(rows, steady):
    """The guest that nobody touches has every value in every round."""
    for counter in RATES:
        rounds = rows.rounds(steady, counter)
        assert None not in rounds, (counter, rounds)
    rows.check_sane()


def first_change(rounds):
    """The round in which a value became another one."""
    changes = [index for index, (one, other) in enumerate(zip(rounds, rounds[1:]), 1)
               if one != other]
    assert len(changes) == 1, rounds
    return changes[0]


def check_baseline(rows, guest, counter, instance, since):
    """A device that came in a round has no rate in that round, and one in each later round."""
    rounds = rows.rounds(guest, counter, instance)
    assert rounds[:since + 1] == [None] * (since + 1), (counter, instance, rounds)
    assert len(rounds) > since + 1 and None not in rounds[since + 1:], (counter, instance, rounds)


def check_gap(rows, guest, counter, gap):
    """An aggregate is absent in one round and present in all others."""
    rounds = rows.rounds(guest, counter)
    assert [index for index, value in enumerate(rounds) if value is None] == [gap], \
        (counter, rounds)


def has_all(rows, entity, counters, index=-1):
    """Each of the counters has a value of an entity in that round."""
    return all(len(rows.stamps) > 1 and rows.rounds(entity, counter)[index] is not None
               for counter in counters)


def test_vcpu_hotplug(vperf, guests, relay):
    """A vCPU more: no usage in that interval, then a share of what there is now."""
    steady, guest, _ = guests
    def more():
        guest.set_vcpus(2)
        guest.cpu(50, cpu=1)
    rows = collected(vperf, relay, INTERVAL, 4, "--type", "vm", act=more, again=guest.restart)
    guest.cpu(0, cpu=1)
    assert rows.done.status == 0, rows.done
    check_steady(rows, steady)
    counts = rows.rounds(guest, "cpu.corecount.provisioned.average")
    assert (counts[0], counts[-1]) == (1, 2)
    since = first_change(counts)
    for counter in ("cpu.usage.average", "cpu.readiness.average", "cpu.wait.summation",
                    "cpu.run.summation", "cpu.ready.summation"):
        check_gap(rows, guest, counter, since)
        if counter != "cpu.usage.average":
            check_baseline(rows, guest, counter, "1", since)
            assert None not in rows.rounds(guest, counter, "0")
    assert None not in rows.rounds(guest, "cpu.used.summation")
    used = rows.rounds(guest, "cpu.used.summation")[-1]
    shortest, longest = relay.elapsed_bounds(-2, -1)
    check_within(rows.rounds(guest, "cpu.usage.average")[-1], 1e10 * used / (2 * longest),
                 1e10 * used / (2 * shortest))


def check_device(rows, guest, totals, rates, device):
    """A device that came and went: totals at once, rates from the second poll that sees it, and
    no aggregate in the round in which it came, nor in that in which it was gone. What a busy QEMU
    did not say in a round is missing besides."""
    seen = [value is not None for value in rows.rounds(guest, totals, device)]
    known = [value is not None for value in rows.rounds(guest, totals)]
    since, last = seen.index(True), len(seen) - 1 - seen[::-1].index(True)
    until = known.index(True, last + 1)
    assert seen[since:last + 1] == known[since:last + 1] and since, (seen, known)
    for counter in rates:
        rounds = [value is not None for value in rows.rounds(guest, counter, device)]
        assert True in rounds[since + 1:until], (counter, rounds)
        assert True not in rounds[:since + 1] + rounds[until:], (counter, rounds)
        rounds = [value is not None for value in rows.rounds(guest, counter)]
        assert not rounds[since] and not rounds[until], (counter, rounds)
        assert True in rounds[:since] and True in rounds[since:until] and \
            True in rounds[until:], (counter, rounds)
    return since, until


def test_devices_come_and_go(vperf, guests, relay, tmp_path):
    """A disk and a NIC are plugged in, and out again."""
    _, guest, _ = guests
    totals = ["kvm.netRxBytes.latest", "kvm.diskReadBytes.latest"]
    of_nic = ["net.received.average", "net.packetsTx.summation"]
    of_disk = ["virtualDisk.read.average", "virtualDisk.write.average",
               "virtualDisk.readIOSize.latest"]

    def both(rows, counters, index=-1):
        devices = guest.interfaces[-1], guest.disks[-1]
        return [rows.rounds(guest, counter, device)[index] is not None
                for counter, device in zip(counters, devices)]
    with following(vperf, relay, 1, tmp_path, "--name", guest.name) as run:
        run.await_rows("rates", lambda rows: has_all(rows, guest, of_nic + of_disk))
        plugged = [guest.plug_disk(), guest.plug_interface()]
        run.await_rows("rates of the devices", lambda rows: all(
            both(rows, [of_nic[0], of_disk[0]])) and has_all(rows, guest, of_nic + of_disk))
        for xml in plugged:
            guest.unplug(xml)
        run.await_rows("the end of the devices", lambda rows: not any(both(rows, totals))
                       and has_all(rows, guest, totals + of_nic + of_disk))
        rows = run.finish()
    disk, nic = guest.disks[-1], guest.interfaces[-1]
    rows.check_sane()
    check_device(rows, guest, totals[0], of_nic, nic)
    since, until = check_device(rows, guest, totals[1], of_disk, disk)
    for index, size in enumerate(rows.rounds(guest, "disk.provisioned.latest")):
        assert size in (None, (64 + 16 * (since <= index < until)) * 1024), (index, size)


def test_guest_reboot(vperf, guests, relay):
    """The same QEMU goes on counting; only what the guest itself counts starts again."""
    steady, guest, _ = guests
    life = guest.id()
    rows = collected(vperf, relay, INTERVAL, 4, "--type", "vm",
                     act=lambda: guest.libvirtd.virsh("reset", guest.name))
    assert guest.id() == life
    assert rows.done.status == 0, rows.done
    check_steady(rows, steady)
    check_steady(rows, guest)
    for counter in ("kvm.cpuTime.latest", "kvm.diskReadBytes.latest", "kvm.netTxBytes.latest",
                    "sys.uptime.latest"):
        rounds = rows.rounds(guest, counter)
        assert rounds == sorted(rounds), (counter, rounds)
    for name in ("Major", "Minor"):
        totals = rows.rounds(guest, f"kvm.guest{name}Faults.latest")
        changes = rows.rounds(guest, f"kvm.guest{name}Faults.summation")
        for before, now, change in zip(totals, totals[1:], changes[1:]):
            if change is not None:
                assert change == now - before, (totals, changes)


def test_guest_restart(vperf, guests, relay):
    """A new QEMU counts from zero: no rate spans both lives."""
    steady, guest, _ = guests
    def restart():
        guest.destroy()
        guest.start(wait=False)
    rows = collected(vperf, relay, INTERVAL, 5, act=restart)
    assert rows.done.status == 0, rows.done
    check_steady(rows, steady)
    uptimes = rows.rounds(guest, "sys.uptime.latest")
    since = next(index for index, (one, other) in enumerate(zip(uptimes, uptimes[1:]), 1)
                 if other is not None and (one is None or other < one))
    totals = rows.rounds(guest, "kvm.cpuTime.latest")
    assert totals[since] is not None
    for counter in RATES:
        rounds = rows.rounds(guest, counter)
        assert rounds[0] is not None and rounds[since] is None, (counter, rounds)
        assert len(rounds) > since + 1 and None not in rounds[since + 1:], (counter, rounds)
    for counter in HOST_SUMS:
        rounds = rows.rounds("host", counter)
        assert rounds[0] is not None and rounds[since] is None and rounds[-1] is not None, \
            (counter, rounds)


def test_guests_start_and_stop(vperf, guests, relay, late_start, tmp_path):
    """A guest that starts begins with totals, one that stops ends; the sums of the host pause."""
    _, leaver, late = guests
    state = "kvm.state.latest"
    with following(vperf, relay, 1, tmp_path) as run:
        run.await_rows("sums", lambda rows: has_all(rows, "host", HOST_SUMS))
        late_start()
        run.await_rows("rates and sums with a guest more", lambda rows: has_all(
            rows, late, RATES) and has_all(rows, "host", HOST_SUMS))
        leaver.destroy()
        run.await_rows("sums with a guest less", lambda rows: not has_all(
            rows, leaver, [state]) and has_all(rows, "host", HOST_SUMS))
        rows = run.finish()
    rows.check_sane()
    states = rows.rounds(late, state)
    since = sum(value is None for value in states)
    assert states == [None] * since + [1] * (len(states) - since) and since, states
    states = rows.rounds(leaver, state)
    until = sum(value is not None for value in states)
    assert None not in states[:until] and since < until < len(states), states
    for counter in RATES:
        assert set(rows.rounds(late, counter)[:since + 1]) == {None}, counter
        assert set(rows.rounds(leaver, counter)[until:]) == {None}, counter
        assert set(rows.rounds(leaver, counter)[:until]) != {None}, counter
    for counter in HOST_SUMS:
        rounds = rows.rounds("host", counter)
        assert rounds[since] is None and rounds[until] is None, (counter, rounds)
    counts = rows.rounds("host", "cpu.corecount.usage.average")
    assert [counts[0], counts[since], counts[until]] == [
        counts[0], counts[0] + 1, counts[since] - 1], counts


def test_a_guest_that_is_off(vperf, guests, relay):
    """A shut-off guest has no row: libvirt would give the daemon's own CPU time for it."""
    steady, _, late = guests
    rows = collected(vperf, relay, INTERVAL, 1, "--type", "vm")
    assert rows.done.status == 0, rows.done
    assert not rows.counters(late)
    assert "1 powered off or disconnected: skipped" in rows.done.err
    check_steady(rows, steady)


def test_an_external_snapshot(vperf, guests, relay):
    """Its overlay is all that it costs, and it is as old as it is."""
    guest, _, _ = guests
    overlay = guest.directory / "overlay.qcow2"
    begin = int(time.time())
    guest.libvirtd.virsh("snapshot-create-as", guest.name, "before-upgrade", "--disk-only",
                         "--diskspec", f"{guest.disks[0]},file={overlay}")
    try:
        sizes = [os.stat(overlay).st_blocks // 2]
        rows = collected(vperf, relay, 1, 1, "--counter", "snapshot.*", "--name", guest.name)
        sizes.append(os.stat(overlay).st_blocks // 2)
        assert rows.done.status == 0, rows.done
        assert rows.only(guest, "snapshot.count.latest") == 1
        assert min(sizes) <= rows.only(guest, "snapshot.size.latest") <= max(sizes), sizes
        age = rows.only(guest, "snapshot.age.latest")
        assert 0 <= age <= time.time() - begin + 1, age
    finally:
        guest.libvirtd.virsh("snapshot-delete", guest.name, "before-upgrade", "--metadata")
        guest.libvirtd.virsh("blockcommit", guest.name, guest.disks[0], "--active", "--pivot",
                             "--wait")
