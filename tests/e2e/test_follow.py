# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""collect --follow against a vCenter whose clock runs fast: every sample once, whatever happens to
the server; bounded requests, memory and messages. follow.py defines what is expected."""

import collections
import contextlib
import signal

import follow
import harness
import pytest
from follow import (INTERRUPTED, INTERVAL, Account, Story, check_like, following, in_order,
                    methods)

SPEED = 120
VCENTER = ("-mode", "real", "-model", "vpx", "-control")
GUESTS, HOSTS = 100, 4

# Connections side by side, calls that all samples of a round take, and guests that come and go.
JOBS, CALLS, CHURN = 4, 4, 5

# After a call that was not answered in time others are smaller if the server answers a short one:
# a busy machine must answer in time, and a server that hangs must do so until the short one has
# been given up (after 5 s more), but not until the first call of the next round has been as well.
TIMEOUT, PROBE = 8, 5
HANG_MINUTES = (2 * TIMEOUT + PROBE - 2) * SPEED // 60

# Memory that comes and goes; a sanitizer keeps what is freed.
SLACK_KIB, SANITIZED_KIB = 1024, 1 << 20

# Beside other tests and builds.
PATIENCE = 4

# What the renewal of the inventory, and now and then of what entities offer, may consist of.
RENEWAL = {"CreateContainerView", "RetrievePropertiesEx", "ContinueRetrievePropertiesEx",
           "DestroyView", "CurrentTime", "QueryAvailablePerfMetric"}


@pytest.fixture
def vcenter(start_vcsim):
    """A vCenter of many guests."""
    return follow.Server(start_vcsim(*VCENTER, "-vm", GUESTS, "-host", HOSTS, "-speed", SPEED),
                         SPEED)


@pytest.fixture
def small(start_vcsim):
    """A vCenter of a few guests."""
    return follow.Server(start_vcsim(*VCENTER, "-vm", 4, "-host", 2, "-speed", SPEED), SPEED)


def calls_of(requests):
    """How many calls all samples of a round take when none is larger than the largest of these."""
    largest = max(one["specs"] for one in requests if one["method"] == "QueryPerf")
    return JOBS + -(-(GUESTS + HOSTS + CHURN) // largest)


def check_steady(server, begin, end, calls=lambda _: CALLS):
    """Demand that a time without events took one set of QueryPerf calls per round and nothing else
    but the renewal of the inventory every few rounds."""
    requests = server.requests(begin, end)
    made = methods(requests)
    rounds = (end - begin) / INTERVAL
    assert not made.keys() - RENEWAL - {"QueryPerf"}, made
    assert made["QueryPerf"] <= (rounds + 1) * calls(requests), made
    asked = sum(one["specs"] for one in requests if one["method"] == "QueryPerf")
    assert asked <= (rounds + 2) * (GUESTS + HOSTS + CHURN), f"{asked / rounds} a round: {made}"
    connections = {one["connection"] for one in requests}
    assert len(connections) <= JOBS, f"{len(connections)} connections"
    # One call reads the inventory; on a busy machine those around it come an interval later.
    renewals = made["RetrievePropertiesEx"]
    assert renewals <= rounds / 2 + 1, f"the inventory was renewed {renewals} times: {made}"


def test_every_sample_once(vperf, vcenter, tmp_path):
    """A lost session, a restart, 40 minutes away, guests that come and go, late samples."""
    with following(vperf, vcenter, tmp_path, "--timeout", str(TIMEOUT)) as run:
        run.await_steady()
        begin = vcenter.now()
        vcenter.wait(6)
        check_steady(vcenter, begin, vcenter.now())
        story = Story(vcenter, run)
        story.churn(CHURN)
        story.samples_come_late()
        story.lose_session()
        story.restart()
        story.absence(40, meanwhile=story.churn)
        warm = run.measure()
        story.churn(CHURN)
        story.lose_session()
        story.absence(HANG_MINUTES, how="hang")
        story.churn(CHURN)
        vcenter.wait(8)  # until those that left are asked for no more
        begin = vcenter.now()
        vcenter.wait(4)
        # Calls that a busy machine leaves unanswered make later ones smaller.
        check_steady(vcenter, begin, vcenter.now(), calls_of)
        most = warm._replace(threads=JOBS + 1)  # smaller calls need all connections
        check_like(run.measure(), most, SANITIZED_KIB if vperf.is_sanitized() else SLACK_KIB)
        done = run.finish()
    assert done.status == INTERRUPTED, done
    rows = run.rows()
    account = Account(run, rows)
    account.check()
    account.check_losses(PATIENCE)
    in_order(rows, story.late)
    story.check_logins()
    story.check_messages(done)


def test_esxi(vperf, start_vcsim, tmp_path):
    """A host without a vCenter: one connection."""
    server = follow.Server(start_vcsim("-mode", "real", "-model", "esx", "-control", "-vm", 10,
                                       "-speed", SPEED), SPEED)
    with following(vperf, server, tmp_path) as run:
        run.await_steady()
        story = Story(server, run)
        story.churn(2)
        server.control("delay", host=0, **{"for": "2m"})
        server.wait(4)
        story.restart()
        story.churn(2)
        done = run.finish()
    assert done.status == INTERRUPTED, done
    account = Account(run, run.rows())
    account.check()
    account.check_losses(PATIENCE)
    story.check_logins()


def test_entity_in_pieces(vperf, start_vcsim, tmp_path):
    """After unanswered calls the counters of a guest are asked for in several calls, between which
    the next sample appears: it is nevertheless had of all of them."""
    server = follow.Server(start_vcsim(*VCENTER, "-vm", 4, "-host", 2, "-speed", SPEED, "-accident",
                                       "QueryPerf:3-10:hang,QueryPerf:*:delay=10"), SPEED)
    with following(vperf, server, tmp_path, "--timeout", "1", "--jobs", "1") as run:
        harness.await_true(lambda: methods(server.requests())["QueryPerf"] > 20, "many calls", 60)
        run.await_steady()
        server.wait(20)
        assert run.finish().status == INTERRUPTED
    account = Account(run, run.rows())
    account.check()
    account.check_losses(PATIENCE)


def test_interrupted_at_any_moment(vperf, small, tmp_path):
    """What was written are whole lines; at most the round that was interrupted is missing."""
    for n in range(3):
        (tmp_path / str(n)).mkdir()
        with following(vperf, small, tmp_path / str(n)) as run:
            run.await_steady()
            small.wait_until(small.now() // INTERVAL * INTERVAL + INTERVAL + 5 * n)
            interrupted = small.now()
            done = run.interrupt()
        assert done.status == INTERRUPTED, done
        assert run.out.read_bytes().endswith(b"\n")
        Account(run, run.rows()).check(until=interrupted - follow.LATE_ROUNDS * INTERVAL)


@contextlib.contextmanager
def on_standard_output(vperf, directory, *targets):
    """An endless run; gives its process and the file that has its output."""
    with open(directory / "out.csv", "wb") as out, open(directory / "err.txt", "wb") as err:
        process = vperf.start("collect", "--follow", "--raw", "--counter",
                              ",".join(follow.COUNTERS), *targets, stdout=out, stderr=err)
    try:
        yield process, directory / "out.csv"
    finally:
        process.kill()
        process.wait()


def newest(file, source=""):
    """The newest sample time of a source in a file, or 0."""
    lines = file.read_text().rpartition("\n")[0].split("\n")[1:]
    return max((follow.seconds(line.split(",", 1)[0]) for line in lines if source in line),
               default=0)


def test_rounds_on_standard_output(vperf, small, tmp_path):
    """Each round is written as a whole as soon as it is complete."""
    with on_standard_output(vperf, tmp_path, *small.peer.arguments) as (process, file):
        harness.await_true(lambda: newest(file), "the first round", 60)
        for _ in range(5):
            known = newest(file)
            small.wait_until(known + INTERVAL)
            harness.await_true(lambda: newest(file) > known, "the next round")
        process.send_signal(signal.SIGINT)
        assert harness.finish(process, 30).status == INTERRUPTED
    rows = harness.read_csv(file.read_text())
    per_time = collections.Counter(row["timestamp"] for row in rows)
    assert len(set(per_time.values())) == 1, per_time


def test_one_of_two_targets_is_away(vperf, small, start_vcsim, tmp_path):
    """The other one goes on meanwhile, and both in the end."""
    other = follow.Server(start_vcsim(*VCENTER, "-vm", 2, "-host", 1, "-speed", SPEED), SPEED)
    targets = [*small.peer.arguments, other.peer.target()]
    with on_standard_output(vperf, tmp_path, *targets) as (process, file):
        for server in (small, other):
            harness.await_true(lambda: newest(file, server.peer.label), "the first round", 60)
        other.control("away")
        small.wait_until(newest(file, small.peer.label) + 5 * INTERVAL)
        known = newest(file, other.peer.label)
        harness.await_true(lambda: newest(file, small.peer.label) > known, "the other target")
        other.control("back")
        away_until = other.now()
        harness.await_true(lambda: newest(file, other.peer.label) > away_until, "both targets")
        process.send_signal(signal.SIGINT)
        assert harness.finish(process, 30).status == INTERRUPTED
    rows = harness.read_csv(file.read_text())
    keys = collections.Counter(tuple(row[name] for name in (
        "source", "id", "counter", "instance", "timestamp")) for row in rows)
    assert max(keys.values()) == 1, keys.most_common(3)


def test_counters_that_the_catalogue_gains(vperf, small, tmp_path):
    """Guests offer a counter that is newer than our catalogue: it is read again, and from then on
    each sample is there."""
    counters = ("cpu.usage.average", "cpu.usagemhz.average", "cpu.usagenovel.average")
    novel = counters[-1]
    with following(vperf, small, tmp_path, counters=counters, glob="cpu.usage*.average") as run:
        run.await_rounds(2)
        small.control("offer", id=20001)
        small.control("define", id=20001, name=novel)
        small.control("create")
        guests = {one["id"] for one in run.ledger() if one["type"] == "VirtualMachine"}
        harness.await_true(lambda: run.out.read_text().count(novel) > 3 * len(guests),
                           "the new counter", 60)
        run.finish()
    rows = run.rows()
    assert {key[0] for key in rows if key[1] == novel} == guests
    account = Account(run, rows)
    for key, samples in account.samples.items():
        if key[1] == novel:  # it was not asked for at first; what was before it may come late
            for when in [when for when in samples if when < min(rows[key])[0]]:
                del samples[when]
    account.check()


@pytest.mark.parametrize("content, word", [
    ("another,header\n", "header"), ("timestamp,source\n", "header"), ("HEADER\nhalf a l", "line")])
def test_files_that_are_not_ours(vperf, small, tmp_path, content, word):
    """Nothing is appended to a file with another header, or whose last line has no end."""
    file = tmp_path / "out.csv"
    done = vperf.run("collect", *small.peer.arguments)
    content = content.replace("HEADER", done.out.split("\n", 1)[0])
    file.write_text(content)
    before = len(small.requests())
    done = vperf.run("collect", "--follow", "--output", file, *small.peer.arguments)
    assert done.status in (1, 2) and len(done.messages) == 1, done
    assert str(file) in done.err and word in done.err, done
    assert file.read_text() == content and len(small.requests()) == before


def test_a_run_that_appends(vperf, small, tmp_path):
    """A second run goes on in the file of the first."""
    for _ in range(2):
        with following(vperf, small, tmp_path) as run:
            run.await_rounds(2)
            assert run.interrupt().status == INTERRUPTED
    text = run.out.read_text()
    assert text.count("timestamp,") == 1 and text.endswith("\n"), text[:500]
    assert len({one["id"] for one in run.ledger()}) == len({key[0] for key in run.rows()})
