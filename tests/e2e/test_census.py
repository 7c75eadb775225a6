# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""A counter that only some guests of a shape have is collected, though not each guest is asked what
it has; or the coverage file says that it was not asked for."""

import collections

import pytest
import weather
from harness import read_csv

# Every third guest has this counter; neither the first nor the last one, which are asked.
OWN = "gpu.utilization.average"
FLAGS = ("-mode", "real", "-now", weather.NOW, "-model", "vpx", "-host", "2", "-vm", "30",
         "-own-counter", OWN)


def collect(vperf, server, directory, *options):
    """Run collect; return the run, and the coverage by type and counter."""
    file = directory / "coverage.csv"
    done = vperf.run("collect", *options, "--coverage", file, *server.arguments)
    rows = read_csv(file.read_text()) if file.exists() else []
    return done, {(row["type"], row["counter"]): row for row in rows}


# What a server bears: flags, options, whether the counter comes, and how many QueryPerf calls.
SERVERS = {
    "gives all unasked": ([], [], True, 3),
    "omits what is not there": (["-need-metrics"], [], True, 4),
    "aggregates": ([], ["--instance", "aggregate"], True, 3),
    "some counters": ([], ["--counter", "cpu.*,gpu.*"], True, 3),
    "the counter alone": ([], ["--counter", OWN, "--type", "vm"], True, 2),
    "refuses what is not there": (["-need-metrics", "-refuse-unoffered"], [], False, 4),
    "refuses, some counters": (["-refuse-unoffered"], ["--counter", "cpu.*,gpu.*"], False, 3),
}


@pytest.mark.parametrize("name", SERVERS)
def test_counter_that_some_guests_have(vperf, start_vcsim, tmp_path, name):
    """Ten of thirty have it: they are told, and the others miss nothing."""
    flags, options, comes, calls = SERVERS[name]
    server = start_vcsim(*FLAGS, *flags)
    done, coverage = collect(vperf, server, tmp_path, *options)
    row = coverage["vm", OWN]
    if comes:
        assert done.status == 0, done
        assert len([one for one in done.rows if one["counter"] == OWN]) == 10
        assert (row["status"], row["reason"]) == ("collected", "")
        assert row["entities_offering"] == row["entities_returning"] == "10"
    else:
        assert done.status in (0, 3) and "refused" not in done.err, done
        assert (row["status"], row["reason"]) == ("not offered", "not asked")
    assert weather.calls(server)["QueryPerf"] == calls


def test_order_is_that_of_the_counters(vperf, start_vcsim):
    """It does not depend on the way in which the server is asked."""
    outputs = []
    for flags in ([], ["-need-metrics"], ["-need-metrics", "-no-csv"]):
        done = vperf.run("collect", *start_vcsim(*FLAGS, *flags).arguments)
        outputs.append([line.split(",", 2)[2] for line in done.out.splitlines()])
    assert outputs[0] == outputs[1] == outputs[2] and len(outputs[0]) > 5000


def test_server_that_refuses_some_guests(vperf, start_vcsim, tmp_path):
    """It bore it when it was tried: the calls stay bounded, and nothing that is offered is lost."""
    server = start_vcsim(*FLAGS, "-need-metrics", "-refuse-counter", "2", "-refuse-counter-of", "9")
    done, coverage = collect(vperf, server, tmp_path)
    assert done.status == 3 and len(weather.named(done)) == 1, done
    assert coverage["vm", OWN]["reason"] == "not asked"
    assert len({row["id"] for row in done.rows}) == 32
    assert weather.calls(server)["QueryPerf"] < 40


def test_reasons(vperf, start_vcsim, tmp_path):
    """Why a counter has no samples."""
    server = start_vcsim(*FLAGS, "-valueless", ",".join(map(str, range(30))))
    done, live = collect(vperf, server, tmp_path)
    assert done.status == 3 and "30 of 30 guests returned no samples" in done.err
    reasons = collections.Counter((row["status"], row["reason"]) for row in live.values())
    assert live["vm", "cpu.usage.average"]["reason"] == "no samples"
    assert live["host", "cpu.usage.maximum"]["reason"] == "rollup not kept in real time"
    assert live["host", OWN]["reason"] == "device or feature absent"
    assert ("collected", "") in reasons and ("not offered", "") not in reasons
    _, day = collect(vperf, server, tmp_path, "--interval", "day", "--type", "host")
    assert day["host", "cpu.usage.maximum"]["reason"] == "level"
    _, nobody = collect(vperf, start_vcsim("-mode", "real", "-vm", "1", "-off", "1"), tmp_path)
    reasons = {row["reason"] for row in nobody.values() if row["type"] == "vm"
               and row["counter"].startswith(("cpu.", "mem."))}
    assert reasons == {"not asked", "rollup not kept in real time"}
