# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Entities that vanish or are out of reach: they are named, and everything else is delivered."""

import pytest
import weather
from weather import ARCHIVED, COUNTERS, VCENTER, calm, collect, ids, named  # noqa: F401

DAY = (*ARCHIVED, "--interval", "day", "--samples", "2")


def check(vperf, server, twin, usual, count, jobs=4, each=2):
    """Demand that count entities are named and missing, and that the rest is as ever."""
    options = twin.options
    done = collect(vperf, server, *options, "--jobs", jobs)
    gone = named(done)
    assert done.status == 3 and len(gone) == len(set(gone)) == count, done
    assert done.out == weather.without(twin.out, set(gone))
    assert set(gone) <= set(ids(twin))
    assert f"; {count} incomplete: see above" in done.messages[-1]
    made = weather.calls(server)
    assert made["QueryPerf"] <= usual["QueryPerf"] + each * count + jobs
    assert made["QueryAvailablePerfMetric"] <= usual["QueryAvailablePerfMetric"] + count
    return done


@pytest.fixture(params=[COUNTERS, DAY], ids=["realtime", "day"])
def twin(request, calm):  # noqa: F811
    """The undisturbed run of real-time and of archived samples, and its calls."""
    done, usual = calm.run(*request.param)
    done.options = request.param
    return done, usual


@pytest.mark.parametrize("offenders, jobs", [("0,1,2,3", 1), ("0,37,63,64,79,host0", 4)])
@pytest.mark.parametrize("kind", ["-delete", "-no-permission"])
def test_entities_that_are_refused(vperf, start_vcsim, twin, kind, offenders, jobs):
    """Deleted after the inventory, or denied: wherever in a batch they are."""
    server = start_vcsim(*VCENTER, kind, offenders)
    done = check(vperf, server, *twin, len(offenders.split(",")), jobs)
    assert ("ManagedObjectNotFound" if kind == "-delete" else "NoPermission") in done.err


def test_deleted_before_the_offers(vperf, start_vcsim, twin):
    """The first of a shape is gone before it is asked what it offers: another one speaks."""
    server = start_vcsim(*VCENTER, "-delete", "0,1,5,host1", "-delete-at",
                         "QueryAvailablePerfMetric")
    check(vperf, server, *twin, 4)


def test_all_guests_denied(vperf, start_vcsim, calm):  # noqa: F811
    """Every guest is named once; the hosts are delivered; calls stay in proportion."""
    count = 20
    flags = ("-mode", "real", "-model", "vpx", "-host", "2", "-vm", count, "-now", weather.NOW)
    server = start_vcsim(*flags, "-no-permission", ",".join(map(str, range(count))))
    done = collect(vperf, server, *COUNTERS)
    assert done.status == 3 and len(named(done)) == count, done
    assert {row["type"] for row in done.rows} == {"host"}
    made = weather.calls(server)
    assert made["QueryPerf"] <= 1 + 2 * count and made["QueryAvailablePerfMetric"] <= 2 + count


def test_nothing_left(vperf, start_vcsim):
    """When all that was selected is denied, nothing was collected."""
    server = start_vcsim(*weather.ESX, "-no-permission", "0,1")
    done = collect(vperf, server, "--type", "vm", "--name", "*VM[01]", *weather.SAMPLES)
    assert done.status == 1 and len(named(done)) == 2 and done.out == "", done


def test_deleted_between_the_pieces_of_one(vperf, start_vcsim, calm):  # noqa: F811
    """An entity whose counters are asked for in pieces is refused once."""
    server = start_vcsim(*VCENTER, "-max-elements", "60", "-no-permission", "3")
    options = ("--name", "*VM3,*VM4", *weather.SAMPLES)
    done = collect(vperf, server, *options)
    whole, _ = calm.run(*options)
    assert done.status == 3 and len(named(done)) == 1, done
    assert done.out == weather.without(whole.out, set(named(done)))


def test_refused_in_each_window(vperf, start_vcsim):
    """A long range is asked for in windows: who is refused in one is not asked in the others."""
    options = ("--name", "*VM3,*VM4", "--counter", "cpu.*,mem.*,net.*,disk.*,virtualDisk.*",
               "--start", "2025-11-22T00:00:00Z", "--end", "2026-11-21T00:00:00Z",
               "--interval", "day")
    server = start_vcsim(*VCENTER, "-no-permission", "3", "-level", "4")
    done = collect(vperf, server, *options)
    assert done.status == 3 and len(named(done)) == 1, done
    alone = [one for one in server.requests() if one["method"] == "QueryPerf"]
    assert len({one["startTime"] for one in alone}) > 1, "the range fits into one window"
    assert len(alone) <= len({one["startTime"] for one in alone}) + 3


def test_interval_that_nobody_keeps(vperf, start_vcsim):
    """It is the interval that is refused, not each of the entities."""
    server = start_vcsim(*VCENTER)
    done = collect(vperf, server, *COUNTERS, "--interval", "60")
    assert done.status == 1 and len(done.messages) == 1, done
    assert "keeps no samples of 60 s" in done.err and "--interval (20, 300" in done.err
    assert weather.calls(server)["QueryPerf"] == 0


@pytest.mark.parametrize("jobs", [1, 4])
def test_lost_providers(vperf, start_vcsim, calm, jobs):  # noqa: F811
    """A guest and a host that stop to have real-time samples after they were asked what they have:
    the fault speaks of the interval, and costs nobody else."""
    done, usual = calm.run(*COUNTERS)
    done.options = COUNTERS
    server = start_vcsim(*VCENTER, "-no-provider", "9,host1")
    lost = check(vperf, server, done, usual, 2, jobs, each=7)
    assert "querySpec.interval" in lost.err


def without_counter(text, name, of=None):
    """The CSV without the rows of a counter, of these entities or all."""
    cells = [(line, line.split(",")) for line in text.splitlines(keepends=True)]
    return "".join(line for line, cell in cells
                   if cell[6] != name or (of is not None and cell[5] not in of))


@pytest.fixture
def refused(vperf, calm):  # noqa: F811
    """A counter that guests and hosts have: its name, and its number in the simulator."""
    name = "cpu.usage.average"
    rows = vperf.run("counters", "--counter", name, *calm.server.arguments).rows
    return name, rows[0]["id"]


@pytest.mark.parametrize("jobs", [1, 4])
def test_refused_counter(vperf, start_vcsim, calm, refused, jobs):  # noqa: F811
    """A counter that is offered and then called incorrect costs no other; after two entities of a
    shape the others are no longer asked for it."""
    name, number = refused
    twin, usual = calm.run()
    server = start_vcsim(*VCENTER, "-refuse-counter", number, "-need-metrics")
    done = collect(vperf, server, "--jobs", jobs)
    assert done.status == 3, done
    assert 1 <= len(named(done)) <= 2 + weather.HOSTS and "metricId" in done.err, done
    assert all(f"{name} is refused" in line for line in done.messages[:-1])
    assert done.out == without_counter(twin.out, name)
    asked = weather.calls(server)["QueryPerf"]
    assert asked <= usual["QueryPerf"] + (2 + weather.HOSTS) * 2 * (6 + 8)


@pytest.mark.parametrize("jobs", [1, 4])
@pytest.mark.parametrize("who", ["9", "9,70"])
def test_counter_that_few_are_refused(vperf, start_vcsim, calm, refused, who, jobs):  # noqa: F811
    """One guest is alone; when two of a shape are refused, it is the same with any --jobs."""
    name, number = refused
    flags = ("-refuse-counter", number, "-refuse-counter-of", who, "-need-metrics")
    done = collect(vperf, start_vcsim(*VCENTER, *flags), "--jobs", jobs)
    assert done.status == 3 and len(named(done)) == len(who.split(",")), done
    if len(named(done)) == 1:
        assert done.out == without_counter(calm.run()[0].out, name, named(done))
    else:
        other = collect(vperf, start_vcsim(*VCENTER, *flags), "--jobs", 8)
        assert done.out == other.out and len(done.rows) > 5000


def test_interval_that_is_not_told(vperf, start_vcsim):
    """A server that does not say what it keeps, and refuses it: the run ends soon."""
    server = start_vcsim(*VCENTER, "-hide-intervals")
    done = collect(vperf, server, *COUNTERS, "--interval", "60")
    assert done.status == 1 and "keeps no samples of 60 s" in done.err, done
    assert weather.calls(server)["QueryPerf"] <= 30
    assert len(done.messages) <= 6
