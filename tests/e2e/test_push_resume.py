# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""A history that is forwarded to a database goes on where it ended, whatever ended it."""

import contextlib
import os
import re
import signal
import sqlite3

import pytest

import follow
import harness
from receiver import Receiver, status
from recording import BEGIN, END, recording
from test_push import children

SPEED = 120


def samples_of(lines):
    """Return [(series, time, value)] of line protocol, in its order."""
    found = []
    for line in lines:
        key, fields, at = re.fullmatch(r"((?:\\.|[^ \\])+) (.*) (\d+)", line).groups()
        for field in fields.split(","):
            name, value = field.split("=")
            found.append(((key, name), int(at), value))
    return found


@pytest.fixture(scope="module")
def recorder(vperf, shared_vcsim, tmp_path_factory):
    """A history that is being written, of a server whose clock runs fast."""
    server = follow.Server(shared_vcsim("-mode", "real", "-model", "esx", "-control", "-vm", 3,
                                        "-speed", SPEED), SPEED)
    with recording(vperf, server, tmp_path_factory.mktemp("forward")) as run:
        run.await_rounds(2)
        yield run
    server.control("clock", speed=0)


@pytest.fixture
def forward(vperf, recorder):
    """Forward what is recorded: forward(database, …)."""
    processes = []

    def start(database, *options, name="up"):
        processes.append(vperf.start(
            "collect", "--follow", "--resume", name, "--timeout", "10", *options, "--output",
            database.url, recorder.out))
        return processes[-1]
    yield start
    for process in processes:
        process.kill()


def held(vperf, recorder):
    """All samples of the history."""
    done = vperf.run("collect", "--start", BEGIN, "--end", END, "--format", "influx", recorder.out)
    assert done.status == 0, done
    return {(series, at): value for series, at, value in samples_of(done.out.splitlines())}


def received(database):
    """All samples that the database took."""
    return {(series, at): value for series, at, value in samples_of(database.lines)}


@pytest.mark.parametrize("arguments, message", [
    (["--output", "http://h/write"], "give --follow"),
    (["--follow", "--output", "x.csv"], "one --output that is a URL"),
    (["--follow", "--output", "http://h/write", "--output", "x.csv"], "forwards one history"),
    (["--follow", "--output", "http://h/write", "--resume", "a/b"], "expected a NAME"),
])
def test_usage(vperf, arguments, message):
    """What cannot be forwarded is refused."""
    done = vperf.run("collect", "--resume", "up", *arguments, "vperf.db")
    assert done.status == 2, done
    assert message in done.err


def test_file(recorder, forward):
    """One run at a time has a name; what is no file of ours is left alone."""
    with Receiver() as database:
        process = forward(database, name="one")
        path = recorder.out.with_name("vperf.db.resume-one")
        harness.await_true(lambda: path.exists() and path.read_text(), "a position")
        second = forward(database, name="one")
        done = harness.finish(second)
        assert done.status == 1, done
        assert "vperf.db.resume-one is in use by another vperf" in done.err
        process.send_signal(signal.SIGTERM)
        harness.finish(process)
        assert path.read_text().endswith("\nend\n")
        assert not path.with_name(path.name + ".new").exists()
        path.write_text("mine\n")
        done = harness.finish(forward(database, name="one"))
    assert done.status == 2, done
    assert "is no file of --resume" in done.err and path.read_text() == "mine\n"


def test_nothing_is_lost(vperf, recorder, forward):
    """The run is killed, the database is away while hours pass and are packed, and comes back."""
    with Receiver() as database:
        process = forward(database, "--last", "1d")
        harness.await_true(lambda: database.lines, "samples")
        before = held(vperf, recorder)
        harness.await_true(lambda: before.keys() <= received(database).keys(), "those so far")
        process.kill()
        process.communicate()
        known = database.lines
        database.otherwise = status(503)
        requests = len(database.requests)
        process = forward(database)
        database.await_requests(requests + 1)
        for _ in range(2):
            recorder.server.control("clock", forward="2h30m")
            recorder.await_rounds(2)
        assert database.lines == known and packed(recorder)
        assert process.poll() is None
        database.otherwise = status(204)
        wanted = held(vperf, recorder)
        harness.await_true(lambda: wanted.keys() <= received(database).keys(), "all samples", 60)
        process.send_signal(signal.SIGTERM)
        done = harness.finish(process)
        recorder.stop()
        process = forward(database)
        wanted = held(vperf, recorder)
        harness.await_true(lambda: wanted.keys() <= received(database).keys(), "the last ones")
        process.send_signal(signal.SIGTERM)
        again = harness.finish(process)
    assert done.status == again.status == follow.INTERRUPTED, (done, again)
    assert done.err.count("trying again") == 1 and "is back after" in done.err
    assert received(database) == wanted
    in_order(known)
    in_order(database.lines[len(known):])


def test_refused(recorder, forward):
    """What is refused is lost, and the next run is no way to get it."""
    def judge(handler, request):
        bad = any("vsphere_host_" in line for line in request.lines)
        status(400 if bad else 204)(handler, request)
    with Receiver(otherwise=judge) as database:
        process = forward(database, "--start", BEGIN, name="refused")
        path = recorder.out.with_name("vperf.db.resume-refused")
        harness.await_true(lambda: path.exists() and path.read_text(), "a position")
        harness.await_true(lambda: database.lines, "samples")
        process.send_signal(signal.SIGTERM)
        done = harness.finish(process)
    assert done.status == follow.INTERRUPTED, done
    assert re.search(r": \d+ samples were refused, and no run sends them again: 400", done.err)


def test_vperf_push_is_killed(forward):
    """This is an error, though the next run goes on."""
    with Receiver(otherwise=status(503)) as database:
        process = forward(database, "--start", BEGIN, name="killed")
        database.await_requests(1)
        (helper,) = children(process, "vperf-push")
        os.kill(helper, signal.SIGKILL)
        harness.await_true(lambda: not children(process, "vperf-push"), "its end")
        process.send_signal(signal.SIGTERM)
        done = harness.finish(process)
    assert done.status == 1, done
    assert "vperf-push has ended; the next run with --resume goes on there" in done.err


def packed(recorder):
    """Tell whether rounds have been packed since the beginning."""
    with contextlib.closing(sqlite3.connect(recorder.out)) as file:
        return file.execute("SELECT min(id) > 1 FROM round").fetchone()[0]


def in_order(lines):
    """Demand that each series came in the order of its times, each time once."""
    last = {}
    for series, at, _ in samples_of(lines):
        if series[1] != "memorySizeMB":
            assert at > last.get(series, 0), series
            last[series] = at
