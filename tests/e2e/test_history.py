# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""record and the history file as a target: each sample once whatever ends the run, the bytes that
collect would have written."""

import contextlib
import signal
import sqlite3
import time

import follow
import harness
import pytest
from follow import INTERVAL, Account
from recording import ARCHIVE, BEGIN, END, SPEED, copy_of, recording

# Rounds between two readings of the inventory.
RENEWAL = 3


def test_killed_at_any_moment(story):
    """Each sample that the server gave is there once; what it no longer had is covered by archived
    ones, but for the ends, which are gaps."""
    rows = story.rows()
    Account(story, rows).check(until=story.settled)
    follow.in_order(rows)
    gaps = story.check_gaps(rows)
    assert {reason for mine in gaps.values() for reason in mine.values()} == {
        "vperf did not record"}
    filled = story.filled()
    assert filled.keys() == {key[0] for key in rows} == gaps.keys()
    for entity, mine in gaps.items():
        assert len(mine) < 2 * ARCHIVE // INTERVAL, gaps
        assert 80 * 60 < INTERVAL * (len(mine) + len(filled[entity])) < 155 * 60, gaps


def test_a_gap_is_filled_once(vperf, story):
    """The archived samples are those that the server gives, in the gap alone."""
    span = ["--counter", ",".join(story.counters), "--interval", str(ARCHIVE), "--start",
            story.export("--interval", str(ARCHIVE))[0]["timestamp"], "--end",
            max(row["timestamp"] for row in story.export("--interval", str(ARCHIVE)))]
    live = vperf.run("collect", *span, *story.server.peer.arguments)
    recorded = vperf.run("collect", *span, story.out)
    assert live.status == recorded.status == 0, (live, recorded)
    assert live.out == recorded.out and live.out.count("\n") > 40


def test_a_report_weighs_by_seconds(vperf, story):
    """A sample that fills the gap counts as often as shorter ones would in its time."""
    numpy = pytest.importorskip("numpy", reason="python3-numpy is not installed")
    series = {}
    for row in story.export("--counter", "cpu.usage.average", "--instance", "aggregate"):
        series.setdefault(row["id"], []).append((float(row["value"]), int(row["interval"])))
    done = vperf.run("report", "--format", "csv", story.out)
    rows = [row for row in done.rows if row["id"] in series]
    assert done.status == 0 and len(rows) == len(series) > 1, done
    for row in rows:
        assert {interval for _, interval in series[row["id"]]} == {INTERVAL, ARCHIVE}
        repeated = numpy.repeat(*zip(*((value, interval // INTERVAL)
                                       for value, interval in series[row["id"]])))
        for part in (50, 95, 99):
            value = numpy.percentile(repeated, part)
            assert row[f"cpu_percent_p{part}"] == f"{value:.2f}", (row["id"], part)
        # Sums of another order end in another last bit, which rounds halves either way.
        average = numpy.average(repeated)
        assert row["cpu_percent_average"] in {f"{average + bit:.2f}" for bit in (-1e-9, 1e-9)}, \
            (row["id"], average)


def test_same_bytes_as_the_server(vperf, story):
    """A time range of the history is what the server itself gives for it."""
    newest = max(row["timestamp"] for row in story.export())
    start = follow.seconds(newest) - 40 * INTERVAL
    span = ["--counter", ",".join(story.counters), "--start", time.strftime(
        "%Y-%m-%dT%H:%M:%SZ", time.gmtime(start)), "--end", newest]
    live = vperf.run("collect", *span, *story.server.peer.arguments)
    recorded = vperf.run("collect", *span, story.out)
    assert live.status == recorded.status == 0, (live, recorded)
    assert live.out == recorded.out and live.out.count("\n") > 40
    both = vperf.run("collect", *span, *story.server.peer.arguments, story.out)
    assert both.status == 0 and "come twice" not in both.err, both


def test_ranges_tile(vperf, story):
    """Adjacent ranges share no sample and lose none; the newest N samples are the last of them."""
    times = sorted({row["timestamp"] for row in story.export()})
    cuts = [BEGIN, *times[5::len(times) // 3], END]
    whole = []
    for start, end in zip(cuts, cuts[1:]):
        done = vperf.run("collect", "--start", start, "--end", end, story.out)
        assert done.status == 0, done
        whole += done.out.splitlines()[1:]
    everything = vperf.run("collect", "--start", BEGIN, "--end", END, story.out)
    assert sorted(whole) == sorted(everything.out.splitlines()[1:])
    done = vperf.run("collect", "--samples", "7", story.out)
    assert {row["timestamp"] for row in harness.read_csv(done.out)} == set(times[-7:])


def test_a_history_in_every_command(vperf, story):
    """It is a target like others."""
    for command in (["inventory"], ["counters", "--offered"], ["compare"],
                    ["collect", "--last", "5m"], ["history"], ["history", "--check"]):
        done = vperf.run(*command, story.out)
        assert done.status == 0 and len(done.out.splitlines()) > 1, (command, done)
    live = vperf.run("inventory", *story.server.peer.arguments)
    for at in ([], ["--at", "-1h"]):
        recorded = vperf.run("inventory", *at, story.out)
        for mine, theirs in zip(harness.read_csv(recorded.out), harness.read_csv(live.out),
                                strict=True):
            differ = {name for name in mine if mine[name] != theirs[name]}
            assert differ <= {"guest_ip", "guest_host"}, (mine, theirs)
    times = sorted({row["timestamp"] for row in story.export()})
    chosen = ("--counter", "cpu.usage.average", "--format", "csv")
    then = vperf.run("compare", "--at", times[3], *chosen, story.out)
    assert then.status == 0 and {row["timestamp"] for row in then.rows} == {times[3]}, then
    exported = {row["id"]: row["value"] for row in story.export()
                if (row["timestamp"], row["counter"]) == (times[3], "cpu.usage.average")
                and row["instance"] == "" and row["type"] == "vm"}
    assert {row["id"]: row["cpu.usage.average"] for row in then.rows} == exported
    done = vperf.run("inventory", "--at", "2020-01-01", story.out)
    assert done.status == 1 and not done.out and "2020-01-01T00:00:00Z" in done.err, done


VIEWS = {
    "hourly": "begin source type name id counter instance unit rollup interval samples average sum "
              "minimum maximum p95",
    "gaps": "source type id interval after until reason",
    "events": "time kind target type id text",
    "entities": "number source type id since state name hypervisor uuid host cluster datacenter "
                "folder pool cpus threads cpu_mhz memory_kib"}


def test_views(story):
    """They have the columns that vperf-history(5) names, each once, and an hour is what its samples
    say."""
    with contextlib.closing(sqlite3.connect(f"file:{story.out}?mode=ro", uri=True)) as database:
        for view, columns in VIEWS.items():
            names = [row[1] for row in database.execute(f"PRAGMA table_info({view})")]
            assert set(columns.split()) <= set(names) and not any(":" in name for name in names), names
        hours = database.execute(
            "SELECT id, counter, instance, begin, samples, average, maximum FROM hourly WHERE "
            f"interval = {INTERVAL}").fetchall()
    series = {}
    for row in story.export("--interval", str(INTERVAL)):
        hour = time.strftime("%Y-%m-%dT%H:00:00Z",
                             time.gmtime(follow.seconds(row["timestamp"]) - 1))
        series.setdefault((row["id"], row["counter"], row["instance"], hour), []).append(
            float(row["value"]))
    assert hours
    for *key, samples, average, maximum in hours:
        values = series[tuple(key)]
        assert samples == len(values) and maximum == pytest.approx(max(values)), key
        assert average == pytest.approx(sum(values) / len(values)), key


def hours_by_hand(rows):
    """Of samples of all intervals: {(id, counter, instance): {end of the hour: value}}."""
    hours = {}
    for row in rows:
        end = -(-follow.seconds(row["timestamp"]) // 3600) * 3600
        key = row["id"], row["counter"], row["instance"]
        hours.setdefault(key, {}).setdefault(end, []).append(
            (int(row["value"]), int(row["interval"])))
    return {key: {end: one_hour(key[1], samples) for end, samples in mine.items()}
            for key, mine in hours.items()}


def one_hour(counter, samples):
    """A mean by seconds, or the sum of a whole hour."""
    seconds = sum(interval for _, interval in samples)
    if counter.endswith(".summation"):
        return 3600 * sum(value for value, _ in samples) / seconds
    return sum(value * interval for value, interval in samples) / seconds


def test_hours(vperf, story):
    """collect gives one value per series and hour that is over, whatever intervals it has; so does
    a history whose samples are gone, and they fit those of the samples that are there."""
    hours = story.export("--raw", "--interval", "3600")
    expected = hours_by_hand(story.export("--raw"))
    newest = max(follow.seconds(row["timestamp"]) for row in story.export())
    assert {int(row["interval"]) for row in hours} == {3600}
    found = {}
    for row in hours:
        mine = found.setdefault((row["id"], row["counter"], row["instance"]), {})
        assert follow.seconds(row["timestamp"]) not in mine, row
        mine[follow.seconds(row["timestamp"])] = int(row["value"])
    assert found.keys() == expected.keys()
    for key, mine in found.items():
        assert mine == {end: pytest.approx(value, abs=0.51) for end, value in
                        expected[key].items() if end <= newest}, key
    done = vperf.run("compare", "--interval", "3600", story.out)
    assert done.status == 0 and len(done.out.splitlines()) > 1, done


def test_followed_hours(vperf, story, tmp_path):
    """They come once, as collect gives them without --follow, when five minutes have passed."""
    newest = max(follow.seconds(row["timestamp"]) for row in story.export())
    done = vperf.run("collect", "--interval", "3600", "--start", BEGIN, "--end", END, story.out)
    expected = {line for line in done.out.splitlines()[1:] if follow.seconds(
        line.partition(",")[0]) <= newest - 300}
    assert expected
    out = tmp_path / "out.csv"
    tail = vperf.start("collect", "--follow", "--interval", "3600", "--start", BEGIN, "--output",
                       out, story.out)
    try:
        harness.await_true(lambda: out.exists() and out.read_text().count("\n") > len(expected),
                           "all hours that are complete")
        tail.send_signal(signal.SIGINT)
        done = harness.finish(tail)
    finally:
        tail.kill()
    assert done.status == follow.INTERRUPTED, done
    assert sorted(out.read_text().splitlines()[1:]) == sorted(expected)


def test_one_writer(vperf, story):
    """A second one is told who writes; readers meanwhile read."""
    story.start()
    try:
        process = f"process {story.process.pid}"
        reader = sqlite3.connect(f"file:{story.out}?mode=ro", uri=True)
        with contextlib.closing(reader) as database:
            harness.await_true(lambda: database.execute(
                "SELECT 1 FROM event WHERE text = ?", [process]).fetchone(), "a writer")
        done = vperf.run("record", "--output", story.out, *story.server.peer.arguments)
        assert done.status == 1 and process in done.err and len(done.messages) == 1, done
        assert vperf.run("history", story.out).status == 0
    finally:
        story.interrupt()


def test_readings_beside_samples(vperf, start_vcsim, tmp_path):
    """What properties say comes at any time: it takes no place of a sample, and of a guest that is
    off there is nothing else, and no gap. A counter whose values come later than those of others
    has all of them, also when the writer is killed before they come. Rounds that ask again for
    samples that are late read nothing again."""
    server = follow.Server(start_vcsim("-mode", "real", "-model", "esx", "-control", "-vm", 3,
                                       "-off", 1, "-space", "-speed", SPEED), SPEED)
    with recording(vperf, server, tmp_path,
                   counters=(*follow.COUNTERS, "space.used.latest")) as run:
        run.await_steady()
        server.control("hollow", counter=follow.COUNTERS[0], **{"for": "90s"})
        run.await_rounds(12)
        server.control("delay", host=0, **{"for": "3m"})
        server.wait(5)
        server.control("hollow", counter=follow.COUNTERS[0], **{"for": "10m"})
        run.await_rounds(3)
        run.process.send_signal(signal.SIGKILL)
        run.process.wait()
        server.control("clock", forward="10m")
        run.start()
        run.await_rounds(1)
        run.stop()
    samples, readings = {}, {}
    for key, mine in run.rows().items():
        (readings if key[1].startswith("space") else samples)[key] = mine
    Account(run, samples).check()
    assert not run.gaps()
    assert not run.check_gaps(samples)
    assert len(readings) == 3 and len({key[0] for key in [*readings, *samples]}) == 4
    assert len({key[0] for key in samples}) == 3
    for mine in readings.values():
        times = [when for when, _ in mine]
        apart = [two - one for one, two in zip(times, times[1:])]
        assert apart and min(apart) >= INTERVAL, times


def test_events(vperf, start_vcsim, tmp_path):
    """Who recorded, what target was lost, which guests came and went, and that the server's clock
    was set back, is told."""
    server = follow.Server(start_vcsim("-mode", "real", "-model", "vpx", "-control", "-host", 2, "-vm",
                                       2, "-speed", SPEED), SPEED)
    with recording(vperf, server, tmp_path, "--timeout", "2") as run:
        run.await_steady()
        new = server.control("create", count=1)[0]
        run.await_rounds(RENEWAL + 2)
        server.control("destroy", ids=new)
        run.await_rounds(RENEWAL + 2)
        back = server.away(6)
        server.back(back)
        run.await_rounds(4)
        server.control("clock", forward="-2h")
        harness.await_true(lambda: "set back by 7" in run.err.read_text(), "word of the clock", 60)
        run.stop()
    done = vperf.run("history", "--events", "--format", "csv", run.out)
    assert done.status == 0, done
    events = [(row["event"], row["id"]) for row in harness.read_csv(done.out)]
    assert events[0][0] == "started" and events[-1][0] == "stopped", done.out
    assert [event for event in events if event[1]] == [("arrived", new), ("left", new)], done.out
    troubles = [event for event, entity in events[1:-1] if not entity]
    assert len(troubles) > 2 and troubles.pop() == "clock", done.out
    assert troubles == ["lost", "back"] * (len(troubles) // 2), done.out


def test_follow_while_it_is_written(vperf, start_vcsim, tmp_path):
    """The tail of a history has each sample once, in the order in which they came."""
    server = follow.Server(start_vcsim("-mode", "real", "-model", "esx", "-control", "-vm", 2,
                                       "-speed", SPEED), SPEED)
    out = tmp_path / "out.csv"
    with recording(vperf, server, tmp_path) as run:
        run.await_rounds(1)
        tail = vperf.start("collect", "--follow", "--output", out, run.out)
        try:
            harness.await_true(lambda: out.exists() and out.read_text().count("\n") > 1, "a tail")
            run.await_rounds(5)
            run.stop()
            newest = max(run.times())
            harness.await_true(lambda: newest in out.read_text(), "the newest sample")
            tail.send_signal(signal.SIGINT)
            assert harness.finish(tail).status == follow.INTERRUPTED
        finally:
            tail.kill()
    lines = out.read_text().splitlines()[1:]
    whole = vperf.run("collect", "--start", BEGIN, "--end", END, run.out).out.splitlines()[1:]
    assert len(lines) == len(set(lines)) and set(lines) <= set(whole)
    assert {line for line in whole if line >= min(lines)[:20]} == set(lines)


@pytest.mark.parametrize("command", ["collect", "compare", "report"])
def test_an_interval_that_it_lacks(vperf, story, command):
    """It is told, with the intervals that there are."""
    done = vperf.run(command, "--interval", "60", story.out)
    assert (done.status, done.out.count("\n") <= 1, len(done.messages)) == (1, True, 1), done
    assert "keeps no samples of 60 s" in done.err and "--interval (20, 300)" in done.err, done


def test_a_report_of_hours_and_samples(vperf, story, tmp_path):
    """Where samples are no longer kept, hours take their place, each time counts once, and the
    report says when they end."""
    copy = copy_of(story, tmp_path)
    with contextlib.closing(sqlite3.connect(copy)) as database, database:
        hour = 1 + database.execute("SELECT min(hour) FROM block").fetchone()[0]
        database.execute("DELETE FROM block WHERE hour < ?", [hour])
        database.execute("INSERT INTO dropped VALUES (1, ?)", [hour])
    seam = time.gmtime(3600 * hour)
    samples = {}
    for options in (("--interval", "3600", "--start", BEGIN, "--end",
                     time.strftime("%Y-%m-%dT%H:%M:%SZ", seam)), ("--start", BEGIN)):
        done = vperf.run("collect", "--counter", "cpu.usage.average", "--instance", "aggregate",
                         *options, copy)
        assert done.status == 0, done
        told = [line for line in done.messages if "--interval 3600 gives them" in line]
        assert len(told) == ("--interval" not in options), done
        assert not told or f"to {time.strftime('%Y-%m-%dT%H:%M:%SZ', seam)}, hours" in told[0], told
        for row in harness.read_csv(done.out):
            samples.setdefault(row["id"], []).append((float(row["value"]), int(row["interval"])))
    done = vperf.run("report", "--format", "csv", copy)
    rows = [row for row in done.rows if row["id"] in samples]
    assert done.status == 0 and len(rows) == len(samples) > 1, done
    for row in rows:
        mine = samples[row["id"]]
        assert [interval for _, interval in mine].count(3600) == 1 < len(mine)
        average = sum(value * seconds for value, seconds in mine) / sum(
            seconds for _, seconds in mine)
        assert float(row["cpu_percent_average"]) == pytest.approx(average, abs=0.006), row
    told = " ".join(vperf.run("report", "--format", "table", copy).out.split())
    date = time.strftime("%Y-%m-%d %H:%M UTC", seam)
    assert f"Before {date} there are hourly averages alone" in told, told
    assert f"hourly ones before {date}; within" in told, told
    held = vperf.run("history", copy)
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", seam)
    assert held.status == 0 and f" to {end}, hours are kept: " in held.err, held
    assert "hours are kept" not in vperf.run("history", story.out).err
    whole = vperf.run("report", "--format", "table", story.out).out
    assert "hourly averages" not in whole and "hourly ones" not in whole, whole


def emptied(story, directory):
    """A history to which no sample has come yet."""
    copy = copy_of(story, directory)
    with contextlib.closing(sqlite3.connect(copy)) as database, database:
        for table in ("block", "round", "rollup", "mark", "series", "context", "entity"):
            database.execute(f"DELETE FROM {table}")
    return copy


def stamp(seconds):
    """A time as vperf writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


@pytest.mark.parametrize("command", ["collect", "report"])
def test_a_time_without_samples(vperf, story, command):
    """Before, behind or between those that there are, it is no success; their span is named."""
    times = sorted({row["timestamp"] for row in story.export("--interval", str(INTERVAL))})
    seconds = [follow.seconds(one) for one in times]
    length, before = max((two - one, one) for one, two in zip(seconds, seconds[1:]))
    assert length > 3600
    for start, end in ((BEGIN, "2001-01-01"), ("2099-01-01", END),
                       (stamp(before), stamp(before + length - INTERVAL)), ("2099-01-01", None)):
        until = ["--end", end] if end else []
        done = vperf.run(command, "--interval", INTERVAL, "--start", start, *until, story.out)
        assert (done.status, done.out, len(done.messages)) == (1, "", 1), done
        assert f"{story.out}: no samples" in done.err, done
        assert f"history of {times[0]} to {times[-1]}" in done.err, done


@pytest.mark.parametrize("command", ["collect", "compare", "report"])
def test_an_empty_history(vperf, story, tmp_path, command):
    """It is named; beside a target that has samples, a part is missing."""
    empty = emptied(story, tmp_path)
    for targets, status in (([empty], 1), ([story.out, empty], 3)):
        done = vperf.run(command, "--quiet", *targets)
        assert (done.status, len(done.messages), bool(done.out)) == (status, 1, status == 3), done
        assert f"'{empty}' holds no samples" in done.err, done


def test_begin(vperf, story):
    """It is the time of the first sample, also when its hour is packed."""
    done = vperf.run("history", "--format", "csv", story.out)
    rows = harness.read_csv(done.out)
    assert [row["begin"] for row in rows] == [min(row["timestamp"] for row in story.export())], done


def test_a_copy(vperf, story, tmp_path):
    """A history that is recorded is copied, which is told; report finds what record writes."""
    copy, err = tmp_path / "vperf.db", tmp_path / "err.txt"
    with open(err, "wb") as file:
        recorder = vperf.start("record", story.out, cwd=tmp_path, stderr=file)
    try:
        harness.await_true(lambda: copy.exists() and vperf.run("collect", copy).out.count("\n") > 1,
                           "a sample in the copy")
        recorder.send_signal(signal.SIGINT)
        assert harness.finish(recorder).status == follow.INTERRUPTED
    finally:
        recorder.kill()
    assert f"{story.out} is a history" in err.read_text(), err.read_text()
    assert vperf.run("collect", copy).out == vperf.run("collect", story.out).out
    done = vperf.run("report", cwd=tmp_path)
    assert done.status == 0 and len(done.out.splitlines()) > 1, done


def test_usage(vperf, story):
    """What makes no sense is refused."""
    for arguments, word in (
            (["record", "--output", story.out, story.out], "TARGET"),
            (["record", "--format", "csv", "127.0.0.1"], "--format"),
            (["record", "--keep", "x", "127.0.0.1"], "--keep"),
            (["inventory", "--at", "-1h", "127.0.0.1"], "--at"),
            (["history", "127.0.0.1"], "no history"),
            (["history", "--gaps", "--events", story.out], "--events"),
            (["collect", "no-such.db"], "no-such.db"),
            (["collect", story.out, f"{story.out.parent}/./{story.out.name}"], "same")):
        done = vperf.run(*arguments)
        assert done.status == 2 and word in done.err and len(done.messages) == 1, done
