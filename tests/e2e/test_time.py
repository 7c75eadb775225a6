# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Time: ranges, archived intervals and types, the server's clock, and what pyVmomi gets for the
same question."""

import datetime

import harness
import pytest
import pyvmomi_reference as reference
import weather
from harness import read_csv, series_of
from weather import collect

NOW = datetime.datetime(2026, 11, 21, 19, 17, 25, tzinfo=datetime.timezone.utc)
FLAGS = ("-mode", "real", "-model", "vpx", "-host", "2", "-vm", "4", "-now", weather.NOW,
         "-level", "2")
HOUR = datetime.timedelta(hours=1)
INTERVALS = {"day": 300, "week": 1800, "month": 7200, "year": 86400}
ALL_TYPES = "vm,host,cluster,pool,datastore,datacenter"
FEW = ("--counter", "cpu.usage.average,cpu.ready.summation,mem.active.average")


@pytest.fixture(scope="module")
def server(shared_vcsim):
    """A vCenter whose clock stands still."""
    return shared_vcsim(*FLAGS)


def text(moment):
    """Write a time as vperf takes and gives it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def times(done):
    """The distinct times of all rows, ascending."""
    return sorted({row["timestamp"] for row in done.rows})


def grid(start, end, interval):
    """The ends of the intervals after start until end, itself included."""
    first = (int(start.timestamp()) // interval + 1) * interval
    last = int(end.timestamp()) // interval * interval
    return [text(datetime.datetime.fromtimestamp(at, datetime.timezone.utc))
            for at in range(first, last + 1, interval)]


def good(vperf, server, *options):
    """Run collect, which has to succeed."""
    done = collect(vperf, server, *options)
    assert done.status == 0, done
    return done


def test_a_date_is_its_midnight(vperf, server):
    """In UTC, wherever the user is."""
    options = [*FEW, "--type", "vm", "--interval", "day"]
    midnight = good(vperf, server, *options, "--start", "2026-11-21T00:00:00Z")
    done = collect(vperf, server, *options, "--start", "2026-11-21", env={"TZ": "Asia/Tokyo"})
    assert done.out == midnight.out and times(done)[0] == "2026-11-21T00:05:00Z", done


def test_last_hour(vperf, server):
    """--last 1h is the 180 real-time samples until now, ascending in each series."""
    done = good(vperf, server, *FEW, "--last", "1h")
    expected = grid(NOW - HOUR, NOW, 20)
    assert len(expected) == 180
    for key, samples in series_of(done.rows).items():
        assert [time for time, _ in samples] == expected, key
    assert {row["interval"] for row in done.rows} == {"20"}


@pytest.mark.parametrize("name, interval", INTERVALS.items())
def test_interval_names(vperf, server, name, interval):
    """A name and its seconds are the same; all samples are on the grid of the interval."""
    last = f"{interval * 5}s"
    done = good(vperf, server, *FEW, "--interval", name, "--last", last)
    assert done.out == good(vperf, server, *FEW, "--interval", interval, "--last", last).out
    assert times(done) == grid(NOW - datetime.timedelta(seconds=interval * 5), NOW, interval)
    assert {row["interval"] for row in done.rows} == {str(interval)}


def test_realtime_by_name(vperf, server):
    """realtime is the default."""
    assert good(vperf, server, *FEW, "--interval", "realtime").out == good(vperf, server, *FEW).out


@pytest.mark.parametrize("count", [1, 3, 200])
def test_samples(vperf, server, count):
    """--samples N is the newest N, and no more than there are."""
    done = good(vperf, server, *FEW, "--samples", count)
    assert times(done) == grid(NOW - HOUR, NOW, 20)[-count:]


@pytest.mark.parametrize("interval", [300, 86400])
@pytest.mark.parametrize("count", [1, 4])
def test_samples_of_archives(vperf, server, interval, count):
    """Servers ignore maxSample for archived samples: the newest N are given all the same."""
    done = good(vperf, server, *FEW, "--interval", interval, "--samples", count)
    long = datetime.timedelta(seconds=interval * (count + 2))
    assert times(done) == grid(NOW - long, NOW, interval)[-count:]


def test_start_is_exclusive_and_end_inclusive(vperf, server):
    """Both ends on the grid: the first sample is one interval after the start."""
    start, end = NOW.replace(minute=0, second=0), NOW.replace(minute=1, second=0)
    done = good(vperf, server, *FEW, "--start", text(start), "--end", text(end))
    assert times(done) == [text(start + datetime.timedelta(seconds=s)) for s in (20, 40, 60)]


@pytest.mark.parametrize("interval, cuts", [
    (20, [0, 7, 20, 40, 41, 300, 1000, 3599]), (300, [0, 300, 301, 899, 3600, 9000])])
def test_adjacent_windows_tile(vperf, server, interval, cuts):
    """Windows with a common end hold each sample of the whole once."""
    begin = NOW - HOUR if interval == 20 else NOW.replace(hour=12, minute=0, second=0)
    at = [begin + datetime.timedelta(seconds=cut) for cut in cuts]
    common = (*FEW, "--interval", interval, "--start")
    whole = good(vperf, server, *common, text(at[0]), "--end", text(at[-1]))
    pieces = {}
    for start, end in zip(at, at[1:]):
        done = good(vperf, server, *common, text(start), "--end", text(end))
        for key, samples in series_of(done.rows).items():
            pieces.setdefault(key, []).extend(samples)
    assert pieces == series_of(whole.rows)
    assert all(len(samples) == len(set(samples)) for samples in pieces.values())


def test_offsets_and_relative_times(vperf, server):
    """The same range in four notations."""
    start, end = NOW - 2 * HOUR, NOW - HOUR
    outputs = {good(vperf, server, *FEW, "--interval", "day", "--start", one, "--end", other).out
               for one, other in ((text(start), text(end)), ("-2h", "-1h"), ("-120m", text(end)),
                                  ("2026-11-21T18:17:25+01:00", "2026-11-21T13:17:25-05:00"))}
    assert len(outputs) == 1
    assert times(harness.Done(0, outputs.pop().encode(), b"", 0)) == grid(start, end, 300)


@pytest.mark.parametrize("offset", ["-3h", "26h", "17s"])
def test_clock_that_is_off(vperf, start_vcsim, offset):
    """Relative times are the server's: an hour is there whatever our clock says."""
    skewed = start_vcsim(*FLAGS, f"-clock-offset={offset}")
    hours = {"h": 3600, "s": 1}[offset[-1]] * int(offset[:-1])
    now = NOW + datetime.timedelta(seconds=hours)
    done = good(vperf, skewed, *FEW, "--last", "10m")
    assert times(done) == grid(now - HOUR / 6, now, 20)
    assert weather.calls(skewed)["CurrentTime"] == 1


def test_clock_is_not_asked_for_without_need(vperf, start_vcsim):
    """The newest samples take no call for the time."""
    own = start_vcsim(*FLAGS)
    good(vperf, own, *FEW, "--samples", "2")
    assert weather.calls(own)["CurrentTime"] == 0


@pytest.mark.parametrize("options", [
    ["--start", "-1h", "--end", "-2h"], ["--start", text(NOW), "--end", text(NOW)],
    ["--start", "2027-01-01T00:00:00Z"]])
def test_empty_range(vperf, server, options):
    """A range that can hold nothing is a mistake, and said to be one."""
    done = collect(vperf, server, *FEW, *options)
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
    assert "--start is not before --end" in done.err


def test_range_without_samples(vperf, server):
    """A range of which the archive has nothing gives nothing, and a word about it; one that real
    time cannot have is a mistake, and one that begins too early is cut short."""
    old = ["--start", "2020-01-01T00:00:00Z", "--end", "2020-01-01T01:00:00Z"]
    done = collect(vperf, server, *FEW, *old, "--interval", "day")
    assert (done.status, done.out) == (1, "") and "returned no samples" in done.err, done
    assert "samples of 300 s are kept for 1 d" in done.err and "--interval" in done.err
    refused = collect(vperf, server, *FEW, *old)
    assert (refused.status, refused.out, len(refused.messages)) == (2, "", 1), refused
    assert "kept for an hour" in refused.err and "--interval 300" in refused.err
    for late, status in ((["--last", "90m"], 0), (["--start", "-2h", "--end", "-1h"], 1)):
        done = collect(vperf, server, *FEW, *late)
        assert done.status == status and "kept for an hour" in done.err, done
    cut = collect(vperf, server, *FEW, "--last", "30d")
    assert cut.status == 0 and "kept for an hour" in cut.err, cut
    assert cut.out == good(vperf, server, *FEW, "--last", "2h").out


@pytest.mark.parametrize("last, warned", [("24h", False), ("25h", True)])
def test_range_that_begins_before_the_archive(vperf, server, last, warned):
    """What is still kept is given; a warning tells that older samples are gone."""
    done = good(vperf, server, *FEW, "--interval", "day", "--last", last)
    assert times(done) == grid(NOW - 24 * HOUR, NOW, 300)
    assert ("kept for 1 d" in done.err) == warned, done


def test_interval_that_is_not_kept(vperf, server):
    """The message names the intervals of the server."""
    done = collect(vperf, server, *FEW, "--interval", "600", "--last", "2h")
    assert (done.status, done.out, len(done.messages)) == (1, "", 1), done
    assert "no samples of 600 s" in done.err and "300, 1800, 7200, 86400" in done.err


@pytest.mark.parametrize("kind", ["cluster", "pool", "datastore", "datacenter"])
def test_archived_types(vperf, server, kind):
    """Types without real-time samples say so; archived ones they have."""
    refused = collect(vperf, server, "--type", kind, "--counter", "!space.*")
    assert (refused.status, refused.out, len(refused.messages)) == (2, "", 1), refused
    assert f"--type {kind}" in refused.err and "no real-time samples" in refused.err
    assert "--interval 300" in refused.err
    done = good(vperf, server, "--type", kind, "--interval", "day", "--last", "30m")
    assert {row["type"] for row in done.rows} == {kind}
    assert times(done) == grid(NOW - HOUR / 2, NOW, 300)


@pytest.mark.parametrize("interval", INTERVALS.values())
def test_rollups_are_those_of_pyvmomi(vperf, server, interval):
    """Sums, averages, latest, minimum and maximum of all types, value for value."""
    start = NOW - datetime.timedelta(seconds=4 * interval)
    done = good(vperf, server, "--raw", "--type", ALL_TYPES, "--interval", interval, "--start",
                text(start), "--end", text(NOW))
    types = ALL_TYPES.split(",")
    with reference.session(server.url, harness.USER, harness.PASSWORD,
                           server.ca_file) as content:
        theirs = harness.without_gaps(reference.collect(
            content, types, interval=interval, samples=None, start=start, end=NOW))
    ours = series_of(done.rows)
    assert {key[0] for key in ours} == set(types)
    rollups = {key[2].rsplit(".", 1)[1] for key in ours}
    assert {"summation", "average", "latest"} <= rollups
    assert ours == theirs, harness.difference(ours, theirs)


def windows(server):
    """The distinct ranges of QueryPerf calls so far, as times, ascending."""
    asked = {(one["startTime"], one["endTime"]) for one in server.requests()
             if one["method"] == "QueryPerf"}
    return sorted(tuple(map(datetime.datetime.fromisoformat, map(plain, pair))) for pair in asked)


def plain(moment):
    """Write a time as datetime reads it, in whole seconds."""
    return moment[:19] + "+00:00"


def test_long_range_in_windows(vperf, start_vcsim):
    """Weeks of all counters of a guest: several calls, each series whole and ascending."""
    own = start_vcsim(*FLAGS, "-level", "4")
    options = ("--type", "vm", "--name", "*VM0,*VM1", "--interval", "day", "--raw", "--counter",
               "!space.*,!snapshot.*,!guestDisk.*", "--start")
    good(vperf, own, *options, "-60d")
    first, second = windows(own)[:2]
    assert first[1] == second[0], "windows do not tile"
    # A border between windows in the middle of the day that the server keeps.
    start = NOW - 12 * HOUR - (first[1] - first[0])
    done = good(vperf, own, *options, text(start), "--end", text(NOW))
    ours = series_of(done.rows)
    assert any(one[1] == NOW - 12 * HOUR for one in windows(own))
    assert times(done)[0] < text(NOW - 12 * HOUR) < times(done)[-1]
    for key, samples in ours.items():
        seen = [time for time, _ in samples]
        assert seen == sorted(set(seen)), key
    # A series that comes in windows is counted once, and one entity follows the other.
    every = read_csv(done.out, own=True)
    assert f"; {len(series_of(every))} series, {len(every)} samples" in done.messages[-1]
    changes = [one["id"] for one, before in zip(done.rows[1:], done.rows)
               if one["id"] != before["id"]]
    assert len(changes) == 1
    with reference.session(own.url, harness.USER, harness.PASSWORD, own.ca_file) as content:
        theirs = harness.without_gaps(
            one for one in reference.collect(content, ["vm"], interval=300, samples=None,
                                             start=start, end=NOW)
            if one.name[-3:] in ("VM0", "VM1"))
    assert ours == theirs, harness.difference(ours, theirs)


def test_reader_of_the_file(vperf, server, tmp_path):
    """The file holds what standard output would."""
    options = (*FEW, "--last", "5m")
    collect(vperf, server, *options, "--output", tmp_path / "out.csv")
    rows = read_csv((tmp_path / "out.csv").read_text())
    assert series_of(rows) == series_of(good(vperf, server, *options).rows)
