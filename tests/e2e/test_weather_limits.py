# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Limits that nobody told vperf about: smaller calls, the same output."""

import math

import harness
import pytest
import weather
from weather import ARCHIVED, COUNTERS, VCENTER, calm, calm_esx, collect, same  # noqa: F401

DAY = (*ARCHIVED, "--interval", "day", "--samples", "2")


@pytest.mark.parametrize("limit", [7, 64])
def test_query_limit_that_can_be_read(vperf, start_vcsim, calm, limit):  # noqa: F811
    """maxQueryMetrics is asked for and kept to: no call is refused."""
    server = start_vcsim(*VCENTER, "-max-query-metrics", limit)
    twin, _ = calm.run(*DAY)
    same(collect(vperf, server, *DAY), twin)
    answers = [one for one in server.server.events("answer") if one["method"] == "QueryPerf"]
    assert all(one["status"] == 200 for one in answers)
    # The limit counts series; the last call of a batch need not be full.
    series = len(harness.series_of(twin.rows))
    assert len(answers) <= 2 * math.ceil(series / limit) + 4


def test_query_limit_of_the_version(vperf, start_vcsim, calm):  # noqa: F811
    """What cannot be read is what the version is shipped with: 256, as 6.5 has it."""
    server = start_vcsim(*VCENTER, "-max-query-metrics", "256", "-hide-options")
    same(collect(vperf, server, *DAY), calm.run(*DAY)[0])
    assert all(one["status"] == 200 for one in server.server.events("answer")
               if one["method"] == "QueryPerf")


def test_query_limit_that_cannot_be_read(vperf, start_vcsim, calm):  # noqa: F811
    """A limit below the version's is learnt from refusals, and remembered."""
    server = start_vcsim(*VCENTER, "-max-query-metrics", "10", "-hide-options")
    twin, _ = calm.run(*DAY)
    same(collect(vperf, server, *DAY, "--jobs", "1"), twin)
    refused = [one for one in server.server.events("answer") if one["fault"]
               and one["method"] == "QueryPerf"]
    assert 1 <= len(refused) <= math.log2(256 / 10) + 2


@pytest.mark.parametrize("jobs", [1, 4])
@pytest.mark.parametrize("limit", [60, 700])
def test_element_limit(vperf, start_vcsim, calm, limit, jobs):  # noqa: F811
    """Requests of too many XML elements are halved, down to some counters of one entity."""
    server = start_vcsim(*VCENTER, "-max-elements", limit)
    twin, usual = calm.run(*COUNTERS)
    same(collect(vperf, server, *COUNTERS, "--jobs", jobs), twin)
    largest = max(one["elements"] for one in server.requests() if one["method"] == "QueryPerf")
    refused = [one for one in server.server.events("answer") if one["fault"]]
    # Once a worker knows, but for the batches that others are at; and a question before them.
    assert len(refused) <= jobs * (math.ceil(math.log2(largest / limit)) + 2) + 1
    assert weather.calls(server)["QueryPerf"] <= usual["QueryPerf"] * 4 * largest / limit


def test_limit_below_one_counter(vperf, start_vcsim, calm):  # noqa: F811
    """A counter with more instances than a call may ask for is told once for each entity."""
    options = ("--type", "vm", "--name", "*VM1", *COUNTERS[:1], "net.usage.average,cpu.*",
               "--interval", "day")
    server = start_vcsim(*VCENTER, "-max-query-metrics", "1", "-level", "4")
    done = collect(vperf, server, *options)
    assert done.status == 3 and len(weather.named(done)) == 1, done
    assert weather.calls(server)["QueryPerf"] < 80


@pytest.mark.parametrize("jobs", [1, 8])
def test_slow_server(vperf, start_vcsim, calm_esx, jobs):  # noqa: F811
    """A call that takes too long is made in smaller pieces: the same from every number of jobs."""
    server = start_vcsim(*weather.ESX, "-slow-metric", "4ms")
    done = collect(vperf, server, "--timeout", "1", "--jobs", jobs)
    same(done, calm_esx.run()[0])
    # All metrics need 2.2 s, whoever asks for them; silences cost a second each.
    assert weather.calls(server)["QueryPerf"] <= 12 and done.own_seconds < 9


@pytest.mark.parametrize("jobs", [1, 8])
def test_call_that_hangs_once(vperf, start_vcsim, calm, jobs):  # noqa: F811
    """One call without an answer costs its time limit, and nothing else."""
    server = start_vcsim(*VCENTER, "-accident", "QueryPerf:2:hang")
    twin, usual = calm.run(*COUNTERS)
    done = collect(vperf, server, *COUNTERS, "--timeout", "1", "--jobs", jobs)
    same(done, twin)
    assert weather.calls(server)["QueryPerf"] <= usual["QueryPerf"] * 4 + 4
    assert done.own_seconds < 2 + harness.MARGIN_SECONDS


def test_question_that_hangs_once(vperf, start_vcsim, calm_esx):  # noqa: F811
    """The question what an entity offers is asked again."""
    server = start_vcsim(*weather.ESX, "-accident", "QueryAvailablePerfMetric:2:hang")
    done = collect(vperf, server, "--timeout", "1")
    same(done, calm_esx.run()[0])
    assert weather.calls(server)["QueryAvailablePerfMetric"] == 6


@pytest.mark.parametrize("jobs", [1, 8])
def test_server_that_answers_no_more(vperf, start_vcsim, jobs):
    """A few silences, and the run ends: not one for each ever smaller piece."""
    server = start_vcsim(*VCENTER, "-accident", "QueryPerf:*:hang")
    done = collect(vperf, server, *COUNTERS, "--timeout", "1", "--jobs", jobs)
    assert done.status == 1 and "no answer to QueryPerf within 1 s" in done.err, done
    assert weather.calls(server)["QueryPerf"] <= 4 * jobs + 1
    assert done.own_seconds < 5 + harness.MARGIN_SECONDS
    assert server.methods()[-1] == "Logout"


@pytest.mark.parametrize("flags", [["-max-elements", "60"], ["-lose-session-after", "6"],
                                   ["-accident", "QueryPerf:2:reset,QueryPerf:4:truncate"]])
def test_server_that_does_not_expand_instances(vperf, start_vcsim, flags):
    """Stock vcsim echoes '*': instances are asked for by name, and no series comes twice."""
    plain = ("-mode", "plain", "-model", "vpx", "-vm", "6", "-host", "2")
    series = []
    for extra in ([], flags):
        server = start_vcsim(*plain, *extra)
        done = collect(vperf, server, "--samples", "2", "--counter", "cpu.*,net.*")
        # Stock vcsim leaves out samples that are 0: such series cannot be read.
        assert done.status == 0 or "series are left out" in done.err, done
        keys = [(row["timestamp"], row["id"], row["counter"], row["instance"])
                for row in done.rows]
        assert len(set(keys)) == len(keys)
        assert all(key[3] != "*" for key in keys)
        series.append({key[1:] for key in keys})
    # What is 0 at the time differs.
    assert len(series[0] & series[1]) > 0.8 * len(series[0])


def test_normal_format_newest_first(vperf, start_vcsim, calm_esx):  # noqa: F811
    """Samples come in time order whatever the server's format and order are."""
    twin, _ = calm_esx.run("--samples", "9")
    for flags in (["-no-csv"], ["-newest-first"], ["-no-csv", "-newest-first"]):
        server = start_vcsim(*weather.ESX, *flags)
        same(collect(vperf, server, "--samples", "9"), twin)
