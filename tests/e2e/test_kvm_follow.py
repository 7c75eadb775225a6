# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""collect --follow of guests: libvirtd that hangs, is away and comes back; guests that start, stop,
restart and move between two hosts. Rows go on, none comes twice, and nothing piles up."""

import calendar
import contextlib
import csv
import dataclasses
import itertools
import os
import pathlib
import signal
import subprocess
import time

import harness
import kvm
import pytest
from kvm import truth

INTERVAL = 1
# How long libvirtd hangs; the longer proof is VPERF_HANG_SECONDS=300.
HANG_SECONDS = int(os.environ.get("VPERF_HANG_SECONDS", "10"))
MORE_THREADS, MORE_DESCRIPTORS = 4, 8
COUNTERS = "kvm.state.latest,cpu.used.summation,cpu.run.summation"


@dataclasses.dataclass
class Burden:
    """What a run costs the machine, its helpers included."""

    threads: int
    descriptors: int         # of the program
    helper_descriptors: int  # of the helper that has most
    helpers: int


class Following:
    """A vperf that follows its targets, and what it has written so far."""

    def __init__(self, process, output, errors, witness):
        self.process = process
        self.output, self.errors = output, errors
        self.witness = witness  # of how late the machine was

    def rows(self):
        """The complete rows so far."""
        text = self.output.read_text(encoding="utf-8")
        return list(csv.DictReader(text[:text.rfind("\n") + 1].splitlines()))

    def stamps(self, guest, counter="kvm.state.latest"):
        """The seconds of a guest's rows of a counter, in the order of the file."""
        return [calendar.timegm(time.strptime(row["timestamp"], "%Y-%m-%dT%H:%M:%SZ"))
                for row in self.rows()
                if (row["id"], row["counter"], row["instance"]) == (guest.uuid, counter, "")]

    @property
    def late_seconds(self):
        """How long, in all, the machine did not do what was due."""
        return self.witness.lost_seconds

    def await_rows(self, guest, count, counter="kvm.state.latest", seconds=120):
        """Waits for so many rows more of a guest."""
        begin = len(self.stamps(guest, counter))
        truth.wait_for(lambda: len(self.stamps(guest, counter)) >= begin + count, seconds,
                       f"{count} rows of {guest.name}")

    def await_message(self, text, seconds=120):
        """Waits for a line on stderr."""
        truth.wait_for(lambda: text in self.errors.read_text(encoding="utf-8"), seconds,
                       f"'{text}' on stderr")

    def burden(self):
        """What the run costs now."""
        helpers = children(self.process.pid)
        return Burden(sum(entries(pid, "task") for pid in (self.process.pid, *helpers)),
                      entries(self.process.pid, "fd"),
                      max((entries(pid, "fd") for pid in helpers), default=0), len(helpers))

    def finish(self):
        """Ends the run as a user does."""
        self.process.send_signal(signal.SIGINT)
        harness.finish(self.process, 20)
        return harness.approved(harness.Done(self.process.returncode, b"",
                                             self.errors.read_bytes(), 0))


def entries(pid, what):
    """How many tasks or descriptors a process has, 0 once it has ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return len(os.listdir(f"/proc/{pid}/{what}"))
    return 0


def children(pid):
    """The child processes of all threads of a process."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += (task / "children").read_text(encoding="ascii").split()
    return [int(child) for child in found]


@pytest.fixture
def follow(vperf, tmp_path):
    """Starts a vperf that follows these targets."""
    with contextlib.ExitStack() as stack:
        def start(*targets):
            output, errors = tmp_path / "rows.csv", tmp_path / "errors.txt"
            stream, err = (stack.enter_context(path.open("wb")) for path in (output, errors))
            process = vperf.start("collect", "--follow", "--raw", "-v", "--interval", INTERVAL,
                                  "--counter", COUNTERS, *targets, stdout=stream, stderr=err)
            stack.callback(end, process)
            return Following(process, output, errors, stack.enter_context(harness.Witness()))
        yield start


def end(process):
    """Ends a run that its test did not end."""
    if process.poll() is None:
        process.kill()
        process.communicate()


def check_even(stamps, allowed=(), late_seconds=0):
    """Each second once, in order, but for so many pauses of at most these lengths, and what the
    machine was late."""
    assert stamps == sorted(set(stamps)), stamps
    pauses = sorted((after - before - INTERVAL for before, after in zip(stamps, stamps[1:])
                     if after - before != INTERVAL), reverse=True)
    limits = itertools.zip_longest(pauses, sorted(allowed, reverse=True), fillvalue=0)
    too_long = sum(max(0, pause - limit) for pause, limit in limits)
    assert too_long <= late_seconds, (pauses, allowed, late_seconds, stamps)


def check_answers(run, done):
    """No guest was taken for one that hangs: on a machine that is late, one may be for a moment."""
    assert run.late_seconds > 1 or "QEMU does not answer" not in done.err, done


@pytest.fixture
def steady(libvirtd):
    """A guest that nobody touches."""
    guest = libvirtd.guest(kvm.guest_name("steady"), disks=(), interfaces=0).start()
    yield guest
    guest.destroy()


def test_libvirtd_hangs(libvirtd, steady, follow):
    """libvirtd hangs: processes, threads and descriptors stay few, and all goes on after it."""
    daemon = int((libvirtd.directory / "run" / "libvirtd.pid").read_text(encoding="ascii"))
    run = follow(libvirtd.uri)
    run.await_rows(steady, 3)
    before = run.burden()
    assert before.helpers == 1, before
    worst = []
    os.kill(daemon, signal.SIGSTOP)
    try:
        until = time.monotonic() + HANG_SECONDS
        while time.monotonic() < until:
            worst.append(run.burden())
            time.sleep(0.1)
    finally:
        os.kill(daemon, signal.SIGCONT)
    run.await_rows(steady, 3, "cpu.used.summation")
    done = run.finish()
    assert max(one.threads for one in worst) <= before.threads + MORE_THREADS, worst
    # The second helper costs a socket here; until it runs, a helper has all that the program has.
    assert max(one.descriptors for one in worst) <= before.descriptors + MORE_DESCRIPTORS, worst
    assert max(one.helper_descriptors for one in worst) <= MORE_DESCRIPTORS + max(
        before.descriptors, before.helper_descriptors), worst
    assert max(one.helpers for one in worst) <= 2, worst
    check_even(run.stamps(steady), [HANG_SECONDS + 10, 1], run.late_seconds)
    assert "no statistics within 3 s; trying again" in done.err, done
    assert "is back after" in done.err, done
    assert len(done.messages) < 15, done


def test_libvirtd_restarts(libvirtd, steady, follow):
    """libvirtd is away for a while: its absence and its return are told, one line each."""
    run = follow(libvirtd.uri)
    run.await_rows(steady, 3)
    begin = time.monotonic()
    libvirtd.stop_daemon()
    try:
        run.await_message("trying again")
    finally:
        libvirtd.start_daemon()
    outage = time.monotonic() - begin
    run.await_message("is back after")
    run.await_rows(steady, 3, "cpu.used.summation")
    done = run.finish()
    check_even(run.stamps(steady), [outage + 17, 1], run.late_seconds)
    lost = [line for line in done.messages if "trying again" in line]
    assert len(lost) == 1 and "check that libvirtd" in lost[0], done
    assert sum("is back after" in line for line in done.messages) == 1, done


def test_guests_come_and_go(libvirtd, steady, follow):
    """One starts, restarts and stops: it is followed, the others do not notice."""
    run = follow(libvirtd.uri)
    run.await_rows(steady, 2)
    guest = libvirtd.guest(kvm.guest_name("late"), disks=(), interfaces=0)
    guest.start(wait=False)
    run.await_rows(guest, 3)
    guest.destroy()
    guest.start(wait=False)
    run.await_rows(guest, 3)
    guest.destroy()
    run.await_rows(steady, 3)
    done = run.finish()
    assert done.status in (130, 3), done
    check_even(run.stamps(steady), [2, 2, 1, 1], run.late_seconds)
    check_even(run.stamps(guest), [4, 1], run.late_seconds)
    arrived = [line for line in done.messages if "has arrived" in line]
    ended = [line for line in done.messages if "ended at 20" in line]
    assert 1 <= len(arrived) <= 2 and 1 <= len(ended) <= 2, done
    assert all(guest.uuid in line for line in arrived + ended), done
    check_answers(run, done)


@pytest.fixture(scope="module")
def hosts():
    """Two hosts, and a guest on each that stays there."""
    if reason := kvm.unavailable():
        pytest.skip(reason)
    with kvm.Libvirtd(hostname="one.test") as one, kvm.Libvirtd(hostname="two.test") as two:
        for host in (one, two):
            host.guest(kvm.guest_name("stays"), disks=(), interfaces=0).start(wait=False)
        yield one, two


def migrate(guest, source, target, *options):
    """Moves a running guest."""
    subprocess.run(["virsh", "-c", source.uri, "migrate", "--live", "--unsafe", *options,
                    guest.name, target.uri, "--migrateuri",
                    f"unix://{source.directory}/to-{target.hostname}"],
                   check=True, capture_output=True, timeout=120)


@pytest.mark.guests
def test_migration(hosts, follow):
    """A guest moves there and back: each moment is that of one host, and little is lost."""
    one, two = hosts
    guest = one.guest(kvm.guest_name("mover"), disks=(), interfaces=0, load=["cpu 0 20"])
    guest.start(wait=False)
    run = follow(one.uri, two.uri)
    run.await_rows(guest, 3)
    migrate(guest, one, two, "--bandwidth", "15")
    run.await_rows(guest, 3, "cpu.used.summation")
    migrate(guest, two, one)
    run.await_rows(guest, 3, "cpu.used.summation")
    done = run.finish()
    for counter in COUNTERS.split(","):
        rows = sorted((row["timestamp"], row["source"]) for row in run.rows()
                      if (row["id"], row["counter"], row["instance"]) == (guest.uuid, counter, ""))
        stamps = [stamp for stamp, _ in rows]
        assert len(stamps) == len(set(stamps)), rows
        sources = [source for index, (_, source) in enumerate(rows)
                   if index == 0 or rows[index - 1][1] != source]
        assert sources == ["one.test", "two.test", "one.test"], rows
    check_even(sorted(run.stamps(guest)), [4, 4, 1, 1], run.late_seconds)
    assert "is being migrated here" in done.err, done
    assert sum("has arrived" in line for line in done.messages) == 2, done
    check_answers(run, done)
