# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Runs of record against a simulated server whose clock runs fast: what is in the history in the end
is held against the simulator's ledger, as follow.py does with what collect writes."""

import contextlib
import csv
import io
import os
import pathlib
import random
import shutil
import time

import follow
import harness
from follow import INTERRUPTED, INTERVAL

# Seconds of an archived sample that fills a gap.
ARCHIVE = 300

# Before and after all sample times.
BEGIN, END = "2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"

SPEED = 120
# At so many moments of a run; ./dev soak takes more of them.
KILLS = int(os.environ.get("VPERF_KILLS", "12"))


class Recorder(follow.Run):
    """One history file, and the runs that write it one after the other."""

    # pylint: disable=super-init-not-called
    def __init__(self, vperf, server, directory, *options, counters=follow.COUNTERS):
        self.vperf, self.server, self.counters = vperf, server, counters
        self.out, self.err = directory / "vperf.db", directory / "err.txt"
        self.options, self.begin = options, server.now()
        self.process = None
        self.start()

    def start(self):
        """Record until further notice."""
        with open(self.err, "ab") as err:
            self.process = self.vperf.start(
                "record", "--counter", ",".join(self.counters), "--output", self.out,
                *self.options, *self.server.peer.arguments, stderr=err)

    def export(self, *options):
        """Run collect on the history; return its rows."""
        done = self.vperf.run("collect", "--start", BEGIN, "--end", END, *options, self.out)
        assert done.status == 0, done
        return harness.read_csv(done.out, own=True)

    def times(self):
        """The sample times in the history so far."""
        if not self.out.exists():
            return set()
        done = self.vperf.run("collect", "--start", BEGIN, "--end", END, self.out)
        return {line.split(",", 1)[0] for line in done.out.splitlines()[1:]}

    def write_all(self):
        """Stop the server's clock, and wait until all that it gave is in the history."""
        self.take_all()
        given = max(when for one in self.ledger() for when, delivered
                    in zip(one["times"], one["delivered"]) if delivered)
        harness.await_true(lambda: follow.seconds(max(self.times())) >= given, "what was given")

    def rows(self):
        """What was recorded: {(id, counter, instance): [(seconds, value)]}."""
        series = {}
        for row in self.export("--raw", "--interval", str(INTERVAL)):
            series.setdefault((row["id"], row["counter"], row["instance"]), []).append(
                (follow.seconds(row["timestamp"]), int(row["value"])))
        return series

    def filled(self):
        """The sample times that archived samples cover: {id: times}."""
        filled = {}
        done = self.vperf.run("collect", "--interval", ARCHIVE, self.out)
        if f"keeps no samples of {ARCHIVE} s" in done.err:
            return filled
        for row in self.export("--interval", str(ARCHIVE)):
            end = follow.seconds(row["timestamp"])
            filled.setdefault(row["id"], set()).update(
                range(end - ARCHIVE + INTERVAL, end + 1, INTERVAL))
        return filled

    def gaps(self):
        """The sample times that gaps stand for: {id: {time: reason}}."""
        done = self.vperf.run("history", "--gaps", "--format", "csv", self.out)
        assert done.status == 0, done
        gaps = {}
        for row in csv.DictReader(io.StringIO(done.out)):
            times = range(follow.seconds(row["after"]) + INTERVAL,
                          follow.seconds(row["until"]) + 1, INTERVAL)
            assert times, row
            mine = gaps.setdefault(row["id"], {})
            assert not mine.keys() & set(times), f"twice: {row}"
            mine.update(dict.fromkeys(times, row["reason"]))
        return gaps

    def check_gaps(self, rows):
        """Demand that between the first and the last sample of an entity there is a sample, an
        archived one that covers the time, or a gap at each time, and only one of them."""
        gaps, filled, recorded = self.gaps(), self.filled(), {}
        for key, samples in rows.items():
            recorded.setdefault(key[0], set()).update(when for when, _ in samples)
        for entity, times in recorded.items():
            mine, archived = set(gaps.get(entity, ())), filled.get(entity, set())
            assert not times & mine, f"{entity}: a gap has samples"
            assert not archived & (times | mine), f"{entity}: filled where there is no gap"
            mine |= archived
            whole = set(range(min(times), max(times) + 1, INTERVAL))
            assert whole == times | mine, f"{entity}: {follow.brief(whole ^ (times | mine))}"
        return gaps

    def stop(self):
        """End the run as a service manager does; it may have been killed."""
        if self.process.poll() is None:
            done = self.finish()
            assert done.status == INTERRUPTED, done


@contextlib.contextmanager
def recording(vperf, server, directory, *options, **more):
    """Record until the end of the block, at the latest."""
    recorder = Recorder(vperf, server, directory, *options, **more)
    try:
        yield recorder
    finally:
        recorder.kill()


def often_killed(vperf, start_vcsim, directory):
    """A history whose writer was killed at random moments, and was away for longer than the server
    keeps samples; the server stands still."""
    server = follow.Server(start_vcsim("-mode", "real", "-model", "esx", "-control", "-vm", 3,
                                       "-speed", SPEED), SPEED)
    dice = random.Random(11)
    with recording(vperf, server, directory) as run:
        run.await_rounds(2)
        for n in range(KILLS):
            time.sleep(dice.uniform(0, 0.5))
            run.kill()
            run.killed = run.out.read_bytes(), pathlib.Path(f"{run.out}-wal").read_bytes()
            if n == KILLS // 2:
                # What was given and is not yet written would be forgotten.
                run.start()
                run.write_all()
                run.kill()
                server.control("clock", forward="2h30m")
                server.control("clock", speed=SPEED)
            run.start()
            # The server would forget what nobody has written; the last one is to be interrupted.
            if n in (KILLS // 2, KILLS - 1):
                run.await_rounds(1)
        run.await_steady()
        run.settled = server.now() - follow.LATE_ROUNDS * INTERVAL
        assert run.interrupt().status == follow.INTERRUPTED
        server.control("clock", speed=0)
        yield run


def copy_of(recorder, directory):
    """A copy of a history that a test may spoil."""
    copy = directory / "copy.db"
    shutil.copy(recorder.out, copy)
    return copy
